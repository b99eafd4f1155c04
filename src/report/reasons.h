/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that reports say of a rule: what happened, why that breaks the rule, with
 * the numbers of this case, and what usually causes it.  One table has it all.
 * Not here: names of rules and what they mean (rules.h).
 */
#ifndef PGMAPTRACE_REPORT_REASONS_H
#define PGMAPTRACE_REPORT_REASONS_H

#include <stddef.h>

#include "model/wire.h"

/* What a sentence needs beside the finding. */
struct reason_facts {
	enum pgmt_profile profile;
	const char *device;
	double since_request; /* seconds; negative: none was seen */
	double since_free;
};

/* What happened to the folio or pgmap, for the headline: "freed twice". */
const char *reason_headline(const struct pgmt_finding *f);

/* Why that breaks the rule. */
void reason_sentence(const struct pgmt_finding *f, const struct reason_facts *facts, char *buf,
		     size_t size);

/* What usually breaks @rule. */
const char *reason_cause(unsigned int rule);

#endif /* PGMAPTRACE_REPORT_REASONS_H */
