/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgmap_release_folios(): the requester gives its references back.
 * Not here: the free, which comes with the last reference (folio_events.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H
#define PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/request/folio_walk.bpf.h"
#include "bpf/scratch.bpf.h"

static long release_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;
	struct pgmt_transition t = {.op = PGMT_OP_RELEASE};
	struct pgmt_event e = {.page = w->page, .pfn = page_to_pfn(w->page)};
	struct pgmt_outcome out = {};

	t.refcount = page_refcount(w->page);
	w->order = folio_order(w->page);
	e.order = w->order;
	return next_folio(w, account_page(&e, &t, &out) && out.rule);
}

/* The file whose entries the current task zaps; 0: none. */
static __always_inline __u64 zapped_mapping(void)
{
	__u32 tid = current_tid();
	struct pgmt_break *b = bpf_map_lookup_elem(&breaks, &tid);

	return b && b->zapping ? b->mapping : 0;
}

static __noinline void release_folios(const struct hook *h, __u64 page, __u32 nr)
{
	struct pgmt_transition t = {.op = PGMT_OP_RELEASE, .profile = profile};
	struct pgmt_scratch *s = scratch_get();
	struct pgmt_event e = {};

	if (!s) {
		lose(PGMT_LOSS_SCRATCH, nr);
		return;
	}
	s->walk.page = page;
	s->walk.wrong = 0;
	bpf_loop(nr, release_step, &s, 0);
	if (s->walk.wrong)
		e.page = s->walk.page;
	scratch_put(s);
	if (!e.page)
		return;
	e.pfn = page_to_pfn(e.page);
	e.pgmap = pfn_to_pgmap(e.pfn);
	e.order = folio_order(e.page);
	e.mapping = zapped_mapping();
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e.pgmap, type);
	t.refcount = page_refcount(e.page);
	broken_rule(h, &t, &e, PGMT_RULE_RELEASE_UNREQUESTED);
}

#endif /* PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H */
