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
	uint64_t killed, spun_since; /* what began() says */
	uint64_t last_seen;	     /* of the last that ended */
} seen;

static uint64_t began(void *arg, const struct pgmt_wait *w)
{
	(void)arg;
	if (w->since)
		return seen.spun_since;
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
	seen.last_seen = st->last_seen;
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

/* The page is let go in between: many waits that are short. */
static void waits_that_follow_each_other(void **state)
{
	const struct pgmt_release release = {.pfn = 100, .time = 1};
	struct stalls s = make();
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);

	(void)state;
	for (unsigned int i = 1; i < 60; i++) {
		w.wait[0].switches = i / 5;
		if (i % 5 == 0)
			assert_false(stalls_release(&s, &release));
		look(&s, w, i);
	}
	assert_int_equal(seen.stalled, 0);
	stalls_free(&s);
}

/* There it is only seen that the file gives the page up. */
static void waits_that_follow_each_other_on_classic(void **state)
{
	const struct pgmt_release release = {.pfn = 100, .time = 1, .removed = 1};
	struct stalls s = make();
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);

	(void)state;
	for (unsigned int i = 1; i < 60; i++) {
		w.wait[0].switches = i / 5;
		if (i % 5 == 0)
			stalls_release(&s, &release);
		look(&s, w, i);
	}
	assert_int_equal(seen.stalled, 0);
	stalls_free(&s);
}

/* A timer's signal wakes it now and then, also so that a look misses it. */
static void a_wait_that_signals_interrupt(void **state)
{
	struct stalls s = make();
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);

	(void)state;
	for (unsigned int i = 1; i <= 22; i++) {
		w.wait[0].switches = i;
		look(&s, i % 7 ? w : waits(0), i);
	}
	assert_int_equal(seen.stalled, 2);
	assert_true(seen.since == SECOND);
	assert_int_equal(seen.ended, 0);
	stalls_free(&s);
}

static int followed;

static void follow(void *arg, const struct pgmt_wait *w, bool on)
{
	(void)arg;
	assert_true(w->pfn == 100);
	followed += on ? 1 : -1;
}

static void a_page_is_followed_while_someone_waits(void **state)
{
	struct stalls s = make();

	(void)state;
	s.follow = follow;
	look(&s, waits(2, 7, PGMT_HOW_WAIT, 100, 8, PGMT_HOW_WAIT, 100), 1);
	assert_true(followed > 0);
	for (unsigned int i = 2; i < 20; i++)
		look(&s, waits(1, 8, PGMT_HOW_WAIT, 100), i);
	assert_true(followed > 0);
	followed = 1;
	for (unsigned int i = 20; i < 40; i++)
		look(&s, waits(0), i);
	assert_int_equal(followed, 0);
	assert_null(s.all);
}

static struct pgmt_release release_of_pgmap(unsigned int killed, unsigned int released)
{
	return (struct pgmt_release){.address = 4096,
				     .time = released * SECOND,
				     .pgmap = {.address = 4096, .killed = killed * SECOND}};
}

/* Both ends of the wait were seen, and nobody looked in between. */
static void a_teardown_that_no_look_has_seen(void **state)
{
	struct pgmt_release r = release_of_pgmap(1, 11);
	struct stalls s = make();

	(void)state;
	assert_true(stalls_release(&s, &r));
	r = release_of_pgmap(2, 11);
	assert_false(stalls_release(&s, &r));
	r = release_of_pgmap(0, 100);
	assert_false(stalls_release(&s, &r));
	s.limit = 0;
	r = release_of_pgmap(1, 100);
	assert_false(stalls_release(&s, &r));
}

static void a_teardown_that_was_reported(void **state)
{
	const struct pgmt_release r = release_of_pgmap(1, 15);
	struct stalls s = make();

	(void)state;
	seen.killed = SECOND;
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 2);
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 11);
	assert_int_equal(seen.stalled, 1);
	assert_false(stalls_release(&s, &r));
	look(&s, waits(0), 15);
	assert_int_equal(seen.ended, 1);
}

