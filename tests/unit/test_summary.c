// SPDX-License-Identifier: GPL-2.0-only
/* The verdict: of each loss, with and without findings, as the user wants each rule. */
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

static struct own_findings own;
static struct policy policy;
static struct findings findings;
static struct outstanding leaks;
static struct suppressions suppressions;
static bool strict;
static struct summary sum;

static int begin(void **state)
{
	(void)state;
	make_session();
	memset(&own, 0, sizeof(own));
	memset(&policy, 0, sizeof(policy));
	memset(&findings, 0, sizeof(findings));
	memset(&leaks, 0, sizeof(leaks));
	memset(&suppressions, 0, sizeof(suppressions));
	strict = false;
	return 0;
}

static void judge(void)
{
	struct evidence e = {
		.findings = &findings,
		.leaks = &leaks,
		.own = &own,
		.policy = &policy,
		.suppressions = &suppressions,
		.strict = strict,
	};

	summarise(&e, &sum);
}

#define IS(what)                                                                                   \
	do {                                                                                       \
		judge();                                                                           \
		assert_string_equal(verdict_name(sum.verdict), #what);                             \
	} while (0)

static void expect(const char *list)
{
	char error[256];

	assert_true(policy_expect(&policy, list, error, sizeof(error)));
}

/* ---- each loss */

static void lose_section(void)
{
	made.counts.lost[PGMT_LOSS_SECTION] = 1;
}

static void lose_step(void)
{
	made.counts.lost[PGMT_LOSS_CONTENDED] = 1;
}

static void lose_pgmap(void)
{
	made.counts.lost[PGMT_LOSS_PGMAP] = 1;
}

static void lose_entry(void)
{
	made.counts.lost[PGMT_LOSS_ENTRY] = 1;
}

static void lose_call(void)
{
	made.counts.lost[PGMT_LOSS_CALL] = 1;
}

static void lose_page(void)
{
	made.counts.lost[PGMT_LOSS_SCAN] = 1;
}

static void lose_folio(void)
{
	made.counts.lost[PGMT_LOSS_SCRATCH] = 1;
}

static void miss_events(void)
{
	made.missed[0] = 1;
}

static void miss_events_of_some(void)
{
	made.missed[1] = 1;
}

static void miss_a_hook(void)
{
	make_missing(&pgmt_hooks[1], 0);
}

static void switch_off(void)
{
	made.switched_off = "a switch";
}

static void lose_ages(void)
{
	own.ageless = 1;
}

static void interrupt(void)
{
	own.interrupted = true;
}

static void cut_short(void)
{
	own.cut_short = true;
}

static void unsettled(void)
{
	own.unsettled = true;
}

static void blind(void)
{
	own.blind = true;
}

#define SOME  (BIT_OF(FLOW_ORDER) | BIT_OF(TEARDOWN_LIVE))
#define LEAKS (BIT_OF(LEAK) | BIT_OF(PAGES_UNBALANCED))

static const struct {
	void (*lose)(void);
	uint32_t hides; /* of rules that are on, or are off for it */
	bool breaks;	/* findings that pair events may be wrong */
} losses[] = {
	{lose_section, PGMT_ALL_RULES, true},
	{lose_step, PGMT_ALL_RULES, true},
	{lose_pgmap, PGMT_ALL_RULES, true},
	{lose_entry, PGMT_ALL_RULES, true},
	{lose_call, PGMT_ALL_RULES, true},
	{lose_page, PGMT_ALL_RULES, true},
	{lose_folio, PGMT_ALL_RULES, true},
	{miss_events, PGMT_ALL_RULES, true},
	{switch_off, PGMT_ALL_RULES, true},
	{miss_events_of_some, SOME, false},
	{miss_a_hook, SOME, false},
	{lose_ages, LEAKS, false},
	{interrupt, PGMT_ALL_RULES, false},
	{cut_short, LEAKS, false},
	{unsettled, BIT_OF(REF_IMBALANCE), false},
	{blind, BIT_OF(TEARDOWN_STALL) | BIT_OF(BREAK_STALL), false},
};

#define NR_LOSSES (sizeof(losses) / sizeof(losses[0]))

static void set_effect(uint32_t rules, enum policy_effect effect)
{
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (rules & (1u << i))
			policy.effect[i] = effect;
}

static void nothing_lost(void **state)
{
	(void)state;
	IS(PASS);
	assert_int_equal(sum.findings | sum.warnings | sum.unverified | sum.ledger.lost, 0);
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 2;
	IS(FAIL);
	assert_int_equal(sum.findings, 2);
}

static void only_detail_lost(void **state)
{
	static const enum pgmt_loss details[] = {
		PGMT_LOSS_FINDING, PGMT_LOSS_GROUP, PGMT_LOSS_EVENT, PGMT_LOSS_STACK,
		PGMT_LOSS_UNWIND,  PGMT_LOSS_GONE,  PGMT_LOSS_TASK,  PGMT_LOSS_HISTORY,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		begin(NULL);
		made.counts.lost[details[i]] = 4;
		IS(PASS);
		assert_int_equal(sum.ledger.lost, 4);
		/* and a finding counts, one that pairs events too */
		made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
		IS(FAIL);
		assert_int_equal(sum.findings, 1);
		assert_int_equal(sum.unverified, 0);
	}
}

static void loss_is_no_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_LOSSES; i++) {
		begin(NULL);
		losses[i].lose();
		IS(INCONCLUSIVE);
		for (int rule = 1; rule < PGMT_NR_RULES; rule++)
			assert_int_equal(sum.rule[rule].hidden, losses[i].hides >> rule & 1);
		/* those that it does not touch */
		for (int rule = 1; rule < PGMT_NR_RULES; rule++)
			if (!(losses[i].hides >> rule & 1))
				assert_int_equal(summary_of_rule(&sum, rule), RULE_PASSED);
	}
}

