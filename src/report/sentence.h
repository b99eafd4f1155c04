/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of one finding, put into the words that reasons.c has for its rule.
 */
#ifndef PGMAPTRACE_REPORT_SENTENCE_H
#define PGMAPTRACE_REPORT_SENTENCE_H

#include <stdio.h>

#include "report/reasons.h"

/* Write @why to @to, each {name} of a field replaced by what it is here. */
void sentence_put(const struct pgmt_finding *f, const struct reason_facts *facts, const char *why,
		  FILE *to);

/* The last page that the request is for. */
unsigned long long sentence_last_pfn_asked(const struct pgmt_finding *f);

#endif /* PGMAPTRACE_REPORT_SENTENCE_H */