/* The look before was too early, the one after too late. */
static void a_teardown_that_a_look_saw_too_early(void **state)
{
	const struct pgmt_release r = release_of_pgmap(1, 15);
	struct stalls s = make();

	(void)state;
	seen.killed = SECOND;
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 2);
	assert_true(stalls_release(&s, &r));
	/* still on the list, but it was woken */
	look(&s, waits(1, 7, PGMT_HOW_PGMAP, 4096), 15);
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

/* It does not sleep: when it began and when it has asked last is known. */
static struct pgmt_waits spins(unsigned int since, unsigned int last)
{
	struct pgmt_waits w = waits(1, 7, PGMT_HOW_WAIT, 100);

	w.wait[0].switches = w.wait[0].since = since * SECOND;
	w.wait[0].last = last * SECOND;
	return w;
}

static void one_that_spins(void **state)
{
	struct stalls s = make();

	(void)state;
	seen.spun_since = SECOND;
	look(&s, spins(1, 3), 3);
	look(&s, spins(1, 10), 10);
	assert_int_equal(seen.stalled, 0);
	look(&s, spins(1, 11), 11);
	assert_int_equal(seen.stalled, 1);
	assert_true(seen.since == SECOND);
	assert_false(seen.began_earlier);
	/* it stops, which is seen a while later */
	look(&s, spins(1, 12), 13);
	look(&s, waits(0), 14);
	look(&s, waits(0), 15);
	assert_int_equal(seen.ended, 1);
	assert_true(seen.last_seen == 12 * SECOND);
}

/* Nobody knows yet that it has stopped. */
static void one_that_has_spun_too_short(void **state)
{
	struct stalls s = make();

	(void)state;
	seen.spun_since = SECOND;
	look(&s, spins(1, 9), 9);
	look(&s, spins(1, 9), 12);
	assert_int_equal(seen.stalled, 0);
	stalls_free(&s);
}

/* One after the other, and each look finds one. */
static void spins_that_follow_each_other(void **state)
{
	struct stalls s = make();

	(void)state;
	for (unsigned int i = 1; i < 60; i++) {
		seen.spun_since = i / 5 * 5 * SECOND;
		look(&s, spins(i / 5 * 5, i), i);
	}
	assert_int_equal(seen.stalled, 0);
	stalls_free(&s);
}

/* It sleeps in between, and may be found so. */
static void one_that_spins_and_sleeps(void **state)
{
	struct pgmt_waits asleep = waits(1, 7, PGMT_HOW_WAIT, 100);
	struct stalls s = make();

	(void)state;
	seen.spun_since = SECOND;
	for (unsigned int i = 2; i <= 11; i++) {
		asleep.wait[0].switches = i;
		look(&s, i % 2 ? asleep : spins(1, i), i);
	}
	assert_int_equal(seen.stalled, 1);
	stalls_free(&s);
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
		cmocka_unit_test(waits_that_follow_each_other_on_classic),
		cmocka_unit_test(a_wait_that_signals_interrupt),
		cmocka_unit_test(a_page_is_followed_while_someone_waits),
		cmocka_unit_test(a_teardown_that_no_look_has_seen),
		cmocka_unit_test(a_teardown_that_was_reported),
		cmocka_unit_test(a_teardown_that_a_look_saw_too_early),
		cmocka_unit_test(one_ends_the_other_lasts),
		cmocka_unit_test(one_that_spins),
		cmocka_unit_test(one_that_has_spun_too_short),
		cmocka_unit_test(spins_that_follow_each_other),
		cmocka_unit_test(one_that_spins_and_sleeps),
		cmocka_unit_test(missed_once),
		cmocka_unit_test(never_whole),
		cmocka_unit_test(a_look_that_is_not_whole),
		cmocka_unit_test(no_memory_to_follow_one),
		cmocka_unit_test(a_teardown_counts_from_its_kill),
		cmocka_unit_test(a_release_is_its_pgmaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
