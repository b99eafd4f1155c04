// SPDX-License-Identifier: GPL-2.0-only
#include "command/tracing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/say.h"

void tracing_read_clock(struct tracing *t, double max_age)
{
	if (!t->options->output.timestamps ||
	    (t->clock_read && clock_seconds() - t->clock_read < max_age))
		return;
	t->clock_read = clock_seconds();
	if (clock_kernel_log_offset(&t->out.from.clock_offset))
		t->clock_known = true;
	else if (!t->clock_known && !t->clock_said) {
		t->clock_said = true;
		say("can't read the kernel log's clock from /dev/kmsg: times are those of "
		    "CLOCK_MONOTONIC");
	}
}

bool tracing_ignores(const struct tracing *t, enum pgmt_rule rule)
{
	return policy_of(&t->options->policy, rule) == POLICY_IGNORE;
}

/* Return: the suppression that silences it; NULL: none. */
static struct suppression *suppression_of(struct tracing *t, const struct pgmt_finding *f)
{
	struct report_subject *s = t->suppressions.first ? malloc(sizeof(*s)) : NULL;
	struct suppression *found;

	if (!s)
		return NULL;
	report_subject(&t->out.from, f, s);
	found = suppressions_match(&t->suppressions, &s->subject);
	free(s);
	return found;
}

bool tracing_is_suppressed(struct tracing *t, struct finding_group *g, const struct pgmt_finding *f)
{
	struct suppression *s;

	if (!g || g->shown)
		return false;
	/* one that matches by rule and site alone matches the whole group */
	if (g->suppression && !suppression_is_narrow(g->suppression, g->key.epoch))
		return true;
	s = suppression_of(t, f);
	if (s && (!g->suppression || s == g->suppression)) {
		g->suppression = s;
		return true;
	}
	return false;
}

void tracing_show(struct tracing *t, struct finding_group *g, const struct pgmt_finding *f,
		  const struct outstanding_group *groups, struct holders_found *holders)
{
	if (g)
		g->shown = true;
	tracing_read_clock(t, CLOCK_MAX_AGE);
	outputs_finding(&t->out, f, groups, holders);
}

void tracing_add_finding(struct tracing *t, const struct pgmt_finding *f, uint64_t own,
			 const struct outstanding_group *groups)
{
	unsigned int before = 0;
	struct finding_group *g = findings_add(&t->findings, f, own, &before);

	/* nothing to show if the group is shown already, or has all its examples */
	if (g && (g->shown || g->nr_examples == before || tracing_is_suppressed(t, g, f)))
		return;
	tracing_show(t, g, f, groups, NULL);
}

void tracing_add_own_finding(void *arg, const struct pgmt_finding *f)
{
	struct tracing *t = arg;

	t->own.rule[f->rule]++;
	tracing_add_finding(t, f, 1, NULL);
}

void tracing_match_unseen(struct tracing *t, bool match)
{
	for (struct finding_group *g = t->findings.groups; g; g = g->next) {
		struct pgmt_finding f = {.rule = g->key.rule, .site = g->key.site};

		if (!g->nr_examples)
			g->suppression = match ? suppression_of(t, &f) : NULL;
	}
}

void tracing_settle_suppressions(struct tracing *t)
{
	tracing_match_unseen(t, true);
	for (struct finding_group *g = t->findings.groups; g; g = g->next) {
		if (findings_suppressed(g))
			g->suppression->used += g->count.times;
		else if (g->nr_examples && !g->shown)
			/* some were only counted, and never matched: show one after all */
			tracing_show(t, g, &g->example[0], NULL, NULL);
	}
}
