/* SPDX-License-Identifier: GPL-2.0-only */
/* Output for people: findings, progress, ledger, summary. */
#ifndef PGMAPTRACE_OUTPUT_TEXT_H
#define PGMAPTRACE_OUTPUT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "verdict/finding.h"
#include "report/report.h"
#include "verdict/stalls.h"
#include "verdict/summary.h"

struct text_out {
	FILE *to;
	bool verbose;
	bool timestamps; /* seconds since boot, as the kernel log has them */
	struct sources *from;
	unsigned int reports;	 /* how many findings were shown */
	struct site_texts sites; /* of events, for as long as they come at once */
};

/* The report of a finding; @brief: only its headline. */
void text_finding(struct text_out *o, const struct report *r, bool brief);
/* A stall that was told of, and lasts; that ended; that lasts at the end. */
void text_stall_lasts(struct text_out *o, const struct report *r);
void text_stall_ended(struct text_out *o, const struct report_end *e);
void text_stalls_go_on(struct text_out *o, const struct stalls *all);
/* Folios that were out when their pgmap went away. */
void text_gone(struct text_out *o, const struct outstanding_group *g);
/* How many folios leaked, by how sure that is, and pgmaps with a wrong count; nothing if none. */
void text_leaks(struct text_out *o, const struct leaked *l);
/* Groups that grew tenfold since they were last told of. */
void text_progress(struct text_out *o, struct findings *all);
/* One line of the life of a folio that is watched. */
void text_told(struct text_out *o, const struct pgmt_event_record *t);
/* Groups that occurred more than once. */
void text_groups(struct text_out *o, struct findings *all);
/* What was lost, and what it means for the verdict. */
void text_ledger(struct text_out *o, const struct summary *sum);
/* Each suppression and how many findings it has left out. */
void text_suppressions(struct text_out *o, const struct suppressions *all);
/* The last line of every session. */
void text_summary(FILE *to, const struct summary *sum, enum pgmt_profile profile);

/* What a folio's last request and last free are called; NULL: there is no such thing. */
struct text_words {
	const char *request, *free;
};

struct text_words text_words(enum pgmt_profile profile, unsigned int type);
/*
 * "by NAME/TID on cpu N"; an interrupt does what it does for somebody else than
 * the task it came over.
 */
void text_who(struct text_out *o, const struct report_event *t);
/* The same of a task that was told of earlier, and where is not known any more. */
void text_task(struct text_out *o, const char *comm, uint32_t tid, bool interrupt);
/* Where in the kernel something was: its stack, or what is known in its place. */
void text_site(struct text_out *o, uint32_t site);
/* What report_frames() has made. */
void text_frames(FILE *to, const char *frames);

#endif /* PGMAPTRACE_OUTPUT_TEXT_H */
