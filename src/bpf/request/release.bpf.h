/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgmap_release_folios(): the requester gives its references back, one of each folio.
 * Not here: the free, which comes with the last reference (folio_events.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H
#define PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/below_zero.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/request/folio_walk.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"

/* A release that is to be looked at again when it returns, by the page that it begins with. */
struct release {
	__u64 pages;
	__u64 reported; /* it broke a rule when it began */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct release);
} releases SEC(".maps");

volatile __u32 nr_releases; /* entries of releases */

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

/* Of one folio that breaks no rule nothing needs to be kept: its count says it all. */
static __always_inline void keep_release(__u64 page, __u32 nr, __u32 order, bool reported)
{
	struct release r = {.pages = (__u64)nr << (order & PGMT_ORDER_MASK), .reported = reported};

	if (nr < 2 && !reported)
		return;
	if (bpf_map_update_elem(&releases, &page, &r, BPF_ANY))
		lose(PGMT_LOSS_CALL, 1);
	else
		__sync_fetch_and_add(&nr_releases, 1);
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
	keep_release(page, nr, s->walk.order, s->walk.wrong);
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

/*
 * It has returned.  A folio that it did not put, because it put another one twice, can't be
 * told from one that somebody else has taken meanwhile; but the other one's count can fall
 * below 0.
 */
static __noinline void released_folios(const struct hook *h, __u64 page, __u32 nr)
{
	struct release one = {.pages = nr}, *r;
	struct pgmt_scratch *s;
	__s32 refcount = 0;

	if (nr < 2) {
		refcount = page_refcount(page);
		if (refcount >= 0 && !nr_releases)
			return;
	}
	r = nr_releases ? bpf_map_lookup_elem(&releases, &page) : 0;
	if (r) {
		one = *r;
		bpf_map_delete_elem(&releases, &page);
		__sync_fetch_and_sub(&nr_releases, 1);
	}
	if (nr < 2 && refcount >= 0)
		return;
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_SCRATCH, nr);
		return;
	}
	scan_below_zero(s, page_to_pfn(page), one.pages, PGMT_TYPE_FS_DAX, PGMT_OP_RELEASED);
	if (!one.reported)
		report_below_zero(h, s, PGMT_OP_RELEASED, nr);
	scratch_put(s);
}

#endif /* PGMAPTRACE_BPF_REQUEST_RELEASE_BPF_H */
