/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last look at a range of struct pages, before they are removed.  Not here: the end of
 * their pgmap (pgmap_table.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_TEARDOWN_BPF_H
#define PGMAPTRACE_BPF_TEARDOWN_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/below_zero.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/pgmap_table.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/tally.bpf.h"

/* Is any folio of the range still in use, or not freed? */
static __always_inline int on_teardown(const struct hook *h, __u64 pfn, __u64 nr)
{
	__u64 address = pfn_to_pgmap(pfn), end = pfn + nr;
	struct pgmt_pgmap *p = address ? known_pgmap(address) : NULL;
	struct pgmt_transition t = {.op = PGMT_OP_TEARDOWN};
	struct pgmt_outcome out = {};
	struct pgmt_event e = {};
	struct pgmt_scratch *s;

	if (!p)
		return 0;
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_SCRATCH, nr);
		return 0;
	}
	if (pfn < p->first && p->first < end)
		pfn = p->first;
	scan_below_zero(s, pfn, end - pfn, p->type, PGMT_OP_TEARDOWN);
	report_below_zero(h, s, PGMT_OP_TEARDOWN, 0);
	e.folios = s->scan.live;
	e.pfn = s->scan.first_live;
	__builtin_memset(&s->tally, 0, sizeof(s->tally));
	s->tally.torn_down_epoch = p->epoch;
	tally_pages(s, pfn, end);
	if (!e.folios) {
		e.folios = s->tally.outstanding;
		e.pfn = s->tally.first_outstanding;
	}
	scratch_put(s);
	if (!e.folios)
		return 0;
	e.page = pfn_to_page(e.pfn);
	e.order = folio_order(e.page);
	t.refcount = page_refcount(e.page);
	t.mapcount = folio_mapcount(e.page, e.order);
	e.pgmap = address;
	if (account_page(&e, &t, &out) && out.rule)
		broken_rule(h, &t, &e, out.rule);
	return 0;
}

#endif /* PGMAPTRACE_BPF_TEARDOWN_BPF_H */
