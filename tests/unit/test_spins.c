// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that ask again and again whether a folio is idle: the BPF programs as ordinary code,
 * and what the tool makes of their table.
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
#include "session/spins.c"

#define SECOND NS_PER_S
#define FILE_A 0x1000ULL /* address_spaces */
#define FILE_B 0x2000ULL
#define NOBODY (~0ULL)

bool holder_waits(const struct pgmt_holder *h)
{
	return h->how == PGMT_HOW_WAIT || h->how == PGMT_HOW_SPIN;
}

/* The task begins to look for pages of a file that are in use. */
static void ask(uint64_t mapping)
{
	fentry_dax_layout_busy_page_range(call(mapping, 0, 0));
}

/* It has found this page, or none. */
static void answer(uint64_t mapping, uint64_t page)
{
	struct call_frame *frame = call(mapping, 0, 0);

	frame->result = page == NOBODY ? 0 : (uint64_t)struct_page(PFN(page));
	fexit_dax_layout_busy_page_range(frame);
}

/* By a kretprobe, which has no arguments. */
static void answer_alone(uint64_t page)
{
	struct pt_regs regs = {};

	regs.ax = page == NOBODY ? 0 : (uint64_t)struct_page(PFN(page));
	kretprobe_dax_layout_busy_page_range(&regs);
}

static void asks_for(uint64_t mapping, uint64_t page)
{
	ask(mapping);
	answer(mapping, page);
}

/* For so long, every tenth of a second. */
static void spin(uint64_t mapping, uint64_t page, unsigned int tenths)
{
	for (unsigned int i = 0; i < tenths; i++) {
		machine.clock += SECOND / 10;
		asks_for(mapping, page);
	}
}

static const struct pgmt_spins *table(void)
{
	return all_spins();
}

static struct pgmt_waits who_spins(void)
{
	struct pgmt_waits found = {};

	spins_add(table(), machine.clock, &found);
	return found;
}

static void start(void)
{
	begin(PGMT_PROFILE_COUNTED);
}

static void test_one_that_spins(void **unused)
{
	struct pgmt_waits w;
	uint64_t began_at;

	(void)unused;
	start();
	began_at = machine.clock + SECOND / 10;
	set_refcount(PFN(3), 1);
	spin(FILE_A, 3, 100);
	w = who_spins();
	assert_int_equal(w.nr, 1);
	assert_int_equal(w.wait[0].how, PGMT_HOW_WAIT);
	assert_true(w.wait[0].pfn == PFN(3));
	assert_true(w.wait[0].pgmap == (uint64_t)&device);
	assert_true(w.wait[0].task == (uint64_t)&machine.task);
	assert_true(w.wait[0].mapping == FILE_A);
	assert_int_equal(w.wait[0].tid, 115);
	assert_int_equal(w.wait[0].refcount, 1);
	assert_int_equal(w.wait[0].asked, 100);
	assert_true(w.wait[0].since == began_at);
	assert_true(w.wait[0].last == machine.clock);
	assert_true(w.wait[0].site);
	assert_string_equal(w.wait[0].comm, "tester");
	/* it has got what it wants */
	asks_for(FILE_A, NOBODY);
	assert_int_equal(who_spins().nr, 0);
}

/* As XFS clones: the first file's pages are idle each time. */
static void test_one_that_asks_for_two_files(void **unused)
{
	(void)unused;
	start();
	for (int i = 0; i < 100; i++) {
		machine.clock += SECOND / 10;
		asks_for(FILE_B, NOBODY);
		asks_for(FILE_A, 3);
	}
	assert_int_equal(who_spins().wait[0].asked, 100);
}

/* Both are in use, but it waits for neither: nor does it for one page after the other. */
static void test_different_files_and_pages(void **unused)
{
	(void)unused;
	start();
	for (int i = 0; i < 100; i++) {
		machine.clock += SECOND / 10;
		asks_for(FILE_A, 3);
		asks_for(FILE_B, 3);
	}
	assert_int_equal(who_spins().nr, 0);
	for (int i = 0; i < 100; i++) {
		machine.clock += SECOND / 10;
		asks_for(FILE_A, i % 8);
	}
	assert_int_equal(who_spins().nr, 0);
}

/* It has asked once, and sleeps since: the wait queue has it. */
static void test_one_that_sleeps(void **unused)
{
	struct pgmt_waits found = {};

	(void)unused;
	start();
	asks_for(FILE_A, 3);
	assert_int_equal(who_spins().nr, 0);
	spin(FILE_A, 3, 30);
	found.nr = 1;
	found.wait[0].how = PGMT_HOW_WAIT;
	found.wait[0].task = (uint64_t)&machine.task;
	spins_add(table(), machine.clock, &found);
	assert_int_equal(found.nr, 1);
}

