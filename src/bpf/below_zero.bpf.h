/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folios whose reference count is below 0, found among many pages.  Each gets the step of its
 * event; the first that was not reported before becomes a finding.
 * Not here: the scan that reads the pages (scan_pages.bpf.h), and single events (observe.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_BELOW_ZERO_BPF_H
#define PGMAPTRACE_BPF_BELOW_ZERO_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/stack.bpf.h"

/* Page @pfn has a count of @refcount.  @op: as part of which event it is looked at */
static __always_inline void note_below_zero(struct pgmt_scratch *s, __u8 op, __u64 pfn,
					    __s32 refcount)
{
	struct pgmt_transition t = {.op = op, .refcount = refcount};
	struct pgmt_event *e = &s->batch.event; /* no batch is under way */
	struct below_zero *b = &s->below_zero;
	struct pgmt_outcome out = {};

	__builtin_memset(e, 0, sizeof(*e));
	e->pfn = pfn;
	e->page = pfn_to_page(pfn);
	if (!account_page(e, &t, &out) || out.rule != PGMT_RULE_REFCOUNT_UNDERFLOW)
		return;
	if (!b->event.folios++) {
		e->folios = 1;
		e->order = folio_order(e->page);
		b->event = *e;
		b->refcount = refcount;
		b->type = t.type;
		b->fresh = t.fresh;
	}
}

/*
 * report_below_zero - the finding of what note_below_zero() noted, if that was anything
 * @h: NULL if the tool itself looked: nobody on this CPU did it then
 * @asked: release: how many folios were released at once
 */
static __always_inline void report_below_zero(const struct hook *h, struct pgmt_scratch *s, __u8 op,
					      __u32 asked)
{
	struct below_zero *b = &s->below_zero;
	struct pgmt_transition t = {.op = op,
				    .profile = profile,
				    .type = b->type,
				    .fresh = b->fresh,
				    .refcount = b->refcount};
	struct pgmt_event *e = &b->event;

	if (!e->folios || is_dismissed(e, PGMT_RULE_REFCOUNT_UNDERFLOW))
		return;
	t.mapcount = folio_mapcount(e->page, e->order);
	e->asked = asked;
	e->site = h ? site_for_finding(h) : 0;
	emit_finding(&t, e, PGMT_RULE_REFCOUNT_UNDERFLOW);
}

#endif /* PGMAPTRACE_BPF_BELOW_ZERO_BPF_H */
