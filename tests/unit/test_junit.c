// SPDX-License-Identifier: GPL-2.0-only
/* The JUnit file: one fault is one failure, and the counts are those of its test cases. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "verdict/finding.c"
#include "verdict/policy.c"
#include "model/rules.c"
#undef RULE /* another is there */
#include "verdict/ledger.c"
#include "verdict/summary.c"
#include "output/junit.c"
#include "made_session.h"

void session_groups(struct session *s, session_group_fn fn, void *arg)
{
	(void)s;
	(void)fn;
	(void)arg;
}

bool suppression_is_narrow(const struct suppression *s, bool one_pgmap)
{
	return s->device && !one_pgmap;
}

#define ALL_THAT_FAIL (PGMT_NR_RULES - 2) /* break-stall warns, and there is no rule 0 */

static struct own_findings own;
static struct policy policy;
static struct findings findings;
static struct outstanding leaks;
static struct suppression idle = {.rule = PGMT_RULE_LEAK};
static struct suppressions suppressions;
static char *text[PGMT_NR_RULES];
static char *file;

static int begin(void **state)
{
	(void)state;
	make_session();
	memset(&own, 0, sizeof(own));
	memset(text, 0, sizeof(text));
	suppressions.first = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(file);
	file = NULL;
	return 0;
}

static void write_file(const char *host)
{
	const struct evidence e = {
		.findings = &findings,
		.leaks = &leaks,
		.own = &own,
		.policy = &policy,
		.suppressions = &suppressions,
		.strict = suppressions.first,
	};
	/* date -u -d @1700000000 */
	const struct junit_run run = {
		.last = "the last line", .host = host, .began = 1700000000, .seconds = 2.5};
	struct summary sum;
	size_t size;
	FILE *to;

	summarise(&e, &sum);
	free(file);
	to = open_memstream(&file, &size);
	junit_write(to, &sum, text, &run);
	fclose(to);
}

static unsigned int times(const char *words)
{
	unsigned int n = 0;

	for (const char *at = file; (at = strstr(at, words)); at++)
		n++;
	return n;
}

static void has(const char *words)
{
	if (!strstr(file, words))
		fail_msg("no %s in %s", words, file);
}

/* The file has so many of each, and says so itself. */
static void counts(unsigned int failures, unsigned int errors, unsigned int skipped)
{
	char wanted[128];

	write_file("box");
	snprintf(wanted, sizeof(wanted),
		 "tests=\"%d\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", PGMT_NR_RULES,
		 failures, errors, skipped);
	has(wanted);
	assert_int_equal(times("<testcase "), PGMT_NR_RULES);
	assert_int_equal(times("<failure "), failures);
	assert_int_equal(times("<error "), errors);
	assert_int_equal(times("<skipped "), skipped);
}

static void passes(void **state)
{
	(void)state;
	counts(0, 0, 0);
	made.choice.rules_off = BIT_OF(RESET_BUSY);
	counts(0, 0, 1);
}

static void a_broken_rule(void **state)
{
	(void)state;
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 2;
	text[PGMT_RULE_DOUBLE_FREE] = "its report";
	counts(1, 0, 1);
	has("name=\"double-free\"><failure message=\"2 findings\" type=\"double-free\">its "
	    "report<");
	has("name=\"verdict\"><skipped message=\"FAIL by the rules above\"/>");
	made.counts.rules[PGMT_RULE_LEAK] = 1;
	counts(2, 0, 1);
}

/* A loss may hide any rule, and is one error. */
static void a_loss(void **state)
{
	(void)state;
	made.counts.lost[PGMT_LOSS_SECTION] = 1;
	counts(0, 1, ALL_THAT_FAIL);
	has("name=\"verdict\"><error message=\"INCONCLUSIVE\" type=\"inconclusive\">2 MiB "
	    "sections");
	/* it would explain a double free, whose report is kept */
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
	text[PGMT_RULE_DOUBLE_FREE] = "its report";
	counts(0, 1, ALL_THAT_FAIL);
	has("<skipped message=\"1 unverified, some may be hidden by losses\"/>"
	    "<system-out>its report</system-out>");
	/* and not this */
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 1;
	counts(1, 0, ALL_THAT_FAIL);
}

static void a_missing_hook(void **state)
{
	(void)state;
	make_missing(&pgmt_hooks[1], 0);
	counts(0, 1, 2);
	has("no hook at the return of of_some");
}

static void too_few_events(void **state)
{
	(void)state;
	own.required = 3;
	counts(0, 1, ALL_THAT_FAIL);
	has("saw 0 events, and --require-events is 3\n</error>");
}

static void unused_suppressions(void **state)
{
	(void)state;
	suppressions.first = &idle;
	counts(1, 0, 0);
	has("name=\"verdict\"><failure ");
	/* another fault */
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
	counts(2, 0, 0);
}

static void when_and_where(void **state)
{
	(void)state;
	write_file("a<b>\"c\"");
	has(" time=\"2.500\" timestamp=\"2023-11-14T22:13:20\" "
	    "hostname=\"a&lt;b&gt;&quot;c&quot;\">\n");
	has("<system-out>the last line</system-out>\n  </testsuite>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(passes, begin, end),
		cmocka_unit_test_setup_teardown(a_broken_rule, begin, end),
		cmocka_unit_test_setup_teardown(a_loss, begin, end),
		cmocka_unit_test_setup_teardown(a_missing_hook, begin, end),
		cmocka_unit_test_setup_teardown(too_few_events, begin, end),
		cmocka_unit_test_setup_teardown(unused_suppressions, begin, end),
		cmocka_unit_test_setup_teardown(when_and_where, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