static void test_one_that_has_stopped(void **unused)
{
	struct pgmt_waits w;

	(void)unused;
	start();
	spin(FILE_A, 3, 50);
	machine.clock += PGMT_SPIN_GAP;
	w = who_spins();
	assert_int_equal(w.nr, 1);
	assert_true(w.wait[0].last == machine.clock - PGMT_SPIN_GAP);
	machine.clock++;
	assert_int_equal(who_spins().nr, 0);
	/* and then it begins anew */
	spin(FILE_A, 3, 2);
	w = who_spins();
	assert_int_equal(w.nr, 1);
	assert_true(w.wait[0].since == machine.clock - SECOND / 10);
}

/* Another task at the same address: the first has ended. */
static void test_another_task(void **unused)
{
	(void)unused;
	start();
	spin(FILE_A, 3, 50);
	machine.task.pid = 116;
	spin(FILE_A, 3, 2);
	assert_int_equal(who_spins().wait[0].asked, 2);
	assert_int_equal(who_spins().wait[0].tid, 116);
}

static void test_one_that_asks_rarely(void **unused)
{
	struct holders_found found = {.pfn = PFN(3), .pages = 1};

	(void)unused;
	start();
	for (int i = 0; i < 10; i++) {
		machine.clock += SECOND;
		asks_for(FILE_A, 3);
	}
	assert_int_equal(who_spins().nr, 1);
	assert_int_equal(who_spins().wait[0].asked, 0);
	spins_hold(table(), machine.clock, &found);
	assert_int_equal(found.holder[0].how, PGMT_HOW_WAIT);
	/* a signal has ended it */
	machine.clock += 2 * SECOND + 1;
	assert_int_equal(who_spins().nr, 0);
}

/* Where the return has no arguments, an entry that was missed is no other file. */
static void test_a_return_alone(void **unused)
{
	struct pgmt_waits w;

	(void)unused;
	start();
	for (int i = 0; i < 100; i++) {
		machine.clock += SECOND / 10;
		if (i % 10)
			ask(FILE_B);
		answer_alone(NOBODY);
		ask(FILE_A);
		answer_alone(3);
	}
	w = who_spins();
	assert_int_equal(w.nr, 1);
	assert_true(w.wait[0].mapping == FILE_A);
	assert_int_equal(w.wait[0].asked, 100);
}

/* More than there is room for: what is there is found, and the look is not whole. */
static void test_no_room(void **unused)
{
	struct pgmt_waits w;

	(void)unused;
	start();
	spin(FILE_A, 3, 2);
	for (int i = 0; i < PGMT_SPINS; i++) {
		if (!all_spins()->spin[i].task)
			all_spins()->spin[i].task = 4096;
		all_spins()->spin[i].last = machine.clock;
	}
	assert_int_equal(who_spins().more, 0);
	asks_for(FILE_A, NOBODY);
	for (int i = 0; i < PGMT_SPINS; i++)
		all_spins()->spin[i].task = 4096;
	asks_for(FILE_A, 3);
	w = who_spins();
	assert_int_equal(w.nr, 0);
	assert_int_equal(w.more, 1);
	machine.clock += 2 * SECOND;
	assert_int_equal(who_spins().more, 0);
}

static void test_who_spins_for_a_folio(void **unused)
{
	struct holders_found found = {.pfn = PFN(2), .pages = 2};

	(void)unused;
	start();
	spin(FILE_A, 3, 10);
	spins_hold(table(), machine.clock, &found);
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.holder[0].how, PGMT_HOW_SPIN);
	assert_int_equal(found.holder[0].tid, 115);
	/* once */
	spins_hold(table(), machine.clock, &found);
	assert_int_equal(found.nr, 1);
	found = (struct holders_found){.pfn = PFN(4), .pages = 4};
	spins_hold(table(), machine.clock, &found);
	assert_int_equal(found.nr, 0);
	found = (struct holders_found){.pfn = PFN(0), .pages = 4, .nr = HOLDERS_MAX};
	spins_hold(table(), machine.clock, &found);
	assert_int_equal(found.more, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_spins),
		cmocka_unit_test(test_one_that_asks_for_two_files),
		cmocka_unit_test(test_different_files_and_pages),
		cmocka_unit_test(test_one_that_sleeps),
		cmocka_unit_test(test_one_that_has_stopped),
		cmocka_unit_test(test_another_task),
		cmocka_unit_test(test_one_that_asks_rarely),
		cmocka_unit_test(test_a_return_alone),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_who_spins_for_a_folio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
