// SPDX-License-Identifier: GPL-2.0-only
/* Waits that last, as looks at who waits tell of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool no_memory;

static void *calloc_if_memory(size_t nr, size_t size)
{
	return no_memory ? NULL : calloc(nr, size);
}

#define calloc calloc_if_memory
#include "verdict/stalls.c"
#undef calloc

#define SECOND 1000000000ULL

static struct {
	unsigned int stalled, ended;
	uint64_t since; /* of the last that stalled */
	bool began_earlier;
	struct pgmt_release release; /* of the last that ended */
	uint64_t killed;	     /* what began() says */
} seen;

static uint64_t began(void *arg, const struct pgmt_wait *w)
{
	(void)arg;
	return w->how == PGMT_HOW_PGMAP ? seen.killed : 0;
}

static void stalled(void *arg, struct stall *st)
{
	(void)arg;
	seen.stalled++;
	seen.since = st->since;
	seen.began_earlier = st->began_earlier;
}

static void ended(void *arg, struct stall *st)
{
	(void)arg;
	seen.ended++;
	seen.release = st->release;
}

static struct stalls make(void)
{
	memset(&seen, 0, sizeof(seen));
	return (struct stalls){
		.limit = 10 * SECOND, .began = began, .stalled = stalled, .ended = ended};
}

/* A look at which these tasks wait for these pages, or for the pgmap at that address. */
static struct pgmt_waits waits(unsigned int nr, ...)
{
	struct pgmt_waits w = {.looked = PGMT_LOOKED_WAITS, .nr = nr};
	va_list args;

	va_start(args, nr);
	for (unsigned int i = 0; i < nr; i++) {
		w.wait[i].task = va_arg(args, unsigned int);
		w.wait[i].how = va_arg(args, unsigned int);
		if (w.wait[i].how == PGMT_HOW_WAIT)
			w.wait[i].pfn = va_arg(args, unsigned int);
		else
			w.wait[i].pgmap = va_arg(args, unsigned int);
	}
	va_end(args);
	return w;
}

static void look(struct stalls *s, struct pgmt_waits w, unsigned int second)
{
	assert_true(stalls_look(s, &w, second * SECOND));
}

static void short_waits_are_none(void **state)
{
	struct stalls s = make();

	(void)state;
	for (unsigned int i = 1; i < 10; i++)
		look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), i);
	look(&s, waits(0), 10);
	look(&s, waits(0), 11);
	assert_int_equal(seen.stalled, 0);
	assert_int_equal(seen.ended, 0);
	assert_null(s.all);
}

static void told_at_once_twice_four_times(void **state)
{
	struct stalls s = make();

	(void)state;
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 1);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 10);
	assert_int_equal(seen.stalled, 0);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 11);
	assert_int_equal(seen.stalled, 1);
	assert_true(seen.began_earlier);
	for (unsigned int i = 12; i <= 20; i++)
		look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), i);
	assert_int_equal(seen.stalled, 1);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 21);
	assert_int_equal(seen.stalled, 2);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 40);
	assert_int_equal(seen.stalled, 2);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 41);
	assert_int_equal(seen.stalled, 3);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 81);
	assert_int_equal(seen.stalled, 4);
	look(&s, waits(0), 82);
	assert_int_equal(seen.ended, 0);
	look(&s, waits(0), 83);
	assert_int_equal(seen.ended, 1);
}

/* The tool was stopped: what it missed is not told of afterwards. */
static void told_once_after_a_pause(void **state)
{
	struct stalls s = make();

	(void)state;
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 1);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 70);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 71);
	assert_int_equal(seen.stalled, 1);
	stalls_free(&s);
}

/* It slept in between, for the same page: many waits that are short. */
static void waits_that_follow_each_other(void **state)
{
	struct stalls s = make();
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);

	(void)state;
	for (unsigned int i = 1; i < 60; i++) {
		w.wait[0].switches = i / 5;
		look(&s, w, i);
	}
	assert_int_equal(seen.stalled, 0);
	stalls_free(&s);
}

static void one_ends_the_other_lasts(void **state)
{
	struct stalls s = make();

	(void)state;
	look(&s, waits(2, 7, PGMT_HOW_WAIT, 100, 8, PGMT_HOW_WAIT, 100), 1);
	look(&s, waits(2, 7, PGMT_HOW_WAIT, 100, 8, PGMT_HOW_WAIT, 100), 11);
	assert_int_equal(seen.stalled, 2);
	look(&s, waits(1, 8, PGMT_HOW_WAIT, 100), 12);
	look(&s, waits(1, 8, PGMT_HOW_WAIT, 100), 13);
	assert_int_equal(seen.ended, 1);
	look(&s, waits(0), 14);
	look(&s, waits(0), 15);
	assert_int_equal(seen.ended, 2);
}

