/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histories: who did the last request and the last free of each folio, when and where.
 * Not here: how the site is found (stack.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_HISTORY_BPF_H
#define PGMAPTRACE_BPF_HISTORY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/sections.bpf.h"

static __always_inline bool keeps_history(void)
{
	return stack_mode != PGMT_STACK_NONE;
}

static __always_inline __u32 tick_now(void)
{
	return pgmt_tick(bpf_ktime_get_ns() - began);
}

/* These two do what bpf_get_current_comm() and _pid_tgid() do, without a call. */
static __always_inline void read_current_comm(__u64 comm[2])
{
	const __u64 *site = (const __u64 *)bpf_get_current_task_btf()->comm;

	comm[0] = site[0];
	comm[1] = site[1];
}

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_task_btf()->pid;
}

static __noinline void record_task(__u32 tid, __u32 tick)
{
	struct pgmt_task now = {.tick = tick};
	struct pgmt_task *known;

	bpf_get_current_comm(now.comm, sizeof(now.comm));
	known = bpf_map_lookup_elem(&tasks, &tid);
	if (known && *(__u64 *)known->comm == *(__u64 *)now.comm &&
	    *(__u64 *)(known->comm + 8) == *(__u64 *)(now.comm + 8))
		return;
	if (bpf_map_update_elem(&tasks, &tid, &now, BPF_ANY))
		lose(PGMT_LOSS_TASK, 1);
}

/*
 * find_history - last request and last free of the folio whose head is @pfn
 * @make: make it if there is none
 * Return: NULL if there is none, or if there was no memory (counted)
 */
static __always_inline struct pgmt_page_history *find_history(__u64 pfn, bool make)
{
	__u64 key = pfn / PGMT_HISTORY_SPAN, i = pfn - key * PGMT_HISTORY_SPAN;
	struct pgmt_history *h = bpf_map_lookup_elem(&histories, &key);
	struct pgmt_blank *b;
	__u32 zero = 0;

	if (!h && make) {
		b = bpf_map_lookup_elem(&blank, &zero);
		if (!b)
			return 0;
		bpf_map_update_elem(&histories, &key, &b->history, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&histories, &key);
		if (!h)
			lose(PGMT_LOSS_HISTORY, 1);
	}
	if (!h)
		return 0;
	/* the verifier does not know that i is in bounds, and the compiler does */
	asm volatile("" : "+r"(i));
	return &h->page[i < PGMT_HISTORY_SPAN ? i : 0];
}

_Static_assert(PGMT_SITES == 1 << (32 - 18), "the hash of a site is 32 - 18 bits");

static __always_inline __u32 first_site_index(pgmt_site_t site)
{
	return 1 + (site * 0x9e3779b1U >> 18);
}

/* As site_index_of(), which did not find it at once. */
__noinline int find_site_index(pgmt_site_t site)
{
	__u32 index, *known;
	int way;

	if (!site)
		return 0;
#pragma clang loop unroll(disable)
	for (way = 0; way < PGMT_SITE_WAYS; way++) {
		index = first_site_index(site) + way;
		known = bpf_map_lookup_elem(&sites, &index);
		if (!known)
			break;
		__sync_val_compare_and_swap(known, 0, site);
		if (*(volatile __u32 *)known == site)
			return index;
	}
	lose(PGMT_LOSS_STACK, 1);
	return 0;
}

/* Index of a site, which is entered if it is new; 0: no site, or no room for it (counted). */
static __always_inline __u32 site_index_of(pgmt_site_t site)
{
	__u32 index = first_site_index(site), *known = bpf_map_lookup_elem(&sites, &index);

	return known && *known == site && site ? index : (__u32)find_site_index(site);
}

static __always_inline pgmt_site_t site_at(__u32 index)
{
	__u32 *known = bpf_map_lookup_elem(&sites, &index);

	return known ? *known : 0;
}

static __always_inline void read_history(struct pgmt_last_event *t,
					 const struct pgmt_page_history *past,
					 enum pgmt_last_kind kind)
{
	t->tick = past->tick[kind];
	t->who = past->who[kind];
	t->site = site_at(past->site[kind]);
}

/* The last request, of the page or its section; either may be NULL. */
static __always_inline void read_request(struct pgmt_last_event *t,
					 const struct pgmt_page_history *past,
					 const struct pgmt_section *s)
{
	if (past)
		read_history(t, past, PGMT_LAST_REQUEST);
	if (s)
		pgmt_latest_request(t, s);
}

/* As who in struct pgmt_last_event: thread @tid, on this CPU. */
static __always_inline __u32 who_now(__u32 tid)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu > PGMT_CPU_UNKNOWN)
		cpu = PGMT_CPU_UNKNOWN;
	return cpu << PGMT_TID_BITS | tid;
}

static __always_inline void write_history(struct pgmt_page_history *past, enum pgmt_last_kind kind,
					  __u32 tid, __u32 tick, pgmt_site_t site)
{
	kind &= 1; /* for the verifier */
	past->tick[kind] = tick;
	past->who[kind] = who_now(tid);
	past->site[kind] = site_index_of(site);
}

/* Now, but not before the section's last request, or at the same tick. */
static __always_inline __u32 tick_after(const struct pgmt_section *s)
{
	__u32 tick = tick_now();

	return tick > s->section_request.tick ? tick : s->section_request.tick + 1;
}

/* The current task has freed or requested the folio whose head is @pfn. */
__noinline int record_history(__u64 pfn, pgmt_site_t site, int free)
{
	struct pgmt_section *s = find_known_section(pfn);
	struct pgmt_page_history *past = find_history(pfn, true);
	__u32 tid = current_tid();
	__u32 tick;

	if (!past || !s)
		return 0;
	tick = tick_after(s);
	write_history(past, free ? PGMT_LAST_FREE : PGMT_LAST_REQUEST, tid, tick, site);
	record_task(tid, tick);
	return 0;
}

/* The current task has requested all pages of a section at once. */
__noinline int record_section_history(__u64 pfn, pgmt_site_t site)
{
	struct pgmt_section *s = find_known_section(pfn);
	__u32 tid = current_tid();
	__u32 tick = tick_now();

	if (!s)
		return 0;
	/* now, since at its free there may be no memory */
	find_history(pfn, true);
	s->section_request.tick = tick;
	s->section_request.who = who_now(tid);
	s->section_request.site = site;
	record_task(tid, tick);
	return 0;
}

#endif /* PGMAPTRACE_BPF_HISTORY_BPF_H */
