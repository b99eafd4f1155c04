/* SPDX-License-Identifier: GPL-2.0-only */
/* A session that is made up, as far as a verdict asks for it. */
#ifndef PGMAPTRACE_TESTS_MADE_SESSION_H
#define PGMAPTRACE_TESTS_MADE_SESSION_H

#include <string.h>

#include "verdict/ledger.h"

#define MADE_HOOKS   (LEDGER_MAX + 8)
#define BIT_OF(rule) (1u << PT_RULE_##rule)

struct pt_hook pt_hooks[MADE_HOOKS + 1];

static struct {
	struct pt_counts counts;
	struct pt_choice choice;
	uint64_t missed[MADE_HOOKS]; /* of pt_hooks[] */
	const char *switched_off;
} made;

const struct pt_counts *session_counts(struct session *s)
{
	(void)s;
	return &made.counts;
}

const struct pt_choice *session_choice(const struct session *s)
{
	(void)s;
	return &made.choice;
}

uint64_t session_missed(struct session *s, const struct pt_hook *h)
{
	(void)s;
	return made.missed[h - pt_hooks];
}

const char *session_switched_off(const struct session *s)
{
	(void)s;
	return made.switched_off;
}

const char *session_judged(const struct session *s)
{
	(void)s;
	return NULL;
}

/* One hook that all need, the return of one that some need. */
static void make_session(void)
{
	memset(&made, 0, sizeof(made));
	memset(pt_hooks, 0, sizeof(pt_hooks));
	pt_hooks[0] = (struct pt_hook){.function = "needed", .required = true};
	pt_hooks[1] = (struct pt_hook){.function = "of_some",
				       .exit = true,
				       .rules = BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE)};
}

/* @h could not be attached, or is not there: as hooks_without() has it. */
static void make_missing(struct pt_hook *h, int error)
{
	h->off = h->rules;
	h->error = error;
	made.choice.rules_off |= h->rules;
}

#endif /* PGMAPTRACE_TESTS_MADE_SESSION_H */
