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
#include "session.h"

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

/* The report of a finding.  After a hundred, only headlines. */
void text_finding(struct text_out *o, const struct pt_finding *f);
/* Groups that grew tenfold since they were last told of. */
void text_progress(struct text_out *o, struct findings *all);
/* One line of the life of a folio that is watched. */
void text_told(struct text_out *o, const struct pt_told *t);
/* Groups that occurred more than once, and what was lost. */
void text_ledger(struct text_out *o, struct findings *all, const struct summary *sum);
/* The last line of every session. */
void text_summary(FILE *to, const struct summary *sum, enum pt_profile profile);

#endif /* PGMAPTRACE_OUT_TEXT_H */
