/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waits that last: memunmap_pages for the references of a pgmap, truncate and its
 * like for those of a folio.  The tool looks at all waiting tasks once a second;
 * two looks saw the same wait if the task's context switches did not change.  Not
 * here: how waits are found (holders.h), and what is printed.
 */
#ifndef PGMAPTRACE_VERDICT_STALLS_H
#define PGMAPTRACE_VERDICT_STALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/holders.h"
#include "model/wire.h"

/* Times are ns of CLOCK_MONOTONIC. */
struct stall {
	struct pgmt_wait wait;
	uint64_t since;	    /* when it began, or when it was first seen */
	bool began_earlier; /* @since is when it was first seen */
	uint64_t due;	    /* when it is reported next */
	uint64_t last_seen;
	unsigned int reports;	      /* how often it was due */
	bool reported;		      /* set by stalled() if it is reported */
	struct pgmt_release release;  /* of what it waits for; time 0: not seen */
	struct pgmt_finding about;    /* as it was when it was last reported */
	struct holders_found holders; /* at that time */
	unsigned int missing;	      /* how many complete looks in a row did not see it */
	bool seen;		      /* by this look */
	struct stall *next;
};

struct stalls {
	/* a longer wait is due, then one twice as long, and so on: never 0 */
	uint64_t limit;
	struct stall *all;
	/* when the wait began; 0: not known */
	uint64_t (*began)(void *arg, const struct pgmt_wait *w);
	void (*stalled)(void *arg, struct stall *st);
	void (*ended)(void *arg, struct stall *st); /* of those that were due */
	void *arg;
};

/*
 * stalls_look - note the waits @w that are there at @now
 * A wait has ended if two complete looks in a row miss it: one may miss some, since the
 * lists change while they are read.
 * Return: false if there was no memory to follow one of them
 */
bool stalls_look(struct stalls *s, const struct pgmt_waits *w, uint64_t now);
/* The last reference of a pgmap or folio was dropped. */
void stalls_release(struct stalls *s, const struct pgmt_release *r);
void stalls_free(struct stalls *s);

#endif /* PGMAPTRACE_VERDICT_STALLS_H */