static void loss_that_nobody_minds(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_LOSSES; i++) {
		for (int effect = POLICY_WARN; effect <= POLICY_IGNORE; effect++) {
			begin(NULL);
			losses[i].lose();
			set_effect(losses[i].hides, effect);
			IS(PASS);
			/* all but one rule */
			for (int rule = 1; rule < PGMT_NR_RULES; rule++) {
				if (!(losses[i].hides >> rule & 1))
					continue;
				policy.effect[rule] = POLICY_FAIL;
				IS(INCONCLUSIVE);
				policy.effect[rule] = effect;
			}
		}
	}
}

/* A finding counts, whatever was lost, unless what was lost would explain it. */
static void loss_and_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_LOSSES; i++) {
		begin(NULL);
		losses[i].lose();
		made.counts.rules[PGMT_RULE_FREE_REFERENCED] = 3;
		IS(FAIL);
		assert_int_equal(sum.findings, 3);
		assert_int_equal(sum.unverified, 0);

		made.counts.rules[PGMT_RULE_FREE_REFERENCED] = 0;
		made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 3;
		judge();
		assert_int_equal(sum.verdict,
				 losses[i].breaks ? VERDICT_INCONCLUSIVE : VERDICT_FAIL);
		assert_int_equal(sum.findings, losses[i].breaks ? 0 : 3);
		assert_int_equal(sum.unverified, losses[i].breaks ? 3 : 0);
	}
}

static void findings_made_in_user_space(void **state)
{
	(void)state;
	made.counts.rules[PGMT_RULE_LEAK] = 1;
	own.rule[PGMT_RULE_LEAK] = 2;
	IS(FAIL);
	assert_int_equal(sum.rule[PGMT_RULE_LEAK].found, 3);
	/* how many there are is not known, that there are is */
	own.cut_short = true;
	IS(FAIL);
	assert_true(sum.rule[PGMT_RULE_LEAK].hidden);
}

/* ---- rules that are off */

static void no_room_for_a_rule(void **state)
{
	(void)state;
	made.choice.rules_off = BIT_OF(TEARDOWN_STALL) | BIT_OF(BREAK_STALL);
	own.blind = true;
	IS(PASS);
	assert_int_equal(summary_of_rule(&sum, PGMT_RULE_BREAK_STALL), RULE_OFF);
}

