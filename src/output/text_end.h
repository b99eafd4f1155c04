/* SPDX-License-Identifier: GPL-2.0-only */
/* What the text ends with: leaks, groups, suppressions, the ledger and the summary line. */
#ifndef PGMAPTRACE_OUTPUT_TEXT_END_H
#define PGMAPTRACE_OUTPUT_TEXT_END_H

#include "output/text.h"
#include "verdict/finding.h"
#include "verdict/summary.h"

/* Leaked folios by how sure that is, and pgmaps with a wrong count; nothing if there are none. */
void text_leaks(struct text_out *o, const struct leaked *l);
/* Groups that grew tenfold since they were last counted here. */
void text_progress(struct text_out *o, struct findings *all);
/* Groups of more than one finding. */
void text_groups(struct text_out *o, struct findings *all);
/* What was lost, and which rules it may hide. */
void text_ledger(struct text_out *o, const struct summary *sum);
/* Each suppression, and how many findings it has suppressed. */
void text_suppressions(struct text_out *o, const struct suppressions *all);
/* Where no request and no free was seen: of which types none can be seen on this kernel. */
void text_not_visible(struct text_out *o, const struct summary *sum);
/* The last line of every session. */
void text_summary(FILE *to, const struct summary *sum, enum pgmt_profile profile);

#endif /* PGMAPTRACE_OUTPUT_TEXT_END_H */
