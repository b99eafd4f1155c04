/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leaks finds, as JSON Lines: one object a line, first "start", then a
 * "pgmap" with its "folio"s, and so on, at last "summary".  And what a session
 * knows at its end: all its pgmaps, then all folios that are out.
 * docs/leaks.md has the fields.  Not here: where the facts come from.
 */
#ifndef PGMAPTRACE_LEAKS_RECORDS_H
#define PGMAPTRACE_LEAKS_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "session/holders.h"

#define RECORD_HOLDER_LEN 256
#define RECORD_WAITERS	  4

struct record_start {
	const char *version, *release, *profile;
	const char *boot; /* /proc/sys/kernel/random/boot_id */
	uint64_t time;	  /* ns of CLOCK_MONOTONIC, as all times here */
	uint32_t session; /* pid; 0: no session runs that knows requests */
	uint64_t session_began;
	uint64_t session_ended; /* of whoever saves its own; 0: leaks has looked */
	const char *past;	/* file of a session that has ended; NULL: none */
	uint64_t past_ended;
};

/* Folios of a pgmap, or of all, by what is known of them; docs/leaks.md. */
struct record_counts {
	uint64_t folios, mapped, held, known, young, ageless;
	uint64_t unreadable; /* pages */
};

struct record_pgmap {
	bool of_session;	    /* which knows no counts */
	const char *device, *block; /* "": no block device is known */
	const char *type;
	uint64_t first, last; /* pfn; of its first range */
	bool dying;
	int64_t references;   /* -1: not known */
	uint64_t least, most; /* of these, that its folios explain */
	struct record_counts count;
	bool incomplete;
	unsigned int nr_waiters; /* for its last reference */
	char waiter[RECORD_WAITERS][RECORD_HOLDER_LEN];
};

struct record_folio {
	const struct record_pgmap *pgmap;
	uint64_t pfn;
	uint32_t order;
	int32_t refcount, mapcount;
	const char *file; /* a line of files_describe(); NULL: none */
	uint64_t inode;	  /* 0: not known */
	uint64_t offset;  /* bytes; PGMT_NO_OFFSET: not known */
	bool looked;	  /* for holders */
	unsigned int nr_holders;
	char holder[HOLDERS_MAX][RECORD_HOLDER_LEN];
	uint64_t requested; /* when; 0: not known */
	double age;	    /* seconds */
	const char *task;   /* NULL: not known */
	uint32_t tid;
	bool interrupt; /* the task was interrupted, and did not ask itself */
	bool past;	/* that is known from a session that has ended */
	uint32_t nr_frames;
	char **frame; /* innermost first */
};

struct record_summary {
	bool of_session;
	uint64_t pgmaps, dying;
	struct record_counts count;
	uint64_t outstanding; /* of a session */
	bool lost; /* it lost events, or could not see all, so that requests may be old */
	bool incomplete;
};

/* Each writes one line.  Return: false if there is no memory; what @to says is the caller's. */
bool record_start(FILE *to, const struct record_start *r);
bool record_pgmap(FILE *to, const struct record_pgmap *r);
bool record_folio(FILE *to, const struct record_folio *r);
bool record_summary(FILE *to, const struct record_summary *r);

#endif /* PGMAPTRACE_LEAKS_RECORDS_H */
