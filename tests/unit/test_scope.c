// SPDX-License-Identifier: GPL-2.0-only
/*
 * --pid: what is counted as in scope, for --require-events and to tell that the option matched
 * nothing.  The BPF programs as ordinary code.
 * Not here: which findings are in scope (tests/vm/cases/filter.sh).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "requests.h"

#define OURS   114 /* start_machine() has it */
#define OTHERS 7

static void begin_scope(unsigned char kernel, unsigned char type, bool made_before)
{
	start_session(kernel, type, made_before);
	SET(filter, PGMT_FILTER_PID);
	SET(filter_id, OURS);
	SET(takes_fast_path, false);
	seen = all_counts();
}

static void run_as(unsigned int tgid)
{
	machine.task.tgid = tgid;
}

/* So many events of these kinds are in scope. */
static void in_scope(__u64 requests, __u64 frees, __u64 events)
{
	const struct pgmt_counts c = all_counts();

	assert_int_equal(c.in_scope.requests, requests);
	assert_int_equal(c.in_scope.frees, frees);
	assert_int_equal(pgmt_nr_events(&c.in_scope, profile), events);
	assert_int_equal(!!c.matched, !!events);
}

static void test_by_whom(void **unused)
{
	(void)unused;
	begin_scope(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, false);
	run_as(OTHERS);
	silent(request(0, 1, 0));
	silent(give_back(0, 0));
	in_scope(0, 0, 0);
	run_as(OURS);
	silent(request(1, 1, 0));
	in_scope(1, 0, 1);
	/* the folio is ours, whoever frees it */
	run_as(OTHERS);
	silent(give_back(1, 0));
	in_scope(1, 1, 2);
	assert_counted(2, 2);
}

/* All at once, page by page, and not granted after all. */
static void test_requests_of_many(void **unused)
{
	(void)unused;
	for (unsigned int slowly = 0; slowly < 2; slowly++) {
		begin_scope(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, false);
		SET(slow, slowly);
		silent(request(0, PGMT_SECTION_PAGES, 0));
		in_scope(PGMT_SECTION_PAGES, 0, PGMT_SECTION_PAGES);
		begin_scope(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, false);
		run_as(OTHERS);
		silent(request(0, PGMT_SECTION_PAGES, 0));
		in_scope(0, 0, 0);
	}
	begin_scope(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT, false);
	request_in_vain(3, 1, 0);
	assert_int_equal(all_counts().in_scope.requests, 0);
	assert_true(all_counts().matched);
}

/* The initial scan is the tool's own doing. */
static void test_initial_scan(void **unused)
{
	struct pgmt_transition t = {.op = PGMT_OP_INITIAL, .refcount = 1};
	struct pgmt_event e = {.pfn = PFN(0), .page = (__u64)struct_page(PFN(0))};
	struct pgmt_outcome out = {};

	(void)unused;
	begin_scope(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, true);
	set_refcount(PFN(0), 1);
	assert_true(account_page(&e, &t, &out));
	assert_int_equal(all_counts().preexisting, 1);
	in_scope(0, 0, 0);
	/* and its free is an event */
	silent(give_back(0, 0));
	assert_int_equal(all_counts().in_scope.preexisting_frees, 1);
	in_scope(0, 0, 1);
}

/* What a kernel shows beside requests and frees counts where it is all there is. */
static void test_what_counts(void **unused)
{
	const struct pgmt_uses u = {1, 10, 100, 1000, 10000, 100000};

	(void)unused;
	assert_int_equal(pgmt_nr_events(&u, PGMT_PROFILE_CLASSIC), 111111);
	assert_int_equal(pgmt_nr_events(&u, PGMT_PROFILE_COUNTED), 100111);
	assert_int_equal(pgmt_nr_events(&u, PGMT_PROFILE_REQUEST), 100111);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_whom),
		cmocka_unit_test(test_requests_of_many),
		cmocka_unit_test(test_initial_scan),
		cmocka_unit_test(test_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
