/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports for people: of a finding, of a stall, of folios that leaked; and the
 * lines that other texts share with them.  Not here: events (event_line.h), and
 * what ends a session (text_end.h).
 */
#ifndef PGMAPTRACE_OUTPUT_TEXT_H
#define PGMAPTRACE_OUTPUT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/report.h"
#include "verdict/outstanding.h"
#include "verdict/stalls.h"

struct text_out {
	FILE *to;
	bool verbose;
	bool timestamps; /* seconds since boot, as the kernel log has them */
	struct sources *from;
	unsigned int reports;	 /* findings that were shown */
	struct site_texts sites; /* of events, which repeat the same few */
};

/* The report of a finding; @brief: only its headline. */
void text_finding(struct text_out *o, const struct report *r, bool brief);
/* A reported stall lasts, or has ended. */
void text_stall_lasts(struct text_out *o, const struct report_lasting *l);
void text_stall_ended(struct text_out *o, const struct report_end *e);
/* Reported stalls that last at the end of tracing. */
void text_stalls_go_on(struct text_out *o, const struct stalls *all);
/* Folios that were outstanding when their pgmap was torn down. */
void text_torn_down(struct text_out *o, const struct outstanding_group *g);

/* What a folio's last request and last free are called; NULL: there is no such thing. */
struct text_words {
	const char *request, *free;
};

struct text_words text_words(enum pgmt_profile profile, unsigned int type);
/* "NAME/TID"; or, of an interrupt, which the task has nothing to do with, "interrupt over ..." */
void text_task(FILE *to, const char *comm, uint32_t tid, bool interrupt);
/* The same, with " on cpu N" if that is known. */
void text_who(FILE *to, const struct report_event *t);
/* The stack of a site, or why there is none. */
void text_site(struct text_out *o, uint32_t site);
/* The text that report_frames() made. */
void text_frames(FILE *to, const char *frames);
/*
 * text_holders - a line for each holder, and what the search could not see
 * @indent: begins each line
 * @wants_pin: some reference is unexplained, so say it if no holder is a pin
 */
void text_holders(FILE *to, const char *indent, const struct holders_found *found, bool wants_pin);

#endif /* PGMAPTRACE_OUTPUT_TEXT_H */
