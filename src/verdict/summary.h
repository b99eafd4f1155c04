/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict: from the counters that the programs keep, so that a finding
 * whose record got lost still counts; from what was judged in user space; from
 * what was lost; and from what the user wants of each rule.
 */
#ifndef PGMAPTRACE_VERDICT_SUMMARY_H
#define PGMAPTRACE_VERDICT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict/finding.h"
#include "verdict/ledger.h"
#include "verdict/outstanding.h"
#include "verdict/policy.h"
#include "verdict/suppressions.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
};

const char *verdict_name(enum verdict v);

/* What there was of one rule; each finding counts once. */
struct rule_result {
	bool on;	     /* this kernel has its hooks, and it is not to be ignored */
	bool hidden;	     /* findings of it may be hidden by what was lost */
	bool fails;	     /* findings of it fail the run */
	uint64_t expected;   /* how many there must be */
	uint64_t found;	     /* if they fail the run */
	uint64_t warned;     /* if they do not */
	uint64_t suppressed; /* what a suppression leaves out */
	uint64_t unverified; /* what a missed event would explain */
};

/* What was requested and never freed, by how sure that is: folios, but for pgmaps. */
struct leaked {
	uint64_t definite; /* of pgmaps that are gone */
	uint64_t pgmaps;   /* whose reference count is not explained */
	uint64_t outstanding, preexisting, unverifiable;
};

struct summary {
	enum verdict verdict;
	struct rule_result rule[PGMT_NR_RULES];
	uint64_t findings, warnings, suppressed, unverified; /* of all rules */
	uint64_t outstanding;
	unsigned int unused; /* suppressions that no finding needed */
	struct leaked leaked;
	struct ledger ledger;
	const struct pgmt_counts *counts;
	const char *scope; /* whose doing; NULL: everyone's */
};

/* What a verdict is made from. */
struct evidence {
	struct session *session;
	const struct findings *findings;
	const struct outstanding *leaks;
	const struct own_findings *own;
	const struct policy *policy;
	const struct suppressions *suppressions;
	bool strict; /* one that was not needed fails the run */
};

/* The verdict of one rule; KTAP and JUnit have it as a test of its own. */
enum rule_verdict {
	RULE_PASSED,
	RULE_FAILED,
	RULE_UNSURE, /* a finding may be hidden, or one may be wrong */
	RULE_OFF,
	NR_RULE_VERDICTS,
};

enum rule_verdict summary_of_rule(const struct summary *sum, unsigned int rule);
/* In words, "2 findings"; "" if there is nothing to say. */
void summary_why(const struct summary *sum, unsigned int rule, char *buf, size_t size);

void summarise(const struct evidence *e, struct summary *sum);

#endif /* PGMAPTRACE_VERDICT_SUMMARY_H */
