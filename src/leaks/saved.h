/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that --save wrote, read again: folios with unexplained references at an earlier
 * leaks, or the outstanding folios of a session that has ended.  Not here: how it is
 * written (records.h), and what is concluded from it.
 */
#ifndef PGMAPTRACE_LEAKS_SAVED_H
#define PGMAPTRACE_LEAKS_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct saved_set;
struct record_pgmap;

/* Who wrote it: the two hold different facts, and neither replaces the other. */
enum saved_by {
	SAVED_BY_LEAKS,
	SAVED_BY_SESSION,
};

/*
 * @boot: this boot's boot_id; a file of another boot is refused
 * Return: NULL if the file is not a whole one of @by, or has another schema; @why then
 *	has file, line and reason.
 */
struct saved_set *saved_load(const char *file, const char *boot, enum saved_by by, char *why,
			     size_t size);
void saved_free(struct saved_set *s);

/*
 * Did the folio at @pfn of this pgmap have unexplained references then?
 * @requested: time of its request, ns of CLOCK_MONOTONIC; 0: not known.  If both times
 *	are known they must be the same, as far as two sessions can tell.
 */
bool saved_has_folio(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
		     uint64_t requested);
/*
 * Did this pgmap have more references than explained then, or fewer?  If it was killed since, by
 * any number.
 * @excess: of a live one
 */
bool saved_has_references(const struct saved_set *s, const struct record_pgmap *p, int64_t excess);

/* Of a session: when it ended, ns of CLOCK_MONOTONIC, and whether it lost events. */
uint64_t saved_ended(const struct saved_set *s);
bool saved_lost(const struct saved_set *s);

/* A request that a session saw; both texts are valid until saved_free(). */
struct saved_request {
	uint64_t requested; /* ns of CLOCK_MONOTONIC */
	uint32_t tid;
	bool interrupt;	   /* the request interrupted this task */
	const char *task;  /* its comm; NULL: not known */
	const char *stack; /* a line for each frame; equal stacks have one pointer */
};

/* Of a session.  Return: false if it saw no request of the folio at @pfn of this pgmap. */
bool saved_find_request(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
			struct saved_request *r);

#endif /* PGMAPTRACE_LEAKS_SAVED_H */
