// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole sections, whose pages are taken all at once: the BPF programs as ordinary code.
 * What comes of it is what comes of single pages, and another CPU in between loses nothing.
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
#include "kept.h"

#define HISTORIES 3000
#define ALL	  ((unsigned int)PGMT_SECTION_PAGES)

static void begin_fsdax(void)
{
	start_session(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, false);
	seen = all_counts();
}

static struct pgmt_section *made_section(void)
{
	return find_section(PFN(0));
}

/* To any state, with nobody asked. */
static void set_word(struct pgmt_section *s, unsigned int page, __u32 word)
{
	__u64 *cell = &s->cells[pgmt_cell_index(page)];

	*cell &= ~((__u64)PGMT_WORD_MASK << pgmt_cell_shift(page));
	*cell |= (__u64)word << pgmt_cell_shift(page);
}

static void set_all(struct pgmt_section *s, __u32 word)
{
	for (unsigned int i = 0; i < ALL; i++)
		set_word(s, i, word);
}

static unsigned int pages_in(const struct pgmt_section *s, __u32 word)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ALL; i++)
		n += pgmt_word(s, i) == word;
	return n;
}

static void test_each_page_has_its_own_place(void **unused)
{
	struct pgmt_section *s;

	(void)unused;
	begin_fsdax();
	s = made_section();
	for (unsigned int i = 0; i < ALL; i++)
		set_word(s, i, i + 1);
	for (unsigned int i = 0; i < ALL; i++)
		assert_int_equal(pgmt_word(s, i), i + 1);
	set_all(s, PGMT_WORD_MASK);
	for (int i = 0; i < PGMT_SECTION_CELLS; i++)
		assert_true(s->cells[i] == repeat_word(PGMT_WORD_MASK, i));
}

/* One page that is not like the others is seen wherever it is, and in each bit. */
static void test_are_alike(void **unused)
{
	struct pgmt_section *s;

	(void)unused;
	begin_fsdax();
	s = made_section();
	set_all(s, 0x523);
	assert_true(are_alike(s, 0x523, PGMT_WORD_MASK, 0));
	assert_false(are_alike(s, 0x522, PGMT_WORD_MASK, 0));
	assert_true(are_alike(s, 0x503, PGMT_LIFE_MASK & ~0x20u, 0));
	for (unsigned int i = 0; i < ALL; i++) {
		for (__u32 bit = 1; bit < PGMT_WORD_MASK; bit <<= 1) {
			set_word(s, i, 0x523 ^ bit);
			assert_false(are_alike(s, 0x523, PGMT_WORD_MASK, 0));
			assert_int_equal(are_alike(s, 0x523, PGMT_WORD_MASK, 1), !i);
			assert_true(are_alike(s, 0x523, PGMT_WORD_MASK & ~bit, 0));
		}
		set_word(s, i, 0x523);
	}
}

static void test_swap_all(void **unused)
{
	struct pgmt_section *s;

	(void)unused;
	for (unsigned int first = 0; first < 2; first++) {
		begin_fsdax();
		s = made_section();
		set_all(s, 0x21);
		set_word(s, 0, first ? 0x123 : 0x21);
		assert_true(swap_all(s, 0x21, 0x23, first));
		assert_int_equal(pages_in(s, 0x23), ALL - first);
		assert_int_equal(pgmt_word(s, 0), first ? 0x123 : 0x23);
	}
}

/* ---- another CPU changes a page between the comparison and the swap ---- */

static unsigned int other_page, other_again;
static __u32 other_word;
static int swaps;

static void other_cpu_changes(volatile void *word)
{
	struct pgmt_section *s = section_of(PFN(0));
	__u64 *cell = &s->cells[pgmt_cell_index(other_page)];

	if (word != cell)
		return;
	/* for the first time before the swap, then before the way back */
	if (!swaps++ || other_again)
		set_word(s, other_page, other_word + swaps - 1);
}

static struct pgmt_section *section_that_changes(unsigned int page, __u32 from, __u32 to)
{
	struct pgmt_section *s;

	begin_fsdax();
	s = made_section();
	set_all(s, from);
	other_page = page;
	other_word = to;
	other_again = 0;
	swaps = 0;
	machine.before_swap = other_cpu_changes;
	return s;
}

static void test_all_or_none_are_swapped(void **unused)
{
	struct pgmt_transition t;
	struct pgmt_section *s;

	(void)unused;
	for (unsigned int page = 0; page < ALL; page++) {
		s = section_that_changes(page, 0x21, 0x423);
		t = (struct pgmt_transition){.op = PGMT_OP_REQUEST};
		assert_false(account_section(s, &t, 0));
		assert_int_equal(swaps, 1);
		assert_int_equal(pages_in(s, 0x21), ALL - 1);
		assert_int_equal(pgmt_word(s, page), 0x423);
		assert_counted(0, 0);
	}
}

/* What happens to the first page is nothing to the others, if it is left out. */
static void test_the_first_page_may_change(void **unused)
{
	struct pgmt_transition t = {.op = PGMT_OP_FREE_REST};
	struct pgmt_section *s;

	(void)unused;
	s = section_that_changes(0, 0x23, 0x24);
	machine.before_swap = NULL;
	set_word(s, 0, 0x24);
	assert_true(account_section(s, &t, 1));
	assert_int_equal(pages_in(s, 0x24), ALL);
	assert_counted(0, ALL - 1);
	/* but it shares a cell with four: they are as they were if it changes right then */
	s = section_that_changes(0, 0x23, 0x24);
	assert_false(account_section(s, &t, 1));
	assert_int_equal(pages_in(s, 0x23), ALL - 1);
	assert_int_equal(pgmt_word(s, 0), 0x24);
	assert_counted(0, 0);
}

