/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of leaks, and of the file that a session saves at its end: "start", then
 * each "pgmap" and its "folio"s (of a session all pgmaps first), then "summary".
 * docs/json.md has the fields.  Not here: where the facts come from.
 */
#ifndef PGMAPTRACE_LEAKS_RECORDS_H
#define PGMAPTRACE_LEAKS_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "session/holders.h"

#define RECORD_HOLDER_LEN 256
#define RECORD_WAITERS	  4

/* Values of "contents" in the start record. */
#define RECORD_LEAKS	     "leaks"
#define RECORD_SAVED_SESSION "saved_session"

/* Times are ns of CLOCK_MONOTONIC. */
struct record_start {
	const char *version, *release, *profile;
	const char *boot; /* /proc/sys/kernel/random/boot_id */
	uint64_t time;
	uint32_t session; /* pid; 0: no session runs that leaks could ask */
	uint64_t session_began;
	uint64_t session_ended;	   /* of the session that writes this; 0: leaks writes */
	const char *saved_session; /* file of a session that has ended; NULL: none */
	uint64_t saved_session_ended;
};

/* Folios above idle, of one pgmap or of all; docs/leaks.md. */
struct record_counts {
	uint64_t folios;
	uint64_t accounted;   /* all their references are */
	uint64_t unexplained; /* they have references that nothing accounts for */
	uint64_t known;	      /* unexplained, and in --baseline */
	uint64_t young;	      /* unexplained, and requested later than --older */
	uint64_t ageless;     /* unexplained, and nobody knows since when */
	uint64_t unreadable;  /* pages */
};

/* The reference count of a pgmap that is not killed. */
struct record_live {
	bool known; /* the rest is valid */
	bool moves; /* it seemed wrong, and did not stay the same */
	int64_t references;
	uint64_t own;	/* those that memremap_pages took */
	int64_t excess; /* more than explained; below zero: less; 0: all is well */
};

struct record_pgmap {
	bool of_session;	    /* no counts */
	const char *device, *block; /* "": no block device is known */
	const char *type;
	uint64_t first, last; /* pfn; of its first range */
	bool killed;
	int64_t references;   /* or PGMT_REFS_UNKNOWN */
	uint64_t least, most; /* references that its folios explain */
	struct record_live live;
	struct record_counts count;
	bool incomplete;
	unsigned int nr_waiters; /* tasks that wait for its last reference */
	char waiter[RECORD_WAITERS][RECORD_HOLDER_LEN];
};

struct record_folio {
	const struct record_pgmap *pgmap;
	uint64_t pfn;
	uint32_t order;
	int32_t refcount, mapcount;
	const char *file; /* as files_describe() has it; NULL: none */
	uint64_t inode;	  /* 0: not known */
	uint64_t offset;  /* bytes; PGMT_NO_OFFSET: not known */
	bool looked;	  /* for holders */
	unsigned int nr_holders;
	char holder[HOLDERS_MAX][RECORD_HOLDER_LEN];
	uint64_t requested; /* ns of CLOCK_MONOTONIC; 0: not known */
	uint64_t age;	    /* ns */
	const char *task;   /* its comm; NULL: not known */
	uint32_t tid;
	bool interrupt; /* the request interrupted this task */
	bool from_saved_session;
	uint32_t nr_frames;
	char **frame; /* innermost first */
};

struct record_summary {
	bool of_session;
	uint64_t pgmaps;
	uint64_t killed;     /* pgmaps that were killed and keep references */
	uint64_t imbalanced; /* live pgmaps with more references than explained, or fewer */
	struct record_counts count;
	uint64_t outstanding; /* of a session */
	bool lost;	      /* the session lost events: requests may be older ones */
	bool incomplete;
};

/* Each writes one line.  Return: false if out of memory; the caller checks @to for errors. */
bool record_start(FILE *to, const struct record_start *r);
bool record_pgmap(FILE *to, const struct record_pgmap *r);
bool record_folio(FILE *to, const struct record_folio *r);
bool record_summary(FILE *to, const struct record_summary *r);

#endif /* PGMAPTRACE_LEAKS_RECORDS_H */
