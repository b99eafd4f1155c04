/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of sections: making and finding one, and changing the state of one page.
 * Not here: which state that is (model.h), and whole sections (whole_section.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_SECTIONS_BPF_H
#define PGMAPTRACE_BPF_SECTIONS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/arch.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"

/*
 * make_section - make the section of @pfn, or fill it in
 * Global, like others that are not static: the verifier looks at them once, not at each call.
 * Return: 0 if @pfn is no device page, or if there was no memory (counted)
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
	 * Two CPUs may both come here, and store the same.  If the table does not have the
	 * pgmap yet, enter_epochs() sets its epoch.
	 */
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	s->fresh = known && known->since;
	if (known)
		s->epoch = known->epoch;
	s->type = PGMT_READ_SLOWLY(struct dev_pagemap, pgmap, type);
	/* publishes the rest: an atomic operation that returns a value is a full barrier */
	__sync_lock_test_and_set(&s->pgmap, pgmap);
	return 1;
}

/* Return: NULL if no page of it had an event. */
static __always_inline struct pgmt_section *find_known_section(__u64 pfn)
{
	__u64 key = pfn >> PGMT_SECTION_SHIFT;

	return bpf_map_lookup_elem(&sections, &key);
}

/*
 * Has make_section() filled it in?  Then all of it may be read, through the pointer as it is
 * now: neither the compiler nor the processor moves later loads before this one.
 */
static __always_inline bool is_made(struct pgmt_section **s)
{
	__u64 made = *(const volatile __u64 *)&(*s)->pgmap;

	barrier();
	*s = load_after(*s, made);
	return made;
}

/*
 * find_section - the section of @pfn, which is made if this is its first event
 * Return: NULL if @pfn is no device page, or if there was no memory (counted)
 */
static __always_inline struct pgmt_section *find_section(__u64 pfn)
{
	struct pgmt_section *s = find_known_section(pfn);

	if (s && is_made(&s))
		return s;
	return make_section(pfn) ? find_known_section(pfn) : 0;
}

/* As find_section(), of what the kernel takes for a device page: if no pgmap has it, count that. */
static __always_inline struct pgmt_section *find_device_section(__u64 pfn)
{
	struct pgmt_section *s = find_section(pfn);

	if (!s && !pfn_to_pgmap(pfn))
		lose(PGMT_LOSS_PGMAP, 1);
	return s;
}

/*
 * swap_word - the state of page @i becomes @new
 * @cell: its cell, as it was read
 * Return: false if another CPU has changed this page or one of the other four
 */
static __always_inline bool swap_word(struct pgmt_section *s, __u64 i, __u64 cell, __u32 new)
{
	__u32 old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
	__u64 then = cell ^ (__u64)(old ^ new) << pgmt_cell_shift(i);

	return __sync_val_compare_and_swap(&s->cells[pgmt_cell_index(i)], cell, then) == cell;
}

#endif /* PGMAPTRACE_BPF_SECTIONS_BPF_H */