static unsigned int last_cell_page(void)
{
	unsigned int i = 0;

	while (pgmt_cell_index(i) != PGMT_SECTION_CELLS - 1)
		i++;
	return i;
}

static unsigned int changed_behind;

/* The last cell is not as it was; on the way back nor is the first that was swapped. */
static void other_cpu_changes_two(volatile void *word)
{
	struct pgmt_section *s = section_of(PFN(0));

	if (word == &s->cells[PGMT_SECTION_CELLS - 1])
		set_word(s, last_cell_page(), 0x423);
	else if (word == &s->cells[pgmt_cell_index(changed_behind)] && swaps++)
		set_word(s, changed_behind, 0x424);
}

/* A page that cannot go back is counted as lost: its cell has four more, which stay. */
static void test_no_way_back_is_counted(void **unused)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST};
	struct pgmt_section *s;

	(void)unused;
	changed_behind = 1;
	s = section_that_changes(1, 0x21, 0);
	machine.before_swap = other_cpu_changes_two;
	assert_false(account_section(s, &t, 0));
	assert_int_equal(all_counts().lost[PGMT_LOSS_CONTENDED], 1);
	assert_int_equal(pgmt_word(s, 1), 0x424);
	assert_int_equal(pages_in(s, 0x23), 4);
	assert_int_equal(pages_in(s, 0x21), ALL - 6);
}

/* And the request is made page by page then, with the same result. */
static void test_falls_back_to_single_pages(void **unused)
{
	struct pgmt_section *s;

	(void)unused;
	for (unsigned int page = 0; page < ALL; page += 73) {
		s = section_that_changes(page, 0x21, 0x61);
		silent(request(0, ALL, 0));
		assert_counted(ALL, 0);
		assert_int_equal(pages_in(s, 0x23), ALL - 1);
		assert_int_equal(pgmt_word(s, page), 0x63);
		silent(give_back(0, PGMT_SECTION_SHIFT));
		assert_balanced(ALL);
	}
}

/* What is not only to be counted is left to single pages, with nothing done. */
static void test_leaves_the_rest_alone(void **unused)
{
	static const struct {
		__u32 word;
		unsigned char op, watch, slow;
	} cases[] = {
		{0x23, PGMT_OP_REQUEST, 0, 0},		 {0x24, PGMT_OP_FREE, 0, 0},
		{PGMT_UNKNOWN, PGMT_OP_FREE, 0, 0},	 {0x22, PGMT_OP_FREE, 0, 0},
		{PGMT_LIFE_MAX + 1, PGMT_OP_FREE, 0, 0}, {0x21, PGMT_OP_REQUEST, PGMT_WATCH_ALL, 0},
		{0x21, PGMT_OP_REQUEST, 0, 1},
	};
	struct pgmt_transition t;
	struct kept before, after;
	struct pgmt_section *s;

	(void)unused;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_fsdax();
		s = made_section();
		set_all(s, cases[i].word);
		SET(watch, cases[i].watch);
		SET(slow, cases[i].slow);
		t = (struct pgmt_transition){.op = cases[i].op};
		before = all_kept();
		assert_false(account_section(s, &t, 0));
		after = all_kept();
		assert_null(kept_differently(&before, &after));
	}
}

/* ---- at once or one by one ---- */

static void random_step(void)
{
	unsigned int page = rand() % ALL, nr = 1 + rand() % (ALL - page);

	machine.clock += rand() % (4 << PGMT_TICK_SHIFT);
	seen = all_counts();
	switch (rand() % 10) {
	case 0:
		request(page, 1, 0);
		break;
	case 1:
		request(page, nr, 0);
		break;
	case 2:
		come_back(page, 0);
		break;
	case 3:
		come_back(page & ~7u, 3);
		break;
	case 4:
		request_in_vain(0, ALL, 0);
		break;
	case 5:
	case 6:
		call_stored(PFN(0));
		break;
	case 7:
		come_back(0, PGMT_SECTION_SHIFT);
		break;
	default:
		/* whoever was refused builds nothing */
		if (!request(0, ALL, 0) && rand() % 2)
			make_folio(PFN(0), PGMT_SECTION_SHIFT, 1);
	}
}

static struct kept play(unsigned int seed, int steps, bool slowly)
{
	srand(seed);
	begin_fsdax();
	SET(slow, slowly);
	SET(can_cast, seed % 2);
	while (steps--)
		random_step();
	return all_kept();
}

static void test_at_once_is_as_one_by_one(void **unused)
{
	struct kept fast, kept;
	const char *map;

	(void)unused;
	for (unsigned int seed = 1; seed <= HISTORIES; seed++) {
		int steps = 1 + seed % 20;

		fast = play(seed, steps, false);
		kept = play(seed, steps, true);
		map = kept_differently(&fast, &kept);
		if (map)
			fail_msg("seed %u: after %d steps the %s differ", seed, steps, map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_page_has_its_own_place),
		cmocka_unit_test(test_are_alike),
		cmocka_unit_test(test_swap_all),
		cmocka_unit_test(test_all_or_none_are_swapped),
		cmocka_unit_test(test_the_first_page_may_change),
		cmocka_unit_test(test_no_way_back_is_counted),
		cmocka_unit_test(test_falls_back_to_single_pages),
		cmocka_unit_test(test_leaves_the_rest_alone),
		cmocka_unit_test(test_at_once_is_as_one_by_one),
	};

	return cmocka_run_group_tests_name("whole section", tests, NULL, NULL);
}
