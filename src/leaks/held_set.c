// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/held_set.h"

#include <stdlib.h>

#define NONE UINT64_MAX

static uint64_t pages_of(const struct pgmt_range *r)
{
	return r->end - r->start + 1;
}

/* Where the bit of @pfn is; NONE if it lies in no range. */
static uint64_t place(const struct held_set *h, uint64_t pfn)
{
	uint64_t before = 0;

	for (unsigned int i = 0; i < h->nr_range; i++) {
		if (pfn >= h->range[i].start && pfn <= h->range[i].end)
			return before + pfn - h->range[i].start;
		before += pages_of(&h->range[i]);
	}
	return NONE;
}

/* The first bit that is set from @at to before @end; NONE: there is none. */
static uint64_t find_bit(const struct held_set *h, uint64_t at, uint64_t end)
{
	while (at < end) {
		uint64_t word = h->bits[at / 64] >> at % 64;

		if (word) {
			at += __builtin_ctzll(word);
			return at < end ? at : NONE;
		}
		at = (at / 64 + 1) * 64;
	}
	return NONE;
}

bool held_set_init(struct held_set *h, const struct pgmt_pgmap *p)
{
	*h = (struct held_set){.nr_range = p->nr_range};
	for (unsigned int i = 0; i < h->nr_range; i++) {
		h->range[i] = p->range[i];
		h->pages += pages_of(&h->range[i]);
	}
	h->bits = calloc(h->pages / 64 + 1, sizeof(*h->bits));
	return h->bits;
}

void held_set_free(struct held_set *h)
{
	free(h->bits);
	*h = (struct held_set){0};
}

void held_set_add(struct held_set *h, uint64_t pfn)
{
	uint64_t at = place(h, pfn);

	if (at != NONE)
		h->bits[at / 64] |= 1ULL << at % 64;
}

void held_set_keep(struct held_set *h, uint64_t pfn, uint64_t end, const uint64_t *kept,
		   unsigned int nr)
{
	uint64_t first = place(h, pfn), at = first, last = first + (end - pfn);
	unsigned int i = 0;

	if (first == NONE)
		return;
	while ((at = find_bit(h, at, last)) != NONE) {
		while (i < nr && kept[i] < pfn + (at - first))
			i++;
		if (i == nr || kept[i] != pfn + (at - first))
			h->bits[at / 64] &= ~(1ULL << at % 64);
		at++;
	}
}

bool held_set_any(const struct held_set *h, uint64_t pfn, uint64_t end)
{
	uint64_t first = place(h, pfn);

	return first != NONE && find_bit(h, first, first + (end - pfn)) != NONE;
}

bool held_set_next(const struct held_set *h, unsigned int *range, uint64_t *pfn)
{
	for (; *range < h->nr_range; (*range)++, *pfn = 0) {
		const struct pgmt_range *r = &h->range[*range];
		uint64_t from = *pfn > r->start ? *pfn : r->start, at, first;

		if (from > r->end)
			continue;
		first = place(h, from);
		at = find_bit(h, first, first + (r->end - from + 1));
		if (at == NONE)
			continue;
		*pfn = from + (at - first);
		return true;
	}
	return false;
}
