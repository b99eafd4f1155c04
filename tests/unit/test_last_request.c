// SPDX-License-Identifier: GPL-2.0-only
/* Who requested a folio, if that was recorded only after the finding was made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "report/last_request.c"

#define FIRST 7 /* task */
#define NEXT  8

static struct session_history kept;
static bool is_kept, read_anew;

void session_forget_recent(struct session *s)
{
	(void)s;
	read_anew = true;
}

bool session_history(struct session *s, uint64_t pgmap, uint64_t pfn,
		     struct session_history *history)
{
	(void)s;
	assert_true(read_anew);
	assert_int_equal(pgmap, 0x1000);
	assert_int_equal(pfn, 42);
	*history = kept;
	return is_kept;
}

uint64_t session_event_time(const struct session *s, const struct pgmt_last_event *t)
{
	(void)s;
	return pgmt_tick_ns(t->tick);
}

static struct pgmt_last_event at(uint32_t ms, uint32_t who)
{
	return (struct pgmt_last_event){.tick = pgmt_tick(ms * 1000000ULL), .who = who};
}

/* Found 50 ms after tracing began; what was recorded of it before, and what is now. */
static uint32_t who_requested(uint32_t life, struct pgmt_last_event request,
			      struct pgmt_last_event free)
{
	struct pgmt_finding f = {.pgmap.address = 0x1000,
				 .pfn = 42,
				 .time = 50000000,
				 .state = life,
				 .last_request = request,
				 .last_free = free};

	read_anew = false;
	return report_last_request(NULL, &f).who;
}

static const struct pgmt_last_event none;

static void test_as_the_finding_has_it(void **unused)
{
	(void)unused;
	is_kept = true;
	kept = (struct session_history){.last_request = at(45, NEXT)};
	assert_int_equal(who_requested(PGMT_REQUESTED, at(40, FIRST), none), FIRST);
	assert_int_equal(who_requested(PGMT_REQUESTED, at(40, FIRST), at(30, NEXT)), FIRST);
	/* by its state nobody has requested it, or its last user is gone */
	assert_int_equal(who_requested(PGMT_IDLE, none, none), 0);
	assert_int_equal(who_requested(PGMT_FREED, at(30, FIRST), at(40, FIRST)), FIRST);
	assert_false(read_anew);
}

static void test_recorded_since(void **unused)
{
	(void)unused;
	is_kept = true;
	kept = (struct session_history){.last_request = at(49, FIRST)};
	assert_int_equal(who_requested(PGMT_REQUESTED, none, none), FIRST);
	assert_int_equal(who_requested(PGMT_LIFE_REQUESTED_AT(9), none, none), FIRST);
	kept.last_free = at(40, NEXT);
	assert_int_equal(who_requested(PGMT_REQUESTED, at(30, NEXT), at(40, NEXT)), FIRST);
}

static void test_not_recorded_yet(void **unused)
{
	(void)unused;
	is_kept = false;
	assert_int_equal(who_requested(PGMT_REQUESTED, none, none), 0);
	is_kept = true;
	kept = (struct session_history){.last_request = at(30, NEXT), .last_free = at(40, NEXT)};
	assert_int_equal(who_requested(PGMT_REQUESTED, at(30, NEXT), at(40, NEXT)), 0);
}

/* Near misses: requests of its next use are not it. */
static void test_of_its_next_use(void **unused)
{
	(void)unused;
	is_kept = true;
	kept = (struct session_history){.last_request = at(60, NEXT)};
	assert_int_equal(who_requested(PGMT_REQUESTED, none, none), 0);
	kept = (struct session_history){.last_request = at(49, NEXT), .last_free = at(49, FIRST)};
	assert_int_equal(who_requested(PGMT_REQUESTED, none, none), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_finding_has_it),
		cmocka_unit_test(test_recorded_since),
		cmocka_unit_test(test_not_recorded_yet),
		cmocka_unit_test(test_of_its_next_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
