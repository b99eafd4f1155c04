// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks: one short body for each kernel function, which reads the arguments and hands an
 * event to observe().  Those of the request contract come last.
 * Not here: which of them are attached on which kernel (session/hooks.c).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/folio_events.bpf.h"
#include "bpf/folio_request.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/pgmap_table.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/spins.bpf.h"
#include "bpf/stack.bpf.h"
#include "bpf/teardown.bpf.h"
#include "bpf/tool_programs.bpf.h"
#include "bpf/request/calls.bpf.h"
#include "bpf/request/release.bpf.h"
#include "bpf/request/stored.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* zone_device_page_init(page) to 6.18, (page, pgmap, order) after */
HOOK(zone_device_page_init)
{
	__u64 pgmap = init_names_pgmap ? a1 : pfn_to_pgmap(page_to_pfn(a0));
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST, .profile = profile};
	struct request r = {.nr = 1, .pfn = page_to_pfn(a0)};
	struct pgmt_section *s = find_device_section(r.pfn);
	struct pgmt_scratch *scratch;
	struct pgmt_event e = {};
	__u8 rule;

	if (!s)
		return 0;
	if (init_names_pgmap)
		r.order = a2 & PGMT_ORDER_MASK;
	/* not folio_order(): what the page says may be left from its last use */
	e.page = a0;
	e.pfn = r.pfn;
	e.order = r.order;
	e.asked = 1;
	e.asked_order = r.order;
	t.order = r.order;
	t.refcount = page_refcount(a0);
	rule = pgmt_judge_call(pgmap_covers(pgmap, r.pfn, 1ULL << r.order), pgmap_is_dying(pgmap),
			       1);
	scratch = rule ? 0 : scratch_get();
	if (scratch) {
		rule = overlap_rule(scratch, &r);
		scratch_put(scratch);
	} else if (!rule) {
		lose(PGMT_LOSS_SCRATCH, 1);
	}
	if (rule) {
		t.type = s->type;
		e.pgmap = s->pgmap;
		e.named_pgmap = pgmap;
		broken_rule(h, &t, &e, rule);
	}
	if (rule == PGMT_RULE_PAGES_UNBALANCED) {
		undo_parts(h, r.pfn, r.order);
		/* one finding is enough */
		t.op = PGMT_OP_ACCEPT;
	}
	observe_in(h, s, &t, &e);
	if (r.order)
		s->large = 1;
	return 0;
}

/* 6.1 */
HOOK(free_zone_device_page)
{
	return on_free(h, a0);
}

/* 6.12 on */
HOOK(free_zone_device_folio)
{
	return on_free(h, a0);
}

/* vmf_insert_page_mkwrite(vmf, page, write), from 6.15 on; the page may be a tail */
HOOK(vmf_insert_page_mkwrite)
{
	return on_map(h, a0, a1, false);
}

/* vmf_insert_folio_pmd(vmf, folio, write), from 6.15 on */
HOOK(vmf_insert_folio_pmd)
{
	return on_map(h, a0, a1, true);
}

HOOK(vmf_insert_mixed)
{
	return on_map_pfn_t(h, a2, false);
}

HOOK(vmf_insert_mixed_mkwrite)
{
	return on_map_pfn_t(h, a2, false);
}

HOOK(vmf_insert_pfn_pmd)
{
	return on_map_pfn_t(h, a1, true);
}

/* 6.1: what vmf_insert_pfn_pmd is a wrapper of */
HOOK(vmf_insert_pfn_pmd_prot)
{
	return on_map_pfn_t(h, a1, true);
}

/*
 * dax_insert_entry(xas, vmf, iter, entry, pfn, flags); pfn is a pfn_t to 6.15.
 * Where it requests the folio: (xas, vmf, &entry, pfn_t, flags)
 */
