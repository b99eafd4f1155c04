/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All outputs of a session: each finding, stall and event goes to all of them.
 * Here they are opened, fed and closed; their formats are in text.c, json.c ...
 */
#ifndef PGMAPTRACE_OUTPUT_OUTPUTS_H
#define PGMAPTRACE_OUTPUT_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "output/json.h"
#include "output/kmsg.h"
#include "output/rates.h"
#include "output/text.h"
#include "verdict/summary.h"

/* A suppression that was printed (--gen-suppressions). */
struct suggested {
	char *text;
	struct suggested *next;
};

/* What to write, where and how.  Files are NULL if there is none. */
struct output_settings {
	bool verbose;
	bool timestamps;
	bool deterministic;
	bool json;	  /* stdout has records, not text; also for leaks */
	bool ktap;	  /* stdout has KTAP, with text as its diagnostics */
	bool kmsg;	  /* headlines go to the kernel log */
	const char *text; /* for the text; NULL: stdout */
	const char *json_file;
	const char *junit;
	const char *ready_file; /* written when tracing is complete */
	bool gen_suppressions;	/* print one for each finding */
};

struct outputs {
	const struct output_settings *settings;
	struct sources from;
	struct text_out text; /* text.to is NULL if there is no text */
	struct rates_out rates;
	struct json_out json;
	struct kmsg_out kmsg;
	FILE *text_file, *json_file;  /* of --output and --json; NULL: none */
	FILE *filter;		      /* text.to, if its lines get a prefix */
	unsigned int reports;	      /* findings that were reported */
	char *of_rule[PGMT_NR_RULES]; /* --junit: the text of its reports; NULL: none */
	struct suggested *suggested;  /* --gen-suppressions */
	char failed[512];	      /* the first output that could not be written; "" */
};

/*
 * outputs_open - open what @settings ask for
 * @settings: kept, not copied
 * The caller fills in o->from when there is a session.
 * Return: 0; an exit status, said on stderr
 */
int outputs_open(struct outputs *o, const struct output_settings *settings);
/* A file that others write can't be written, which was said on stderr. */
void outputs_failed(struct outputs *o, const char *file);
/* Return: false if one could not be written, which was said on stderr. */
bool outputs_good(struct outputs *o);
/* Open the files again by name, after log rotation. */
void outputs_reopen(struct outputs *o);
void outputs_close(struct outputs *o);

/* Tracing is complete. */
void outputs_start(struct outputs *o);
/*
 * @groups: outstanding folios to show with it; NULL: none
 * @holders: who holds the folio now; NULL: the caller need not know
 */
void outputs_finding(struct outputs *o, const struct pgmt_finding *f,
		     const struct outstanding_group *groups, struct holders_found *holders);
/*
 * A reported stall lasts.
 * @st: as it was reported last; @f: as it is now; @holders: set as by outputs_finding()
 */
void outputs_stall_lasts(struct outputs *o, const struct stall *st, const struct pgmt_finding *f,
			 struct holders_found *holders);
void outputs_stall_ended(struct outputs *o, const struct stall *st);
void outputs_stalls_go_on(struct outputs *o, const struct stalls *all);
void outputs_torn_down(struct outputs *o, const struct outstanding_group *g);
void outputs_event(struct outputs *o, const struct pgmt_event_record *t);
void outputs_rates(struct outputs *o);
void outputs_progress(struct outputs *o, struct findings *all);
/* Write the lines of events, which are buffered. */
void outputs_flush(struct outputs *o);
/* Modules may have come and gone: forget the names of functions. */
void outputs_forget_names(struct outputs *o);
/*
 * outputs_end - write groups, ledger, summary and verdict
 * @status: the exit status if all of this can be written
 * Return: @status; EXIT_INTERNAL, said on stderr with the verdict, if it can't be written
 */
int outputs_end(struct outputs *o, struct findings *all, const struct summary *sum,
		const struct suppressions *suppressions, int status);

#endif /* PGMAPTRACE_OUTPUT_OUTPUTS_H */
