/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of pgmaps: enter one, forget its pages after teardown, and find the pgmap that
 * already covers a range.  Not here: the hooks that do so.
 */
#ifndef PGMAPTRACE_BPF_PGMAP_TABLE_BPF_H
#define PGMAPTRACE_BPF_PGMAP_TABLE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"

struct forget {
	__u64 first; /* section */
	__u64 owner; /* whose sections; 0: anyone's */
};

static long forget_step(__u32 i, void *data)
{
	const struct forget *f = data;
	__u64 key = f->first + i;
	struct pgmt_section *s = bpf_map_lookup_elem(&sections, &key);

	if (s && f->owner && s->pgmap && s->pgmap != f->owner)
		return 0;
	bpf_map_delete_elem(&sections, &key);
	return 0;
}

static long forget_page(__u32 i, void *data)
{
	struct pgmt_page_history *past = find_history(*(__u64 *)data + i, false);

	if (past)
		__builtin_memset(past, 0, sizeof(*past));
	return 0;
}

/* Not inline: the compiler would or two pointers, which the verifier forbids. */
static __noinline bool has_section(__u64 pfn)
{
	return find_known_section(pfn);
}

struct forget_histories {
	__u64 key;
	__u64 first, last; /* pfn of the range */
};

/* Forget the pages from @first to @last that lie in the range from @from to @to. */
static __always_inline void forget_between(__u64 first, __u64 last, __u64 from, __u64 to)
{
	if (first < from)
		first = from;
	if (last > to)
		last = to;
	if (first <= last)
		bpf_loop(last + 1 - first, forget_page, &first, 0);
}

/*
 * Delete a history if all of it lies in the range from @from to @to, and in no section any
 * more.  Else clear those of its pages: a neighbour's may be in use.
 */
__noinline int forget_history(__u64 key, __u64 from, __u64 to)
{
	__u64 first = key * PGMT_HISTORY_SPAN, last = first + PGMT_HISTORY_SPAN - 1;
	__u64 border = last & ~(PGMT_SECTION_PAGES - 1ULL);
	bool here = has_section(first), there = has_section(last);

	if (!here && !there && first >= from && last <= to) {
		bpf_map_delete_elem(&histories, &key);
		return 0;
	}
	/* it lies in one section, or in two */
	if (!here)
		forget_between(first, border > first ? border - 1 : last, from, to);
	if (!there && border > first)
		forget_between(border, last, from, to);
	return 0;
}

static long forget_histories(__u32 i, void *data)
{
	const struct forget_histories *f = data;

	forget_history(f->key + i, f->first, f->last);
	return 0;
}

/*
 * forget_pages - a pfn that comes back under a new pgmap starts afresh
 * @owner: address of the pgmap that was torn down: another may have its pages by now, and
 *	keeps them; 0: forget all
 */
static __noinline void forget_pages(struct pgmt_pgmap *p, __u64 owner)
{
	struct forget f = {.owner = owner};
	__u32 i;

	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		struct forget_histories h = {.first = p->range[i].start, .last = p->range[i].end};
		__u64 last;

		if (i >= p->nr_range)
			break;
		f.first = p->range[i].start >> PGMT_SECTION_SHIFT;
		last = p->range[i].end >> PGMT_SECTION_SHIFT;
		bpf_loop(last - f.first + 1, forget_step, &f, 0);
		if (!keeps_history())
			continue;
		h.key = h.first / PGMT_HISTORY_SPAN;
		bpf_loop(h.last / PGMT_HISTORY_SPAN - h.key + 1, forget_histories, &h, 0);
	}
}

static long enter_epoch(__u32 i, void *data)
{
	const __u64 *in = data;
	__u64 key = in[0] + i;
	struct pgmt_section *s = bpf_map_lookup_elem(&sections, &key);

	if (s)
		s->epoch = in[1];
	return 0;
}

/*
 * Sections of an older pgmap may have been made before it is in the table.  Once @p is, each
 * section gets its epoch here, or in make_section().
 */
static __noinline void enter_epochs(const struct pgmt_pgmap *p)
{
	__u64 in[2] = {0, p->epoch};
	__u64 last;
	__u32 i;

	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		in[0] = p->range[i].start >> PGMT_SECTION_SHIFT;
		last = p->range[i].end >> PGMT_SECTION_SHIFT;
		bpf_loop(last - in[0] + 1, enter_epoch, in, 0);
	}
}

/*
 * learn_pgmap - enter a pgmap in the table, and tell the tool
 * @since: when this task created it; 0: before tracing began
 * @site: of that
 */
static __noinline void learn_pgmap(__u64 address, __u64 since, pgmt_site_t site)
{
	struct pgmt_scratch *s = scratch_get();
	struct pgmt_pgmap *old;
	long err;

	if (!s) {
		lose(PGMT_LOSS_PGMAP, 1);
		return;
	}
	old = bpf_map_lookup_elem(&pgmaps, &address);
	/* the initial scan finds what the hook of memremap_pages has entered already */
	if (old && !since)
		goto out;
	if (old)
		forget_pages(old, address);
	__builtin_memset(&s->pgmap, 0, sizeof(s->pgmap));
	if (!pgmap_read(address, &s->pgmap))
		lose(PGMT_LOSS_PGMAP, 1);
	s->pgmap.since = since;
	if (since) {
		s->pgmap.maker_site = site;
		s->pgmap.maker = current_tid();
		bpf_get_current_comm(s->pgmap.maker_comm, sizeof(s->pgmap.maker_comm));
	}
	s->pgmap.epoch = __sync_fetch_and_add(&epochs, 1) + 1;
	if (since)
		forget_pages(&s->pgmap, 0);
	/* the hook of memremap_pages may be faster, and knows since when */
	err = bpf_map_update_elem(&pgmaps, &address, &s->pgmap, since ? BPF_ANY : BPF_NOEXIST);
	if (err && !since && bpf_map_lookup_elem(&pgmaps, &address))
		goto out;
	if (err)
		lose(PGMT_LOSS_PGMAP, 1);
	if (!since)
		enter_epochs(&s->pgmap);
	emit_pgmap(&s->pgmap);
out:
	scratch_put(s);
}

/*
 * known_pgmap - the table's entry of a live pgmap, which the initial scan may not have entered
 * yet
 * Return: NULL if there is no room for it (counted)
 */
static __always_inline struct pgmt_pgmap *known_pgmap(__u64 address)
{
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);

	if (p)
		return p;
	learn_pgmap(address, 0, 0);
	return bpf_map_lookup_elem(&pgmaps, &address);
}

#define MAX_OVERLAP_STEPS (1 << 16) /* over the pgmap_array */

struct overlap {
	__u64 pfn;
	__u64 last;
	struct pgmt_lookup found; /* at pfn */
};

static long overlap_step(__u32 i, void *data)
{
	struct overlap *o = data;

	pgmap_array_load(o->pfn, &o->found);
	if (o->found.pgmap || o->found.next > o->last || o->found.next <= o->pfn)
		return 1;
	o->pfn = o->found.next;
	return 0;
}

#endif /* PGMAPTRACE_BPF_PGMAP_TABLE_BPF_H */
