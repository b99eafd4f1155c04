// SPDX-License-Identifier: GPL-2.0-only
/* What is to become of each rule. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "verdict/policy.c"
#include "model/rules.c"

static char error[256];

#define GOOD(call) assert_true(call)
#define WRONG(call, why)                                                                           \
	do {                                                                                       \
		assert_false(call);                                                                \
		assert_non_null(strstr(error, why));                                               \
	} while (0)
#define IS(rule, what) assert_int_equal(policy_of(&p, PGMT_RULE_##rule), POLICY_##what)

static void by_itself(void **state)
{
	struct policy p = {0};

	(void)state;
	IS(LEAK, FAIL);
	IS(DOUBLE_FREE, FAIL);
	IS(BREAK_STALL, WARN);
	assert_int_equal(policy_ignored(&p), 0);
}

static void fail_on_some(void **state)
{
	struct policy p = {0};

	(void)state;
	GOOD(policy_fail_on(&p, "leak,break-stall", error, sizeof(error)));
	IS(LEAK, FAIL);
	IS(BREAK_STALL, FAIL);
	IS(DOUBLE_FREE, WARN);
}

static void all_is_the_rest(void **state)
{
	struct policy p = {0};

	(void)state;
	GOOD(policy_warn_on(&p, "leak", error, sizeof(error)));
	GOOD(policy_fail_on(&p, "all", error, sizeof(error)));
	IS(LEAK, WARN);
	IS(DOUBLE_FREE, FAIL);
	IS(BREAK_STALL, FAIL);
	WRONG(policy_ignore(&p, "all", error, sizeof(error)),
	      "all is in more than one of --fail-on, --warn-on and --ignore");
}

static void ignored(void **state)
{
	struct policy p = {0};

	(void)state;
	GOOD(policy_ignore(&p, "leak", error, sizeof(error)));
	GOOD(policy_ignore(&p, "leak,double-free", error, sizeof(error)));
	IS(LEAK, IGNORE);
	IS(DOUBLE_REQUEST, FAIL);
	assert_int_equal(policy_ignored(&p), 1u << PGMT_RULE_LEAK | 1u << PGMT_RULE_DOUBLE_FREE);
	WRONG(policy_warn_on(&p, "double-free", error, sizeof(error)),
	      "double-free is in more than one of");
}

static void expected(void **state)
{
	struct policy p = {0};

	(void)state;
	GOOD(policy_expect(&p, "leak=2,break-stall=18446744073709551615", error, sizeof(error)));
	GOOD(policy_expect(&p, "double-free=0", error, sizeof(error)));
	assert_int_equal(p.expected[PGMT_RULE_LEAK], 2);
	assert_true(p.expected[PGMT_RULE_BREAK_STALL] == UINT64_MAX);
	IS(BREAK_STALL, FAIL);
	WRONG(policy_expect(&p, "leak", error, sizeof(error)), "leak=N");
	WRONG(policy_expect(&p, "leak=", error, sizeof(error)), "leak=N");
	WRONG(policy_expect(&p, "leak=-1", error, sizeof(error)), "leak=N");
	WRONG(policy_expect(&p, "leak=1x", error, sizeof(error)), "leak=N");
	WRONG(policy_expect(&p, "leak=18446744073709551616", error, sizeof(error)), "leak=N");
	WRONG(policy_expect(&p, "flow-order=1,", error, sizeof(error)), "is missing");
	WRONG(policy_expect(&p, "leaks=1", error, sizeof(error)),
	      "no such rule: leaks; is it leak? (");
}

/* Of none of the others may there be one, unless it is said what becomes of it. */
static void expected_alone(void **state)
{
	struct policy p = {0};

	(void)state;
	GOOD(policy_expect(&p, "leak=1", error, sizeof(error)));
	IS(LEAK, FAIL);
	IS(DOUBLE_FREE, FAIL);
	IS(BREAK_STALL, FAIL);
	GOOD(policy_warn_on(&p, "break-stall", error, sizeof(error)));
	IS(BREAK_STALL, WARN);
	GOOD(policy_ignore(&p, "all", error, sizeof(error)));
	IS(LEAK, FAIL);
	IS(DOUBLE_FREE, IGNORE);
	GOOD(policy_is_one(&p, error, sizeof(error)));
}

static void expected_and_otherwise(void **state)
{
	struct policy twice = {0}, ignored = {0}, warned = {0}, failing = {0};

	(void)state;
	GOOD(policy_expect(&twice, "leak=0", error, sizeof(error)));
	GOOD(policy_expect(&twice, "leak=0", error, sizeof(error)));
	WRONG(policy_expect(&twice, "leak=1", error, sizeof(error)),
	      "leak has two different numbers");
	GOOD(policy_expect(&ignored, "leak=0", error, sizeof(error)));
	GOOD(policy_ignore(&ignored, "leak", error, sizeof(error)));
	WRONG(policy_is_one(&ignored, error, sizeof(error)),
	      "leak is in both --expect and --ignore");
	GOOD(policy_expect(&warned, "leak=1", error, sizeof(error)));
	GOOD(policy_warn_on(&warned, "leak", error, sizeof(error)));
	WRONG(policy_is_one(&warned, error, sizeof(error)),
	      "leak is in both --expect and --warn-on");
	GOOD(policy_expect(&failing, "leak=1", error, sizeof(error)));
	GOOD(policy_fail_on(&failing, "double-free", error, sizeof(error)));
	WRONG(policy_is_one(&failing, error, sizeof(error)), "--expect and --fail-on");
}

static void no_such_rule(void **state)
{
	static const char *const wrong[] = {"",	     ",",    "leak,",		"lea",
					    "leak2", "LEAK", "leak double-free"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct policy p = {0};

		WRONG(policy_fail_on(&p, wrong[i], error, sizeof(error)), "pgmaptrace rules");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_itself),	   cmocka_unit_test(fail_on_some),
		cmocka_unit_test(all_is_the_rest), cmocka_unit_test(ignored),
		cmocka_unit_test(expected),	   cmocka_unit_test(no_such_rule),
		cmocka_unit_test(expected_alone),  cmocka_unit_test(expected_and_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
