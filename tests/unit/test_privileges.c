// SPDX-License-Identifier: GPL-2.0-only
/* Which capabilities are missing, from a set of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "session/privileges.c"

void say(const char *format, ...)
{
	(void)format;
}

void say_error(const char *format, ...)
{
	(void)format;
}

static const char *missing_on(bool old, uint64_t effective, bool hidden)
{
	static char buf[64];
	bool any = privileges_missing(effective, hidden, old, buf, sizeof(buf));

	assert_int_equal(any, buf[0] != '\0');
	return buf;
}

static const char *missing(uint64_t effective, bool hidden)
{
	return missing_on(false, effective, hidden);
}

static void all_that_is_missing_is_named(void **state)
{
	(void)state;
	assert_string_equal(missing(0, true), "CAP_BPF, CAP_PERFMON, CAP_SYSLOG");
	assert_string_equal(missing(0, false), "CAP_BPF, CAP_PERFMON");
	assert_string_equal(missing(BIT(CAP_PERFMON), true), "CAP_BPF, CAP_SYSLOG");
	assert_string_equal(missing(BIT(CAP_BPF) | BIT(CAP_SYSLOG), true), "CAP_PERFMON");
	assert_string_equal(missing(BIT(CAP_BPF) | BIT(CAP_PERFMON), true), "CAP_SYSLOG");
}

static void nothing_else_is(void **state)
{
	(void)state;
	assert_string_equal(missing(BIT(CAP_BPF) | BIT(CAP_PERFMON), false), "");
	assert_string_equal(missing(BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYSLOG), true), "");
	assert_string_equal(missing(UINT64_MAX, true), "");
}

/* The kernel takes it for CAP_BPF and CAP_PERFMON, and not for CAP_SYSLOG. */
static void sys_admin_stands_for_two(void **state)
{
	(void)state;
	assert_string_equal(missing(BIT(CAP_SYS_ADMIN), false), "");
	assert_string_equal(missing(BIT(CAP_SYS_ADMIN), true), "CAP_SYSLOG");
}

/* There libbpf lists the types of modules, and nothing else will do for that. */
static void old_kernels_need_it(void **state)
{
	(void)state;
	assert_string_equal(missing_on(true, BIT(CAP_BPF) | BIT(CAP_PERFMON), true),
			    "CAP_SYS_ADMIN, CAP_SYSLOG");
	assert_string_equal(missing_on(true, BIT(CAP_SYS_ADMIN), false), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_missing_is_named),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(sys_admin_stands_for_two),
		cmocka_unit_test(old_kernels_need_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
