/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of sections: making and finding one, and changing the state of one page.
 * Not here: which state that is (model.h), and whole sections (whole_section.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_SECTIONS_BPF_H
#define PGMAPTRACE_BPF_SECTIONS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"

/*
 * Global functions (not static) are verified once, and not at each call.
 *
 * make_section - the section of @pfn, whose key is not there or not resolved
 * Return: 0 if @pfn is no device page, or if there was no memory (counted).
 */
__noinline int make_section(__u64 pfn)
{
	__u64 key = pfn >> PGMT_SECTION_SHIFT;
	struct pgmt_section *s;
	struct pgmt_pgmap *known;
	struct pgmt_blank *b;
	__u32 zero = 0;
	__u64 pgmap;

	pgmap = pfn_to_pgmap(pfn);
	b = bpf_map_lookup_elem(&blank, &zero);
	if (!pgmap || !b)
		return 0;
	bpf_map_update_elem(&sections, &key, &b->section, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&sections, &key);
	if (!s) {
		lose(PGMT_LOSS_SECTION, 1);
		return 0;
	}
	/*
	 * Two CPUs may both come here and store the same.  The epoch of a pgmap
	 * that is not known yet is left to enter_epochs().
	 */
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	s->fresh = known && known->since;
	if (known)
		s->epoch = known->epoch;
	s->type = PGMT_READ_SLOWLY(struct dev_pagemap, pgmap, type);
	s->pgmap = pgmap;
	return 1;
}

/* Return: NULL if nothing of it was touched yet. */
static __always_inline struct pgmt_section *find_known_section(__u64 pfn)
{
	__u64 key = pfn >> PGMT_SECTION_SHIFT;

	return bpf_map_lookup_elem(&sections, &key);
}

/*
 * find_section - the state of the 2 MiB around @pfn, made on first touch
 * Return: NULL if @pfn is no device page, or if there was no memory (counted).
 */
static __always_inline struct pgmt_section *find_section(__u64 pfn)
{
	struct pgmt_section *s = find_known_section(pfn);

	if (s && s->pgmap)
		return s;
	return make_section(pfn) ? find_known_section(pfn) : 0;
}

/* As find_section(), of a page that the kernel itself takes for a device page. */
static __always_inline struct pgmt_section *find_device_section(__u64 pfn)
{
	struct pgmt_section *s = find_section(pfn);

	if (!s && !pfn_to_pgmap(pfn))
		lose(PGMT_LOSS_PGMAP, 1);
	return s;
}

/*
 * swap_word - the state of page @i becomes @new
 * @cell: words[] that it is in, as it was read
 * Return: false if another CPU was faster, with this page or one of the other four
 */
static __always_inline bool swap_word(struct pgmt_section *s, __u64 i, __u64 cell, __u32 new)
{
	__u32 old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
	__u64 then = cell ^ (__u64)(old ^ new) << pgmt_cell_shift(i);

	return __sync_val_compare_and_swap(&s->cells[pgmt_cell_index(i)], cell, then) == cell;
}

#endif /* PGMAPTRACE_BPF_SECTIONS_BPF_H */
