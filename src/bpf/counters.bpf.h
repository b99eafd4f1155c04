/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting what was seen, and what was lost.  Not here: what the counters mean (counts.h).
 */
#ifndef PGMAPTRACE_BPF_COUNTERS_BPF_H
#define PGMAPTRACE_BPF_COUNTERS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/maps.bpf.h"

static __always_inline struct pgmt_counts *my_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

/* Atomic, since a hook in an interrupt may add to the same counter. */
#define COUNT(field, n)                                                                            \
	do {                                                                                       \
		struct pgmt_counts *__c = my_counts();                                             \
		if (__c)                                                                           \
			__sync_fetch_and_add(&__c->field, (n));                                    \
	} while (0)

/* A function of its own: many call it, and never where speed counts. */
__noinline int lose(__u32 loss, __u64 n)
{
	struct pgmt_counts *c = my_counts();

	if (c && loss < PGMT_NR_LOSSES)
		__sync_fetch_and_add(&c->lost[loss], n);
	return 0;
}

/* Requests and frees of @folios folios.  All else, which is rare, costs another look-up. */
static __always_inline void count_rates(const struct pgmt_section *s,
					const struct pgmt_outcome *out, __u64 folios)
{
	__u32 slot = PGMT_SLOT(s->epoch);
	struct pgmt_rates *r = bpf_map_lookup_elem(&rates, &slot);

	if (!r)
		return;
	if (out->request)
		__sync_fetch_and_add(&r->requests, out->request * folios);
	if (out->undo)
		__sync_fetch_and_add(&r->requests, -folios);
	if (out->free)
		__sync_fetch_and_add(&r->frees, folios);
}

static __always_inline void count_rest(const struct pgmt_outcome *out)
{
	struct pgmt_counts *c;

	if (!(out->preexisting | out->preexisting_free | out->store | out->remove))
		return;
	c = my_counts();
	if (!c)
		return;
	if (out->preexisting)
		__sync_fetch_and_add(&c->preexisting, 1);
	if (out->preexisting_free)
		__sync_fetch_and_add(&c->preexisting_frees, 1);
	if (out->store)
		__sync_fetch_and_add(&c->stores, 1);
	if (out->remove)
		__sync_fetch_and_add(&c->removals, 1);
}

/*
 * --pid, --cgroup: the same of what is in scope.  What the initial scan finds is nobody's
 * doing.
 */
__noinline int count_uses_in_scope(const struct pgmt_transition *t, const struct pgmt_outcome *out,
				   __u32 folios)
{
	struct pgmt_counts *c = my_counts();

	if (!t || !out || !c || t->op == PGMT_OP_INITIAL)
		return 0;
	__sync_fetch_and_add(&c->matched, 1);
	if (out->request)
		__sync_fetch_and_add(&c->in_scope.requests, (__u64)out->request * folios);
	if (out->undo)
		__sync_fetch_and_add(&c->in_scope.requests, -(__u64)folios);
	if (out->free)
		__sync_fetch_and_add(&c->in_scope.frees, folios);
	if (out->preexisting_free)
		__sync_fetch_and_add(&c->in_scope.preexisting_frees, 1);
	if (out->store)
		__sync_fetch_and_add(&c->in_scope.stores, 1);
	if (out->remove)
		__sync_fetch_and_add(&c->in_scope.removals, 1);
	if (t->op == PGMT_OP_MAP && pgmt_only_mapped(t->profile, t->type))
		__sync_fetch_and_add(&c->in_scope.mapped, 1);
	return 0;
}

static __always_inline void count_mapping(const struct pgmt_transition *t)
{
	if (t->op == PGMT_OP_MAP && pgmt_only_mapped(t->profile, t->type))
		COUNT(mapped, 1);
}

#endif /* PGMAPTRACE_BPF_COUNTERS_BPF_H */
