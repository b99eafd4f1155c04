/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A folio is mapped, stored or freed: from the arguments of a hook to an event.
 * Not here: the hooks, and requests (folio_request.bpf.h, request/).
 */
#ifndef PGMAPTRACE_BPF_FOLIO_EVENTS_BPF_H
#define PGMAPTRACE_BPF_FOLIO_EVENTS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/compound.bpf.h"
#include "bpf/fast_path.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/sections.bpf.h"

/* Fill in what can be read from the folio that @page belongs to. */
__noinline int read_folio(struct pgmt_transition *t, struct pgmt_event *e, __u64 page)
{
	if (!t || !e)
		return 0;
	e->page = page_head(page);
	e->pfn = page_to_pfn(e->page);
	e->order = folio_order(e->page);
	t->refcount = page_refcount(e->page);
	t->mapcount = folio_mapcount(e->page, e->order);
	return 0;
}

static __always_inline int observe_mapping(const struct hook *h, __u64 vmf, __u64 page, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_MAP, .huge = huge};
	struct pgmt_event e = {.vmf = vmf};
	struct pgmt_section *s;

	read_folio(&t, &e, page);
	s = find_section(e.pfn);
	if (!s)
		return 0;
	if (s->type == PGMT_TYPE_FS_DAX)
		t.stale = judge_compound(&e, page, huge);
	observe_in(h, s, &t, &e);
	return 0;
}

static __always_inline int on_map(const struct hook *h, __u64 vmf, __u64 page, bool huge)
{
	return fast_path(h, PGMT_OP_MAP, huge, page, vmf) ? 0 : observe_mapping(h, vmf, page, huge);
}

/*
 * The folio is free, but on counted fsdax a fault may take it again while we look: it counts
 * as mapped only if two looks find it mapped at a count of 0.
 */
static __always_inline int observe_free(const struct hook *h, __u64 page)
{
	struct pgmt_transition t = {.op = PGMT_OP_FREE};
	struct pgmt_event e = {};
	struct pgmt_section *s;
	__s32 again;

	read_folio(&t, &e, page);
	s = find_device_section(e.pfn);
	if (!s)
		return 0;
	if (t.refcount == 0 && t.mapcount > 0) {
		t.refcount = page_refcount(e.page);
		again = folio_mapcount(e.page, e.order);
		if (again < t.mapcount)
			t.mapcount = again;
		if (t.refcount > 0)
			t.mapcount = 0;
	}
	if (pgmt_is_requested(profile, s->type)) {
		t.order = e.order;
		free_folio(h, s, &t, &e);
	} else {
		observe_in(h, s, &t, &e);
	}
	return 0;
}

/*
 * A fault may have taken the folio after we read its count.  If its map hook came before our
 * step, it found the folio still requested, and the request is accounted for here.  If it
 * comes after that, it finds the folio freed.  If that use has ended already, its own free
 * has accounted for it.
 */
static __noinline void observe_if_taken_again(const struct hook *h, __u64 page)
{
	__u64 pfn = page_to_pfn(page);
	struct pgmt_transition t = {.op = PGMT_OP_MAP, .other = 1};
	struct pgmt_section *s = find_known_section(pfn);
	struct pgmt_outcome out = {};
	struct pgmt_event e = {};
	enum pgmt_keep keep;

	if (!s || s->type != PGMT_TYPE_FS_DAX ||
	    pgmt_life(pgmt_word(s, pfn & (PGMT_SECTION_PAGES - 1))) != PGMT_FREED)
		return;
	read_folio(&t, &e, page);
	if (watch)
		e.site = call_site(h);
	/* at a count above 0 no rule is broken: there is no stack left to report one */
	if (t.refcount <= 0 || !account_event(s, &e, &t, &out))
		return;
	keep = pgmt_kept_as(&t, &out);
	if (keep && keeps_history())
		e.site = site_for_history(h);
	record_event(&e, keep);
}

static __always_inline int on_free(const struct hook *h, __u64 page)
{
	if (!fast_path(h, PGMT_OP_FREE, false, page, 0))
		observe_free(h, page);
	if (profile == PGMT_PROFILE_COUNTED && page_refcount(page) > 0)
		observe_if_taken_again(h, page);
	return 0;
}

/*
 * By a pfn_t map device-dax on classic kernels, and all DAX in the request contract.  Other
 * drivers map pfns that no pgmap has.
 */
static __always_inline int on_map_pfn_t(const struct hook *h, __u64 pfn_t, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_MAP, .huge = huge};
	__u64 page = pfn_to_page(pfn_t & ~PFN_T_FLAGS);
	struct pgmt_event e = {};
	struct pgmt_section *s;

	if (fast_path(h, PGMT_OP_MAP, huge, page, 0))
		return 0;
	read_folio(&t, &e, page);
	s = find_section(e.pfn);
	if (s && (s->type == PGMT_TYPE_GENERIC ||
		  (profile == PGMT_PROFILE_REQUEST && s->type == PGMT_TYPE_FS_DAX)))
		observe_in(h, s, &t, &e);
	/* whoever looked at the entry before the folio was built saw single pages */
	if (huge && s && s->entry_checked == PGMT_ENTRY_SINGLE && e.order) {
		s->entry_checked = PGMT_ENTRY_BUILT;
		t.type = s->type;
		e.pgmap = s->pgmap;
		e.asked_order = PGMT_PMD_ORDER;
		broken_rule(h, &t, &e, PGMT_RULE_FLOW_ORDER);
	}
	return 0;
}

static __always_inline int observe_store(const struct hook *h, __u64 vmf, __u64 pfn, bool shared)
{
	struct pgmt_transition t = {.op = PGMT_OP_STORE, .shared = shared};
	struct pgmt_event e = {.pfn = pfn, .page = pfn_to_page(pfn), .vmf = vmf};

	/* for a hole this is the zero page, which is no device page */
	t.refcount = page_refcount(e.page);
	t.associations = page_associations(e.page);
	observe(h, &t, &e);
	return 0;
}

#endif /* PGMAPTRACE_BPF_FOLIO_EVENTS_BPF_H */
