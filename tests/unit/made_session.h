/* SPDX-License-Identifier: GPL-2.0-only */
/* A session that is made up, as far as a verdict asks for it. */
#ifndef PGMAPTRACE_TESTS_MADE_SESSION_H
#define PGMAPTRACE_TESTS_MADE_SESSION_H

#include <stdio.h>
#include <string.h>

#include "verdict/ledger.h"

#define MADE_HOOKS   (LEDGER_MAX + 8)
#define BIT_OF(rule) (1u << PGMT_RULE_##rule)

struct pgmt_hook pgmt_hooks[MADE_HOOKS + 1];

static struct {
	struct pgmt_counts counts;
	struct pgmt_choice choice;
	uint64_t missed[MADE_HOOKS]; /* of pgmt_hooks[] */
	const char *switched_off;
	const char *scope;
	uint64_t events;
} made;

const struct pgmt_counts *session_counts(struct session *s)
{
	(void)s;
	return &made.counts;
}

const struct pgmt_choice *session_choice(const struct session *s)
{
	(void)s;
	return &made.choice;
}

uint64_t session_missed(struct session *s, const struct pgmt_hook *h)
{
	(void)s;
	return made.missed[h - pgmt_hooks];
}

const char *session_switched_off(const struct session *s)
{
	(void)s;
	return made.switched_off;
}

const char *session_scope(const struct session *s)
{
	(void)s;
	return made.scope;
}

uint64_t session_events(struct session *s)
{
	(void)s;
	return made.events;
}

/* As hooks.c has it, but for what only a real kernel has. */
const char *hooks_absence(const struct pgmt_hook *h, char why[PGMT_WHY_LEN])
{
	snprintf(why, PGMT_WHY_LEN, "%s", h->error ? strerror(h->error) : "not in this kernel");
	return why;
}

/* One hook that all need, the return of one that some need. */
static void make_session(void)
{
	memset(&made, 0, sizeof(made));
	memset(pgmt_hooks, 0, sizeof(pgmt_hooks));
	pgmt_hooks[0] = (struct pgmt_hook){.function = "needed", .required = true};
	pgmt_hooks[1] = (struct pgmt_hook){.function = "of_some",
					   .exit = true,
					   .rules = BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE)};
}

/* @h could not be attached, or is not there: as hooks_without() has it. */
static void make_missing(struct pgmt_hook *h, int error)
{
	h->off = h->rules;
	h->error = error;
	made.choice.rules_off |= h->rules;
}

#endif /* PGMAPTRACE_TESTS_MADE_SESSION_H */
