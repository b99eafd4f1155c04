/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of records that --save wrote: what was held when an earlier leaks
 * looked, or what a session that has ended knew of the folios that were out.
 */
#ifndef PGMAPTRACE_LEAKS_SAVED_H
#define PGMAPTRACE_LEAKS_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct saved_set;
struct record_pgmap;

/* Who wrote it: neither says what is asked of the other. */
enum saved_by {
	SAVED_BY_LEAKS,
	SAVED_BY_SESSION,
};

/*
 * @boot: this boot's boot_id; a file of another boot says nothing of this one
 * Return: NULL if the file is not what @of has written in full; @why then says
 *	so, with file and line.
 */
struct saved_set *saved_load(const char *file, const char *boot, enum saved_by by, char *why,
			     size_t size);
void saved_free(struct saved_set *s);

/*
 * Was the folio at @pfn of this pgmap held then?
 * @requested: when, in ns of CLOCK_MONOTONIC; 0: not known.  If it is known then
 *	and now, it must be the same, as near as two sessions can tell.
 */
bool saved_has_folio(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
		     uint64_t requested);
/* Was this pgmap dying and still referenced then? */
bool saved_has_killed(const struct saved_set *s, const struct record_pgmap *p);

/* Of a session: when it ended, in ns of CLOCK_MONOTONIC, and did it lose events? */
uint64_t saved_ended(const struct saved_set *s);
bool saved_lost(const struct saved_set *s);

/* A request that a session saw; the texts are valid until saved_free(). */
struct saved_request {
	uint64_t requested; /* ns of CLOCK_MONOTONIC */
	uint32_t tid;
	bool interrupt;	  /* the task was interrupted, and did not ask itself */
	const char *task; /* NULL: not known */
	const char
		*stack; /* a line a frame, each with its newline; the same text: the same pointer */
};

/* Of a session.  Return: false if it knew no request of the folio at @pfn of this pgmap. */
bool saved_find_request(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
			struct saved_request *r);

#endif /* PGMAPTRACE_LEAKS_SAVED_H */
