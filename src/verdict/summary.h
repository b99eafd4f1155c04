/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict: made from the counters of the programs, so that a finding counts even
 * if its record was lost; from the findings of user space; from what was lost; and
 * from the policy.
 */
#ifndef PGMAPTRACE_VERDICT_SUMMARY_H
#define PGMAPTRACE_VERDICT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
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

/* The findings of one rule; each counts once. */
struct rule_result {
	bool on;	     /* this kernel has its hooks, and it is not ignored */
	bool hidden;	     /* losses may hide findings of it */
	bool fails;	     /* findings of it fail the run */
	uint64_t expected;   /* --expect */
	uint64_t found;	     /* that fail the run */
	uint64_t warned;     /* that only warn */
	uint64_t suppressed; /* by a suppression */
	uint64_t unverified; /* that a missed event would explain */
};

/* Folios that were requested and never freed, by how sure that is. */
struct leaked {
	uint64_t definite; /* of pgmaps that are torn down */
	uint64_t pgmaps;   /* not folios: with a reference count that folios do not explain */
	uint64_t outstanding, preexisting, unverifiable;
};

struct summary {
	enum verdict verdict;
	struct rule_result rule[PGMT_NR_RULES];
	uint64_t findings, warnings, suppressed, unverified; /* of all rules */
	uint64_t outstanding;
	uint64_t events, required; /* seen, in scope; --require-events, 0: not given */
	unsigned int unused;	   /* suppressions that matched no finding */
	bool unused_fails;	   /* and that fails the run */
	struct leaked leaked;
	struct ledger ledger;
	const struct pgmt_counts *counts;
	const char *scope; /* what was in scope; NULL: everything */
	struct command_result ran;
};

/* What a verdict is made from. */
struct evidence {
	struct session *session;
	const struct findings *findings;
	const struct outstanding *leaks;
	const struct own_findings *own;
	const struct policy *policy;
	const struct suppressions *suppressions;
	bool strict; /* an unused suppression fails the run */
	struct command_result ran;
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
