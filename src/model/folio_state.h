/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of one folio, and its parts.  Not here: what changes it (model.h), and how the
 * states of many pages are kept (kept.h).
 *
 * It is a word of 12 bits, of which five lie in 64, so that it can be stepped with a single
 * compare-and-swap:
 *
 *	bits 0-4   lifetime: enum pgmt_life, or PGMT_LIFE_REQUESTED_AT(order)
 *	bits 5-9   associations: 1 + the number of i_pages that it is stored in,
 *		   saturating; 0: not known
 *	bit  10    a rule was broken and reported: what follows from that is not
 *	bit  11    who requested it last is in scope (--pid, --cgroup)
 *
 * It is kept at the folio's head page.  Only the head page of a large folio has a state,
 * unless its pages come back one by one: then each has one, and is PGMT_PART.
 *
 * The word 0 is what a page has before its first event.  What that means depends on the
 * pgmap: a page of one that was created while tracing is known to be idle, of an older one
 * nothing is known (pgmt_normalise).
 */
#ifndef PGMAPTRACE_MODEL_FOLIO_STATE_H
#define PGMAPTRACE_MODEL_FOLIO_STATE_H

#include "model/compiler.h"

enum pgmt_life {
	PGMT_UNKNOWN = 0,     /* nothing seen of it yet */
	PGMT_IDLE = 1,	      /* never requested since its pgmap was created */
	PGMT_PREEXISTING = 2, /* in use when tracing began */
	PGMT_REQUESTED = 3,
	PGMT_FREED = 4, /* idle, after a free that was seen */
	PGMT_PART = 5,	/* of a large folio that was split; not freed yet */
};

#define PGMT_WORD_BITS	 12
#define PGMT_WORD_MASK	 ((1u << PGMT_WORD_BITS) - 1)
#define PGMT_LIFE_MASK	 0x1fu
#define PGMT_LIFE_MAX	 7u /* of enum pgmt_life */
#define PGMT_ORDER_MAX	 24u
#define PGMT_ORDER_MASK	 31u /* for any order that is read from the kernel */
#define PGMT_ASSOC_SHIFT 5
#define PGMT_ASSOC_MAX	 30u
#define PGMT_ASSOC_MASK	 ((PGMT_ASSOC_MAX + 1) << PGMT_ASSOC_SHIFT)
#define PGMT_REPORTED	 (1u << 10)
#define PGMT_IN_SCOPE	 (1u << 11) /* no step looks at it: see pgmt_mark() */

/* Lifetime of what was requested at an order above 0. */
#define PGMT_LIFE_REQUESTED_AT(order) (PGMT_LIFE_MAX + (order))

_Static_assert(PGMT_PART <= PGMT_LIFE_MAX, "a lifetime would be an order");
_Static_assert(PGMT_LIFE_REQUESTED_AT(PGMT_ORDER_MAX) <= PGMT_LIFE_MASK, "an order does not fit");
_Static_assert(PGMT_ORDER_MAX <= PGMT_ORDER_MASK, "an order would be cut");
_Static_assert((PGMT_LIFE_MASK ^ PGMT_ASSOC_MASK ^ PGMT_REPORTED ^ PGMT_IN_SCOPE) == PGMT_WORD_MASK,
	       "parts of the word overlap, or leave bits unused");

static __always_inline unsigned int pgmt_life(unsigned int word)
{
	unsigned int life = word & PGMT_LIFE_MASK;

	return life > PGMT_LIFE_MAX ? (unsigned int)PGMT_REQUESTED : life;
}

static __always_inline unsigned int pgmt_set_life(unsigned int word, unsigned int life)
{
	return (word & ~PGMT_LIFE_MASK) | life;
}

/* The order that it was requested at; 0 also if it is not requested. */
static __always_inline unsigned int pgmt_order(unsigned int word)
{
	unsigned int life = word & PGMT_LIFE_MASK;

	return life > PGMT_LIFE_MAX ? life - PGMT_LIFE_REQUESTED_AT(0) : 0;
}

static __always_inline int pgmt_assoc_known(unsigned int word)
{
	return !!(word & PGMT_ASSOC_MASK);
}

static __always_inline unsigned int pgmt_assoc(unsigned int word)
{
	unsigned int n = (word & PGMT_ASSOC_MASK) >> PGMT_ASSOC_SHIFT;

	return n ? n - 1 : 0;
}

static __always_inline unsigned int pgmt_set_assoc(unsigned int word, unsigned int n)
{
	if (n > PGMT_ASSOC_MAX)
		n = PGMT_ASSOC_MAX;
	return (word & ~PGMT_ASSOC_MASK) | ((n + 1) << PGMT_ASSOC_SHIFT);
}

/* Of a page that had no event yet: see above. */
static __always_inline unsigned int pgmt_normalise(unsigned int word, int fresh)
{
	if (fresh && pgmt_life(word) == PGMT_UNKNOWN)
		return pgmt_set_assoc(pgmt_set_life(word, PGMT_IDLE), pgmt_assoc(word));
	return word;
}

/* Idle for certain: before its first request, or after its free. */
static __always_inline int pgmt_known_idle(unsigned int word)
{
	unsigned int life = pgmt_life(word);

	return life == PGMT_IDLE || life == PGMT_FREED;
}

/* Requested, and not freed yet. */
static __always_inline int pgmt_is_outstanding(unsigned int word)
{
	unsigned int life = pgmt_life(word);

	return life == PGMT_REQUESTED || life == PGMT_PART;
}

static __always_inline unsigned int pgmt_set_requested(unsigned int word, unsigned int order)
{
	if (order > PGMT_ORDER_MAX)
		order = PGMT_ORDER_MAX;
	return pgmt_set_life(word, order ? PGMT_LIFE_REQUESTED_AT(order) : PGMT_REQUESTED) &
	       ~PGMT_REPORTED;
}

#endif /* PGMAPTRACE_MODEL_FOLIO_STATE_H */
