// SPDX-License-Identifier: GPL-2.0-only
/* The set of pages, and which references of a folio are accounted for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "leaks/page_set.c"

static const struct pgmt_pgmap pgmap = {
	.nr_range = 2,
	.range = {{0x1000, 0x1041}, {0x9000, 0x9000 + 199}},
};

static void collect(const struct page_set *h, uint64_t *pfns, unsigned int *nr)
{
	unsigned int range = 0;
	uint64_t pfn = 0;

	for (*nr = 0; page_set_next(h, &range, &pfn); pfn++)
		pfns[(*nr)++] = pfn;
}

static void test_order(void **state)
{
	static const uint64_t all[] = {0x1000, 0x103f, 0x1040, 0x1041, 0x9000, 0x90c7};
	uint64_t found[8];
	struct page_set h;
	unsigned int nr;

	(void)state;
	assert_true(page_set_init(&h, &pgmap));
	collect(&h, found, &nr);
	assert_int_equal(nr, 0);
	for (int i = 5; i >= 0; i--)
		page_set_add(&h, all[i]);
	/* outside of the ranges */
	page_set_add(&h, 0xfff);
	page_set_add(&h, 0x1042);
	page_set_add(&h, 0x90c8);
	collect(&h, found, &nr);
	assert_int_equal(nr, 6);
	assert_memory_equal(found, all, sizeof(all));
	page_set_free(&h);
}

static void test_keep(void **state)
{
	uint64_t still[] = {0x1000, 0x1002, 0x1041}, found[8];
	struct page_set h;
	unsigned int nr;

	(void)state;
	assert_true(page_set_init(&h, &pgmap));
	page_set_add(&h, 0x1000);
	page_set_add(&h, 0x1001);
	page_set_add(&h, 0x1041);
	page_set_add(&h, 0x9001);
	assert_true(page_set_any(&h, 0x1001, 0x1002));
	assert_false(page_set_any(&h, 0x1002, 0x1041));
	/* 0x1002 was not in the set */
	page_set_keep(&h, 0x1000, 0x1042, still, 3);
	collect(&h, found, &nr);
	assert_int_equal(nr, 3);
	assert_int_equal(found[0], 0x1000);
	assert_int_equal(found[1], 0x1041);
	assert_int_equal(found[2], 0x9001);
	page_set_keep(&h, 0x9000, 0x9080, NULL, 0);
	assert_false(page_set_any(&h, 0x9000, 0x90c8));
	page_set_free(&h);
	collect(&h, found, &nr);
	assert_int_equal(nr, 0);
}

static void test_accounted(void **state)
{
	(void)state;
	/* classic: a mapping of a file takes none, and a file none */
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX, 0, 3, 1), 0);
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_CLASSIC, PGMT_TYPE_GENERIC, 0, 3, 0), 0);
	/* counted: each mapping one */
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 0, 3, 1), 3);
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC, 0, 2, 0), 2);
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 0, 0, 1), 0);
	/* request: each file one; device-dax asks for itself */
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, 0, 3, 2), 2);
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, 0, 3, 0), 0);
	assert_int_equal(pgmt_accounted(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC, 0, 0, 0), 1);
	/* a driver's: its own, which passes on to the first mapping */
	for (unsigned int profile = PGMT_PROFILE_CLASSIC; profile < PGMT_NR_PROFILES; profile++) {
		assert_int_equal(pgmt_accounted(profile, PGMT_TYPE_PRIVATE, 0, 0, 0), 1);
		assert_int_equal(pgmt_accounted(profile, PGMT_TYPE_COHERENT, 0, 2, 0), 2);
		assert_int_equal(pgmt_accounted(profile, PGMT_TYPE_PRIVATE, 1, 0, 0), 0);
		assert_int_equal(pgmt_accounted(profile, PGMT_TYPE_PRIVATE, 1, 1, 0), 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_accounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
