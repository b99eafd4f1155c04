/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waits that last: memunmap_pages for the references of a pgmap, and truncate
 * and its like for those of a folio.  Who waits is looked at now and then; that
 * two looks saw the same wait is known by the task's context switches, which do
 * not change while it sleeps.  Not here: how waits are found (holders.h), and
 * what is printed.
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
	uint64_t due;	    /* when it is told of next */
	uint64_t last_seen;
	unsigned int reports;	     /* how often it was due */
	bool reported;		     /* for who has an interest: it is told of */
	struct pgmt_release release; /* of what it waits for; time 0: not seen */
	struct pgmt_finding about; /* as it was when it was last told of; and who held the folio */
	struct holders_found held;
	unsigned int missing; /* how many whole looks in a row did not see it */
	bool seen;	      /* in the look at hand */
	struct stall *next;
};

struct stalls {
	uint64_t limit; /* what lasts longer is told of, then at twice as long, and so on */
	struct stall *all;
	/* NULL: not known; else when the wait began */
	uint64_t (*began)(void *arg, const struct pgmt_wait *w);
	void (*stalled)(void *arg, struct stall *st);
	void (*ended)(void *arg, struct stall *st); /* of those that were told of */
	void *arg;
};

/*
 * Take in what waits at @now.  What is not in @w, nor in the next, has ended, if these
 * have all that wait: the lists are read while they change, so one look may miss some.
 */
void stalls_look(struct stalls *s, const struct pgmt_waits *w, uint64_t now);
/* The last reference of a pgmap or folio is gone. */
void stalls_release(struct stalls *s, const struct pgmt_release *r);
void stalls_free(struct stalls *s);

#endif /* PGMAPTRACE_VERDICT_STALLS_H */
