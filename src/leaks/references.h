/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The references of a pgmap: what its folios explain, and whether a live one has as many as
 * it should.  Not here: which folios there are, and what is printed.
 */
#ifndef PGMAPTRACE_LEAKS_REFERENCES_H
#define PGMAPTRACE_LEAKS_REFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "leaks/records.h"
#include "session/session.h"

/* Fill in how many references @folios above idle explain, which have @pages. */
void references_explain(const struct pgmt_choice *c, const struct pgmt_pgmap *p, uint64_t folios,
			uint64_t pages, struct record_pgmap *r);

/*
 * references_check - has a live pgmap more references than it should have, or fewer?
 * @now: as it was just looked at; later looks are stored there
 * @r: after references_explain(); r->live is filled in, and what the folios explain is that of
 *	the last count
 *
 * Each reference is counted on the CPU that took it, so the sum is right only while it does not
 * move, and get_user_pages() and others take one for a moment.  So what is off must be off by
 * the same for a second, at each of many looks, with as many folios before as after.
 * Return: 0; EXIT_INTERNAL.  The pgmap is gone if now->found is 0 then.
 */
int references_check(struct session *s, bool (*interrupted)(void), struct pgmt_walk *now,
		     struct record_pgmap *r);

/* Fill in the tasks that wait for all references of the pgmap of @pfn. */
void references_find_waiters(struct session *s, uint64_t pfn, struct record_pgmap *r);

#endif /* PGMAPTRACE_LEAKS_REFERENCES_H */