HOOK(dax_insert_entry)
{
	bool shared;

	if (profile == PGMT_PROFILE_REQUEST)
		return prepare_entry(a3 & ~PFN_T_FLAGS, a4);
	shared = iomap_is_shared(a2);
	if (!dax_entry_is_value(a3)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	/* the kernel keeps an entry that names a folio, unless the extent is shared */
	if (!shared && !dax_entry_names_no_folio(a3))
		return 0;
	return observe_store(h, a1, a4 & ~PFN_T_FLAGS, shared);
}

/* dax_disassociate_entry(entry, mapping, trunc); often a clone with (entry) only */
HOOK(dax_disassociate_entry)
{
	struct pgmt_transition t = {.op = PGMT_OP_REMOVE};
	struct pgmt_event e = {};
	__u8 of_busy;

	if (!dax_entry_is_value(a0)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	if (dax_entry_names_no_folio(a0))
		return 0;
	e.pfn = dax_entry_pfn(a0);
	e.page = pfn_to_page(e.pfn);
	e.order = dax_entry_pages(a0) > 1 ? PGMT_PMD_ORDER : 0;
	if (!disassociate_is_clone)
		e.mapping = a1;
	t.refcount = highest_refcount(&e, dax_entry_pages(a0));
	t.mapcount = folio_mapcount(e.page, folio_order(e.page));
	t.associations = page_associations(e.page);
	/* where each page has its own count, another file may have the busy page stored */
	if (e.busy) {
		of_busy = page_associations(pfn_to_page(e.busy));
		if (of_busy > t.associations)
			t.associations = of_busy;
	}
	observe(h, &t, &e);
	return 0;
}

/* dax_folio_reset_order(folio), from 7.1 on */
HOOK(dax_folio_reset_order)
{
	struct pgmt_transition t = {.op = PGMT_OP_RESET};
	struct pgmt_event e = {};

	e.page = a0;
	e.pfn = page_to_pfn(a0);
	e.order = folio_order(a0);
	t.refcount = highest_refcount(&e, e.order <= PGMT_SECTION_SHIFT ? 1 << e.order : 1);
	/* drivers do that to each page of a new device */
	if (!t.refcount && !find_known_section(e.pfn))
		return 0;
	t.mapcount = folio_mapcount(a0, e.order);
	observe(h, &t, &e);
	return 0;
}

/* dax_layout_busy_page_range(mapping, start, end): a page in use, or NULL */
HOOK(dax_layout_busy_page_range)
{
	return on_layout_ask(h, a0);
}

HOOK_RETURN(dax_layout_busy_page_range)
{
	return on_layout_answer(a0, result);
}

/* dax_zap_mappings_range(mapping, start, end): the same, where it removes entries first */
HOOK(dax_zap_mappings_range)
{
	return on_layout_ask(h, a0);
}

HOOK_RETURN(dax_zap_mappings_range)
{
	return on_layout_answer(a0, result);
}

/* memremap_pages(pgmap, nid): before the kernel stores its range */
HOOK(memremap_pages)
{
	struct pgmt_transition t = {.profile = profile};
	struct pgmt_event e = {};
	struct pgmt_scratch *s = scratch_get();
	struct overlap o = {};
	__u32 i;

	if (!s) {
		lose(PGMT_LOSS_PGMAP, 1);
		return 0;
	}
	__builtin_memset(&s->pgmap, 0, sizeof(s->pgmap));
	pgmap_read(a0, &s->pgmap);
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= s->pgmap.nr_range)
			break;
		o.pfn = s->pgmap.range[i].start;
		o.last = s->pgmap.range[i].end;
		bpf_loop(MAX_OVERLAP_STEPS, overlap_step, &o, 0);
		if (o.found.pgmap)
			break;
	}
	if (o.found.pgmap) {
		e.pfn = o.pfn;
		e.page = pfn_to_page(o.pfn);
		t.type = PGMT_READ_SLOWLY(struct dev_pagemap, o.found.pgmap, type);
		e.pgmap = o.found.pgmap;
		broken_rule(h, &t, &e, PGMT_RULE_PGMAP_OVERLAP);
	}
	scratch_put(s);
	return 0;
}

/* The result is the address of its first page in the direct map. */
HOOK_RETURN(memremap_pages)
{
	const bool has_stack = RETURNS_HAVE_STACKS || a0;

	if (result >= (__u64)-MAX_ERRNO) /* IS_ERR */
		return 0;
	if (!a0)
		a0 = pfn_to_pgmap((result - direct_map) >> PGMT_PAGE_SHIFT);
	if (a0)
		learn_pgmap(a0, bpf_ktime_get_ns(), has_stack ? site_for_finding(h) : 0);
	else
		lose(PGMT_LOSS_PGMAP, 1);
	return 0;
}

/* memunmap_pages(pgmap), which kills it, and then waits for its references */
HOOK(memunmap_pages)
{
	/* after the initial scan, one that the table lacks was never complete: memremap_pages
	 * failed */
	struct pgmt_pgmap *p = settled ? bpf_map_lookup_elem(&pgmaps, &a0) : known_pgmap(a0);
	__u32 tid = current_tid();

	/* only a kretprobe needs it, and counts as lost what it does not find */
	bpf_map_update_elem(&unmapping, &tid, &a0, BPF_ANY);
	if (!p)
		return 0;
	p->killer_site = site_for_finding(h);
	p->killer = tid;
	p->killer_cpu = bpf_get_smp_processor_id();
	p->killer_in_scope = filter && filter_has_current();
	if (p->killer_in_scope)
		COUNT(matched, 1);
	bpf_get_current_comm(p->comm, sizeof(p->comm));
	/* publishes the rest, as in make_section() */
	__sync_lock_test_and_set(&p->killed, bpf_ktime_get_ns());
	__sync_fetch_and_add(&killed, 1);
	return 0;
}