/* One look misses it, and the next sees it: the lists change while they are read. */
static void missed_once(void **state)
{
	struct stalls s = make();

	(void)state;
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 1);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 11);
	look(&s, waits(0), 12);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 13);
	look(&s, waits(0), 14);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 21);
	assert_int_equal(seen.stalled, 2);
	assert_int_equal(seen.ended, 0);
	stalls_free(&s);
}

/* Looks that are never whole: what was short is forgotten all the same. */
static void never_whole(void **state)
{
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);
	struct stalls s = make();

	(void)state;
	w.more = 1;
	look(&s, w, 1);
	w.nr = 0;
	for (unsigned int i = 2; i < 20; i++)
		look(&s, w, i);
	assert_null(s.all);
	assert_int_equal(seen.ended, 0);
}

/* Who was not looked for may still wait. */
static void a_look_that_is_not_whole(void **state)
{
	struct stalls s = make();
	struct pgmt_waits w;

	(void)state;
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 1);
	w = waits(0);
	w.more = 1;
	look(&s, w, 5);
	w = waits(0);
	w.looked = 1U << PGMT_HOW_WAIT;
	look(&s, w, 6);
	assert_int_equal(seen.stalled, 0);
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 11);
	assert_int_equal(seen.stalled, 1);
	w = waits(0);
	w.more = 1;
	/* nor is it known to wait: nothing is told of it */
	look(&s, w, 21);
	assert_int_equal(seen.stalled, 1);
	assert_int_equal(seen.ended, 0);
	stalls_free(&s);
}

/* A wait that can't be followed is said, and others are followed all the same. */
static void no_memory_to_follow_one(void **state)
{
	struct pgmt_waits two = waits(2, 8, PGMT_HOW_WAIT, 200, 7, PGMT_HOW_WAIT, 100);
	struct stalls s = make();

	(void)state;
	look(&s, waits(1, 7, PGMT_HOW_WAIT, 100), 1);
	no_memory = true;
	assert_false(stalls_look(&s, &two, 11 * SECOND));
	no_memory = false;
	assert_int_equal(seen.stalled, 1);
	look(&s, two, 12);
	look(&s, two, 22);
	assert_int_equal(seen.stalled, 3);
	stalls_free(&s);
}

static void a_teardown_counts_from_its_kill(void **state)
{
	struct stalls s = make();

	(void)state;
	seen.killed = 2 * SECOND;
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 11);
	assert_int_equal(seen.stalled, 0);
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 12);
	assert_int_equal(seen.stalled, 1);
	assert_true(seen.since == 2 * SECOND);
	assert_false(seen.began_earlier);
	stalls_free(&s);
}

static void a_release_is_its_pgmaps(void **state)
{
	const struct pgmt_release other = {.address = 8192, .tid = 5, .time = 1};
	const struct pgmt_release own = {.address = 4096, .tid = 6, .time = 1};
	const struct pgmt_release page = {.pfn = 100, .tid = 7, .time = 1};
	struct stalls s = make();

	(void)state;
	look(&s, waits(2, 7, PGMT_HOW_PGMAP, 4096, 8, PGMT_HOW_WAIT, 100), 1);
	look(&s, waits(2, 7, PGMT_HOW_PGMAP, 4096, 8, PGMT_HOW_WAIT, 100), 11);
	stalls_release(&s, &other);
	stalls_release(&s, &page);
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 12);
	assert_int_equal(seen.release.tid, 7);
	stalls_release(&s, &own);
	look(&s, waits(0), 13);
	assert_int_equal(seen.ended, 2);
	assert_int_equal(seen.release.tid, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_waits_are_none),
		cmocka_unit_test(told_at_once_twice_four_times),
		cmocka_unit_test(told_once_after_a_pause),
		cmocka_unit_test(waits_that_follow_each_other),
		cmocka_unit_test(one_ends_the_other_lasts),
		cmocka_unit_test(missed_once),
		cmocka_unit_test(never_whole),
		cmocka_unit_test(a_look_that_is_not_whole),
		cmocka_unit_test(no_memory_to_follow_one),
		cmocka_unit_test(a_teardown_counts_from_its_kill),
		cmocka_unit_test(a_release_is_its_pgmaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
