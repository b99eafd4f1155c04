/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at the folios of a call, one after the other, until one is wrong.
 * Not here: which rule that breaks.
 */
#ifndef PGMAPTRACE_BPF_REQUEST_FOLIO_WALK_BPF_H
#define PGMAPTRACE_BPF_REQUEST_FOLIO_WALK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/folio_request.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/scratch.bpf.h"

static __always_inline long next_folio(struct folio_walk *w, bool wrong)
{
	if (wrong) {
		w->wrong = 1;
		return 1;
	}
	w->page += page_size_of_struct() << (w->order & PGMT_ORDER_MASK);
	return 0;
}

static long unlike_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;

	return next_folio(w, folio_order(w->page) != w->order);
}

static long unreferenced_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;

	return next_folio(w, page_refcount(w->page) <= 0);
}

static __always_inline void look_along(struct pgmt_scratch *s, const struct request *r,
				       long (*step)(__u32, void *))
{
	s->walk.page = pfn_to_page(r->pfn);
	s->walk.order = r->order;
	s->walk.wrong = 0;
	bpf_loop(r->nr, step, &s, 0);
}

#endif /* PGMAPTRACE_BPF_REQUEST_FOLIO_WALK_BPF_H */
