/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits for a folio or a pgmap: the lists of the kernel's wait queues, read without a lock.
 * Not here: the stacks of those who wait (holders.bpf.c).
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_WAITERS_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_WAITERS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

#define MAX_WAITERS	(1 << 10) /* on one list */
#define MAX_PGMAP_STEPS (1 << 16) /* over the pgmap_array */

static __always_inline __u64 task_switches(__u64 task)
{
	return PGMT_READ(struct task_struct, task, nvcsw) +
	       PGMT_READ(struct task_struct, task, nivcsw);
}

/* @task waits for s->walk.pfn or s->walk.pgmap.  Keep that once for each task. */
__noinline int note_wait(__u64 task)
{
	struct search *s = get_search();
	struct pgmt_waits *found = get_waits();
	struct pgmt_wait *w;
	__u32 i, nr;

	if (!s || !found)
		return 0;
	nr = found->nr;
	for (i = 0; i < PGMT_MAX_WAITS; i++) {
		if (i >= nr)
			break;
		if (found->wait[i].task == task && found->wait[i].how == s->walk.how)
			return 0;
	}
	if (nr >= PGMT_MAX_WAITS) {
		found->more++;
		return 0;
	}
	/* else the compiler drops the bound that the verifier needs */
	barrier_var(nr);
	w = &found->wait[nr & (PGMT_MAX_WAITS - 1)];
	__builtin_memset(w, 0, sizeof(*w));
	w->how = s->walk.how;
	w->task = task;
	w->pfn = s->walk.pfn;
	w->pgmap = s->walk.pgmap;
	if (w->how == PGMT_HOW_WAIT)
		w->refcount = page_refcount(pfn_to_page(w->pfn));
	w->switches = task_switches(task);
	w->tgid = PGMT_READ(struct task_struct, task, tgid);
	w->tid = PGMT_READ(struct task_struct, task, pid);
	bpf_probe_read_kernel(w->comm, sizeof(w->comm),
			      (void *)(task + bpf_core_field_offset(struct task_struct, comm)));
	found->nr = nr + 1;
	return 0;
}

/*
 * Does the waiter at w->entry wait for what we look for?  Its key is the address of a page's
 * reference count on 6.x, of the page on 7.x.
 */
static __always_inline bool is_wanted(struct search *s)
{
	__u64 first = pfn_to_page(s->search.pfn), key;
	struct walk *w = &s->walk;

	if (!w->key_offset)
		return true;
	key = read_u64(w->entry + w->key_offset);
	if (!w->every)
		return key >= first && key < first + s->search.pages * page_size_of_struct();
	if (key < vmemmap)
		return false;
	w->pfn = page_to_pfn(key);
	w->pgmap = pfn_to_pgmap(w->pfn);
	return w->pgmap;
}

static long waiter_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct walk *w = &s->walk;
	__u64 task;

	/* 0: it could not be read, and the list does not end there */
	if (w->entry == w->head)
		w->ended = 1;
	if (!w->entry || w->ended)
		return 1;
	task = is_wanted(s) ? read_u64(w->entry + w->task_offset) : 0;
	if (task && w->every) {
		note_wait(task);
	} else if (task) {
		__builtin_memset(&w->holder, 0, sizeof(w->holder));
		w->holder.how = w->how;
		w->holder.fd = -1;
		w->holder.object = task;
		read_task(w, task);
		add_holder();
	}
	w->entry = (__u64)PGMT_READ(struct list_head, w->entry, next);
	return 0;
}

__noinline int walk_waiters(__u64 head)
{
	struct search *s = get_search();

	if (!s)
		return 0;
	s->walk.head = head;
	s->walk.entry = (__u64)PGMT_READ(struct list_head, head, next);
	s->walk.ended = 0;
	bpf_loop(MAX_WAITERS, waiter_step, &s, 0);
	if (!s->walk.ended)
		s->search.looked &= ~(1U << (s->walk.how & 31));
	return 0;
}

static long bucket_step(__u32 i, void *data)
{
	__u64 table = *(__u64 *)data;

	walk_waiters(table + i * (__u64)bpf_core_type_size(struct wait_queue_head) +
		     bpf_core_field_offset(struct wait_queue_head, head));
	return 0;
}

static __always_inline void walk_table(__u64 table)
{
	if (table)
		bpf_loop(PGMT_WAIT_QUEUES, bucket_step, &table, 0);
}

static __always_inline void walk_count_waiters(struct walk *w)
{
	__u64 node = bpf_core_field_offset(struct wait_bit_queue_entry, wq_entry) +
		     bpf_core_field_offset(struct wait_queue_entry, entry);

	w->task_offset = (__s64)bpf_core_field_offset(struct wait_queue_entry, private) -
			 (__s64)bpf_core_field_offset(struct wait_queue_entry, entry);
	w->key_offset = (__s64)bpf_core_field_offset(struct wait_bit_queue_entry, key.flags) - node;
	w->how = PGMT_HOW_WAIT;
	walk_table(at_bit_wait_table);
}

static __always_inline void walk_lock_waiters(struct walk *w)
{
	__u64 node = bpf_core_field_offset(struct wait_page_queue, wait) +
		     bpf_core_field_offset(struct wait_queue_entry, entry);

	w->key_offset = (__s64)bpf_core_field_offset(struct wait_page_queue, folio) - node;
	w->how = PGMT_HOW_LOCK;
	walk_table(at_folio_wait_table);
}

static __always_inline void walk_pgmap_waiters(struct walk *w, __u64 pgmap)
{
	w->task_offset = (__s64)bpf_core_field_offset(struct swait_queue, task) -
			 (__s64)bpf_core_field_offset(struct swait_queue, task_list);
	w->key_offset = 0;
	w->how = PGMT_HOW_PGMAP;
	walk_waiters(pgmap + bpf_core_field_offset(struct dev_pagemap, done.wait.task_list));
}

/* Who waits for the folio. */
static __always_inline void find_waiters(struct search *s)
{
	s->walk.every = 0;
	walk_count_waiters(&s->walk);
	walk_lock_waiters(&s->walk);
	if (s->search.pgmap)
		walk_pgmap_waiters(&s->walk, s->search.pgmap);
}

static long pgmap_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct pgmt_lookup found = {};
	struct walk *w = &s->walk;
	__u64 pfn = w->pfn;

	pgmap_array_load(pfn, &found);
	if (found.pgmap && found.pgmap != w->pgmap) {
		w->pgmap = found.pgmap;
		walk_pgmap_waiters(w, found.pgmap);
	}
	if (found.next <= pfn || found.next == ~0ULL) {
		w->ended = 1;
		return 1;
	}
	w->pfn = found.next;
	w->ended = 0;
	return 0;
}

/* Who waits for any device page or pgmap?  Fills the waits map. */
static __always_inline void find_all_waiters(struct search *s)
{
	s->walk.every = 1;
	walk_count_waiters(&s->walk);
	s->walk.pgmap = 0;
	s->walk.pfn = 0;
	bpf_loop(MAX_PGMAP_STEPS, pgmap_step, &s, 0);
	if (!s->walk.ended)
		not_looked(s, PGMT_HOW_PGMAP);
}

#endif /* PGMAPTRACE_BPF_HOLDERS_WAITERS_BPF_H */
