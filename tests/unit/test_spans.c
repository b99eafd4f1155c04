// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios of many pages and requests of many folios: the BPF programs as ordinary code, on a
 * device that is used as kernels use one.
 * Not here: single steps (test_model.c), random histories (test_span_histories.c), and
 * whole sections (test_whole_section.c).
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

#define NR_PAGES  16u
#define MAX_ORDER 3u

/* fsdax: each pfn is requested, one huge folio is built of them and freed. */
static void test_built_of_singles(void **unused)
{
	(void)unused;
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		begin(PGMT_PROFILE_REQUEST);
		for (int again = 0; again < 2; again++) {
			silent(request(8, 1u << order, 0));
			silent(give_back(8, order));
		}
		assert_balanced(2 << order);
	}
}

static void test_built_of_larger_ones(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(0, 4, 1));
	silent(give_back(0, 3));
	assert_balanced(4);
}

static void test_built_and_taken_apart(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(0, 8, 0));
	for (unsigned int i = 0; i < 8; i++)
		silent(give_back(i, 0));
	assert_balanced(8);
}

static void test_one_large_folio(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	silent(request(8, 1, 3));
	assert_int_equal(state_of(8).order, 3);
	silent(give_back(8, 3));
	assert_balanced(1);
}

static void test_freed_in_parts(void **unused)
{
	(void)unused;
	/* from any of them on */
	for (unsigned int first = 0; first < 8; first++) {
		begin(PGMT_PROFILE_REQUEST);
		silent(request(8, 1, 3));
		for (unsigned int i = 0; i < 8; i++)
			silent(give_back(8 + (first + i) % 8, 0));
		assert_balanced(8);
	}
}

static void test_freed_in_larger_parts(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	silent(request(0, 1, 3));
	silent(give_back(4, 2));
	silent(give_back(2, 1));
	silent(give_back(0, 0));
	silent(give_back(1, 0));
	assert_balanced(8);
}

static void test_requested_again_after_parts(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	for (int again = 0; again < 3; again++) {
		silent(request(0, 1, 2));
		for (unsigned int i = 0; i < 4; i++)
			silent(give_back(i, 0));
		silent(request(0, 1, 2));
		silent(give_back(0, 2));
	}
	assert_balanced(15);
}

static void test_some_parts_missing(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	silent(give_back(4, 0));
	silent(give_back(6, 0));
	set_refcount(PFN(5), 0);
	set_refcount(PFN(7), 0);
	breaks(PAGES_UNBALANCED, teardown());
	assert_int_equal(last_finding()->folios, 2);
	assert_int_equal(last_finding()->pfn, PFN(5));
	assert_counted(4, 2);
}

/* The page that was the head is one of them. */
static void test_head_part_missing(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	for (unsigned int i = 5; i < 8; i++)
		silent(give_back(i, 0));
	assert_int_equal(state_of(4).life, PGMT_PART);
	assert_int_equal(state_of(4).order, 0);
	breaks(PAGES_UNBALANCED, request(4, 1, 0));
	set_refcount(PFN(4), 1);
	breaks(REF_IMBALANCE, teardown());
	set_refcount(PFN(4), 0);
	breaks(PAGES_UNBALANCED, teardown());
	assert_counted(4, 3);
}

/* Nobody notices until one of them is wanted. */
static void test_missing_part_is_requested(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	silent(give_back(4, 0));
	silent(request(4, 1, 0));
	breaks(PAGES_UNBALANCED, request(5, 1, 0));
	silent(give_back(4, 0));
	breaks(PAGES_UNBALANCED, request(4, 2, 0));
	assert_counted(5, 2);
}

/* All of the large folio is wanted again: what is missing of it is told of, and is settled. */
static void test_parts_are_requested_as_one(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	silent(request(4, 1, 2));
	silent(give_back(4, 0));
	breaks(PAGES_UNBALANCED, request_as(4, 1, 2, true));
	silent(give_back(4, 2));
	assert_balanced(2);
}

static void test_part_comes_back_twice(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	silent(give_back(5, 0));
	breaks(DOUBLE_FREE, give_back(5, 0));
	for (unsigned int i = 4; i < 8; i++)
		if (i != 5)
			silent(give_back(i, 0));
	assert_balanced(4);
}

static void test_freed_over_idle_neighbours(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(0, 1, 2));
	breaks(ORDER_MISMATCH, give_back(0, 3));
	assert_int_equal(last_finding()->busy, PFN(4));
	assert_int_equal(last_finding()->asked_order, 2);
	/* what was never asked for is owed by nobody */
	assert_counted(1, 1);
	for (unsigned int i = 4; i < 8; i++)
		assert_int_equal(state_of(i).life, PGMT_IDLE);
}

/* Half of a huge folio's pages were requested. */
static void test_built_over_idle_neighbours(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(0, 4, 0));
	breaks(ORDER_MISMATCH, give_back(0, 3));
	assert_int_equal(last_finding()->busy, PFN(4));
	assert_counted(4, 4);
}

