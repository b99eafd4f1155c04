/* SPDX-License-Identifier: GPL-2.0-only */
/* Output for people: findings, progress, ledger, summary. */
#ifndef PGMAPTRACE_OUT_TEXT_H
#define PGMAPTRACE_OUT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "devices.h"
#include "files.h"
#include "finding.h"
#include "inlines.h"
#include "outstanding.h"
#include "session.h"
#include "stalls.h"

struct text_out {
	FILE *to;
	bool verbose;
	bool timestamps;      /* seconds since boot, as the kernel log has them */
	int64_t clock_offset; /* ns, from CLOCK_MONOTONIC to the kernel log's clock */
	struct session *session;
	struct devices *devices;
	struct inlines *inlines; /* NULL: no source lines */
	unsigned int reports;	 /* how many findings were shown */
	struct files *files;
};

/*
 * The report of a finding.  After a hundred, only headlines.
 * @groups: folios that are out and have to do with it; NULL: none
 */
void text_finding(struct text_out *o, const struct pt_finding *f,
		  const struct outstanding_group *groups);
/*
 * A stall that is told of for the first time, or lasts; that ended; that lasts at the end.
 * @f: what it is about, now
 * @groups: as text_finding() has it
 */
void text_stall(struct text_out *o, struct stall *st, const struct pt_finding *f,
		const struct outstanding_group *groups);
void text_stall_ended(struct text_out *o, const struct stall *st, const struct pt_finding *now);
void text_stalls_go_on(struct text_out *o, const struct stalls *all);
/* Folios that were out when their pgmap went away. */
void text_gone(struct text_out *o, const struct outstanding_group *g);
/* How many folios leaked, by how sure that is, and pgmaps with a wrong count; nothing if none. */
void text_leaks(struct text_out *o, const struct outstanding *all, const struct summary *sum);
/* Groups that grew tenfold since they were last told of. */
void text_progress(struct text_out *o, struct findings *all);
/* One line of the life of a folio that is watched. */
void text_told(struct text_out *o, const struct pt_told *t);
/* Groups that occurred more than once, and what was lost. */
void text_ledger(struct text_out *o, struct findings *all, const struct summary *sum);
/* The last line of every session. */
void text_summary(FILE *to, const struct summary *sum, enum pt_profile profile);

/* What a folio's last request and last free are called; NULL: there is no such thing. */
struct text_words {
	const char *request, *free;
};

struct text_words text_words(enum pt_profile profile, unsigned int type);
/*
 * "by NAME/TID on cpu N"; an interrupt does what it does for somebody else than
 * the task it came over.
 */
void text_who(struct text_out *o, const char *comm, uint32_t tid, uint32_t cpu, uint32_t at);
/* The same of a task that was told of earlier, and where is not known any more. */
void text_task(struct text_out *o, const char *comm, uint32_t tid, bool interrupt);
/* Where in the kernel something was: its stack, or what is known in its place. */
void text_where(struct text_out *o, uint32_t at);

#endif /* PGMAPTRACE_OUT_TEXT_H */
