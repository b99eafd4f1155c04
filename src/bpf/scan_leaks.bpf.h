/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folios above idle in a part of a pgmap, and which of them have unexplained references.
 * Single pages are judged 64 at a time, from one read of their struct pages and without
 * branches.  Folios that are large, stored in a file that holds them, or seem unexplained get
 * a closer look.
 */
#ifndef PGMAPTRACE_BPF_SCAN_LEAKS_BPF_H
#define PGMAPTRACE_BPF_SCAN_LEAKS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/file_entry.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scratch.bpf.h"

__u64 unexplained_pfn[PGMT_UNEXPLAINED_KEPT]; /* result of the last scan_leaks */

static __always_inline __u32 page_flags_offset(void)
{
	if (bpf_core_field_exists(((struct page___memdesc *)0)->flags.f))
		return bpf_core_field_offset(struct page___memdesc, flags.f);
	return bpf_core_field_offset(struct page___flags, flags);
}

static __always_inline __u32 compound_offset(void)
{
	if (bpf_core_field_exists(((struct page___info *)0)->compound_info))
		return bpf_core_field_offset(struct page___info, compound_info);
	return bpf_core_field_offset(struct page___head, compound_head);
}

static __always_inline __u64 bits_set(__u64 v)
{
	v -= v >> 1 & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + (v >> 2 & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return v * 0x0101010101010101ULL >> 56;
}

/*
 * Count the folio as unexplained if its own counts say so, too.  leaks_step() found it above
 * idle, but cannot judge it: it is large, or has more references than mappings or a requester
 * account for.  Where files hold references that is each stored one.
 */
static long doubtful_step(__u32 i, void *data)
{
	struct leak_scan *l = &(*(struct pgmt_scratch **)data)->leak_scan;
	__u64 pfn = l->batch + i, page = pfn_to_page(pfn);
	__u32 order, files = 0;
	__s64 over;

	if (!(l->doubtful >> (i & 63) & 1))
		return 0;
	order = folio_order(page) & PGMT_ORDER_MASK;
	l->of.pages += (1ULL << order) - 1;
	over = (__s64)page_refcount(page) - pgmt_idle_count(profile, l->of.type);
	if (pgmt_files_hold(profile, l->of.type))
		files = folio_files(page, folio_entry(page));
	if (over >
	    pgmt_accounted(profile, l->of.type, l->of.dying, folio_mapcount(page, order), files))
		unexplained_pfn[l->of.unexplained++ & (PGMT_UNEXPLAINED_KEPT - 1)] = pfn;
	return 0;
}

static long leaks_step(__u32 unused, void *data)
{
	struct pgmt_scratch *scratch = *(struct pgmt_scratch **)data;
	struct leak_scan *l = &scratch->leak_scan;
	__u32 refcount = bpf_core_field_offset(struct page, _refcount) & 60;
	__u32 mapcount = bpf_core_field_offset(struct page, _mapcount) & 60;
	__u32 flags = page_flags_offset() & 56, compound = compound_offset() & 56;
	__u64 head = 1ULL << bpf_core_enum_value(enum pageflags, PG_head);
	__s64 idle = pgmt_idle_count(profile, l->of.type);
	/* all ones, or zero */
	__s64 maps = -(__s64)pgmt_mappings_hold(profile, l->of.type);
	__s64 requester = pgmt_requester_holds(profile, l->of.type, l->of.dying);
	__u64 left = l->of.end - l->of.pfn, live = 0, doubtful = 0;
	__u8 *pages = scratch->pages;
	int i;

	if (l->of.pfn >= l->of.end || l->of.unexplained > PGMT_UNEXPLAINED_KEPT - SCAN_BATCH ||
	    page_size_of_struct() != 64)
		return 1;
	if (left > SCAN_BATCH)
		left = SCAN_BATCH;
	l->batch = l->of.pfn;
	l->of.pfn += left;
	/* not past the range: there may be nothing behind it */
	if (bpf_probe_read_kernel(pages, left * 64, (void *)pfn_to_page(l->batch))) {
		l->of.unreadable += left;
		return 0;
	}
	/* without branches, since the verifier would follow each: the top bit of a number is yes */
	for (i = 0; i < SCAN_BATCH; i++) {
		__u8 *page = pages + i * 64;
		__s64 over = *(__s32 *)(page + refcount) - idle, accounted, more, tail;
		__s64 large = *(__u64 *)(page + flags) & head;

		tail = *(__u64 *)(page + compound) << 63;
		accounted = ((__s64) * (__s32 *)(page + mapcount) + 1) & maps;
		more = (accounted - over) & (requester - over);
		more |= -large | large;
		over = -over & ~tail;
		asm volatile("" : "+r"(over), "+r"(more));
		live |= ((__u64)over >> 63) << i;
		doubtful |= ((__u64)(over & more) >> 63) << i;
	}
	if (left < SCAN_BATCH) {
		live &= (1ULL << left) - 1;
		doubtful &= live;
	}
	left = bits_set(live);
	l->of.folios += left;
	l->of.pages += left;
	l->doubtful = doubtful;
	if (doubtful)
		bpf_loop(SCAN_BATCH, doubtful_step, data, 0);
	return 0;
}

/* The scan_leaks program, on @s->leak_scan.of. */
static __always_inline void scan_for_leaks(struct pgmt_scratch *s)
{
	struct pgmt_leak_scan *l = &s->leak_scan.of;

	l->folios = 0;
	l->pages = 0;
	l->unexplained = 0;
	l->unreadable = 0;
	if (pfn_to_pgmap(l->pfn) != l->pgmap) {
		l->pgmap = 0;
		return;
	}
	bpf_loop(PGMT_LEAKS_PAGES / SCAN_BATCH, leaks_step, &s, 0);
}

#endif /* PGMAPTRACE_BPF_SCAN_LEAKS_BPF_H */
