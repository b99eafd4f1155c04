/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request of folios, on any kernel: does the pgmap cover them, and do they overlap folios
 * that are outstanding?  Not here: the calls of the request contract (request/).
 */
#ifndef PGMAPTRACE_BPF_FOLIO_REQUEST_BPF_H
#define PGMAPTRACE_BPF_FOLIO_REQUEST_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/tally.bpf.h"

/* What one call requests. */
struct request {
	__u64 pfn;
	__u64 nr; /* folios */
	__u32 order;
	__u32 asked_order;
};

/* Do @nr pages from @pfn on lie in one range of the pgmap at @address? */
__noinline int pgmap_covers(__u64 address, __u64 pfn, __u64 nr)
{
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);
	__u32 i;

	if (!p)
		return pfn_to_pgmap(pfn) == address;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		if (pfn >= p->range[i].start && pfn <= p->range[i].end)
			return nr <= p->range[i].end - pfn + 1 && (i > 0 || pfn >= p->first);
	}
	/* when tracing began, memremap_pages may have been at a later range */
	return !p->since && pfn_to_pgmap(pfn) == address;
}

/* No outstanding folio may lie in a requested one, nor a requested one in an outstanding one. */
__noinline int overlap_rule(struct pgmt_scratch *scratch, const struct request *r)
{
	struct pgmt_section *s;

	if (!scratch || !r)
		return PGMT_RULE_NONE;
	if (r->order) {
		tally_range(scratch, r->pfn + 1, r->pfn + (r->nr << (r->order & PGMT_ORDER_MASK)));
		if (scratch->tally.parts)
			return PGMT_RULE_PAGES_UNBALANCED;
		if (scratch->tally.outstanding)
			return PGMT_RULE_DOUBLE_REQUEST;
	}
	s = find_section(r->pfn);
	if (!s || !s->large || enclosing_folio(s, r->pfn) == r->pfn)
		return PGMT_RULE_NONE;
	return PGMT_RULE_DOUBLE_REQUEST;
}

/* Parts that were not freed before all of their folio was requested again belong to it. */
static __noinline void undo_parts(const struct hook *h, __u64 pfn, __u32 order)
{
	struct pgmt_scratch *scratch = scratch_get();

	if (!scratch) {
		lose(PGMT_LOSS_SCRATCH, 1U << (order & PGMT_ORDER_MASK));
		return;
	}
	account_folios(scratch, call_site(h), PGMT_OP_UNDO, pfn, 1U << (order & PGMT_ORDER_MASK), 0,
		       false);
	scratch_put(scratch);
}

#endif /* PGMAPTRACE_BPF_FOLIO_REQUEST_BPF_H */