/* One that was left out is told of when the huge entry is stored, and no more. */
static void test_freed_with_a_missed_page(void **unused)
{
	(void)unused;
	start_session(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, false);
	seen = all_counts();
	silent(request(0, 5, 0));
	silent(request(6, PGMT_SECTION_PAGES - 6, 0));
	make_folio(PFN(0), PGMT_SECTION_SHIFT, 1);
	call_stored(PFN(0));
	breaks(PARTIAL_REQUEST, new_finding());
	assert_int_equal(last_finding()->pfn, PFN(5));
	silent(give_back(0, PGMT_SECTION_SHIFT));
	silent(request(0, PGMT_SECTION_PAGES, 0));
	make_folio(PFN(0), PGMT_SECTION_SHIFT, 1);
	call_stored(PFN(0));
	silent(new_finding());
	silent(give_back(0, PGMT_SECTION_SHIFT));
	assert_balanced(2 * PGMT_SECTION_PAGES - 1);
}

static void test_span_refused(void **unused)
{
	unsigned int before;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(3, 1, 0));
	before = word_of(PFN(3));
	breaks(DOUBLE_REQUEST, request(0, 8, 0));
	/* the one who has it keeps it, and nobody got the others */
	assert_int_equal(word_of(PFN(3)), before);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(state_of(i).life, i == 3 ? PGMT_REQUESTED : PGMT_IDLE);
	silent(give_back(3, 0));
	silent(request(0, 8, 0));
	silent(give_back(0, 3));
	assert_balanced(9);
}

static void test_span_accepted(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(3, 1, 0));
	breaks(DOUBLE_REQUEST, request_as(0, 4, 0, true));
	assert_counted(4, 0);
	silent(give_back(0, 2));
	assert_balanced(4);
}

/* The first owner's folio comes back when the second one has the span. */
static void test_span_accepted_then_freed(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(3, 1, 0));
	breaks(DOUBLE_REQUEST, request_as(0, 4, 0, true));
	set_refcount(PFN(3), 1);
	call_free(PFN(3));
	silent(new_finding());
	assert_int_equal(all_counts().requests - all_counts().frees, 4);
	silent(give_back(0, 2));
	assert_balanced(5);
}

static void test_span_undone(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	request_in_vain(0, 4, 2);
	silent(new_finding());
	assert_counted(0, 0);
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		assert_int_equal(state_of(i).order, 0);
		assert_false(state_of(i).reported);
	}
	silent(request(0, 1, 0));
	silent(give_back(0, 0));
	assert_balanced(1);
}

/* Requested before tracing began, as a whole: its other pages have no word to say. */
static void test_preexisting_large_folio(void **unused)
{
	struct pgmt_scan scan = {.pfn = PFN(0), .nr = PGMT_SECTION_PAGES};

	(void)unused;
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, true);
	seen = all_counts();
	make_folio(PFN(0), 3, 1);
	scan_initial(&scan);
	assert_int_equal(scan.above_idle, 1);
	silent(give_back(0, 3));
	assert_int_equal(all_counts().preexisting, 1);
	assert_int_equal(all_counts().preexisting_frees, 1);
	assert_counted(0, 0);
}

/* Who took what lies in a large folio, or over it, is told so when asking. */
static void test_overlaps(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	silent(request(8, 1, 2));
	breaks(DOUBLE_REQUEST, request_as(10, 1, 0, true));
	begin(PGMT_PROFILE_REQUEST);
	silent(request(8, 1, 2));
	breaks(DOUBLE_REQUEST, request(10, 1, 0));
	breaks(DOUBLE_REQUEST, request(0, 1, 4));
	assert_counted(1, 0);
	silent(request(12, 4, 0));
}

/* Of a smaller one that is not a single page. */
static void test_overlaps_within(void **unused)
{
	(void)unused;
	for (unsigned int order = 1; order < 4; order++) {
		begin(PGMT_PROFILE_COUNTED);
		silent(request(16, 1, 4));
		breaks(DOUBLE_REQUEST, request_as(24, 1, order, true));
		begin(PGMT_PROFILE_REQUEST);
		silent(request(16, 1, 4));
		breaks(DOUBLE_REQUEST, request(24, 1, order));
		/* near miss: beside it */
		silent(request(32, 1, order));
		assert_counted(2, 0);
	}
}

