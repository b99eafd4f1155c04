// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds a folio right now: whose page tables, pipes and io_uring buffers have it, and who
 * waits for it.  Nothing is attached: the tool runs find_holders, and then the iterator
 * name_holders over all tasks.
 *
 * All is read without a lock or a reference, since the task that hangs may hold the lock.  What
 * changes meanwhile can be missed, and every walk is bounded.
 *
 * This object is loaded apart from the hooks: if a kernel lacks something, or its verifier
 * refuses a program, that costs only this answer.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/holders/direct_io.bpf.h"
#include "bpf/holders/mappings.bpf.h"
#include "bpf/holders/open_files.bpf.h"
#include "bpf/holders/page_table.bpf.h"
#include "bpf/holders/search.bpf.h"
#include "bpf/holders/waiters.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/read_word.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__noinline int look_at_task(void)
{
	struct search *s = get_search();
	__u64 task, leader, mm, files, io_uring;
	bool leads;

	if (!s)
		return 0;
	task = s->walk.task;
	leader = (__u64)PGMT_READ(struct task_struct, task, group_leader);
	mm = (__u64)PGMT_READ(struct task_struct, task, mm);
	files = (__u64)PGMT_READ(struct task_struct, task, files);
	leads = leader == task;
	/* a leader that has exited has neither; a thread may have its own files */
	if (mm && (leads || !PGMT_READ(struct task_struct, leader, mm)))
		name_mm(s, mm);
	if (files && (leads || (__u64)PGMT_READ(struct task_struct, leader, files) != files))
		look_at_files(s, files);
	if (!knows_io_uring())
		return 0;
	io_uring = (__u64)PGMT_READ(struct task_struct, task, io_uring);
	if (io_uring)
		look_at_registered_rings(io_uring);
	return 0;
}

/* Begin a search: mappings and waiters. */
SEC("syscall")
int find_holders(void *ctx)
{
	struct search *s = get_search();
	__u64 head;

	if (!s)
		return 0;
	s->search.pgmap = pfn_to_pgmap(s->search.pfn);
	/* pins may outlive a pgmap: find them by the pages that the tool names */
	if (!s->search.pgmap && !s->search.pages)
		return 0;
	head = page_head(pfn_to_page(s->search.pfn));
	if (!s->search.pages) {
		s->search.pfn = page_to_pfn(head);
		s->search.pages = 1ULL << (folio_order(head) & 63);
	}
	if (s->search.pgmap) {
		s->search.type = PGMT_READ(struct dev_pagemap, s->search.pgmap, type);
		s->search.refcount = page_refcount(head);
		s->search.mapcount = folio_mapcount(head, folio_order(head));
	}
	s->search.looked = 1U << PGMT_HOW_MAP | 1U << PGMT_HOW_PIPE | 1U << PGMT_HOW_PGMAP |
			   1U << PGMT_HOW_DIO;
	if (knows_io_uring())
		s->search.looked |= 1U << PGMT_HOW_URING;
	if (at_bit_wait_table)
		s->search.looked |= 1U << PGMT_HOW_WAIT;
	if (at_folio_wait_table)
		s->search.looked |= 1U << PGMT_HOW_LOCK;
	find_waiters(s);
	find_mappings(s);
	/* direct I/O is found by the same vmas */
	if (!(s->search.looked & 1U << PGMT_HOW_MAP))
		not_looked(s, PGMT_HOW_DIO);
	return 0;
}

/* Who waits for any device page, or for a pgmap?  Fills the waits map, but for the stacks. */
SEC("syscall")
int find_waits(void *ctx)
{
	struct search *s = get_search();
	struct pgmt_waits *found = get_waits();

	if (!s || !found)
		return 0;
	found->nr = 0;
	found->more = 0;
	s->search.looked = 1U << PGMT_HOW_PGMAP;
	if (at_bit_wait_table)
		s->search.looked |= 1U << PGMT_HOW_WAIT;
	find_all_waiters(s);
	found->looked = s->search.looked;
	return 0;
}

/* For each task: its stack, if find_waits found it and it has slept since. */
SEC("iter/task")
int stack_waiters(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pgmt_waits *found = get_waits();
	struct pgmt_wait *w;
	__u32 i;

	if (!task || !found)
		return 0;
	for (i = 0; i < PGMT_MAX_WAITS; i++) {
		if (i >= found->nr)
			return 0;
		if (found->wait[i].task == (__u64)task)
			break;
	}
	if (i >= PGMT_MAX_WAITS)
		return 0;
	barrier_var(i);
	w = &found->wait[i & (PGMT_MAX_WAITS - 1)];
	if (w->tid == (__u32)PGMT_READ(struct task_struct, w->task, pid) &&
	    w->switches == task_switches(w->task))
		bpf_get_task_stack(task, w->frames, sizeof(w->frames), 0);
	return 0;
}

/* For each task: has it an mm that find_holders found, and what do its files hold? */
SEC("iter/task")
int name_holders(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct search *s = get_search();

	if (!task || !s)
		return 0;
	if (is_late(s)) {
		not_looked(s, PGMT_HOW_MAP);
		not_looked(s, PGMT_HOW_PIPE);
		not_looked(s, PGMT_HOW_URING);
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	s->walk.task = (__u64)task;
	s->walk.regs = (__u64)bpf_task_pt_regs(task);
	look_at_call();
	look_at_task();
	return 0;
}
