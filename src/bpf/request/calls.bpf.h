/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of the request contract: a request counts when its function is entered, before
 * anyone can see the folio, and is undone if the function refuses.
 * Not here: which functions these are (pgmaptrace.bpf.c).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_CALLS_BPF_H
#define PGMAPTRACE_BPF_REQUEST_CALLS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/counters.bpf.h"
#include "bpf/fault.bpf.h"
#include "bpf/folio_request.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/request/folio_walk.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/stack.bpf.h"
#include "bpf/whole_section.bpf.h"

/* One form may call another: only the outermost counts. */
enum pgmt_form { FORM_REQUEST_FOLIOS = 1, FORM_REQUEST_FOLIO, FORM_GET_FOLIO };

/* A request that a task is in. */
struct call {
	__u32 form;
	__u32 counted; /* its folios count as requested */
	struct request request;
	__u64 idle_section; /* it is for all single pages of a section, which are idle */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* tid */
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline bool is_section(const struct call *c)
{
	return c->request.nr == PGMT_SECTION_PAGES && !c->request.order &&
	       !(c->request.pfn & (PGMT_SECTION_PAGES - 1));
}

/*
 * What is wrong with the request as a whole, before we look at the states of its folios?
 * Sets c->idle_section.  Return: enum pgmt_rule
 */
__noinline int call_rule(struct pgmt_scratch *s, struct call *c, __u64 pgmap)
{
	bool covered, alike;

	if (!s || !c)
		return PGMT_RULE_NONE;
	covered = pgmap_covers(pgmap, c->request.pfn,
			       c->request.nr << (c->request.order & PGMT_ORDER_MASK));
	if (covered && is_section(c)) {
		scan_pages(s, c->request.pfn, c->request.nr, PGMT_TYPE_FS_DAX, true);
		c->idle_section = !s->scan.live;
	}
	alike = c->request.asked_order == c->request.order;
	if (covered && alike && c->request.nr > 1 && !c->idle_section) {
		look_along(s, &c->request, unlike_step);
		alike = !s->walk.wrong;
	}
	return pgmt_judge_call(covered, pgmap_is_dying(pgmap), alike);
}

/* The event is in @s: there is not enough stack for it. */
static __always_inline void report_call(const struct hook *h, struct pgmt_scratch *s,
					struct call *c, __u64 pgmap, __u64 pfn, __u8 rule)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST, .profile = profile};
	struct pgmt_event *e = &s->batch.event;

	__builtin_memset(e, 0, sizeof(*e));
	e->pfn = pfn;
	e->page = pfn_to_page(pfn);
	e->pgmap = pfn_to_pgmap(pfn);
	e->named_pgmap = pgmap;
	e->order = c->request.order;
	e->asked = c->request.nr;
	e->asked_order = c->request.asked_order;
	if (e->pgmap)
		t.refcount = page_refcount(e->page);
	else
		e->pgmap = pgmap;
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e->pgmap, type);
	/* whose it is to be: the folio may name another file */
	if (t.type == PGMT_TYPE_FS_DAX)
		e->vmf = current_fault(h);
	broken_rule(h, &t, e, rule);
}

static long record_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;

	record_history(s->batch.pfn + (__u64)i * s->batch.step, s->batch.event.site, false);
	return 0;
}

/* Who requested them: one site for all. */
static __always_inline void record_request(const struct hook *h, struct pgmt_scratch *s,
					   const struct call *c)
{
	if (!keeps_history())
		return;
	s->batch.event.site = site_for_history(h);
	if (is_section(c))
		record_section_history(c->request.pfn, s->batch.event.site);
	else
		bpf_loop(c->request.nr, record_step, &s, 0);
}

/* Return: true if the request is for a whole section, and its pages count as requested now. */
static __always_inline bool request_section(struct pgmt_scratch *s, const struct call *c)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST};
	struct pgmt_section *section = c->idle_section ? find_section(c->request.pfn) : 0;

	if (!section || !account_section(section, &t, 0))
		return false;
	batch_begin(s, PGMT_OP_REQUEST, c->request.pfn, c->request.order);
	s->batch.taken = c->request.nr;
	return true;
}

/* A BPF function takes five arguments. */
static __always_inline __u64 pack_request(__u32 nr, __u32 order)
{
	return (__u64)nr << 8 | (order & PGMT_ORDER_MASK);
}

