// SPDX-License-Identifier: GPL-2.0-only
/* What was lost, how it is named, and which rules it touches. */
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "verdict/ledger.c"
#include "made_session.h"

#define LEAKS  (BIT_OF(LEAK) | BIT_OF(PAGES_UNBALANCED))
#define STALLS (BIT_OF(TEARDOWN_STALL) | BIT_OF(BREAK_STALL))

static struct own_findings own;
static struct ledger ledger;

static int begin(void **state)
{
	(void)state;
	make_session();
	memset(&own, 0, sizeof(own));
	return 0;
}

/* There is one loss, and it is this; @words: of its text. */
static void is_one(const char *name, const char *words, uint64_t times, uint32_t touches,
		   uint32_t breaks)
{
	ledger_make(NULL, &own, &ledger);
	assert_int_equal(ledger.nr, 1);
	assert_string_equal(ledger.loss[0].name, name);
	assert_non_null(strstr(ledger.loss[0].text, words));
	assert_int_equal(ledger.loss[0].times, times);
	assert_int_equal(ledger.loss[0].touches, touches);
	assert_int_equal(ledger.loss[0].breaks, breaks);
	assert_int_equal(ledger.lost, times);
	assert_int_equal(ledger.touches, touches);
	assert_int_equal(ledger.breaks, breaks);
}

static void nothing(void **state)
{
	(void)state;
	ledger_make(NULL, &own, &ledger);
	assert_int_equal(ledger.nr, 0);
	assert_int_equal(ledger.lost, 0);
	assert_int_equal(ledger.touches | ledger.breaks | ledger.off, 0);
}

static void every_rule_is_one_of_all(void **state)
{
	(void)state;
	for (int i = 1; i < PGMT_NR_RULES; i++)
		assert_true(PGMT_ALL_RULES & (1u << i));
	assert_false(PGMT_ALL_RULES & (1u << PGMT_RULE_NONE));
	assert_int_equal(PGMT_ALL_RULES >> PGMT_NR_RULES, 0);
}

static void what_the_programs_count(void **state)
{
	static const struct {
		enum pgmt_loss loss;
		const char *name, *words;
		bool state;
	} losses[] = {
		{PGMT_LOSS_FINDING, "records", "ring buffer full", false},
		{PGMT_LOSS_GROUP, "groups", "counted by rule only", false},
		{PGMT_LOSS_EVENT, "events", "not shown", false},
		{PGMT_LOSS_STACK, "stacks", "not kept", false},
		{PGMT_LOSS_UNWIND, "unwinder", "not taken", false},
		{PGMT_LOSS_GONE, "gone", "by site", false},
		{PGMT_LOSS_TASK, "tasks", "names not kept", false},
		{PGMT_LOSS_HISTORY, "histories", "not kept", false},
		{PGMT_LOSS_SECTION, "sections", "not tracked", true},
		{PGMT_LOSS_CONTENDED, "contended", "given up", true},
		{PGMT_LOSS_PGMAP, "pgmaps", "not wholly tracked", true},
		{PGMT_LOSS_ENTRY, "entries", "not understood", true},
		{PGMT_LOSS_CALL, "calls", "not seen", true},
		{PGMT_LOSS_SCAN, "scan", "unreadable", true},
		{PGMT_LOSS_SCRATCH, "scratch", "no scratch slot", true},
	};

	(void)state;
	assert_int_equal(sizeof(losses) / sizeof(losses[0]), PGMT_NR_LOSSES);
	for (int i = 0; i < PGMT_NR_LOSSES; i++) {
		uint32_t rules = losses[i].state ? PGMT_ALL_RULES : 0;

		make_session();
		made.counts.lost[losses[i].loss] = 3;
		is_one(losses[i].name, losses[i].words, 3, rules, rules);
	}
}

static void missed_events(void **state)
{
	const uint32_t some = BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE);

	(void)state;
	made.missed[0] = 7;
	is_one("missed-needed", "at the entry of needed", 7, PGMT_ALL_RULES, PGMT_ALL_RULES);
	make_session();
	made.missed[1] = 2;
	is_one("missed-of_some-return", "at the return of of_some", 2, some, some);
}

static void uncounted_events(void **state)
{
	const uint32_t some = BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE);

	(void)state;
	pgmt_hooks[1].uncounted = true;
	is_one("uncounted-of_some-return", "does not count missed events at the return of of_some",
	       0, some, some);
	pgmt_hooks[1].uncounted = false;
}

