/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of a session, for programs: JSON Lines, as docs/json.md and docs/schema.json
 * describe them.  Not here: those of leaks (leaks/records.h), and how a line is built (jsonl.h).
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

struct json_out {
	FILE *to[2];  /* each record goes to every one that is not NULL */
	int error[2]; /* errno of the first failed write to it; 0: none */
	struct sources *from;
	bool no_memory; /* a record was not written: out of memory */
};

struct jsonl;

/* Write the record to each file at once: programs may follow them.  Frees it. */
void json_end_record(struct json_out *o, struct jsonl *l);
/* An array of names: of each bit (1 << enum pgmt_rule). */
void json_add_rules(struct jsonl *l, const char *key, uint32_t rules);

/* From here on, errors on stderr become records of @o as well; NULL ends that. */
void json_tell_errors(struct json_out *o);

void json_start(struct json_out *o);
/* @brief: there were many before, and nobody searched for the holders of this one */
void json_finding(struct json_out *o, const struct report *r, bool brief);
void json_stall_lasts(struct json_out *o, const struct report_lasting *lasting);
void json_stall_ended(struct json_out *o, const struct report_end *e);
void json_torn_down(struct json_out *o, const struct outstanding_group *g);
void json_event(struct json_out *o, const struct pgmt_event_record *t);
/* Requests and frees up to now, in all and by pgmap. */
void json_stats(struct json_out *o);
/* Groups with more than one finding. */
void json_groups(struct json_out *o, const struct findings *all);
void json_ledger(struct json_out *o, const struct ledger *l);
/* The last record.  @status: the exit status */
void json_summary(struct json_out *o, const struct summary *sum, const struct suppressions *all,
		  int status);

#endif /* PGMAPTRACE_OUTPUT_JSON_H */
