/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entry of a folio in its file's i_pages: how its bits lie on patched kernels, and whether
 * there is one.  A folio's mapping says only whose it was last: where files hold references,
 * the entry does.
 * Not here: entries of released kernels (kernel.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_FILE_ENTRY_BPF_H
#define PGMAPTRACE_BPF_FILE_ENTRY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/file.bpf.h"
#include "bpf/kernel.bpf.h"

/*
 * The bit where the pfn begins.  Patched kernels have more flags, which BTF does not say: an
 * entry and the pfn that is stored with it show it.  0: none was seen yet.
 */
volatile __u32 dax_shift;

#define DAX_SHIFT_MOST 11

/*
 * The flags where there are six: LOCKED, PMD, PUD, ZERO_PAGE, EMPTY, ZAP.  Where there are
 * five, ZAP follows the four of released kernels.
 */
enum {
	DAX_FIVE_ZAP = 1 << 4,
	DAX_FIVE_SHIFT = 5,
	DAX_SIX_ZERO_PAGE = 1 << 3,
	DAX_SIX_EMPTY = 1 << 4,
	DAX_SIX_ZAP = 1 << 5,
	DAX_SIX_SHIFT = 6,
};

/* Do we know the layout, by this or an earlier entry? */
static __always_inline bool dax_entry_layout(__u64 entry, __u64 pfn)
{
	__u64 head = dax_entry_pages(entry) > 1 ? pfn & ~(PGMT_PMD_PAGES - 1ULL) : pfn, at;
	__u32 shift;

	for (shift = DAX_SHIFT; shift <= DAX_SHIFT_MOST && !dax_shift; shift++) {
		at = entry >> (1 + shift);
		if (at && (at == pfn || at == head))
			dax_shift = shift;
	}
	return dax_shift;
}

static __always_inline bool dax_names_no_folio_at(__u64 entry, __u32 shift)
{
	if (shift < DAX_SIX_SHIFT)
		return dax_entry_names_no_folio(entry);
	return (entry >> 1) & (DAX_SIX_ZERO_PAGE | DAX_SIX_EMPTY);
}

static __always_inline bool dax_stored_names_no_folio(__u64 entry)
{
	return dax_names_no_folio_at(entry, dax_shift);
}

static __always_inline bool dax_is_zapped_at(__u64 entry, __u32 shift)
{
	if (shift < DAX_FIVE_SHIFT)
		return false;
	return (entry >> 1) & (shift < DAX_SIX_SHIFT ? DAX_FIVE_ZAP : DAX_SIX_ZAP);
}

/* What a file's i_pages have of a page. */
enum pgmt_entry {
	PGMT_ENTRY_NONE,
	PGMT_ENTRY_ZAPPED, /* the file has given its reference back */
	PGMT_ENTRY_HOLDS,
};

/*
 * entry_of - what the entry is to the page @pfn
 *
 * If no entry has shown the layout yet, the page does: what is not its own pfn, or that of the
 * huge page around it, begins elsewhere.
 */
static __always_inline enum pgmt_entry entry_of(__u64 entry, __u64 pfn)
{
	__u64 first = dax_entry_pages(entry) > 1 ? pfn & ~(PGMT_PMD_PAGES - 1ULL) : pfn;
	__u32 shift, known = dax_shift;

	if (!dax_entry_is_value(entry))
		return PGMT_ENTRY_NONE;
	for (shift = DAX_SHIFT; shift <= DAX_SHIFT_MOST; shift++) {
		if ((known && shift != known) || entry >> (1 + shift) != first)
			continue;
		if (dax_names_no_folio_at(entry, shift))
			return PGMT_ENTRY_NONE;
		return dax_is_zapped_at(entry, shift) ? PGMT_ENTRY_ZAPPED : PGMT_ENTRY_HOLDS;
	}
	return PGMT_ENTRY_NONE;
}

/* The address_space of the file that a folio names as its only one; 0: there is no such. */
static __always_inline __u64 folio_mapping(__u64 head)
{
	__u64 mapping = (__u64)PGMT_READ_SLOWLY(struct folio, head, mapping);

	return mapping < 4096 || mapping & 3 ? 0 : mapping;
}

/*
 * What the file that a folio names has of it.  The file may change meanwhile: unless it holds
 * the folio, only what two looks agree on is certain.
 */
static __always_inline enum pgmt_entry folio_entry(__u64 head)
{
	__u64 mapping = folio_mapping(head);
	struct pgmt_lookup found = {};

	if (!mapping)
		return PGMT_ENTRY_NONE;
	xarray_load(mapping + bpf_core_field_offset(struct address_space, i_pages),
		    PGMT_READ_SLOWLY(struct folio, head, index), &found);
	return entry_of(found.entry, page_to_pfn(head));
}

/*
 * Files that hold the folio, where files hold references.  Several that share it are not to be
 * found: those are the kernel's own count.
 */
static __always_inline __u32 folio_files(__u64 head, enum pgmt_entry entry)
{
	return folio_mapping(head) ? entry == PGMT_ENTRY_HOLDS : folio_associations(head);
}

/* Fill in which files hold the folio; @f has its type, and describe_file() was called. */
__noinline int describe_entry(struct pgmt_finding *f, __u64 head)
{
	enum pgmt_entry entry;

	if (!f)
		return 0;
	entry = folio_entry(head);
	f->file.sharers = folio_files(head, entry);
	/* the event may be about another file than the folio's */
	if (f->mapping != folio_mapping(head) || !f->mapping || entry == PGMT_ENTRY_HOLDS)
		return 0;
	f->file.flags |= entry == PGMT_ENTRY_ZAPPED ? PGMT_FILE_ZAPPED : PGMT_FILE_NO_ENTRY;
	return 0;
}

/*
 * The file that the folio names, if the event is about another one.  Only one that has it
 * stored: a name that was left behind may be that of a file which is no more.
 */
__noinline int describe_other(struct pgmt_finding *f, __u64 page)
{
	__u64 head = page_head(page), mapping = folio_mapping(head);

	if (!f || !f->mapping || !mapping || mapping == f->mapping ||
	    folio_entry(head) != PGMT_ENTRY_HOLDS)
		return 0;
	f->other.offset = PGMT_READ_SLOWLY(struct folio, head, index) << PGMT_PAGE_SHIFT;
	f->other.flags = PGMT_FILE_OFFSET;
	describe_inode(&f->other, (__u64)PGMT_READ_SLOWLY(struct address_space, mapping, host), 0);
	return 0;
}

#endif /* PGMAPTRACE_BPF_FILE_ENTRY_BPF_H */