static void a_missing_hook_is_no_room(void **state)
{
	(void)state;
	miss_a_hook();
	IS(INCONCLUSIVE);
	assert_false(sum.rule[PGMT_RULE_FLOW_ORDER].on);
	assert_int_equal(summary_of_rule(&sum, PGMT_RULE_FLOW_ORDER), RULE_UNSURE);
	policy.effect[PGMT_RULE_FLOW_ORDER] = policy.effect[PGMT_RULE_TEARDOWN_LIVE] =
		POLICY_IGNORE;
	IS(PASS);
	assert_int_equal(summary_of_rule(&sum, PGMT_RULE_FLOW_ORDER), RULE_OFF);
}

/* ---- numbers that are expected */

static void expected(void **state)
{
	(void)state;
	expect("teardown-live=2");
	IS(FAIL);
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 1;
	IS(FAIL);
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 2;
	IS(PASS);
	assert_int_equal(sum.findings, 2);
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 3;
	IS(FAIL);
	/* none of others */
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 2;
	made.counts.rules[PGMT_RULE_RESET_BUSY] = 1;
	IS(FAIL);
}

static void expected_and_lost(void **state)
{
	(void)state;
	expect("teardown-live=2");
	made.counts.lost[PGMT_LOSS_SECTION] = 1;
	/* the rest may be hidden */
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 1;
	IS(INCONCLUSIVE);
	/* as may be a third */
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 2;
	IS(INCONCLUSIVE);
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 3;
	IS(FAIL);
	/* what is lost has to do with it */
	made.counts.rules[PGMT_RULE_TEARDOWN_LIVE] = 1;
	made.counts.lost[PGMT_LOSS_SECTION] = 0;
	own.ageless = 1;
	IS(FAIL);
}

static void expected_and_unverified(void **state)
{
	(void)state;
	expect("double-free=1");
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
	IS(PASS);
	made.missed[0] = 1;
	IS(INCONCLUSIVE);
	assert_int_equal(sum.unverified, 1);
}

/* ---- suppressions */

static struct suppression known = {.rule = PGMT_RULE_DOUBLE_FREE, .used = 1};
static struct finding_group group;

static void suppress(unsigned int rule, uint64_t times)
{
	group = (struct finding_group){
		.key.rule = rule, .count.times = times, .suppression = &known, .nr_examples = 1};
	findings.groups = &group;
	suppressions.first = &known;
	made.counts.rules[rule] += times;
}

static void suppressed_findings(void **state)
{
	(void)state;
	suppress(PGMT_RULE_DOUBLE_FREE, 2);
	IS(PASS);
	assert_int_equal(sum.suppressed, 2);
	/* one more, which it does not match */
	made.counts.rules[PGMT_RULE_DOUBLE_FREE]++;
	IS(FAIL);
	assert_int_equal(sum.findings, 1);
	assert_int_equal(sum.suppressed, 2);
}

static void suppressed_and_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_LOSSES; i++) {
		begin(NULL);
		losses[i].lose();
		suppress(PGMT_RULE_FREE_REFERENCED, 2);
		IS(INCONCLUSIVE);
		assert_int_equal(sum.suppressed, 2);
	}
	/* groups that were not kept can't be left out */
	begin(NULL);
	suppress(PGMT_RULE_FREE_REFERENCED, 2);
	made.counts.rules[PGMT_RULE_FREE_REFERENCED] += 5;
	made.counts.lost[PGMT_LOSS_GROUP] = 5;
	IS(FAIL);
	assert_int_equal(sum.findings, 5);
}

static void strict_suppressions(void **state)
{
	struct suppression idle = {.rule = PGMT_RULE_LEAK};

	(void)state;
	suppressions.first = &idle;
	IS(PASS);
	assert_int_equal(sum.unused, 1);
	strict = true;
	IS(FAIL);
	/* what was lost is no excuse: what needs it was not seen */
	own.interrupted = true;
	IS(FAIL);
	idle.used = 1;
	IS(INCONCLUSIVE);
}

