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

struct held_set {
	uint64_t *bits;
	uint64_t pages;
	unsigned int nr_range;
	struct pgmt_range range[PGMT_MAX_RANGES];
};

/* Return: false without memory.  The set is empty. */
bool held_set_init(struct held_set *h, const struct pgmt_pgmap *p);
/* It is empty then, and has no pages. */
void held_set_free(struct held_set *h);

void held_set_add(struct held_set *h, uint64_t pfn);
/* Of the pages from @pfn to before @end, which lie in one range, keep the @nr that @kept lists. */
void held_set_keep(struct held_set *h, uint64_t pfn, uint64_t end, const uint64_t *kept,
		   unsigned int nr);
/* Return: is there one in @pfn to before @end, which lie in one range? */
bool held_set_any(const struct held_set *h, uint64_t pfn, uint64_t end);
/* The first one at *pfn or above, by range; false: none.  Begin with 0 at *range and *pfn. */
bool held_set_next(const struct held_set *h, unsigned int *range, uint64_t *pfn);

#endif /* PGMAPTRACE_LEAKS_HELD_SET_H */
