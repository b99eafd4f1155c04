/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables, read without a lock.
 * Not here: whose they are, which addresses matter, and what an entry means (arch.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/arch.bpf.h"
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

#define MAX_LEVELS 5

/* What a page table has at an address. */
struct leaf {
	__u64 pages;	/* that the entry is for, if only a hole */
	__u64 pfn;	/* of the first of them; 0: not mapped */
	__u32 not_here; /* device-private: the CPU can't use it */
};

static __always_inline void read_leaf(__u64 entry, __u32 shift, struct leaf *leaf)
{
	if (!entry_maps(entry, shift)) {
		if (swap_type(entry) < SWAP_DISKS)
			return;
		leaf->pfn = swap_offset(entry);
		leaf->not_here = 1;
		return;
	}
	leaf->pfn =
		((entry_address(entry) & physical_mask) >> PGMT_PAGE_SHIFT) & ~(leaf->pages - 1);
}

__noinline int walk_page_table(__u64 address, struct leaf *leaf)
{
	const __u32 bits = PGMT_PAGE_SHIFT - 3; /* of the index in one table */
	struct search *s = get_search();
	__u64 table, entry;
	__u32 shift;
	int level;

	if (!s || !leaf)
		return 0;
	table = s->walk.pgd;
	shift = top_shift;
	leaf->pfn = 0;
	leaf->not_here = 0;
	leaf->pages = 1;
	for (level = 0; level < MAX_LEVELS; level++) {
		entry = read_u64(table + ((address >> shift) & ((1ULL << bits) - 1)) * 8);
		leaf->pages = 1ULL << (shift - PGMT_PAGE_SHIFT);
		if (!entry)
			return 0;
		if (!entry_is_table(entry, shift)) {
			read_leaf(entry, shift, leaf);
			return 0;
		}
		table = direct_map + (entry_address(entry) & physical_mask);
		shift -= bits;
	}
	return 0;
}

#endif /* PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H */
