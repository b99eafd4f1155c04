// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who did the last request and the last free of a folio, when and where: the BPF programs as
 * ordinary code.
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

#define TICK (1ULL << PGMT_TICK_SHIFT)

static struct pgmt_last_event last_request_of(unsigned int page)
{
	struct pgmt_last_event request = {};

	read_request(&request, find_history(PFN(page), false), section_of(PFN(page)));
	return request;
}

static struct pgmt_last_event last_free_of(unsigned int page)
{
	struct pgmt_page_history *past = find_history(PFN(page), false);
	struct pgmt_last_event event = {};

	if (past)
		read_history(&event, past, PGMT_LAST_FREE);
	return event;
}

static void test_tick_now(void **unused)
{
	__u64 coarse = (__u64)PGMT_TICK_COARSE << PGMT_TICK_SHIFT;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	machine.clock = began;
	assert_int_equal(tick_now(), 1);
	machine.clock = began + TICK - 1;
	assert_int_equal(tick_now(), 1);
	machine.clock = began + TICK;
	assert_int_equal(tick_now(), 2);
	machine.clock = began + coarse - 1;
	assert_int_equal(tick_now(), PGMT_TICK_COARSE);
	machine.clock = began + coarse;
	assert_int_equal(tick_now(), PGMT_TICK_COARSE + 1);
	machine.clock += (TICK << PGMT_TICK_COARSENS) - 1;
	assert_int_equal(tick_now(), PGMT_TICK_COARSE + 1);
	machine.clock++;
	assert_int_equal(tick_now(), PGMT_TICK_COARSE + 2);
}

static void test_request_and_free(void **unused)
{
	struct pgmt_last_event taken, freed;

	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	machine.cpu = 1;
	silent(request(3, 1, 0));
	machine.cpu = 0;
	machine.task.pid = 200;
	machine.clock += 10 * TICK;
	silent(give_back(3, 0));
	taken = last_request_of(3);
	freed = last_free_of(3);
	assert_int_equal(freed.tick, taken.tick + 10);
	assert_int_equal(PGMT_TID(taken.who), 115);
	assert_int_equal(PGMT_CPU(taken.who), 1);
	assert_int_equal(PGMT_TID(freed.who), 200);
	assert_int_equal(PGMT_CPU(freed.who), 0);
	assert_int_equal(taken.site, (__u32)machine.frame.caller);
	assert_int_equal(freed.site, (__u32)machine.frame.caller);
	/* its neighbours have none */
	assert_int_equal(last_request_of(2).tick, 0);
	assert_int_equal(last_free_of(4).tick, 0);
}

static void test_many_cpus(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	machine.cpu = PGMT_CPU_UNKNOWN - 1;
	assert_int_equal(PGMT_CPU(who_now(5)), PGMT_CPU_UNKNOWN - 1);
	machine.cpu = PGMT_CPU_UNKNOWN + 7;
	assert_int_equal(PGMT_CPU(who_now(5)), PGMT_CPU_UNKNOWN);
	assert_int_equal(PGMT_TID(who_now(5)), 5);
}

/* A section has the last request of all its pages, until one of them is requested again. */
static void test_section_and_page(void **unused)
{
	__u32 tick;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(0, PGMT_SECTION_PAGES, 0));
	tick = tick_now();
	assert_int_equal(last_request_of(0).tick, tick);
	assert_int_equal(last_request_of(511).tick, tick);
	/* in the same tick: it is still the later one */
	silent(give_back(7, 0));
	machine.task.pid = 200;
	silent(request(7, 1, 0));
	assert_int_equal(last_request_of(7).tick, tick + 1);
	assert_int_equal(PGMT_TID(last_request_of(7).who), 200);
	assert_int_equal(last_request_of(8).tick, tick);
	assert_int_equal(PGMT_TID(last_request_of(8).who), 115);
}

static void test_none_is_kept(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	SET(stack_mode, PGMT_STACK_NONE);
	silent(request(3, 1, 0));
	silent(give_back(3, 0));
	assert_int_equal(table_of(&histories)->entries, 0);
	assert_balanced(1);
}

