// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool no_rule(const char *name, size_t len, char *error, size_t size)
{
	char why[PGMT_NO_RULE_LEN];

	snprintf(error, size, "%s", pgmt_no_rule(why, name, len));
	return false;
}

static bool two_effects(const char *name, char *error, size_t size)
{
	snprintf(error, size, "%s is in more than one of --fail-on, --warn-on and --ignore", name);
	return false;
}

/* Set the effect of all rules that are not named. */
static bool set_rest(struct policy *p, enum policy_effect effect, char *error, size_t size)
{
	if (p->rest && p->rest != effect)
		return two_effects("all", error, size);
	p->rest = effect;
	return true;
}

static bool set_rule(struct policy *p, const char *name, size_t len, enum policy_effect effect,
		     char *error, size_t size)
{
	unsigned int rule = pgmt_rule_by_name(name, len);

	if (!rule)
		return no_rule(name, len, error, size);
	if (p->effect[rule] && p->effect[rule] != effect)
		return two_effects(pgmt_rule_name(rule), error, size);
	p->effect[rule] = effect;
	return true;
}

static bool set_list(struct policy *p, const char *list, enum policy_effect effect, char *error,
		     size_t size)
{
	for (const char *name = list;; name++) {
		size_t len = strcspn(name, ",");
		bool good = len == 3 && !memcmp(name, "all", len)
				    ? set_rest(p, effect, error, size)
				    : set_rule(p, name, len, effect, error, size);

		if (!good)
			return false;
		name += len;
		if (!*name)
			return true;
	}
}

bool policy_fail_on(struct policy *p, const char *list, char *error, size_t size)
{
	p->only = true;
	return set_list(p, list, POLICY_FAIL, error, size);
}

bool policy_warn_on(struct policy *p, const char *list, char *error, size_t size)
{
	return set_list(p, list, POLICY_WARN, error, size);
}

bool policy_ignore(struct policy *p, const char *list, char *error, size_t size)
{
	return set_list(p, list, POLICY_IGNORE, error, size);
}

/* Return: what follows the number; NULL if there is none. */
static const char *parse_count(const char *text, uint64_t *count)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*count = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

bool policy_expect(struct policy *p, const char *list, char *error, size_t size)
{
	p->expects = true;
	for (const char *name = list;; name++) {
		size_t len = strcspn(name, "=,");
		unsigned int rule = pgmt_rule_by_name(name, len);
		const char *end;
		uint64_t count;

		if (!rule)
			return no_rule(name, len, error, size);
		end = name[len] == '=' ? parse_count(name + len + 1, &count) : NULL;
		if (!end || (*end && *end != ',')) {
			snprintf(error, size, "%s: give %s=N, the expected number of findings",
				 name, pgmt_rule_name(rule));
			return false;
		}
		if (p->numbered[rule] && p->expected[rule] != count) {
			snprintf(error, size, "%s has two different numbers", pgmt_rule_name(rule));
			return false;
		}
		p->numbered[rule] = true;
		p->expected[rule] = count;
		name = end;
		if (!*name)
			return true;
	}
}

bool policy_is_one(const struct policy *p, char *error, size_t size)
{
	if (p->expects && p->only) {
		snprintf(error, size,
			 "--expect and --fail-on can't be combined: with --expect, findings of "
			 "all other rules fail");
		return false;
	}
	for (unsigned int i = 1; i < PGMT_NR_RULES; i++) {
		if (!p->numbered[i] || policy_of(p, i) == POLICY_FAIL)
			continue;
		snprintf(error, size, "%s is in both --expect and --%s", pgmt_rule_name(i),
			 policy_of(p, i) == POLICY_WARN ? "warn-on" : "ignore");
		return false;
	}
	return true;
}

enum policy_effect policy_of(const struct policy *p, unsigned int rule)
{
	if (p->effect[rule])
		return p->effect[rule];
	/* an expected number makes even a warning count */
	if (p->numbered[rule])
		return POLICY_FAIL;
	if (p->rest)
		return p->rest;
	/* nothing else is expected */
	if (p->expects)
		return POLICY_FAIL;
	return p->only || pgmt_rule_is_warning(rule) ? POLICY_WARN : POLICY_FAIL;
}

const char *policy_effect_name(enum policy_effect effect)
{
	static const char *const names[] = {"default", "fail", "warn", "ignore"};

	return names[effect];
}

uint32_t policy_ignored(const struct policy *p)
{
	uint32_t rules = 0;

	for (unsigned int i = 1; i < PGMT_NR_RULES; i++)
		if (policy_of(p, i) == POLICY_IGNORE)
			rules |= 1u << i;
	return rules;
}
