/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of x86-64, read without a lock.
 * Not here: whose they are, and which addresses matter.
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

/* arch/x86/include/asm/page_64_types.h, pgtable_types.h */
#define ENTRY_PRESENT  (1ULL << 0)
#define ENTRY_LEAF     (1ULL << 7) /* above the last level */
#define ENTRY_PROTNONE (1ULL << 8)
#define ENTRY_ADDRESS  0x000ffffffffff000ULL

#define SWAP_DISKS 16  /* include/linux/swap.h: at least so many types of swap entries are disks */
#define TABLE_MASK 511 /* entries of one table */

/* What a page table has at an address. */
struct leaf {
	__u64 pages;	/* that the entry is for, if only a hole */
	__u64 pfn;	/* of the first of them; 0: not mapped */
	__u32 not_here; /* device-private: the CPU can't use it */
};

static __always_inline void read_leaf(const struct walk *w, __u64 entry, struct leaf *leaf)
{
	__u64 address = entry & ENTRY_ADDRESS;

	if (!(entry & (ENTRY_PRESENT | ENTRY_PROTNONE)) &&
	    (leaf->pages == 1 || !(entry & ENTRY_LEAF))) {
		/* a swap entry: type (5 bits), inverted offset, and 9 bits of flags */
		if (entry >> 59 < SWAP_DISKS)
			return;
		leaf->pfn = ~entry << 5 >> 14;
		leaf->not_here = 1;
		return;
	}
	/* inverted if it is not present, against speculation (L1TF) */
	if (!(entry & ENTRY_PRESENT))
		address = ~entry & ENTRY_ADDRESS;
	leaf->pfn = ((address & w->physical_mask) >> PGMT_PAGE_SHIFT) & ~(leaf->pages - 1);
}

__noinline int walk_page_table(__u64 address, struct leaf *leaf)
{
	struct search *s = get_search();
	__u64 table, entry;
	__u32 shift;
	int level;

	if (!s || !leaf)
		return 0;
	table = s->walk.pgd;
	shift = s->walk.five_levels ? 48 : 39;
	leaf->pfn = 0;
	leaf->not_here = 0;
	leaf->pages = 1;
	for (level = 0; level < 5; level++) {
		entry = read_u64(table + ((address >> shift) & TABLE_MASK) * 8);
		leaf->pages = 1ULL << (shift - PGMT_PAGE_SHIFT);
		if (!entry)
			return 0;
		if (shift <= PGMT_PAGE_SHIFT || !(entry & ENTRY_PRESENT) ||
		    (shift <= 30 && entry & ENTRY_LEAF)) {
			read_leaf(&s->walk, entry, leaf);
			return 0;
		}
		table = s->walk.page_offset + (entry & ENTRY_ADDRESS & s->walk.physical_mask);
		shift -= 9;
	}
	return 0;
}

static __always_inline void learn_layout(struct walk *w)
{
	vmemmap = at_vmemmap_base ? read_u64(at_vmemmap_base) : PGMT_VMEMMAP_START;
	w->page_offset =
		at_page_offset_base ? read_u64(at_page_offset_base) : PGMT_DIRECT_MAP_START;
	w->physical_mask = at_physical_mask ? read_u64(at_physical_mask) : ~0ULL;
	w->five_levels = at_pgdir_shift && (__u32)read_u64(at_pgdir_shift) == 48;
}

#endif /* PGMAPTRACE_BPF_HOLDERS_PAGE_TABLE_BPF_H */