/*
 * begin_request - a request function was entered
 * @pgmap: address that the caller named
 * @pfn: of the first folio
 * @nr_order: pack_request() of what was asked for
 */
static __noinline void begin_request(const struct hook *h, enum pgmt_form form, __u64 pgmap,
				     __u64 pfn, __u64 nr_order)
{
	__u32 tid = current_tid(), order = nr_order & PGMT_ORDER_MASK;
	struct call *outer = bpf_map_lookup_elem(&calls, &tid);
	struct pgmt_scratch *s;
	struct call c = {};
	struct pgmt_section *section;
	__u8 rule;

	if (outer && outer->form != form)
		return;
	s = scratch_get();
	if (!s || outer) /* outer: we missed its return */
		lose(PGMT_LOSS_CALL, 1);
	if (!s)
		return;
	c.form = form;
	c.request.pfn = pfn;
	c.request.nr = nr_order >> 8;
	c.request.asked_order = order;
	/* outside of the pgmap there may be no struct page */
	c.request.order = pgmap_covers(pgmap, pfn, 1) ? folio_order(pfn_to_page(pfn)) : order;
	rule = call_rule(s, &c, pgmap);
	if (!rule)
		rule = overlap_rule(s, &c.request);
	if (rule) {
		report_call(h, s, &c, pgmap, pfn, rule);
		goto out;
	}
	if (!request_section(s, &c))
		account_folios(s, call_site(h), PGMT_OP_REQUEST, pfn, c.request.nr, c.request.order,
			       true);
	if (s->batch.rule)
		report_call(h, s, &c, pgmap, s->batch.broken, s->batch.rule);
	c.counted = s->batch.taken == c.request.nr;
	if (!c.counted) {
		account_folios(s, call_site(h), PGMT_OP_UNDO, pfn, s->batch.taken, c.request.order,
			       false);
		goto out;
	}
	record_request(h, s, &c);
	section = c.request.order ? find_section(pfn) : 0;
	if (section)
		section->large = 1;
out:
	scratch_put(s);
	if (bpf_map_update_elem(&calls, &tid, &c, BPF_ANY))
		lose(PGMT_LOSS_CALL, 1);
}

/* end_request - the function returns; @granted: it did not refuse */
static __noinline void end_request(const struct hook *h, enum pgmt_form form, __u64 pgmap,
				   bool granted)
{
	__u32 tid = current_tid();
	struct call *known = bpf_map_lookup_elem(&calls, &tid);
	struct pgmt_scratch *s;
	struct call c;

	/* an inner form, or a call from before tracing began */
	if (!known || known->form != form)
		return;
	c = *known;
	bpf_map_delete_elem(&calls, &tid);
	if (granted && c.counted && c.request.nr < 2)
		return;
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_CALL, 1);
		return;
	}
	if (!granted && c.counted)
		account_folios(s, call_site(h), PGMT_OP_UNDO, c.request.pfn, c.request.nr,
			       c.request.order, false);
	if (granted && !c.counted)
		account_folios(s, call_site(h), PGMT_OP_ACCEPT, c.request.pfn, c.request.nr,
			       c.request.order, false);
	if (granted && is_section(&c))
		scan_pages(s, c.request.pfn, c.request.nr, PGMT_TYPE_FS_DAX, false);
	if (granted && c.request.nr > 1 && !(is_section(&c) && s->scan.live == c.request.nr)) {
		look_along(s, &c.request, unreferenced_step);
		if (s->walk.wrong)
			report_call(h, s, &c, pgmap, page_to_pfn(s->walk.page),
				    page_refcount(s->walk.page) < 0 ? PGMT_RULE_REFCOUNT_UNDERFLOW
								    : PGMT_RULE_PARTIAL_REQUEST);
	}
	scratch_put(s);
}

/* A request function returns.  @result: the bits of its value that are set if it granted */
static __always_inline int on_request_return(void *ctx, enum pgmt_form form, __u64 result)
{
	struct hook h = {.ctx = ctx, .fentry = true};
	__u64 value = 0;

	bpf_get_func_ret(ctx, &value);
	if (enabled)
		end_request(&h, form, fentry_arg(ctx, 0), value & result);
	return 0;
}

#endif /* PGMAPTRACE_BPF_REQUEST_CALLS_BPF_H */
