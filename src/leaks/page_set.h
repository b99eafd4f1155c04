/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of pages of one pgmap, one bit a page: leaks keeps those with unexplained
 * references, however many there are, and scans them twice.  Not here: what gets a
 * page into the set.
 */
#ifndef PGMAPTRACE_LEAKS_PAGE_SET_H
#define PGMAPTRACE_LEAKS_PAGE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct page_set {
	uint64_t *bits; /* in the order of the ranges */
	uint64_t pages;
	unsigned int nr_range;
	struct pgmt_range range[PGMT_MAX_RANGES];
};

/* Make an empty set.  Return: false if out of memory. */
bool page_set_init(struct page_set *s, const struct pgmt_pgmap *p);
/* Leaves an empty set of a pgmap without pages. */
void page_set_free(struct page_set *s);

void page_set_add(struct page_set *s, uint64_t pfn);
/*
 * Remove all pages of [@pfn, @end) but the @nr that @kept lists, in ascending order.
 * [@pfn, @end) must lie in one range.
 */
void page_set_keep(struct page_set *s, uint64_t pfn, uint64_t end, const uint64_t *kept,
		   unsigned int nr);
/* Does [@pfn, @end), which lies in one range, have a page of the set? */
bool page_set_any(const struct page_set *s, uint64_t pfn, uint64_t end);
/*
 * Find the next page at *pfn or above in *range, else in the ranges after it; both begin at 0.
 * Return: false if there is none.
 */
bool page_set_next(const struct page_set *s, unsigned int *range, uint64_t *pfn);

#endif /* PGMAPTRACE_LEAKS_PAGE_SET_H */
