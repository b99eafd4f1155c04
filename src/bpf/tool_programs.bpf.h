/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that the tool runs: the initial scan, walks over pgmaps, and looks at one folio or
 * one pgmap.  None is attached.  Not here: the hooks.
 */
#ifndef PGMAPTRACE_BPF_TOOL_PROGRAMS_BPF_H
#define PGMAPTRACE_BPF_TOOL_PROGRAMS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/below_zero.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/pgmap_refs.bpf.h"
#include "bpf/pgmap_table.bpf.h"
#include "bpf/read_word.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/scan_leaks.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/tally.bpf.h"

/* The references of a pgmap whose entry in the table is still right: no hook may keep it so. */
static __always_inline void walk_refs(const struct pgmt_pgmap *p, __u64 address,
				      struct pgmt_walk *w)
{
	struct pgmt_scratch *s = scratch_get();
	__s64 live = 0;

	w->refs = pgmap_refs(address);
	w->live_known = 0;
	if (!s)
		return;
	__builtin_memset(&s->pgmap, 0, sizeof(s->pgmap));
	if (pgmap_read(address, &s->pgmap) && s->pgmap.type == p->type &&
	    s->pgmap.nr_range == p->nr_range && s->pgmap.first == p->first &&
	    s->pgmap.range[0].start == p->range[0].start &&
	    s->pgmap.range[0].end == p->range[0].end) {
		w->own = own_refs(p);
		w->live_known = pgmap_live_refs(address, &live);
		w->live = live;
	}
	scratch_put(s);
}

/* The next pgmap at w->pfn or above, which is entered in the table. */
SEC("syscall")
int pgmap_next(struct pgmt_walk *w)
{
	struct pgmt_lookup found = {};
	struct pgmt_pgmap *p;
	__u64 address;

	pgmap_array_load(w->pfn, &found);
	w->done = found.next <= w->pfn || found.next == ~0ULL;
	w->pfn = found.next;
	w->found = 0;
	w->unmade = 0;
	address = found.pgmap;
	if (!address)
		return 0;
	/* memremap_pages stores it before nr_range */
	w->unmade = !PGMT_READ_SLOWLY(struct dev_pagemap, address, nr_range);
	if (w->unmade)
		return 0;
	p = known_pgmap(address);
	if (p) {
		w->pgmap = *p;
		w->dying = pgmap_is_dying(address);
		walk_refs(p, address, w);
		w->found = 1;
	}
	return 0;
}

SEC("syscall")
int scan_initial(struct pgmt_scan *w)
{
	__u64 address = pfn_to_pgmap(w->pfn);
	struct pgmt_scratch *s = scratch_get();

	if (!s) {
		lose(PGMT_LOSS_SCRATCH, w->nr);
		return 0;
	}
	if (address) {
		scan_initially(s, w->pfn, w->nr,
			       PGMT_READ_SLOWLY(struct dev_pagemap, address, type));
		report_below_zero(0, s, PGMT_OP_INITIAL, 0);
		w->above_idle = s->scan.live;
	}
	scratch_put(s);
	return 0;
}

SEC("syscall")
int scan_leaks(struct pgmt_leak_scan *l)
{
	struct pgmt_scratch *s = scratch_get();

	if (!s)
		return 0;
	s->leak_scan.of = *l;
	scan_for_leaks(s);
	*l = s->leak_scan.of;
	scratch_put(s);
	return 0;
}

/* What is f->pfn now?  For folios that are still outstanding when tracing ends. */
SEC("syscall")
int look(struct pgmt_finding *f)
{
	struct pgmt_scratch *s = scratch_get();
	struct pgmt_transition t = {};
	struct pgmt_section *section;
	struct pgmt_event e = {};

	if (!s)
		return 0;
	clear_finding(&s->finding);
	e.pfn = f->pfn;
	e.page = pfn_to_page(e.pfn);
	e.pgmap = pfn_to_pgmap(e.pfn);
	e.mapping = f->mapping;
	if (!e.pgmap)
		goto out;
	e.order = folio_order(e.page);
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e.pgmap, type);
	t.refcount = page_refcount(e.page);
	t.mapcount = folio_mapcount(e.page, e.order);
	describe(&s->finding, &t, &e);
	section = find_known_section(e.pfn);
	if (section)
		s->finding.state = pgmt_normalise(
			pgmt_word(section, e.pfn & (PGMT_SECTION_PAGES - 1)), section->fresh);
	if (pgmt_files_hold(profile, t.type))
		s->finding.accounted = s->finding.file.sharers;
	else if (profile == PGMT_PROFILE_REQUEST) /* the driver's, as it notes in the folio */
		s->finding.accounted = folio_associations(e.page);
	else if (t.type == PGMT_TYPE_FS_DAX)
		s->finding.accounted = t.mapcount;
	copy_finding(f, &s->finding);
out:
	scratch_put(s);
	return 0;
}

/* How many references should a pgmap have, and how many has it? */
SEC("syscall")
int explain(struct pgmt_refs *r)
{
	__u64 address = r->address;
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);
	struct pgmt_scratch *s;
	__s64 live = 0;
	__u32 i;

	r->refs = -1;
	r->known = 0;
	s = p ? scratch_get() : 0;
	if (!s)
		return 0;
	r->known = 1;
	__builtin_memset(&s->tally, 0, sizeof(s->tally));
	s->tally.all = 1;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		tally_pages(s, p->range[i].start, p->range[i].end + 1);
	}
	r->outstanding = s->tally.outstanding;
	r->preexisting = s->tally.preexisting;
	r->oldest = s->tally.oldest;
	r->pfn = s->tally.outstanding ? s->tally.first_outstanding : s->tally.first_preexisting;
	r->own = own_refs(p);
	/* kernels that request at an order take a reference for each page */
	folio_refs(p, &s->tally, init_names_pgmap, r);
	r->refs = pgmap_refs(address);
	r->live_known = pgmap_live_refs(address, &live);
	r->live = live;
	scratch_put(s);
	return 0;
}

#endif /* PGMAPTRACE_BPF_TOOL_PROGRAMS_BPF_H */
