// SPDX-License-Identifier: GPL-2.0-only
#include "command/tracing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/say.h"

/* seconds; docs/fleet.md has the first two */
#define EVERY	 10
#define AT_MOST	 1 /* so often, if there are findings */
#define PATIENCE 2 /* for records that are under way */

/*
 * The programs count a finding before they send its record.  Until that is read nobody knows
 * whether a suppression silences it, and it must not be taken for one that none does.
 */
static bool records_come(const struct tracing *t)
{
	for (const struct finding_group *g = t->findings.groups; g; g = g->next)
		if (!g->shown && g->nr_examples < PGMT_EXAMPLES &&
		    g->nr_examples < g->count.times && clock_now() - g->count.last < NS_PER_S)
			return true;
	return false;
}

static bool is_due(struct tracing *t, double now)
{
	if (t->out.reports != t->metrics_reports && t->metrics_due > t->metrics_written + AT_MOST)
		t->metrics_due = t->metrics_written + AT_MOST;
	if (now < t->metrics_due)
		return false;
	findings_count(&t->findings, t->session);
	return !t->suppressions.first || !records_come(t) || now > t->metrics_due + PATIENCE;
}

/*
 * What the verdict would be now.
 * @counts: read before the groups are, and kept: a suppressed finding must be counted in its
 *	group if it is here
 */
static void judge_so_far(struct tracing *t, struct pgmt_counts *counts, struct summary *sum)
{
	struct evidence evidence = tracing_evidence(t);

	evidence.counts = counts;
	*counts = *session_counts(t->session);
	findings_count(&t->findings, t->session);
	tracing_match_unseen(t, true);
	summarise(&evidence, sum);
	tracing_match_unseen(t, false);
}

void tracing_write_metrics(struct tracing *t)
{
	double now = clock_seconds();
	struct pgmt_counts counts;
	struct summary *sum;

	if (!t->options->output.metrics || !is_due(t, now))
		return;
	t->metrics_reports = t->out.reports;
	t->metrics_written = now;
	t->metrics_due = now + EVERY;
	sum = calloc(1, sizeof(*sum));
	if (!sum) {
		say_error("out of memory");
		return;
	}
	judge_so_far(t, &counts, sum);
	outputs_metrics(&t->out, sum, &t->stalls);
	free(sum);
}
