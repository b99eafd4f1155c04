/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All outputs of tracing that were asked for: what is told to one is told to
 * each.  Here is where they go to; how each tells it is in out_*.c.
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

/* A suppression that was printed. */
struct suggested {
	char *text;
	struct suggested *next;
};

/* What is to be written, where to and how.  Files are NULL if there is none. */
struct output_settings {
	bool verbose;
	bool timestamps;
	bool deterministic;
	bool json;	  /* stdout has records, not text; of leaks, too */
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
	struct text_out text; /* text.to is NULL if nobody reads it */
	struct rates_out rates;
	struct json_out json;
	struct kmsg_out kmsg;
	FILE *text_file, *json_file;  /* of --output and --json; NULL: none */
	FILE *filter;		      /* what text.to is, if its lines get something before them */
	unsigned int reports;	      /* findings that were told of */
	char *of_rule[PGMT_NR_RULES]; /* --junit: what the text says of it; NULL: nothing */
	struct suggested *suggested;  /* --gen-suppressions */
	char failed[512];	      /* the first output that could not be written; "" */
};

/*
 * Open what @settings ask for, which are kept; o->from is to be filled in when there is a session.
 * Return: 0; an exit status, said on stderr.
 */
int outputs_open(struct outputs *o, const struct output_settings *settings);
/* Return: false if one of them could not be written, which was said on stderr. */
bool outputs_good(struct outputs *o);
/* Begin the files anew under their names, as after their rotation. */
void outputs_reopen(struct outputs *o);
void outputs_close(struct outputs *o);

/* Tracing is complete. */
void outputs_start(struct outputs *o);
/* @groups: folios that are out and have to do with it; NULL: none */
void outputs_finding(struct outputs *o, const struct pgmt_finding *f,
		     const struct outstanding_group *groups, struct holders_found *held);
/* As outputs_finding() has it: a stall that was told of before. */
void outputs_stall_lasts(struct outputs *o, const struct pgmt_finding *f,
			 struct holders_found *held);
void outputs_stall_ended(struct outputs *o, const struct stall *st);
void outputs_stalls_go_on(struct outputs *o, const struct stalls *all);
void outputs_torn_down(struct outputs *o, const struct outstanding_group *g);
void outputs_event(struct outputs *o, const struct pgmt_event_record *t);
void outputs_rates(struct outputs *o);
void outputs_progress(struct outputs *o, struct findings *all);
/* What each event is told to has got it. */
void outputs_flush(struct outputs *o);
/* Modules may have come and gone: what functions are called is to be looked up anew. */
void outputs_forget_names(struct outputs *o);
/*
 * The end of it: what there was of each, what was lost, the verdict.
 * @status: the exit status, if all of this can be written
 * Return: that; EXIT_INTERNAL, said on stderr with the verdict, if it can't.
 */
int outputs_end(struct outputs *o, struct findings *all, const struct summary *sum,
		const struct suppressions *suppressions, int status);

#endif /* PGMAPTRACE_OUTPUT_OUTPUTS_H */
