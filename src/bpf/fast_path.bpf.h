/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path, which nearly all events take: a folio is mapped, stored or freed, in a
 * section that is known, and no rule is broken.  It takes the same pgmt_step() as every other
 * event, but reads and keeps only what the result can depend on.  All else it leaves to
 * observe(), and does nothing.
 * Not here: findings, and all that is rare.
 */
#ifndef PGMAPTRACE_BPF_FAST_PATH_BPF_H
#define PGMAPTRACE_BPF_FAST_PATH_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/stack.bpf.h"

/* The task whose name this CPU recorded last. */
struct pgmt_named_task {
	__u32 tid;
	__u32 tick;
	__u64 comm[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_named_task);
} named_task SEC(".maps");

/*
 * Record the name again after so many ticks: the table forgets the oldest, and another CPU
 * may have seen the task under another name meanwhile.
 */
#define NAMED_FOR 32

static __always_inline void record_task_fast(__u32 tid, __u32 tick)
{
	__u32 zero = 0;
	struct pgmt_named_task *last = bpf_map_lookup_elem(&named_task, &zero);
	__u64 comm[2];

	read_current_comm(comm);
	if (last && last->tid == tid && last->comm[0] == comm[0] && last->comm[1] == comm[1] &&
	    tick - last->tick < (tick < PGMT_TICK_COARSE ? NAMED_FOR : 1))
		return;
	record_task(tid, tick);
	if (!last)
		return;
	last->tid = tid;
	last->tick = tick;
	last->comm[0] = comm[0];
	last->comm[1] = comm[1];
}

static __always_inline void record_history_fast(const struct hook *h, const struct pgmt_section *s,
						struct pgmt_page_history *past, bool free)
{
	__u32 tid = current_tid(), tick = tick_after(s);

	write_history(past, free ? PGMT_LAST_FREE : PGMT_LAST_REQUEST, tid, tick,
		      site_for_history(h));
	record_task_fast(tid, tick);
}

_Static_assert(PGMT_NR_OPS <= 256 && 2 * PGMT_WORD_BITS + 8 <= 32, "an event does not fit");

/* A BPF function takes five arguments: site, what, and the states before and after it. */
static __always_inline __u64 pack_event(pgmt_site_t site, __u8 op, __u32 old, __u32 new)
{
	return (__u64)site << 32 | op << 2 * PGMT_WORD_BITS | new << PGMT_WORD_BITS | old;
}

/* Not inline, and without a pointer to the transition: both would cost where nothing is sent. */
static __noinline void emit_event_fast(const struct pgmt_section *s, __u64 page, __u64 vmf,
				       __u64 counts, __u64 event)
{
	struct pgmt_transition t = {.op = event >> 2 * PGMT_WORD_BITS,
				    .type = s->type,
				    .refcount = counts,
				    .mapcount = counts >> 32};
	struct pgmt_event e = {
		.pfn = page_to_pfn(page),
		.page = page,
		.vmf = vmf,
		.pgmap = s->pgmap,
		.epoch = s->epoch,
		.word = event & PGMT_WORD_MASK,
		.after = event >> PGMT_WORD_BITS & PGMT_WORD_MASK,
		.order = folio_order(page),
		.site = event >> 32,
	};

	emit_event(&t, &e, PGMT_RULE_NONE);
}

/* Does a free or a mapping concern more than its own page? */
static __always_inline bool concerns_others(const struct pgmt_section *s, bool free, bool huge)
{
	/* it may be a part of a folio that was requested as a large one, or of a huge entry's */
	if (free && (s->large | s->entry_checked))
		return true;
	/* is the entry still what was stored? */
	return huge && s->entry_checked == PGMT_ENTRY_SINGLE;
}

/*
 * fast_path - account for one event, if it can take this way
 * @op: PGMT_OP_MAP, PGMT_OP_FREE; or PGMT_OP_STORE, where a store is no request
 * @huge: PGMT_OP_MAP by a PMD
 * @page: any page
 * @vmf: the fault that it is part of; 0: none
 * Return: false if it can't: then nothing was done
 */
static __always_inline bool fast_path(const struct hook *h, __u8 op, bool huge, __u64 page,
				      __u64 vmf)
{
	struct pgmt_transition t = {.op = op, .profile = profile, .huge = huge};
	const bool free = op == PGMT_OP_FREE, maps = op == PGMT_OP_MAP, shows_events = watch;
	struct pgmt_page_history *past = 0;
	struct pgmt_outcome out = {};
	__u64 pfn, i, cell;
	__u32 old, new;
	struct pgmt_section *s;
	struct pgmt_look look;
	enum pgmt_keep keep;

	if (!takes_fast_path || nr_waited)
		return false;
	pfn = page_to_pfn(page);
	s = find_known_section(pfn);
	if (!s || !is_made(&s) || concerns_others(s, free, huge))
		return false;
	i = pfn & (PGMT_SECTION_PAGES - 1);
	cell = *(volatile __u64 *)&s->cells[pgmt_cell_index(i)];
	old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
	/* a free is of a head page, but any page may be mapped */
	look = look_at_page(page, (free ? 0 : LOOK_FOR_TAIL) |
					  (free || maps || shows_events ? LOOK_FOR_LARGE : 0));
	if (look.tail)
		return false;
	/* is that what the entry stands for, and in one section?  See compound.bpf.h */
	if (maps && (look.large != huge || (huge && folio_order(page) != PGMT_SECTION_SHIFT)))
		return false;
	if (look.large)
		look.mapcount = folio_mapcount(page, 1);
	if (free) {
		/* it may have been requested page by page; counted fsdax is only mapped */
		if (look.large &&
		    (t.profile != PGMT_PROFILE_COUNTED || s->type != PGMT_TYPE_FS_DAX))
			return false;
		if (look.refcount || look.mapcount > 0 || pgmt_order(old))
			return false;
	}
	if (look.refcount < 0)
		return false;
	t.refcount = look.refcount;
	t.type = s->type;
	t.fresh = s->fresh;
	t.settled = settled;
	new = pgmt_step(old, &t, &out);
	keep = pgmt_kept_as(&t, &out);
	if (out.rule || out.preexisting || out.preexisting_free)
		return false;
	if (keep && keeps_history()) {
		past = find_history(pfn, false);
		if (!past)
			return false;
	}
	if (new != old && !swap_word(s, i, cell, new))
		return false;
	count_rates(s, &out, 1);
	if (op == PGMT_OP_STORE)
		count_rest(&out);
	count_mapping(&t);
	if (shows_events)
		emit_event_fast(s, page, vmf, (__u64)look.mapcount << 32 | (__u32)look.refcount,
				pack_event(call_site(h), op, old, new));
	if (past)
		record_history_fast(h, s, past, keep == PGMT_KEEP_FREE);
	return true;
}

#endif /* PGMAPTRACE_BPF_FAST_PATH_BPF_H */