/* dev_pagemap_percpu_release(ref): the last reference is given back, which ends the wait */
HOOK(dev_pagemap_percpu_release)
{
	emit_release(a0 - bpf_core_field_offset(struct dev_pagemap, ref), 0, site_for_finding(h));
	return 0;
}

HOOK_RETURN(memunmap_pages)
{
	__u32 tid = current_tid();
	__u64 *entered = bpf_map_lookup_elem(&unmapping, &tid);
	struct pgmt_pgmap *p;

	if (!a0 && entered)
		a0 = *entered;
	bpf_map_delete_elem(&unmapping, &tid);
	/* else its pages and references would be taken for those of a live pgmap */
	if (!a0) {
		lose(PGMT_LOSS_PGMAP, 1);
		return 0;
	}
	p = bpf_map_lookup_elem(&pgmaps, &a0);
	if (!p)
		return 0;
	forget_pages(p, a0);
	bpf_map_delete_elem(&pgmaps, &a0);
	return 0;
}

/*
 * remove_pfn_range_from_zone(zone, start_pfn, nr_pages): memunmap_pages calls it after its
 * wait, while the struct pages are still there.
 */
HOOK(remove_pfn_range_from_zone)
{
	return on_teardown(h, a1, a2);
}

/* ---- the request contract */

/* pgmap_request_folios(pgmap, folio, nr_folios): a bool */
HOOK(pgmap_request_folios)
{
	begin_request(h, FORM_REQUEST_FOLIOS, a0, page_to_pfn(a1),
		      pack_request(a2, folio_order(a1)));
	return 0;
}

HOOK_EXIT(pgmap_request_folios)
{
	return on_request_return(ctx, FORM_REQUEST_FOLIOS, 1);
}

/* pgmap_request_folio(pgmap, pgmap_offset, order) */
HOOK(pgmap_request_folio)
{
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &a0);
	__u64 pfn;

	if (!p) {
		lose(PGMT_LOSS_CALL, 1);
		return 0;
	}
	/* past the end: take the page behind the last range */
	pfn = pgmap_offset_pfn(p, a1);
	if (!pfn)
		pfn = p->range[(p->nr_range - 1) & (PGMT_MAX_RANGES - 1)].end + 1;
	begin_request(h, FORM_REQUEST_FOLIO, a0, pfn, pack_request(1, a2));
	return 0;
}

HOOK_EXIT(pgmap_request_folio)
{
	return on_request_return(ctx, FORM_REQUEST_FOLIO, ~0ULL);
}

/* pgmap_get_folio(pgmap, pfn) */
HOOK(pgmap_get_folio)
{
	__u64 head = page_head(pfn_to_page(a1));

	begin_request(h, FORM_GET_FOLIO, a0, page_to_pfn(head), pack_request(1, folio_order(head)));
	return 0;
}

HOOK_EXIT(pgmap_get_folio)
{
	return on_request_return(ctx, FORM_GET_FOLIO, ~0ULL);
}

/* pgmap_release_folios(folio, nr_folios) */
HOOK(pgmap_release_folios)
{
	release_folios(h, a0, (__u32)a1);
	return 0;
}

HOOK_EXIT(pgmap_release_folios)
{
	struct hook h = {.ctx = ctx, .fentry = true};

	if (enabled)
		released_folios(&h, fentry_arg(ctx, 0), (__u32)fentry_arg(ctx, 1));
	return 0;
}

/*
 * dax_insert_entry(xas, vmf, &entry, pfn_t, flags), where it requests the folio:
 * when it returns 0 the entry is stored, and must name a folio that is in use.
 */
HOOK_EXIT(dax_insert_entry)
{
	struct hook h = {.ctx = ctx, .fentry = true};
	__u64 result = 1, entry = 0;

	bpf_get_func_ret(ctx, &result);
	if (!enabled || (__u32)result)
		return 0;
	bpf_probe_read_kernel(&entry, sizeof(entry), (void *)fentry_arg(ctx, 2));
	if (!dax_entry_is_value(entry)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	store_entry(&h, fentry_arg(ctx, 1), entry, fentry_arg(ctx, 3) & ~PFN_T_FLAGS);
	return 0;
}
