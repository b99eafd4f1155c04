// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/summary.h"

#include <stdio.h>
#include <string.h>

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {"PASS", "FAIL", "INCONCLUSIVE"};

	return names[v];
}

/* Does the rule compare an event with an earlier one?  A missed event seems to break it. */
static bool pairs_events(unsigned int rule)
{
	switch (rule) {
	case PGMT_RULE_DOUBLE_REQUEST:
	case PGMT_RULE_ORDER_MISMATCH:
	case PGMT_RULE_PARTIAL_REQUEST:
	case PGMT_RULE_RELEASE_UNREQUESTED:
	case PGMT_RULE_FREE_UNREQUESTED:
	case PGMT_RULE_DOUBLE_FREE:
	case PGMT_RULE_PAGES_UNBALANCED:
	case PGMT_RULE_MAP_UNREQUESTED:
	case PGMT_RULE_FLOW_ORDER:
	case PGMT_RULE_REF_IMBALANCE:
	case PGMT_RULE_ASSOCIATION_CONFLICT:
	case PGMT_RULE_LEAK:
		return true;
	}
	return false;
}

/* How many findings of @rule are suppressed. */
static uint64_t suppressed(const struct evidence *e, unsigned int rule)
{
	uint64_t n = 0;

	for (const struct finding_group *g = e->findings->groups; g; g = g->next)
		if (g->key.rule == rule && findings_suppressed(g))
			n += g->count.times;
	return n;
}

/* @n: its findings */
static void judge_rule(const struct evidence *e, unsigned int rule, uint64_t n,
		       const struct ledger *l, struct rule_result *r)
{
	enum policy_effect effect = policy_of(e->policy, rule);
	uint32_t bit = 1u << rule;

	if (effect == POLICY_IGNORE)
		return;
	r->on = !(session_choice(e->session)->rules_off & bit);
	/* a rule that this kernel can't have hides nothing */
	r->hidden = l->touches & bit && (r->on || l->off & bit);
	r->fails = effect == POLICY_FAIL;
	r->expected = e->policy->expected[rule];
	r->suppressed = suppressed(e, rule);
	n -= r->suppressed < n ? r->suppressed : n;
	if (effect == POLICY_WARN)
		r->warned = n;
	else if (l->breaks & bit && pairs_events(rule))
		r->unverified = n;
	else
		r->found = n;
}

static void add_leaked(const struct evidence *e, const struct pgmt_counts *c, uint32_t breaks,
		       struct leaked *leaked)
{
	bool unsure = breaks & (1u << PGMT_RULE_LEAK);

	for (const struct outstanding_group *g = e->leaks->groups; g; g = g->next)
		*(unsure	 ? &leaked->unverifiable
		  : g->torn_down ? &leaked->definite
				 : &leaked->outstanding) += g->folios;
	leaked->unverifiable += e->own->ageless;
	leaked->pgmaps = e->own->rule[PGMT_RULE_REF_IMBALANCE];
	if (c->preexisting > c->preexisting_frees)
		leaked->preexisting = c->preexisting - c->preexisting_frees;
}

static unsigned int unused(const struct suppressions *all)
{
	unsigned int n = 0;

	for (const struct suppression *s = all->first; s; s = s->next)
		n += !s->used;
	return n;
}

enum rule_verdict summary_of_rule(const struct summary *sum, unsigned int rule)
{
	const struct rule_result *r = &sum->rule[rule];

	if (r->found > r->expected || (r->found < r->expected && !r->hidden))
		return RULE_FAILED;
	if (r->fails && (r->hidden || r->unverified))
		return RULE_UNSURE;
	return r->on ? RULE_PASSED : RULE_OFF;
}

void summary_why(const struct summary *sum, unsigned int rule, char *buf, size_t size)
{
	const struct rule_result *r = &sum->rule[rule];
	const char *before = "";
	size_t n = 0;

	buf[0] = '\0';
	const struct {
		uint64_t number;
		const char *what;
	} parts[] = {
		{r->found, r->found == 1 ? "finding" : "findings"},
		{r->expected, "expected"},
		{r->warned, r->warned == 1 ? "warning" : "warnings"},
		{r->suppressed, "suppressed"},
		{r->unverified, "unverified"},
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && n < size; i++) {
		if (!parts[i].number)
			continue;
		n += snprintf(buf + n, size - n, "%s%llu %s", before,
			      (unsigned long long)parts[i].number, parts[i].what);
		before = ", ";
	}
	if (r->hidden && r->fails && n < size)
		n += snprintf(buf + n, size - n, "%ssome may be hidden by losses", before);
	else if (!r->on && n < size)
		snprintf(buf + n, size - n, "%soff", before);
}

static bool any_rule(const struct summary *sum, enum rule_verdict v)
{
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (summary_of_rule(sum, i) == v)
			return true;
	return false;
}

void summarise(const struct evidence *e, struct summary *sum)
{
	const struct pgmt_counts *c = session_counts(e->session);

	memset(sum, 0, sizeof(*sum));
	sum->counts = c;
	sum->scope = session_scope(e->session);
	ledger_make(e->session, e->own, &sum->ledger);
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		struct rule_result *r = &sum->rule[i];

		judge_rule(e, i, c->rules[i] + e->own->rule[i], &sum->ledger, r);
		sum->findings += r->found;
		sum->warnings += r->warned;
		sum->suppressed += r->suppressed;
		sum->unverified += r->unverified;
	}
	add_leaked(e, c, sum->ledger.breaks, &sum->leaked);
	sum->outstanding = c->requests > c->frees ? c->requests - c->frees : 0;
	sum->events = session_events(e->session);
	sum->required = e->own->required;
	sum->ran = e->ran;
	sum->unused = unused(e->suppressions);
	sum->unused_fails = e->strict && sum->unused;
	if (any_rule(sum, RULE_FAILED) || sum->unused_fails)
		sum->verdict = VERDICT_FAIL;
	else if (any_rule(sum, RULE_UNSURE) || sum->ledger.unmet)
		sum->verdict = VERDICT_INCONCLUSIVE;
	else
		sum->verdict = VERDICT_PASS;
}
