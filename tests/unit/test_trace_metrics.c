// SPDX-License-Identifier: GPL-2.0-only
/* When metrics are written, and that a suppressed finding is never taken for another. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "command/trace_metrics.c"

static struct options options;
static struct tracing t;
static struct suppression suppression;
static struct finding_group group;
static struct pgmt_counts counts;
static double now;
static unsigned int written;
static uint64_t found, of_group; /* as they were written last */

uint64_t clock_now(void)
{
	return now * NS_PER_S;
}

double clock_seconds(void)
{
	return now;
}

void say_error(const char *format, ...)
{
	(void)format;
}

/* One of the suppressed group comes between any two reads. */
static void another(void)
{
	counts.rules[PGMT_RULE_DOUBLE_FREE] += group.suppression ? 1 : 0;
}

const struct pgmt_counts *session_counts(struct session *s)
{
	(void)s;
	another();
	return &counts;
}

void findings_count(struct findings *all, struct session *s)
{
	(void)s;
	another();
	if (all->groups && group.suppression)
		group.count.times = counts.rules[PGMT_RULE_DOUBLE_FREE];
}

void tracing_match_unseen(struct tracing *tracing, bool match)
{
	assert_true(tracing == &t);
	(void)match;
}

void summarise(const struct evidence *e, struct summary *sum)
{
	assert_non_null(e->counts);
	/* an unused suppression may be used yet */
	assert_false(e->strict);
	found = e->counts->rules[PGMT_RULE_DOUBLE_FREE];
	of_group = group.count.times;
	sum->counts = e->counts;
}

void outputs_metrics(struct outputs *o, const struct summary *sum, const struct stalls *stalls)
{
	assert_true(o == &t.out && stalls == &t.stalls && sum->counts);
	written++;
}

static int begin(void **state)
{
	(void)state;
	memset(&options, 0, sizeof(options));
	memset(&t, 0, sizeof(t));
	memset(&group, 0, sizeof(group));
	memset(&counts, 0, sizeof(counts));
	t.options = &options;
	options.output.metrics = "x.prom";
	now = 1000;
	written = 0;
	return 0;
}

/* How often it is written in so many seconds, asked every quarter of one. */
static unsigned int in(double seconds)
{
	unsigned int before = written;

	for (double end = now + seconds; now < end; now += 0.25)
		tracing_write_metrics(&t);
	return written - before;
}

static void every_ten_seconds(void **state)
{
	(void)state;
	assert_int_equal(in(0.25), 1);
	assert_int_equal(in(9.75), 0);
	assert_int_equal(in(0.25), 1);
	assert_int_equal(in(100), 10);
	options.output.metrics = NULL;
	assert_int_equal(in(100), 0);
}

static void soon_after_a_finding(void **state)
{
	(void)state;
	in(3);
	t.out.reports++;
	assert_int_equal(in(0.25), 1);
	/* not for each of many */
	t.out.reports++;
	assert_int_equal(in(0.75), 0);
	assert_int_equal(in(0.25), 1);
	assert_int_equal(in(9.75), 0);
	assert_int_equal(in(0.25), 1);
}

/* A finding is counted, and whether it is suppressed is not known before its record is read. */
static void waits_for_records(void **state)
{
	(void)state;
	in(1);
	group.count = (struct pgmt_group){.times = 1, .last = 1010 * NS_PER_S};
	t.findings.groups = &group;
	/* without suppressions there is nothing to wait for */
	now = 1010.5;
	assert_int_equal(in(0.25), 1);
	t.suppressions.first = &suppression;
	now = group.count.last / NS_PER_S + 10.75;
	group.count.last = now * NS_PER_S;
	assert_int_equal(in(0.75), 0);
	group.nr_examples = 1;
	assert_int_equal(in(0.25), 1);
	/* it may be lost */
	group.nr_examples = 0;
	now += 10;
	for (int i = 0; i < 8; i++) {
		group.count.last = now * NS_PER_S;
		assert_int_equal(in(0.25), 0);
	}
	group.count.last = now * NS_PER_S;
	assert_int_equal(in(0.5), 1);
	/* what was shown is not suppressed */
	group.shown = true;
	now += 10;
	group.count.last = now * NS_PER_S;
	assert_int_equal(in(0.25), 1);
}

static void no_finding_but_of_its_group(void **state)
{
	(void)state;
	group.suppression = &suppression;
	group.nr_examples = PGMT_EXAMPLES;
	t.findings.groups = &group;
	t.suppressions.first = &suppression;
	assert_int_equal(in(0.25), 1);
	assert_true(found && of_group >= found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_ten_seconds, begin),
		cmocka_unit_test_setup(soon_after_a_finding, begin),
		cmocka_unit_test_setup(waits_for_records, begin),
		cmocka_unit_test_setup(no_finding_but_of_its_group, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
