/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to become of the findings of each rule: --fail-on, --warn-on, --ignore, --expect. */
#ifndef PGMAPTRACE_VERDICT_POLICY_H
#define PGMAPTRACE_VERDICT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/rules.h"

enum policy_effect {
	POLICY_DEFAULT, /* in struct policy only: as the rule has it */
	POLICY_FAIL,	/* it makes the verdict FAIL */
	POLICY_WARN,	/* it is told of, and counted apart */
	POLICY_IGNORE,	/* nothing is said or counted */
};

/* All zero: each rule as it is by itself. */
struct policy {
	enum policy_effect effect[PGMT_NR_RULES]; /* of rules that were named */
	enum policy_effect rest;		  /* of those that were not */
	bool only;				  /* rules to fail on were named: the rest warns */
	bool expects;				  /* numbers of findings: the rest fails */
	bool numbered[PGMT_NR_RULES];
	uint64_t expected[PGMT_NR_RULES]; /* exactly so many of them must there be */
};

/*
 * Take in a list: names of rules with commas between, or "all", which is what is not
 * named elsewhere.  @error: why not.  Return: false, and @p may be changed.
 */
bool policy_fail_on(struct policy *p, const char *list, char *error, size_t size);
bool policy_warn_on(struct policy *p, const char *list, char *error, size_t size);
bool policy_ignore(struct policy *p, const char *list, char *error, size_t size);
/* The same of "RULE=N[,RULE=N]...". */
bool policy_expect(struct policy *p, const char *list, char *error, size_t size);
/* Do all lists together make sense?  @error: why not. */
bool policy_is_one(const struct policy *p, char *error, size_t size);

/* Never POLICY_DEFAULT. */
enum policy_effect policy_of(const struct policy *p, unsigned int rule);
/* "fail", "warn", "ignore" */
const char *policy_effect_name(enum policy_effect effect);
/* Bit (1 << enum pgmt_rule) of each that is ignored. */
uint32_t policy_ignored(const struct policy *p);

#endif /* PGMAPTRACE_VERDICT_POLICY_H */
