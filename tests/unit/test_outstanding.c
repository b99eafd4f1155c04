// SPDX-License-Identifier: GPL-2.0-only
/* Folios that are out, put together by pgmap and place. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "verdict/outstanding.c"

static void add(struct outstanding *all, uint64_t epoch, uint32_t at, uint32_t tick, uint64_t pfn)
{
	struct pgmt_finding f = {.pfn = pfn,
				 .pgmap.epoch = epoch,
				 .last_request.site = at,
				 .last_request.tick = tick};

	assert_true(outstanding_add(all, &f, 1 + (pfn & 511 ? 0 : 511)));
}

static void by_pgmap_and_place(void **state)
{
	struct outstanding all = {0};
	struct outstanding_group *g;

	(void)state;
	add(&all, 1, 10, 7, 1024);
	add(&all, 1, 10, 5, 1025);
	add(&all, 1, 11, 5, 1026);
	add(&all, 2, 10, 5, 1027);
	add(&all, 1, 10, 0, 1028);
	g = all.groups;
	assert_int_equal(g->folios, 3);
	assert_int_equal(g->pages, 514);
	assert_int_equal(g->oldest.tick, 5);
	assert_int_equal(outstanding_examples(g), 3);
	assert_int_equal(g->example[2].pfn, 1028);
	g = g->next;
	assert_int_equal(g->site, 11);
	assert_int_equal(g->folios, 1);
	g = g->next;
	assert_int_equal(g->epoch, 2);
	assert_null(g->next);
	outstanding_free(&all);
}

static void only_some_are_examples(void **state)
{
	struct outstanding all = {0};

	(void)state;
	for (int i = 1; i <= 100; i++)
		add(&all, 1, 10, i, i);
	assert_int_equal(all.groups->folios, 100);
	assert_int_equal(outstanding_examples(all.groups), PGMT_EXAMPLES);
	assert_int_equal(all.groups->example[PGMT_EXAMPLES - 1].pfn, PGMT_EXAMPLES);
	outstanding_free(&all);
}

static void what_is_gone_is_apart(void **state)
{
	const struct pgmt_torn_down_key key = {.epoch = 1, .site = 10};
	const struct pgmt_torn_down gone = {
		.folios = 2, .pages = 513, .pfn = {5, 6}, .oldest.tick = 3};
	struct outstanding all = {0};

	(void)state;
	add(&all, 1, 10, 7, 5);
	assert_true(outstanding_add_torn_down(&all, &key, &gone));
	assert_int_equal(all.groups->folios, 1);
	assert_true(all.groups->next->torn_down);
	assert_int_equal(all.groups->next->pages, 513);
	assert_int_equal(all.groups->next->example[1].pfn, 6);
	assert_int_equal(outstanding_examples(all.groups->next), 2);
	outstanding_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_pgmap_and_place),
		cmocka_unit_test(only_some_are_examples),
		cmocka_unit_test(what_is_gone_is_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
