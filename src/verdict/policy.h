/* SPDX-License-Identifier: GPL-2.0-only */
/* What findings of each rule do: --fail-on, --warn-on, --ignore, --expect. */
#ifndef PGMAPTRACE_VERDICT_POLICY_H
#define PGMAPTRACE_VERDICT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/rules.h"

enum policy_effect {
	POLICY_DEFAULT, /* in struct policy only: the default of the rule */
	POLICY_FAIL,	/* the verdict is FAIL */
	POLICY_WARN,	/* reported, and counted apart */
	POLICY_IGNORE,	/* neither reported nor counted */
};

/* All zero: the default of each rule. */
struct policy {
	enum policy_effect effect[PGMT_NR_RULES]; /* of rules that were named */
	enum policy_effect rest;		  /* of all others */
	bool only;				  /* --fail-on was given: the rest warns */
	bool expects;				  /* --expect was given: the rest fails */
	bool numbered[PGMT_NR_RULES];
	uint64_t expected[PGMT_NR_RULES]; /* the exact number of findings */
};

/*
 * Add a list: names of rules, separated by commas, or "all", which is each rule that is
 * not named elsewhere.  Return: false if it is wrong, with @error saying why; @p may be
 * changed.
 */
bool policy_fail_on(struct policy *p, const char *list, char *error, size_t size);
bool policy_warn_on(struct policy *p, const char *list, char *error, size_t size);
bool policy_ignore(struct policy *p, const char *list, char *error, size_t size);
/* The same of "RULE=N[,RULE=N]...". */
bool policy_expect(struct policy *p, const char *list, char *error, size_t size);
/* Do all lists fit together?  @error: why not. */
bool policy_is_one(const struct policy *p, char *error, size_t size);

/* Never POLICY_DEFAULT. */
enum policy_effect policy_of(const struct policy *p, unsigned int rule);
/* "fail", "warn", "ignore" */
const char *policy_effect_name(enum policy_effect effect);
/* Bit (1 << enum pgmt_rule) of each that is ignored. */
uint32_t policy_ignored(const struct policy *p);

#endif /* PGMAPTRACE_VERDICT_POLICY_H */
