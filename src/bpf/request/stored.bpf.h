/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dax_insert_entry() where it requests the folio: a stored entry must name a folio that is in
 * use; before a huge entry is stored, its folio must be complete.
 * Not here: stores on other kernels (folio_events.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_STORED_BPF_H
#define PGMAPTRACE_BPF_REQUEST_STORED_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/fast_path.bpf.h"
#include "bpf/file_entry.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/tally.bpf.h"
#include "bpf/whole_section.bpf.h"

/* Can each page be in use, by what we know?  False also if the tail pages are not alike. */
static __always_inline bool is_section_used(const struct pgmt_section *s)
{
	__u32 head = pgmt_word(s, 0), rest = pgmt_word(s, 1);

	if (slow)
		return false;
	if (pgmt_order(head) == PGMT_SECTION_SHIFT)
		return true;
	return !pgmt_known_idle(pgmt_normalise(head, s->fresh)) &&
	       !pgmt_known_idle(pgmt_normalise(rest, s->fresh)) &&
	       are_alike(s, rest, PGMT_LIFE_MASK, 1);
}

/*
 * pgmt_judge_huge() for the entry of @pfn, whose folio is of @order.  Each fault stores the
 * entry again: it is checked at the first, and again when its pages have changed.
 */
__noinline int judge_huge(struct pgmt_scratch *s, __u64 pfn, __u32 order)
{
	__u16 form = order ? PGMT_ENTRY_BUILT : PGMT_ENTRY_SINGLE;
	struct pgmt_section *section = find_section(pfn);
	bool used = section && is_section_used(section);
	__u8 rule;

	if (!s)
		return PGMT_RULE_NONE;
	s->tally.idle = 0;
	if (used && (!order || order == PGMT_SECTION_SHIFT) && section->entry_checked == form)
		return PGMT_RULE_NONE;
	if (!used)
		tally_range(s, pfn, pfn + PGMT_SECTION_PAGES);
	scan_pages(s, pfn, PGMT_SECTION_PAGES, PGMT_TYPE_FS_DAX, false);
	rule = pgmt_judge_huge(PGMT_SECTION_PAGES, s->tally.idle, order, s->scan.live);
	if (section)
		section->entry_checked = rule ? PGMT_ENTRY_UNKNOWN : form;
	return rule;
}

/* The same, with its finding.  The event is in the scratch, as in report_call(). */
static __noinline void store_huge(const struct hook *h, __u64 vmf, __u64 pfn)
{
	struct pgmt_transition t = {
		.op = PGMT_OP_STORE, .profile = profile, .type = PGMT_TYPE_FS_DAX};
	__u32 refcount = page_refcount(pfn_to_page(pfn)), order = folio_order(pfn_to_page(pfn));
	struct pgmt_scratch *s = scratch_get();
	__u64 busy = pfn;
	struct pgmt_event *e;
	__u8 rule;

	if (!s) {
		lose(PGMT_LOSS_SCRATCH, PGMT_SECTION_PAGES);
		return;
	}
	/* an idle folio is judged by store_folio(), as any entry's is */
	rule = refcount ? judge_huge(s, pfn, order) : PGMT_RULE_NONE;
	/* if no page was requested, store_folio() finds that at the head */
	if (!rule || rule == PGMT_RULE_MAP_UNREQUESTED)
		goto out;
	if (rule == PGMT_RULE_PARTIAL_REQUEST) {
		/* the report is about the page that was left out */
		busy = s->tally.first_idle;
		order = 0;
		account_folios(s, call_site(h), PGMT_OP_MISSED, pfn, PGMT_SECTION_PAGES, 0, false);
	}
	e = &s->batch.event;
	__builtin_memset(e, 0, sizeof(*e));
	e->pfn = busy;
	e->page = pfn_to_page(busy);
	e->vmf = vmf;
	e->pgmap = pfn_to_pgmap(pfn);
	e->order = order;
	e->asked_order = PGMT_SECTION_SHIFT; /* of the entry */
	t.refcount = page_refcount(e->page);
	broken_rule(h, &t, e, rule);
out:
	scratch_put(s);
}

/*
 * A huge entry is about to be stored.  Its pages may be requested one by one with interrupts
 * off, where BPF gets no memory for more than the first of them.
 */
static __noinline int prepare_entry(__u64 pfn, __u64 flags)
{
	__u64 first = pfn & ~(PGMT_SECTION_PAGES - 1ULL);

	if (!(flags & DAX_PMD) || !find_section(pfn) || !keeps_history())
		return 0;
	/* no block of histories is smaller: these are all that it has pages in */
	find_history(first, true);
	find_history(first + PGMT_HISTORY_SPAN, true);
	find_history(first + PGMT_SECTION_PAGES - 1, true);
	return 0;
}

/* A function apart from store_folio(): there is little stack for either. */
static __noinline bool store_fast(const struct hook *h, __u64 vmf, __u64 pfn)
{
	return fast_path(h, PGMT_OP_STORE, false, pfn_to_page(pfn), vmf);
}

/* The entry of @pfn, and the folio that now has this page. */
static __noinline void store_folio(const struct hook *h, __u64 vmf, __u64 pfn, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_STORE, .profile = profile};
	struct pgmt_event e = {.pfn = pfn, .page = pfn_to_page(pfn), .vmf = vmf};

	/* a page may be part of another file's huge folio */
	e.page = page_head(e.page);
	if (huge)
		e.order = folio_order(e.page);
	t.refcount = page_refcount(e.page);
	observe(h, &t, &e);
}

/* dax_insert_entry() has requested the folio of @pfn, and stored @entry for it. */
static __always_inline void store_entry(const struct hook *h, __u64 vmf, __u64 entry, __u64 pfn)
{
	bool huge = dax_entry_pages(entry) > 1;

	if (!dax_entry_layout(entry, pfn)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return;
	}
	if (dax_stored_names_no_folio(entry))
		return;
	if (huge) {
		pfn &= ~(__u64)(PGMT_SECTION_PAGES - 1);
		store_huge(h, vmf, pfn);
	}
	if (!store_fast(h, vmf, pfn))
		store_folio(h, vmf, pfn, huge);
}

#endif /* PGMAPTRACE_BPF_REQUEST_STORED_BPF_H */
