// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reference counts below 0, and compound state of a folio's last use: the BPF programs as
 * ordinary code, which look at struct pages that no kernel should have.
 * Not here: single steps (test_model.c).
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

/* ---- a release of many folios ---- */

/* Return: the rule that is broken when the release returns. */
static unsigned int release(unsigned int page, unsigned int nr, void (*kernel)(void))
{
	struct call_frame frame = *call((__u64)struct_page(PFN(page)), nr, 0);

	fentry_pgmap_release_folios(&frame);
	silent(new_finding());
	kernel();
	fexit_pgmap_release_folios(&frame);
	return new_finding();
}

static unsigned int first, count;

static void put_each_once(void)
{
	for (unsigned int i = 0; i < count; i++) {
		set_refcount(PFN(first + i), 0);
		call_free(PFN(first + i));
	}
}

/* The first folio, and then the second over and over again. */
static void put_the_second(void)
{
	set_refcount(PFN(first), 0);
	call_free(PFN(first));
	set_refcount(PFN(first + 1), 0);
	call_free(PFN(first + 1));
	set_refcount(PFN(first + 1), 2 - (int)count);
}

static void put_nothing(void)
{
}

static void test_release_visits_one_again(void **unused)
{
	(void)unused;
	first = 3;
	/* of two there is none to visit again */
	for (count = 1; count <= 200; count++) {
		begin(PGMT_PROFILE_REQUEST);
		silent(request(first, count, 0));
		if (count < 3) {
			silent(release(first, count, put_each_once));
			assert_balanced(count);
			continue;
		}
		breaks(REFCOUNT_UNDERFLOW, release(first, count, put_the_second));
		assert_int_equal(last_finding()->pfn, PFN(first + 1));
		assert_int_equal(last_finding()->refcount, 2 - (int)count);
		assert_int_equal(last_finding()->asked, count);
		assert_int_equal(last_finding()->op, PGMT_OP_RELEASED);
		assert_int_equal(last_finding()->folios, 1);
		/* neither is it told again, nor what comes of it */
		silent(release(first + 1, 1, put_nothing));
		assert_int_equal(nr_releases, 0);
	}
}

static void test_release_visits_each(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	first = 0;
	for (count = 1; count <= 512; count = count * 5 / 4 + 1) {
		silent(request(first, count, 0));
		silent(release(first, count, put_each_once));
	}
	silent(teardown());
	assert_int_equal(nr_releases, 0);
	assert_int_equal(all_counts().requests, all_counts().frees);
}

static void put_one_too_often(void)
{
	set_refcount(PFN(first), -1);
}

static void test_release_of_one(void **unused)
{
	(void)unused;
	first = 3;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(first, 1, 0));
	breaks(REFCOUNT_UNDERFLOW, release(first, 1, put_one_too_often));
	assert_int_equal(last_finding()->refcount, -1);
}

/* What page_free takes apart is looked at as it was. */
static void put_large_ones(void)
{
	make_single(PFN(first), count << 2);
	set_refcount(PFN(first), 0);
	set_refcount(PFN(first + 4), -1);
}

static void test_release_of_large_ones(void **unused)
{
	(void)unused;
	first = 0;
	count = 3;
	begin(PGMT_PROFILE_REQUEST);
	silent(request(first, count, 2));
	breaks(REFCOUNT_UNDERFLOW, release(first, count, put_large_ones));
	assert_int_equal(last_finding()->pfn, PFN(4));
}

/* It was reported when the release began: that is one bug. */
static void test_release_of_idle_one(void **unused)
{
	struct call_frame frame = *call((__u64)struct_page(PFN(0)), 1, 0);

	(void)unused;
	begin(PGMT_PROFILE_REQUEST);
	fentry_pgmap_release_folios(&frame);
	breaks(RELEASE_UNREQUESTED, new_finding());
	set_refcount(PFN(0), -1);
	fexit_pgmap_release_folios(&frame);
	silent(new_finding());
	silent(teardown());
	assert_int_equal(nr_releases, 0);
}

/* ---- scans ---- */

