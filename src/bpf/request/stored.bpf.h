/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dax_insert_entry() where it requests the folio: the entry is stored, and must name one
 * that is in use.  Huge entries: were all steps before the store done?
 */
#ifndef PGMAPTRACE_BPF_REQUEST_STORED_BPF_H
#define PGMAPTRACE_BPF_REQUEST_STORED_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/fast_path.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/request/dax_entry.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/tally.bpf.h"
#include "bpf/whole_section.bpf.h"

/*
 * May each page be in use, by all that is known?  Return: false also if the pages
 * behind the first are not alike.
 */
static __always_inline bool is_section_used(const struct pgmt_section *s)
{
	__u32 head = pgmt_word(s, 0), rest = pgmt_word(s, 1);

	if (pgmt_order(head) == PGMT_SECTION_SHIFT)
		return true;
	return !pgmt_known_idle(pgmt_normalise(head, s->fresh)) &&
	       !pgmt_known_idle(pgmt_normalise(rest, s->fresh)) &&
	       are_alike(s, rest, PGMT_LIFE_MASK, 1);
}

/*
 * pgmt_judge_huge(), of the entry of @pfn, whose folio is of @order.  Each fault
 * stores it again: it is judged the first time, and if its pages have changed since.
 */
__noinline int judge_huge(struct pgmt_scratch *s, __u64 pfn, __u32 order)
{
	struct pgmt_section *section = find_section(pfn);
	bool used = section && is_section_used(section);
	__u8 rule;

	if (!s)
		return PGMT_RULE_NONE;
	s->tally.idle = 0;
	if (used && order == PGMT_SECTION_SHIFT && section->entry_checked)
		return PGMT_RULE_NONE;
	if (!used)
		tally_range(s, pfn, pfn + PGMT_SECTION_PAGES);
	scan_pages(s, pfn, PGMT_SECTION_PAGES, PGMT_TYPE_FS_DAX, false);
	rule = pgmt_judge_huge(PGMT_SECTION_PAGES, s->tally.idle, order, s->scan.live);
	if (section)
		section->entry_checked = !rule;
	return rule;
}

/* The same, with its finding.  The event lies in the scratch, as in report_call(). */
static __noinline void stored_huge(const struct hook *h, __u64 vmf, __u64 pfn)
{
	struct pgmt_transition t = {
		.op = PGMT_OP_STORE, .profile = profile, .type = PGMT_TYPE_FS_DAX};
	__u32 refcount = page_refcount(pfn_to_page(pfn)), order = folio_order(pfn_to_page(pfn));
	struct pgmt_scratch *s = scratch_get();
	__u64 busy = pfn;
	struct pgmt_event *e;
	__u8 rule;

	if (!s) {
		lose(PGMT_LOSS_SCAN, PGMT_SECTION_PAGES);
		return;
	}
	/* what is idle is judged as any entry's folio is, by stored_folio() */
	rule = refcount ? judge_huge(s, pfn, order) : PGMT_RULE_NONE;
	/* what no page of was requested is found at its head */
	if (!rule || rule == PGMT_RULE_MAP_UNREQUESTED)
		goto out;
	if (rule == PGMT_RULE_PARTIAL_REQUEST) {
		/* the page that was left out is what the report is about */
		busy = s->tally.first_idle;
		order = 0;
		each_folio(s, call_site(h), PGMT_OP_MISSED, pfn, PGMT_SECTION_PAGES, 0, false);
	}
	e = &s->each.event;
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

/* Two functions, of which one comes after the other: there is little stack for either. */
static __noinline bool stored_fast(const struct hook *h, __u64 vmf, __u64 pfn)
{
	return fast_path(h, PGMT_OP_STORE, false, pfn_to_page(pfn), vmf);
}

/* The entry of @pfn and its folio, whatever that is by now. */
static __noinline void stored_folio(const struct hook *h, __u64 vmf, __u64 pfn, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_STORE, .profile = profile};
	struct pgmt_event e = {.pfn = pfn, .page = pfn_to_page(pfn), .vmf = vmf};

	/* one page may be part of another file's huge folio */
	e.page = page_head(e.page);
	if (huge)
		e.order = folio_order(e.page);
	t.refcount = page_refcount(e.page);
	observe(h, &t, &e);
}

/* stored - dax_insert_entry() has stored @entry for @pfn, and requested what it names */
static __always_inline void stored(const struct hook *h, __u64 vmf, __u64 entry, __u64 pfn)
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
		stored_huge(h, vmf, pfn);
	}
	if (!stored_fast(h, vmf, pfn))
		stored_folio(h, vmf, pfn, huge);
}

#endif /* PGMAPTRACE_BPF_REQUEST_STORED_BPF_H */