static void missing_hooks(void **state)
{
	const uint32_t some = BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE);

	(void)state;
	make_missing(&pgmt_hooks[1], 0);
	is_one("no-hook-of_some-return", "no hook at the return of of_some (not in this kernel)", 0,
	       some, 0);
	assert_int_equal(ledger.off, some);
	make_session();
	make_missing(&pgmt_hooks[1], E2BIG);
	is_one("no-hook-of_some-return", strerror(E2BIG), 0, some, 0);
}

static void the_rest(void **state)
{
	(void)state;
	made.switched_off = "a switch";
	is_one("switched-off", "while a switch was 0", 0, PGMT_ALL_RULES, PGMT_ALL_RULES);
	made.switched_off = NULL;
	own = (struct own_findings){.ageless = 5};
	is_one("ageless", "of unknown age", 5, LEAKS, 0);
	own = (struct own_findings){.interrupted = true};
	is_one("interrupted", "before tracing was complete", 0, PGMT_ALL_RULES, 0);
	own = (struct own_findings){.cut_short = true};
	is_one("cut-short", "before all outstanding folios were judged", 0, LEAKS, 0);
	own = (struct own_findings){.unsettled = true};
	is_one("unsettled", "references of a pgmap", 0, BIT_OF(REF_IMBALANCE), 0);
	own = (struct own_findings){.blind = true};
	is_one("blind", "search for waiting tasks", 0, STALLS, 0);
}

/* Nobody asks for events: then few are no loss, and neither is what matched nothing. */
static void unseen(void **state)
{
	(void)state;
	own.required = 4;
	made.events = 3;
	is_one("few-events", "saw 3 events, and --require-events is 4", 0, PGMT_ALL_RULES, 0);
	assert_true(ledger.unmet);
	made.scope = "pid:7";
	is_one("few-events", "saw 3 events in scope, ", 0, PGMT_ALL_RULES, 0);
	made.events = 4;
	nothing(NULL);
	assert_false(ledger.unmet);
	snprintf(own.unmatched_watch, UNMATCHED_LEN, "--pgmap dax7.0 matched no pgmap");
	is_one("unmatched-pgmap", own.unmatched_watch, 0, PGMT_ALL_RULES, 0);
	assert_true(ledger.unmet);
	own.required = 0;
	is_one("unmatched-pgmap", own.unmatched_watch, 0, 0, 0);
	assert_false(ledger.unmet);
	own.unmatched_watch[0] = '\0';
	snprintf(own.unmatched_scope, UNMATCHED_LEN, "--pid 7 matched no event");
	is_one("unmatched-pid", own.unmatched_scope, 0, 0, 0);
	/* before all is traced nothing can be seen, and that is said */
	own.interrupted = true;
	own.required = 4;
	made.events = 0;
	is_one("interrupted", "before tracing was complete", 0, PGMT_ALL_RULES, 0);
}

static void all_add_up(void **state)
{
	(void)state;
	made.counts.lost[PGMT_LOSS_STACK] = 10;
	made.missed[1] = 4;
	own.ageless = 2;
	own.blind = true;
	ledger_make(NULL, &own, &ledger);
	assert_int_equal(ledger.nr, 4);
	assert_int_equal(ledger.lost, 16);
	assert_int_equal(ledger.touches,
			 BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE) | LEAKS | STALLS);
	assert_int_equal(ledger.breaks, BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE));
}

/* What is not listed any more counts all the same. */
static void too_many_to_list(void **state)
{
	(void)state;
	for (int i = 0; i < MADE_HOOKS; i++) {
		pgmt_hooks[i] = (struct pgmt_hook){.function = "f"};
		made.missed[i] = 1;
	}
	pgmt_hooks[MADE_HOOKS - 1].rules = BIT_OF(DOUBLE_FREE);
	own.interrupted = true;
	ledger_make(NULL, &own, &ledger);
	assert_int_equal(ledger.nr, LEDGER_MAX);
	assert_int_equal(ledger.lost, MADE_HOOKS);
	assert_int_equal(ledger.touches, PGMT_ALL_RULES);
	assert_int_equal(ledger.breaks, BIT_OF(DOUBLE_FREE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing, begin),
		cmocka_unit_test_setup(every_rule_is_one_of_all, begin),
		cmocka_unit_test_setup(what_the_programs_count, begin),
		cmocka_unit_test_setup(missed_events, begin),
		cmocka_unit_test_setup(uncounted_events, begin),
		cmocka_unit_test_setup(missing_hooks, begin),
		cmocka_unit_test_setup(the_rest, begin),
		cmocka_unit_test_setup(unseen, begin),
		cmocka_unit_test_setup(all_add_up, begin),
		cmocka_unit_test_setup(too_many_to_list, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