/* A part inherits who requested the whole, and when. */
static void test_parts_inherit_the_request(void **unused)
{
	struct pgmt_page_history *head, *part;
	__u32 tick;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	tick = tick_now();
	machine.clock += 1 << 30;
	machine.task.pid++;
	silent(give_back(6, 0));
	head = find_history(PFN(4), false);
	for (unsigned int i = 5; i < 8; i++) {
		part = find_history(PFN(i), false);
		assert_non_null(part);
		assert_int_equal(part->tick[PGMT_LAST_REQUEST], tick);
		assert_int_equal(part->who[PGMT_LAST_REQUEST], head->who[PGMT_LAST_REQUEST]);
		assert_int_equal(part->site[PGMT_LAST_REQUEST], head->site[PGMT_LAST_REQUEST]);
		assert_int_equal(!!part->tick[PGMT_LAST_FREE], i == 6);
	}
	assert_int_equal(section_of(PFN(0))->section_request.tick, 0);
}

static void test_section_inherits_the_request(void **unused)
{
	struct pgmt_section *s;
	__u32 tick;

	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	silent(request(0, 1, PGMT_SECTION_SHIFT));
	tick = tick_now();
	machine.clock += 1 << 30;
	silent(give_back(6, 0));
	s = section_of(PFN(0));
	assert_int_equal(s->section_request.tick, tick);
	assert_int_equal(PGMT_TID(s->section_request.who), machine.task.pid);
	assert_counted(PGMT_SECTION_PAGES, 1);
}

/* ---- another CPU takes the folio apart ---- */

static int tries;
static int lets_go_after;

static void other_cpu_splits(volatile void *word)
{
	struct pgmt_section *s = section_of(PFN(0));

	if (word == &s->splitting && ++tries == lets_go_after)
		s->splitting = 0;
}

static void split_while_claimed(__u32 by, int after)
{
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	section_of(PFN(0))->splitting = by;
	tries = 0;
	lets_go_after = after;
	machine.step = 10;
	machine.before_swap = other_cpu_splits;
	silent(give_back(5, 0));
}

static void test_waits_for_another_cpu(void **unused)
{
	(void)unused;
	split_while_claimed(2, 50);
	assert_int_equal(section_of(PFN(0))->splitting, 0);
	assert_counted(4, 1);
}

static void test_does_not_wait_for_ever(void **unused)
{
	(void)unused;
	split_while_claimed(2, 0);
	assert_int_equal(all_counts().lost[PGMT_LOSS_CONTENDED], 1);
	assert_true(tries >= split_wait / machine.step && tries <= split_wait / machine.step + 2);
	assert_int_equal(all_counts().requests, 1);
	assert_int_equal(all_counts().frees, 0);
	/* it is split later: nobody can say then that a part is missing */
	machine.before_swap = NULL;
	section_of(PFN(0))->splitting = 0;
	silent(give_back(4, 0));
	silent(give_back(6, 0));
	silent(give_back(7, 0));
	silent(teardown());
}

/* The CPU has interrupted itself at it. */
static void test_does_not_wait_for_itself(void **unused)
{
	(void)unused;
	split_while_claimed(machine.cpu + 1, 0);
	assert_int_equal(all_counts().lost[PGMT_LOSS_CONTENDED], 1);
	assert_int_equal(tries, 1);
}

static void test_no_scratch_is_counted(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(4, 1, 2));
	for (int i = 0; i < PGMT_SCRATCH_SLOTS; i++)
		assert_non_null(scratch_get());
	/* whatever is found: with such a loss it proves nothing */
	give_back(5, 0);
	assert_int_equal(all_counts().lost[PGMT_LOSS_SCRATCH], 4);
	assert_int_equal(section_of(PFN(0))->splitting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_of_singles),
		cmocka_unit_test(test_built_of_larger_ones),
		cmocka_unit_test(test_built_and_taken_apart),
		cmocka_unit_test(test_one_large_folio),
		cmocka_unit_test(test_freed_in_parts),
		cmocka_unit_test(test_freed_in_larger_parts),
		cmocka_unit_test(test_requested_again_after_parts),
		cmocka_unit_test(test_some_parts_missing),
		cmocka_unit_test(test_head_part_missing),
		cmocka_unit_test(test_missing_part_is_requested),
		cmocka_unit_test(test_parts_are_requested_as_one),
		cmocka_unit_test(test_part_comes_back_twice),
		cmocka_unit_test(test_freed_over_idle_neighbours),
		cmocka_unit_test(test_built_over_idle_neighbours),
		cmocka_unit_test(test_freed_with_a_missed_page),
		cmocka_unit_test(test_span_refused),
		cmocka_unit_test(test_span_accepted),
		cmocka_unit_test(test_span_accepted_then_freed),
		cmocka_unit_test(test_span_undone),
		cmocka_unit_test(test_preexisting_large_folio),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_overlaps_within),
		cmocka_unit_test(test_parts_inherit_the_request),
		cmocka_unit_test(test_section_inherits_the_request),
		cmocka_unit_test(test_waits_for_another_cpu),
		cmocka_unit_test(test_does_not_wait_for_ever),
		cmocka_unit_test(test_does_not_wait_for_itself),
		cmocka_unit_test(test_no_scratch_is_counted),
	};

	return cmocka_run_group_tests_name("spans", tests, NULL, NULL);
}