static void test_teardown(void **unused)
{
	static const unsigned char types[] = {PGMT_TYPE_COHERENT, PGMT_TYPE_FS_DAX,
					      PGMT_TYPE_GENERIC, PGMT_TYPE_PCI_P2PDMA};

	(void)unused;
	for (int kernel = PGMT_PROFILE_CLASSIC; kernel <= PGMT_PROFILE_REQUEST; kernel++)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			start_session(kernel, types[i], false);
			seen = all_counts();
			set_refcount(PFN(70), 0);
			silent(teardown());
			set_refcount(PFN(70), -1);
			set_refcount(PFN(511), -3);
			breaks(REFCOUNT_UNDERFLOW, teardown());
			assert_int_equal(last_finding()->pfn, PFN(70));
			assert_int_equal(last_finding()->refcount, -1);
			assert_int_equal(last_finding()->folios, 2);
			silent(teardown());
		}
}

/* One in use does not hide it, nor is it hidden. */
static void test_teardown_of_used_one(void **unused)
{
	struct pgmt_counts counts;

	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	set_refcount(PFN(3), 1);
	set_refcount(PFN(70), -1);
	call_teardown(PFN(0), PGMT_SECTION_PAGES);
	counts = all_counts();
	assert_int_equal(counts.rules[PGMT_RULE_TEARDOWN_LIVE], 1);
	assert_int_equal(counts.rules[PGMT_RULE_REFCOUNT_UNDERFLOW], 1);
}

/* Behind the end of what is scanned there may be anything. */
static void test_scan_ends(void **unused)
{
	(void)unused;
	begin(PGMT_PROFILE_COUNTED);
	set_refcount(PFN(70), -1);
	call_teardown(PFN(64), 6);
	silent(new_finding());
	call_teardown(PFN(64), 7);
	breaks(REFCOUNT_UNDERFLOW, new_finding());
}

static void test_initial_scan(void **unused)
{
	struct pgmt_scan scan = {.pfn = PFN(0), .nr = PGMT_SECTION_PAGES};

	(void)unused;
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, true);
	seen = all_counts();
	scan_initial(&scan);
	silent(new_finding());
	set_refcount(PFN(5), -1);
	scan_initial(&scan);
	breaks(REFCOUNT_UNDERFLOW, new_finding());
	assert_int_equal(last_finding()->op, PGMT_OP_INITIAL);
	scan_initial(&scan);
	silent(new_finding());
}

/* Of a huge entry that stands for single pages, one may hide among others in use. */
static void test_remove(void **unused)
{
	(void)unused;
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, false);
	seen = all_counts();
	set_refcount(PFN(9), -1);
	fentry_dax_disassociate_entry(call((PFN(0) << DAX_SHIFT | DAX_PMD) << 1 | 1, 0, 0));
	breaks(REFCOUNT_UNDERFLOW, new_finding());
	assert_int_equal(last_finding()->busy, PFN(9));
}

/* ---- compound state of the last use ---- */

static struct {
	struct vm_fault fault;
	struct vm_area_struct vma;
	struct file file;
	struct inode inode;
	struct address_space mapping;
	struct xa_node entries;
} world;

/* The file has @value at the index at which the fault is. */
static void make_fault(__u64 index, __u64 value)
{
	machine_maps(&world, sizeof(world));
	world.fault.vma = &world.vma;
	world.fault.pgoff = index;
	world.vma.vm_file = &world.file;
	world.file.f_mapping = &world.mapping;
	world.mapping.host = &world.inode;
	world.mapping.i_pages.xa_head = (void *)((__u64)&world.entries | 2);
	memset(&world.entries, 0, sizeof(world.entries));
	world.entries.slots[index] = (void *)value;
}

static __u64 dax_value(__u64 pfn, __u64 flags)
{
	return (pfn << DAX_SHIFT | flags) << 1 | 1;
}

static unsigned int map_page(unsigned int page, bool huge)
{
	struct call_frame *frame = call((__u64)&world.fault, (__u64)struct_page(PFN(page)), 0);

	if (huge)
		fentry_vmf_insert_folio_pmd(frame);
	else
		fentry_vmf_insert_page_mkwrite(frame);
	return new_finding();
}

static void begin_mapping(__u64 value)
{
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, false);
	seen = all_counts();
	make_fault(5, value);
}

static void use_folio(unsigned int page, unsigned int order)
{
	make_folio(PFN(page), order, 1);
	write_field(struct folio, struct_page(PFN(page)), mapping, &world.mapping);
}

