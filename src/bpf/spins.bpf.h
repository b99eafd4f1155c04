/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that look for folios in use before they free storage, and find one: again and again, if
 * they do not sleep in between.  XFS clones so, from or to a file with a pinned page.
 * Not here: for how long that is right (the tool), and who sleeps (holders/waiters.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_SPINS_BPF_H
#define PGMAPTRACE_BPF_SPINS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/history.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/stack.bpf.h"

/* Of the kernel's struct task_struct pointers, the low bits are all the same. */
static __always_inline __u32 spin_place(__u64 task, __u32 way)
{
	return ((task >> 6 ^ task >> 13) + way) & (PGMT_SPINS - 1);
}

static __always_inline struct pgmt_spins *all_spins(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&spins, &zero);
}

/* The current task's; NULL: it has none. */
static __always_inline struct pgmt_spin *find_spin(struct pgmt_spins *all, __u64 task)
{
	__u32 way;

	for (way = 0; way < PGMT_SPIN_WAYS; way++)
		if (all->spin[spin_place(task, way)].task == task)
			return &all->spin[spin_place(task, way)];
	return NULL;
}

/* A place for the current task: a free one, or that of a task that has stopped. */
static __always_inline struct pgmt_spin *claim_spin(struct pgmt_spins *all, __u64 task, __u64 now)
{
	struct pgmt_spin *s;
	__u64 owner;
	__u32 way;

	for (way = 0; way < PGMT_SPIN_WAYS; way++) {
		s = &all->spin[spin_place(task, way)];
		owner = s->task;
		if (owner && now - s->last <= PGMT_SPIN_GAP)
			continue;
		if (__sync_val_compare_and_swap(&s->task, owner, task) == owner)
			return s;
	}
	all->full = now;
	return NULL;
}

/* It has asked for the first time. */
static __always_inline void begin_spin(struct pgmt_spin *s, __u64 pfn, __u64 now)
{
	__u64 id = bpf_get_current_pid_tgid();

	s->times = 0;
	barrier();
	s->pfn = pfn;
	s->pgmap = pfn_to_pgmap(pfn);
	s->first = now;
	s->tgid = id >> 32;
	s->tid = id;
	s->site = 0;
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	barrier();
}

/* Does it ask for the same folio of the same file as before? */
static __always_inline bool goes_on(const struct pgmt_spin *s, __u64 mapping, __u64 pfn, __u64 now)
{
	return s->times && s->tid == current_tid() && s->pfn == pfn && s->mapping == mapping &&
	       now - s->last <= PGMT_SPIN_GAP;
}

/* The current task begins to look for folios of @mapping that are in use. */
static __always_inline int on_layout_ask(const struct hook *h, __u64 mapping)
{
	struct pgmt_break b = {.mapping = mapping, .zapping = 1};
	struct pgmt_spins *all = all_spins();
	__u32 tid = current_tid();
	struct pgmt_spin *s;

	bpf_map_update_elem(&breaks, &tid, &b, BPF_ANY);
	s = all ? find_spin(all, bpf_get_current_task()) : NULL;
	/* a stack takes long: not for those who sleep until the folio is idle, and go on */
	if (s && s->times > 1 && s->mapping == mapping && !s->site)
		s->site = site_for_finding(h);
	return 0;
}

/*
 * It has looked.
 * @mapping: 0: the one that on_layout_ask() has kept
 * @page: one that is in use; 0: none
 */
static __always_inline int on_layout_answer(__u64 mapping, __u64 page)
{
	__u64 task = bpf_get_current_task(), now = bpf_ktime_get_ns(), pfn;
	struct pgmt_spins *all = all_spins();
	__u32 tid = current_tid();
	struct pgmt_spin *s;
	struct pgmt_break *b = bpf_map_lookup_elem(&breaks, &tid);

	/* after an entry that was missed it would be another file */
	if (!mapping && b && b->zapping)
		mapping = b->mapping;
	/* what the task releases from here on is not that file's by this */
	if (b)
		b->zapping = 0;
	if (!all || !mapping)
		return 0;
	s = find_spin(all, task);
	if (!page) {
		if (s && s->mapping == mapping) {
			s->times = 0;
			s->task = 0;
		}
		return 0;
	}
	pfn = page_to_pfn(page);
	if (!s)
		s = claim_spin(all, task, now);
	if (!s)
		return 0;
	if (!goes_on(s, mapping, pfn, now)) {
		begin_spin(s, pfn, now);
		s->mapping = mapping;
	}
	s->refcount = page_refcount(page);
	s->last = now;
	s->times++;
	return 0;
}

#endif /* PGMAPTRACE_BPF_SPINS_BPF_H */
