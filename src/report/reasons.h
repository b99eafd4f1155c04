/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a finding is one: a sentence for each rule, with the numbers of this
 * case put in.  Not here: what the rule is and what usually breaks it (rules.h).
 */
#ifndef PGMAPTRACE_REPORT_REASONS_H
#define PGMAPTRACE_REPORT_REASONS_H

#include <stddef.h>

#include "model/wire.h"

/* What a reason needs to know beside the finding itself. */
struct reason_facts {
	enum pgmt_profile profile;
	const char *device;
	double since_request; /* seconds; negative: none was seen */
	double since_free;
};

/* What happened to the folio, for the headline: "freed twice". */
const char *reason_headline(const struct pgmt_finding *f);

void reason_sentence(const struct pgmt_finding *f, const struct reason_facts *facts, char *buf,
		     size_t size);

#endif /* PGMAPTRACE_REPORT_REASONS_H */