static void test_mapped_as_stored(void **unused)
{
	(void)unused;
	begin_mapping(dax_value(PFN(7), 0));
	set_refcount(PFN(7), 1);
	silent(map_page(7, false));
	/* each page of a huge entry, and all of it */
	for (unsigned int page = 0; page < PGMT_SECTION_PAGES; page += 7) {
		begin_mapping(dax_value(PFN(0), DAX_PMD));
		use_folio(0, PGMT_SECTION_SHIFT);
		silent(map_page(page, false));
		silent(map_page(0, true));
		assert_int_equal(all_counts().requests, 1);
	}
	/* another file has the huge entry, too, and this one single pages */
	begin_mapping(dax_value(PFN(7), 0));
	make_folio(PFN(0), PGMT_SECTION_SHIFT, 2);
	silent(map_page(7, false));
	/* the entry is not there */
	begin_mapping(0);
	use_folio(0, PGMT_SECTION_SHIFT);
	silent(map_page(7, false));
}

static void test_mapped_otherwise(void **unused)
{
	(void)unused;
	begin_mapping(dax_value(PFN(8), 0));
	use_folio(8, 2);
	breaks(ORDER_MISMATCH, map_page(8, false));
	assert_int_equal(last_finding()->order, 2);
	assert_int_equal(last_finding()->asked_order, 0);
	/* once */
	silent(map_page(8, false));
	silent(map_page(9, false));
	begin_mapping(dax_value(PFN(10), 0));
	use_folio(8, 2);
	breaks(ORDER_MISMATCH, map_page(10, false));
	assert_int_equal(last_finding()->pfn, PFN(8));
	assert_int_equal(last_finding()->busy, PFN(10));
}

/* Without any entry: what is no folio in itself. */
static void test_mapped_what_is_no_folio(void **unused)
{
	(void)unused;
	begin_mapping(0);
	make_folio(PFN(8), 2, 1);
	set_head(PFN(9), PFN(9), 0); /* the head has no tail */
	breaks(ORDER_MISMATCH, map_page(8, false));
	begin_mapping(0);
	make_folio(PFN(8), 2, 1);
	set_flags(PFN(8), 0); /* the tails have no head */
	breaks(ORDER_MISMATCH, map_page(10, false));
	begin_mapping(0);
	make_folio(PFN(8), 2, 1);
	set_flags(PFN(9), 1); /* the tail is behind the end: it has order 1 */
	breaks(ORDER_MISMATCH, map_page(10, false));
}

static void test_mapped_by_pmd(void **unused)
{
	(void)unused;
	for (unsigned int order = 0; order < PGMT_SECTION_SHIFT; order++) {
		begin_mapping(dax_value(PFN(0), DAX_PMD));
		use_folio(0, order);
		breaks(ORDER_MISMATCH, map_page(0, true));
		assert_int_equal(last_finding()->asked_order, PGMT_SECTION_SHIFT);
	}
}

/* Elsewhere single pages may be mapped by a PMD. */
static void test_other_types_and_contracts(void **unused)
{
	(void)unused;
	begin_mapping(0);
	device.type = (enum memory_type)PGMT_TYPE_GENERIC;
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC, false);
	seen = all_counts();
	make_fault(5, 0);
	silent(map_page(0, true));
	start_session(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, false);
	seen = all_counts();
	silent(request(0, 4, 0));
	fentry_vmf_insert_pfn_pmd(call(0, PFN(0), 0));
	new_finding();
	assert_int_equal(all_counts().rules[PGMT_RULE_ORDER_MISMATCH], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_release_visits_one_again),
		cmocka_unit_test(test_release_visits_each),
		cmocka_unit_test(test_release_of_one),
		cmocka_unit_test(test_release_of_large_ones),
		cmocka_unit_test(test_release_of_idle_one),
		cmocka_unit_test(test_teardown),
		cmocka_unit_test(test_teardown_of_used_one),
		cmocka_unit_test(test_scan_ends),
		cmocka_unit_test(test_initial_scan),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_mapped_as_stored),
		cmocka_unit_test(test_mapped_otherwise),
		cmocka_unit_test(test_mapped_what_is_no_folio),
		cmocka_unit_test(test_mapped_by_pmd),
		cmocka_unit_test(test_other_types_and_contracts),
	};

	return cmocka_run_group_tests_name("below zero", tests, NULL, NULL);
}
