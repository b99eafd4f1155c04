/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of pages of one pgmap: one bit a page, so that however many are held
 * they can be looked at twice.
 */
#ifndef PGMAPTRACE_LEAKS_HELD_SET_H
#define PGMAPTRACE_LEAKS_HELD_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct heldset {
	uint64_t *bits;
	uint64_t pages;
	unsigned int nr_range;
	struct pt_range range[PT_MAX_RANGES];
};

/* Return: false without memory.  The set is empty. */
bool heldset_init(struct heldset *h, const struct pt_pgmap *p);
/* It is empty then, and has no pages. */
void heldset_free(struct heldset *h);

void heldset_add(struct heldset *h, uint64_t pfn);
/* Of the pages from @pfn to before @end, which lie in one range, keep the @nr that @kept lists. */
void heldset_keep(struct heldset *h, uint64_t pfn, uint64_t end, const uint64_t *kept,
		  unsigned int nr);
/* Return: is there one in @pfn to before @end, which lie in one range? */
bool heldset_any(const struct heldset *h, uint64_t pfn, uint64_t end);
/* The first one at *pfn or above, by range; false: none.  Begin with 0 at *range and *pfn. */
bool heldset_next(const struct heldset *h, unsigned int *range, uint64_t *pfn);

#endif /* PGMAPTRACE_LEAKS_HELD_SET_H */
