// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/page_set.h"

#include <stdlib.h>

#define NONE UINT64_MAX

static uint64_t pages_of(const struct pgmt_range *r)
{
	return r->end - r->start + 1;
}

/* The bit of @pfn; NONE if @pfn lies in no range. */
static uint64_t bit_of(const struct page_set *s, uint64_t pfn)
{
	uint64_t before = 0;

	for (unsigned int i = 0; i < s->nr_range; i++) {
		if (pfn >= s->range[i].start && pfn <= s->range[i].end)
			return before + pfn - s->range[i].start;
		before += pages_of(&s->range[i]);
	}
	return NONE;
}

/* The first set bit of [@bit, @end), or NONE. */
static uint64_t find_bit(const struct page_set *s, uint64_t bit, uint64_t end)
{
	while (bit < end) {
		uint64_t word = s->bits[bit / 64] >> bit % 64;

		if (word) {
			bit += __builtin_ctzll(word);
			return bit < end ? bit : NONE;
		}
		bit = (bit / 64 + 1) * 64;
	}
	return NONE;
}

bool page_set_init(struct page_set *s, const struct pgmt_pgmap *p)
{
	*s = (struct page_set){.nr_range = p->nr_range};
	for (unsigned int i = 0; i < s->nr_range; i++) {
		s->range[i] = p->range[i];
		s->pages += pages_of(&s->range[i]);
	}
	s->bits = calloc(s->pages / 64 + 1, sizeof(*s->bits));
	return s->bits;
}

void page_set_free(struct page_set *s)
{
	free(s->bits);
	*s = (struct page_set){0};
}

void page_set_add(struct page_set *s, uint64_t pfn)
{
	uint64_t bit = bit_of(s, pfn);

	if (bit != NONE)
		s->bits[bit / 64] |= 1ULL << bit % 64;
}

void page_set_keep(struct page_set *s, uint64_t pfn, uint64_t end, const uint64_t *kept,
		   unsigned int nr)
{
	uint64_t first = bit_of(s, pfn), bit = first, last = first + (end - pfn);
	unsigned int i = 0;

	if (first == NONE)
		return;
	while ((bit = find_bit(s, bit, last)) != NONE) {
		while (i < nr && kept[i] < pfn + (bit - first))
			i++;
		if (i == nr || kept[i] != pfn + (bit - first))
			s->bits[bit / 64] &= ~(1ULL << bit % 64);
		bit++;
	}
}

bool page_set_any(const struct page_set *s, uint64_t pfn, uint64_t end)
{
	uint64_t first = bit_of(s, pfn);

	return first != NONE && find_bit(s, first, first + (end - pfn)) != NONE;
}

bool page_set_next(const struct page_set *s, unsigned int *range, uint64_t *pfn)
{
	for (; *range < s->nr_range; (*range)++, *pfn = 0) {
		const struct pgmt_range *r = &s->range[*range];
		uint64_t from = *pfn > r->start ? *pfn : r->start, bit, first;

		if (from > r->end)
			continue;
		first = bit_of(s, from);
		bit = find_bit(s, first, first + (r->end - from + 1));
		if (bit == NONE)
			continue;
		*pfn = from + (bit - first);
		return true;
	}
	return false;
}