static void test_no_room(void **unused)
{
	unsigned int room = table_of(&histories)->max_entries;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	table_of(&histories)->max_entries = 0;
	silent(request(3, 1, 0));
	table_of(&histories)->max_entries = room;
	assert_int_equal(all_counts().lost[PGMT_LOSS_HISTORY], 1);
	assert_int_equal(all_counts().requests, 1);
}

static void test_task_names(void **unused)
{
	struct pgmt_task *task;
	__u32 tid = 115;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	record_task(tid, 5);
	record_task(tid, 6);
	task = bpf_map_lookup_elem(&tasks, &tid);
	assert_string_equal(task->comm, "tester");
	assert_int_equal(task->tick, 5);
	strcpy(machine.task.comm, "renamed");
	record_task(tid, 7);
	task = bpf_map_lookup_elem(&tasks, &tid);
	assert_string_equal(task->comm, "renamed");
	assert_int_equal(task->tick, 7);
}

/* ---- numbers of sites ---- */

/* The @i-th address that has the same first index as @site. */
static __u32 site_beside(__u32 site, int i)
{
	__u32 other = site;

	while (i--)
		do
			other++;
		while (first_site_index(other) != first_site_index(site));
	return other;
}

static void test_site_index(void **unused)
{
	const __u32 site = 0x81001000;
	__u32 index = first_site_index(site), i;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	assert_true(index >= 1 && index <= PGMT_SITES);
	assert_int_equal(find_site_index(0), 0);
	assert_int_equal(site_index_of(0), 0);
	for (i = 0; i < PGMT_SITE_WAYS; i++)
		assert_int_equal(site_index_of(site_beside(site, i)), index + i);
	/* each again, and by its number */
	for (i = 0; i < PGMT_SITE_WAYS; i++) {
		assert_int_equal(site_index_of(site_beside(site, i)), index + i);
		assert_int_equal(find_site_index(site_beside(site, i)), index + i);
		assert_int_equal(site_at(index + i), site_beside(site, i));
	}
	assert_int_equal(all_counts().lost[PGMT_LOSS_STACK], 0);
	assert_int_equal(site_index_of(site_beside(site, i)), 0);
	assert_int_equal(all_counts().lost[PGMT_LOSS_STACK], 1);
	/* that there is no site has no room of its own */
	assert_int_equal(site_at(0), 0);
}

/* The last index of all has as many behind it as any. */
static void test_last_site_index(void **unused)
{
	__u32 site = 1, i;

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	while (first_site_index(site) != PGMT_SITES)
		site++;
	for (i = 0; i < PGMT_SITE_WAYS; i++)
		assert_int_equal(site_index_of(site_beside(site, i)), PGMT_SITES + i);
	assert_int_equal(all_counts().lost[PGMT_LOSS_STACK], 0);
}

static __u32 other_site;

static void other_cpu_takes_it(volatile void *word)
{
	machine.before_swap = NULL;
	*(volatile __u32 *)word = other_site;
}

static void test_site_index_of_two_cpus(void **unused)
{
	const __u32 site = 0x81001000;

	(void)unused;
	/* another site was faster: the next index is ours */
	begin(PGMT_PROFILE_REQUEST);
	other_site = site_beside(site, 1);
	machine.before_swap = other_cpu_takes_it;
	assert_int_equal(find_site_index(site), first_site_index(site) + 1);
	assert_int_equal(find_site_index(other_site), first_site_index(site));
	/* the same site was: so it is there */
	begin(PGMT_PROFILE_REQUEST);
	other_site = site;
	machine.before_swap = other_cpu_takes_it;
	assert_int_equal(find_site_index(site), first_site_index(site));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tick_now),
		cmocka_unit_test(test_request_and_free),
		cmocka_unit_test(test_many_cpus),
		cmocka_unit_test(test_section_and_page),
		cmocka_unit_test(test_none_is_kept),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_task_names),
		cmocka_unit_test(test_site_index),
		cmocka_unit_test(test_last_site_index),
		cmocka_unit_test(test_site_index_of_two_cpus),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
