/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waits that last: memunmap_pages for the references of a pgmap, truncate and its
 * like for those of a folio.  The tool looks at all waiting tasks once a second.
 * Not here: how waits are found (holders.h), and what is printed.
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
	bool over;		      /* what it waits for was let go */
	struct pgmt_release release;  /* by whom; time 0: not known */
	struct pgmt_finding about;    /* as it was when it was last reported */
	struct holders_found holders; /* at that time */
	unsigned int missing;	      /* how many complete looks in a row did not see it */
	bool seen;		      /* by this look */
	struct stall *next;
};

/* So many complete looks in a row do not see a wait that has ended: one may miss some. */
#define STALLS_MISSING_ENDS 2

struct stalls {
	/* a longer wait is due, then one twice as long, and so on: never 0 */
	uint64_t limit;
	struct stall *all;
	/* when the wait began; 0: not known */
	uint64_t (*began)(void *arg, const struct pgmt_wait *w);
	/* NULL; else: tell stalls_release() when what @w waits for is let go, or no longer */
	void (*follow)(void *arg, const struct pgmt_wait *w, bool on);
	void (*stalled)(void *arg, struct stall *st);
	void (*ended)(void *arg, struct stall *st); /* of those that were due */
	void *arg;
};

/*
 * stalls_look - note the waits @w that are there at @now
 * One look may miss a wait, since the lists change while they are read.
 * Return: false if there was no memory to follow one of them
 */
bool stalls_look(struct stalls *s, const struct pgmt_waits *w, uint64_t now);
/*
 * stalls_release - the last reference of a pgmap or folio was dropped
 * Return: was that a wait of a pgmap for longer than the limit, which no look has seen?
 */
bool stalls_release(struct stalls *s, const struct pgmt_release *r);
void stalls_free(struct stalls *s);

#endif /* PGMAPTRACE_VERDICT_STALLS_H */
