/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output for programs: JSON Lines.  docs/json.md tells of the records, and
 * docs/schema.json is what each must be.  Those of leaks are in records.h.
 */
#ifndef PGMAPTRACE_OUTPUT_JSON_H
#define PGMAPTRACE_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "verdict/finding.h"
#include "report/report.h"
#include "verdict/stalls.h"
#include "verdict/summary.h"

#define JSON_SCHEMA 1 /* another number: a program that reads records must be changed */

struct json_out {
	FILE *to[2];  /* each record goes to all that are not NULL */
	int error[2]; /* why one of them can't be written, errno; 0: it can */
	struct sources *from;
	bool no_memory; /* for some record: it was not written */
};

/* Errors that are said from here on are records of @o, too; NULL: no more. */
void json_tell_errors(struct json_out *o);

void json_start(struct json_out *o);
/* @brief: without what takes time to find */
void json_finding(struct json_out *o, const struct report *r, bool brief);
void json_stall_lasts(struct json_out *o, const struct report *r);
void json_stall_ended(struct json_out *o, const struct report_end *e);
void json_gone(struct json_out *o, const struct outstanding_group *g);
void json_event(struct json_out *o, const struct pgmt_event_record *t);
/* How many requests and frees there were up to now, by pgmap. */
void json_stats(struct json_out *o);
/* Groups that occurred more than once. */
void json_groups(struct json_out *o, const struct findings *all);
void json_ledger(struct json_out *o, const struct ledger *l);
/* @status: the exit status */
void json_summary(struct json_out *o, const struct summary *sum, const struct suppressions *all,
		  int status);

#endif /* PGMAPTRACE_OUTPUT_JSON_H */