/* ---- events that are required */

static void required(void **state)
{
	(void)state;
	own.required = 10;
	made.events = 9;
	IS(INCONCLUSIVE);
	assert_int_equal(sum.events, 9);
	/* a finding is one, however few events there were */
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
	IS(FAIL);
	assert_int_equal(sum.findings, 1);
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 0;
	made.events = 10;
	IS(PASS);
	made.events = 0;
	/* also where no rule can fail the run */
	set_effect(PGMT_ALL_RULES, POLICY_WARN);
	IS(INCONCLUSIVE);
	own.required = 0;
	IS(PASS);
}

/* What is expected may come among the events that are missing. */
static void required_and_expected(void **state)
{
	(void)state;
	expect("teardown-live=1");
	own.required = 1;
	IS(INCONCLUSIVE);
	made.events = 1;
	IS(FAIL);
}

/* ---- in words */

static void is_said(unsigned int rule, const char *words)
{
	char why[256];

	judge();
	summary_why(&sum, rule, why, sizeof(why));
	assert_string_equal(why, words);
}

static void why(void **state)
{
	(void)state;
	is_said(PGMT_RULE_DOUBLE_FREE, "");
	made.counts.rules[PGMT_RULE_DOUBLE_FREE] = 1;
	is_said(PGMT_RULE_DOUBLE_FREE, "1 finding");
	made.counts.lost[PGMT_LOSS_SECTION] = 1;
	is_said(PGMT_RULE_DOUBLE_FREE, "1 unverified, some may be hidden by losses");
	made.counts.rules[PGMT_RULE_FREE_REFERENCED] = 2;
	is_said(PGMT_RULE_FREE_REFERENCED, "2 findings, some may be hidden by losses");
	policy.effect[PGMT_RULE_FREE_REFERENCED] = POLICY_WARN;
	is_said(PGMT_RULE_FREE_REFERENCED, "2 warnings");
	policy.effect[PGMT_RULE_FREE_REFERENCED] = POLICY_IGNORE;
	is_said(PGMT_RULE_FREE_REFERENCED, "off");
}

static void leaked(void **state)
{
	struct outstanding_group live = {.rule = PGMT_RULE_LEAK, .folios = 3};
	struct outstanding_group gone = {.torn_down = true, .folios = 2, .next = &live};

	(void)state;
	leaks.groups = &gone;
	own.ageless = 1;
	made.counts.preexisting = 9;
	made.counts.preexisting_frees = 4;
	judge();
	assert_int_equal(sum.leaked.definite, 2);
	assert_int_equal(sum.leaked.outstanding, 3);
	assert_int_equal(sum.leaked.unverifiable, 1);
	assert_int_equal(sum.leaked.preexisting, 5);
	/* its free may have been missed */
	made.missed[0] = 1;
	judge();
	assert_int_equal(sum.leaked.definite | sum.leaked.outstanding, 0);
	assert_int_equal(sum.leaked.unverifiable, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_lost, begin),
		cmocka_unit_test_setup(only_detail_lost, begin),
		cmocka_unit_test_setup(loss_is_no_pass, begin),
		cmocka_unit_test_setup(loss_that_nobody_minds, begin),
		cmocka_unit_test_setup(loss_and_findings, begin),
		cmocka_unit_test_setup(findings_made_in_user_space, begin),
		cmocka_unit_test_setup(no_room_for_a_rule, begin),
		cmocka_unit_test_setup(a_missing_hook_is_no_room, begin),
		cmocka_unit_test_setup(expected, begin),
		cmocka_unit_test_setup(expected_and_lost, begin),
		cmocka_unit_test_setup(expected_and_unverified, begin),
		cmocka_unit_test_setup(suppressed_findings, begin),
		cmocka_unit_test_setup(suppressed_and_lost, begin),
		cmocka_unit_test_setup(strict_suppressions, begin),
		cmocka_unit_test_setup(required, begin),
		cmocka_unit_test_setup(required_and_expected, begin),
		cmocka_unit_test_setup(why, begin),
		cmocka_unit_test_setup(leaked, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
