/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the tracing command share: trace.c runs the session, trace_findings.c
 * groups and shows findings, trace_stalls.c follows waits, trace_metrics.c writes --metrics now
 * and then, trace_end.c gives the verdict.
 * Not for other commands.
 */
#ifndef PGMAPTRACE_COMMAND_TRACING_H
#define PGMAPTRACE_COMMAND_TRACING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "command/options.h"
#include "output/outputs.h"
#include "session/session.h"
#include "verdict/finding.h"
#include "verdict/ledger.h"
#include "verdict/outstanding.h"
#include "verdict/stalls.h"
#include "verdict/summary.h"
#include "verdict/suppressions.h"

struct tracing {
	const struct options *options;
	struct session *session;
	int signals;
	struct suppressions suppressions;
	struct findings findings;
	struct outputs out;
	struct own_findings own;
	struct stalls stalls;
	unsigned int incomplete_looks; /* so many in a row did not see all waits */
	unsigned int looks_again;      /* at folios that no file holds, at the end */
	uint64_t looked;	  /* when the last look at all waits was, or tracing began; ns */
	struct outstanding leaks; /* at the end */
	double next_table;	  /* when it is due; 0: no tables */
	double clock_read;	  /* when the kernel log's clock was measured; 0: never */
	bool clock_known;	  /* it could be */
	bool clock_said;	  /* that it could not */
	uint64_t tables;	  /* shown so far */
	double metrics_due;	  /* when they are written next; 0: now */
	double metrics_written;	  /* when they were last */
	unsigned int metrics_reports; /* out.reports then */
	uint64_t events;	      /* that --events, --pfn and so on have shown */
	struct command_result ran;
};

/* What any verdict of it stands on, now or at the end. */
static inline struct evidence tracing_evidence(const struct tracing *t)
{
	return (struct evidence){
		.session = t->session,
		.findings = &t->findings,
		.leaks = &t->leaks,
		.own = &t->own,
		.policy = &t->options->policy,
		.suppressions = &t->suppressions,
	};
}

/* ---- trace_findings.c ---- */

/*
 * Measure the kernel log's clock if times are shown, unless that was done @max_age seconds
 * ago: the clock drifts, and each time takes a line in the log.
 */
void tracing_read_clock(struct tracing *t, double max_age);
/* For what is shown now and then. */
#define CLOCK_MAX_AGE 10

bool tracing_ignores(const struct tracing *t, enum pgmt_rule rule);

/*
 * Show the first finding of each group.
 * @own: how many of it were found here; 0: the BPF programs count it
 * @groups: as outputs_finding() has them
 */
void tracing_add_finding(struct tracing *t, const struct pgmt_finding *f, uint64_t own,
			 const struct outstanding_group *groups);
/* The same for one that was found here.  @arg: struct tracing */
void tracing_add_own_finding(void *arg, const struct pgmt_finding *f);

/* Is this finding suppressed, and all of its group so far? */
bool tracing_is_suppressed(struct tracing *t, struct finding_group *g,
			   const struct pgmt_finding *f);
/* @g: NULL without memory for one; @groups and @holders: as outputs_finding() has them */
void tracing_show(struct tracing *t, struct finding_group *g, const struct pgmt_finding *f,
		  const struct outstanding_group *groups, struct holders_found *holders);
/*
 * Match groups of which no record arrived, by rule and site alone; or undo that, since a record
 * may come.
 */
void tracing_match_unseen(struct tracing *t, bool match);
/*
 * At the end, when the size of each group is known: count the groups that are suppressed as a
 * whole, and show the others that are not shown yet.
 */
void tracing_settle_suppressions(struct tracing *t);

/* ---- trace_stalls.c ---- */

void tracing_init_stalls(struct tracing *t);
/* Look at all waits now.  Does nothing with --stall 0. */
void tracing_look_for_stalls(struct tracing *t);
/* Look as often as it takes to know which waits have ended. */
void tracing_settle_stalls(struct tracing *t);
/* A wait is over. */
void tracing_release(struct tracing *t, const struct pgmt_release *r);
/* @word: the state of an outstanding folio; @f: the folio as it is now */
uint64_t tracing_pages_of(const struct tracing *t, const struct pgmt_finding *f, uint32_t word);

/* ---- trace_metrics.c ---- */

/* Write the file of --metrics if that is due. */
void tracing_write_metrics(struct tracing *t);

/* ---- trace_end.c ---- */

/*
 * Stop the session, judge what is left, print the verdict.
 * Return: the exit status.
 */
int tracing_end(struct tracing *t);

#endif /* PGMAPTRACE_COMMAND_TRACING_H */
