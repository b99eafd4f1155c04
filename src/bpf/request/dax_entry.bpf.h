/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of i_pages on patched kernels: which bits are the pfn, and which name no folio.
 * Not here: released kernels (kernel.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_DAX_ENTRY_BPF_H
#define PGMAPTRACE_BPF_REQUEST_DAX_ENTRY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/kernel.bpf.h"

/*
 * The bit where the pfn begins.  Patched kernels have more flags, which BTF does not say: an
 * entry and the pfn that is stored with it show it.  0: none was seen yet.
 */
volatile __u32 dax_shift;

/* The flags where there are six: LOCKED, PMD, PUD, ZERO_PAGE, EMPTY, ZAP */
enum {
	DAX_SIX_ZERO_PAGE = 1 << 3,
	DAX_SIX_EMPTY = 1 << 4,
	DAX_SIX_SHIFT = 6,
};

/* Do we know the layout, by this or an earlier entry? */
static __always_inline bool dax_entry_layout(__u64 entry, __u64 pfn)
{
	__u64 head = dax_entry_pages(entry) > 1 ? pfn & ~(PGMT_SECTION_PAGES - 1ULL) : pfn, at;
	__u32 shift;

	for (shift = DAX_SHIFT; shift < 12 && !dax_shift; shift++) {
		at = entry >> (1 + shift);
		if (at && (at == pfn || at == head))
			dax_shift = shift;
	}
	return dax_shift;
}

static __always_inline bool dax_stored_names_no_folio(__u64 entry)
{
	if (dax_shift < DAX_SIX_SHIFT)
		return dax_entry_names_no_folio(entry);
	return (entry >> 1) & (DAX_SIX_ZERO_PAGE | DAX_SIX_EMPTY);
}

#endif /* PGMAPTRACE_BPF_REQUEST_DAX_ENTRY_BPF_H */
