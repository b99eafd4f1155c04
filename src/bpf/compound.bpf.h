/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compound state that is left from a folio's last use.  On counted kernels fs/dax.c makes a
 * large folio of an fsdax page when a huge entry is stored, and single pages of it when the
 * last entry goes.  A fault then maps what its entry stands for, and nothing else.
 * Not here: orders that are asked for with a request (folio_request.bpf.h, request/).
 */
#ifndef PGMAPTRACE_BPF_COMPOUND_BPF_H
#define PGMAPTRACE_BPF_COMPOUND_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/file.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scratch.bpf.h"

#define ORDER_UNKNOWN (-1)

/*
 * The order of the entry that the fault maps.  Only of a folio that no other file has or had
 * since it was built: a second file may store pages of a shared huge folio one by one.  The
 * fault has locked the entry.
 */
static __noinline int entry_order(__u64 head, __u64 vmf)
{
	__u64 mapping = event_mapping(head, 0, vmf);
	struct pgmt_lookup at = {};

	if (!mapping || mapping != (__u64)PGMT_READ_SLOWLY(struct folio, head, mapping))
		return ORDER_UNKNOWN;
	xarray_load(mapping + bpf_core_field_offset(struct address_space, i_pages),
		    PGMT_READ_SLOWLY(struct vm_fault, vmf, pgoff), &at);
	if (!dax_entry_is_value(at.entry) || dax_entry_names_no_folio(at.entry))
		return ORDER_UNKNOWN;
	return dax_entry_pages(at.entry) > 1 ? PGMT_PMD_ORDER : 0;
}

/*
 * judge_compound - is the folio not what is mapped?
 * @e: of the folio that @page seems to belong to.  Gets asked_order: what it should have.
 * @huge: by a PMD
 */
static __always_inline bool judge_compound(struct pgmt_event *e, __u64 page, bool huge)
{
	__u64 inside = page_to_pfn(page) - e->pfn;
	__u32 order = e->order & PGMT_ORDER_MASK;
	int stored;

	if (profile != PGMT_PROFILE_COUNTED)
		return false;
	if (inside)
		e->busy = page_to_pfn(page);
	if (huge) {
		e->asked_order = PGMT_PMD_ORDER;
		return inside || order != PGMT_PMD_ORDER;
	}
	if (!order && !inside)
		return false;
	/* a tail of what is no folio, or of one that ends before; a head that has no tail */
	if (inside >> order || page_head(e->page + page_size_of_struct()) != e->page)
		return true;
	stored = entry_order(e->page, e->vmf);
	if (stored == ORDER_UNKNOWN || stored == (int)order) {
		e->busy = 0;
		return false;
	}
	e->asked_order = stored;
	return true;
}

#endif /* PGMAPTRACE_BPF_COMPOUND_BPF_H */
