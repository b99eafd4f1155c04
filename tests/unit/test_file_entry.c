// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which files hold a folio where files hold references: its mapping says whose it was last,
 * the entry in i_pages whose it is.  The BPF programs as ordinary code, on a small i_pages.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "device.h"

#define SLOTS	   64
#define SLOT_SHIFT 6
#define PFN(i)	   (FIRST_PFN + (i))
#define XA_RETRY   (256ULL << 2 | 2)
#define COW	   1 /* the mapping of a folio that files share, on 6.1 */

enum { LOCKED = 1 << 0, PMD = 1 << 1 };

/* The file, in one piece of memory that can be read. */
static struct {
	struct address_space file;
	struct xa_node node[6];
	unsigned int nodes;
} fs;

static struct xa_node *new_node(unsigned int shift)
{
	struct xa_node *n = &fs.node[fs.nodes++];

	assert_true(fs.nodes <= sizeof(fs.node) / sizeof(*fs.node));
	n->shift = shift;
	return n;
}

static void *link_to(struct xa_node *n)
{
	return (void *)((__u64)n | 2);
}

/* An empty tree with room for indices of @bits bits. */
static void make_file(unsigned int bits)
{
	memset(&fs, 0, sizeof(fs));
	if (bits)
		fs.file.i_pages.xa_head = link_to(new_node((bits - 1) / SLOT_SHIFT * SLOT_SHIFT));
}

/* @order: 0 or 9 */
static void store(__u64 index, unsigned int order, __u64 entry)
{
	unsigned int bottom = order / SLOT_SHIFT * SLOT_SHIFT;
	void **at = &fs.file.i_pages.xa_head;
	unsigned int shift, offset = 0;

	while (*at) {
		struct xa_node *n = (void *)((__u64)*at & ~3ULL);

		shift = n->shift;
		offset = index >> shift & (SLOTS - 1);
		at = &n->slots[offset];
		if (shift == bottom)
			break;
		if (!*at)
			*at = link_to(new_node(shift - SLOT_SHIFT));
	}
	for (unsigned int i = 0; i < 1U << (order - bottom); i++)
		at[i] = (void *)(i ? (__u64)offset << 2 | 2 : entry);
}

static __u64 entry_for(__u64 pfn, unsigned int shift, unsigned int flags)
{
	return (pfn << shift | flags) << 1 | 1;
}

static void set_owner(__u64 pfn, const void *mapping, __u64 index)
{
	write_field(struct folio, struct_page(pfn), mapping, mapping);
	write_field(struct folio, struct_page(pfn), index, index);
}

static enum pgmt_entry entry_at(__u64 pfn)
{
	return folio_entry((__u64)struct_page(pfn));
}

static __u32 files_of(__u64 pfn)
{
	return folio_files((__u64)struct_page(pfn), entry_at(pfn));
}

static void begin(void)
{
	start_session(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, true);
	machine.forms = FORMS_6_1;
	machine_maps(&fs, sizeof(fs));
}

/* Wherever in the file it is, and however high its tree. */
static void test_each_height(void **unused)
{
	static const struct {
		unsigned int bits;
		__u64 index;
	} cases[] = {
		{0, 0},	  {6, 0},	{6, 63},	{12, 0},
		{12, 64}, {18, 200000}, {24, 0xabcdef}, {36, 0xfedcba987},
	};

	(void)unused;
	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		__u64 index = cases[i].index;

		make_file(cases[i].bits);
		set_owner(PFN(3), &fs.file, index);
		assert_int_equal(entry_at(PFN(3)), PGMT_ENTRY_NONE);
		if (cases[i].bits)
			store(index, 0, entry_for(PFN(3), 6, 0));
		else
			fs.file.i_pages.xa_head = (void *)entry_for(PFN(3), 6, 0);
		assert_int_equal(entry_at(PFN(3)), PGMT_ENTRY_HOLDS);
		/* its neighbour in the device is in no file, and none at the next index */
		set_owner(PFN(3), &fs.file, index + 1);
		assert_int_equal(entry_at(PFN(3)), PGMT_ENTRY_NONE);
		set_owner(PFN(3), &fs.file, index + (1ULL << 40));
		assert_int_equal(entry_at(PFN(3)), PGMT_ENTRY_NONE);
		set_owner(PFN(4), &fs.file, index);
		assert_int_equal(entry_at(PFN(4)), PGMT_ENTRY_NONE);
	}
}

/* A huge entry is in eight slots.  It stands for one folio, or for single pages. */
static void test_huge_entry(void **unused)
{
	__u64 first = 3ULL << PGMT_SECTION_SHIFT;

	(void)unused;
	begin();
	make_file(18);
	store(first, PGMT_SECTION_SHIFT, entry_for(PFN(0), 6, PMD));
	for (unsigned int i = 0; i < PGMT_SECTION_PAGES; i++) {
		set_owner(PFN(i), &fs.file, first + i);
		assert_int_equal(entry_at(PFN(i)), PGMT_ENTRY_HOLDS);
		/* of the next 2 MiB of the device, it has none */
		set_owner(PFN(PGMT_SECTION_PAGES + i), &fs.file, first + i);
		assert_int_equal(entry_at(PFN(PGMT_SECTION_PAGES + i)), PGMT_ENTRY_NONE);
	}
	set_owner(PFN(0), &fs.file, first - 1);
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	set_owner(PFN(0), &fs.file, first + PGMT_SECTION_PAGES);
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	make_folio(PFN(0), PGMT_SECTION_SHIFT, 1);
	set_owner(PFN(0), &fs.file, first);
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_HOLDS);
}

/* Four flags, as released kernels have, or more; whether an entry has shown it before or not. */
static void test_flags(void **unused)
{
	static const struct {
		unsigned int shift, flags;
		enum pgmt_entry want;
	} cases[] = {
		{4, 0, PGMT_ENTRY_HOLDS},
		{4, LOCKED, PGMT_ENTRY_HOLDS},
		{4, 1 << 2, PGMT_ENTRY_NONE},
		{4, 1 << 3, PGMT_ENTRY_NONE},
		{5, LOCKED, PGMT_ENTRY_HOLDS},
		{5, 1 << 2, PGMT_ENTRY_NONE},
		{5, 1 << 3, PGMT_ENTRY_NONE},
		{5, 1 << 4, PGMT_ENTRY_ZAPPED},
		{6, LOCKED, PGMT_ENTRY_HOLDS},
		{6, 1 << 3, PGMT_ENTRY_NONE},
		{6, 1 << 4, PGMT_ENTRY_NONE},
		{6, 1 << 5, PGMT_ENTRY_ZAPPED},
		{6, 1 << 5 | LOCKED, PGMT_ENTRY_ZAPPED},
	};

	(void)unused;
	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (unsigned int huge = 0; huge < 2; huge++) {
			unsigned int flags = cases[i].flags | (huge ? PMD : 0);

			make_file(12);
			store(0, huge ? PGMT_SECTION_SHIFT : 0,
			      entry_for(PFN(0), cases[i].shift, flags));
			set_owner(PFN(0), &fs.file, 0);
			dax_shift = 0;
			assert_int_equal(entry_at(PFN(0)), cases[i].want);
			dax_shift = cases[i].shift;
			assert_int_equal(entry_at(PFN(0)), cases[i].want);
			/* it names another page then */
			dax_shift = cases[i].shift == 4 ? 6 : 4;
			assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
		}
	}
}

/* Nodes that another CPU changes just now, and what is no file. */
static void test_what_is_no_entry(void **unused)
{
	(void)unused;
	begin();
	make_file(12);
	store(70, 0, XA_RETRY);
	set_owner(PFN(0), &fs.file, 70);
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	store(70, 0, (__u64)struct_page(PFN(0)));
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	fs.file.i_pages.xa_head = (void *)XA_RETRY;
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	/* the file is gone, and its memory */
	set_owner(PFN(0), (void *)0x1234567890, 70);
	assert_int_equal(entry_at(PFN(0)), PGMT_ENTRY_NONE);
	assert_int_equal(files_of(PFN(0)), 0);
	set_owner(PFN(0), NULL, 0);
	assert_int_equal(files_of(PFN(0)), 0);
	/* several files share it: only the kernel's own count is known */
	set_owner(PFN(0), (void *)COW, 3);
	assert_int_equal(files_of(PFN(0)), 3);
	set_owner(PFN(0), (void *)COW, 0);
	assert_int_equal(files_of(PFN(0)), 0);
}

/* What `look` says: of a stored folio, of one that a fault left behind, of a zapped one. */
static void test_look(void **unused)
{
	struct pgmt_finding f = {.pfn = PFN(0)};

	(void)unused;
	begin();
	make_file(12);
	set_refcount(PFN(0), 1);
	set_owner(PFN(0), &fs.file, 5);
	look(&f);
	assert_int_equal(f.refcount, 1);
	assert_int_equal(f.accounted, 0);
	assert_int_equal(f.file.sharers, 0);
	assert_int_equal(f.file.flags & (PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED),
			 PGMT_FILE_NO_ENTRY);

	store(5, 0, entry_for(PFN(0), 6, 1 << 5));
	f = (struct pgmt_finding){.pfn = PFN(0)};
	look(&f);
	assert_int_equal(f.accounted, 0);
	assert_int_equal(f.file.flags & (PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED), PGMT_FILE_ZAPPED);

	store(5, 0, entry_for(PFN(0), 6, LOCKED));
	f = (struct pgmt_finding){.pfn = PFN(0)};
	look(&f);
	assert_int_equal(f.accounted, 1);
	assert_int_equal(f.file.sharers, 1);
	assert_int_equal(f.file.flags & (PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED), 0);
	assert_int_equal(f.other.flags, 0);
	/* a stall whose task breaks the layout of another file */
	f = (struct pgmt_finding){.pfn = PFN(0), .mapping = (__u64)&fs.node[5]};
	look(&f);
	assert_true(f.other.flags & PGMT_FILE_KNOWN);
	assert_int_equal(f.other.offset, 5 << PGMT_PAGE_SHIFT);
	/* which is that of the first no more */
	store(5, 0, 0);
	f = (struct pgmt_finding){.pfn = PFN(0), .mapping = (__u64)&fs.node[5]};
	look(&f);
	assert_int_equal(f.accounted, 0);
	assert_int_equal(f.other.flags, 0);
	assert_int_equal(f.file.flags & (PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED), 0);
}

static __u64 scan(__u64 *folios)
{
	struct pgmt_leak_scan l = {.pgmap = (__u64)&device,
				   .pfn = FIRST_PFN,
				   .end = FIRST_PFN + NR_PFNS,
				   .type = PGMT_TYPE_FS_DAX};

	scan_leaks(&l);
	*folios = l.folios;
	return l.unexplained;
}

/* A huge fault that failed in the middle: 19 pages have the file's mapping, and no entry. */
static void test_scan(void **unused)
{
	__u64 first = PGMT_SECTION_PAGES, folios;

	(void)unused;
	begin();
	make_file(12);
	for (unsigned int i = 0; i < 19; i++) {
		set_refcount(PFN(i), 1);
		set_owner(PFN(i), &fs.file, first + i);
	}
	assert_int_equal(scan(&folios), 19);
	assert_int_equal(folios, 19);
	/* had it not failed */
	store(first, PGMT_SECTION_SHIFT, entry_for(PFN(0), 6, PMD));
	for (unsigned int i = 19; i < PGMT_SECTION_PAGES; i++) {
		set_refcount(PFN(i), 1);
		set_owner(PFN(i), &fs.file, first + i);
	}
	assert_int_equal(scan(&folios), 0);
	assert_int_equal(folios, PGMT_SECTION_PAGES);
	/* and a pin */
	set_refcount(PFN(7), 2);
	assert_int_equal(scan(&folios), 1);
	assert_int_equal(unexplained_pfn[0], PFN(7));
	set_refcount(PFN(7), 1);
	/* two files share it */
	set_owner(PFN(8), (void *)COW, 2);
	set_refcount(PFN(8), 2);
	assert_int_equal(scan(&folios), 0);
	set_refcount(PFN(8), 3);
	assert_int_equal(scan(&folios), 1);
}

/* A fault's place in memory, on a stack with other words. */
static void test_find_fault(void **unused)
{
	static struct {
		struct mm_struct mm;
		struct vm_area_struct vma[2];
		__u64 stack[STACK_BYTES / 8];
	} task;
	__u64 base = (__u64)task.stack, end = base + sizeof(task.stack), vmf;
	struct vm_fault fault = {.vma = &task.vma[0], .pgoff = 0x105, .address = 0x7f0000005000};

	(void)unused;
	begin();
	machine_maps(&task, sizeof(task));
	machine.task.mm = &task.mm;
	for (int i = 0; i < 2; i++)
		task.vma[i] = (struct vm_area_struct){.vm_mm = &task.mm,
						      .vm_start = 0x7f0000000000,
						      .vm_end = 0x7f0000010000,
						      .vm_pgoff = 0x100};
	/* a pointer to the vma alone is no fault */
	task.stack[100] = (__u64)&task.vma[0];
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, 0);
	memcpy(&task.stack[1500], &fault, sizeof(fault));
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, &task.stack[1500]);
	/* behind the end, or of a task without memory of its own */
	find_fault(base, base + 1000 * 8, &vmf);
	assert_int_equal(vmf, 0);
	machine.task.mm = NULL;
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, 0);
	machine.task.mm = &task.mm;
	/* left behind by an earlier one: the same is no matter, else it is not known which */
	memcpy(&task.stack[200], &fault, sizeof(fault));
	find_fault(base, end, &vmf);
	assert_int_not_equal(vmf, 0);
	fault.address += 0x1000;
	fault.pgoff++;
	memcpy(&task.stack[200], &fault, sizeof(fault));
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, 0);
	fault.vma = &task.vma[1];
	memcpy(&task.stack[200], &fault, sizeof(fault));
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, 0);
	/* not where its address says */
	fault.pgoff++;
	memcpy(&task.stack[200], &fault, sizeof(fault));
	find_fault(base, end, &vmf);
	assert_int_equal(vmf, &task.stack[1500]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_height), cmocka_unit_test(test_huge_entry),
		cmocka_unit_test(test_flags),	    cmocka_unit_test(test_what_is_no_entry),
		cmocka_unit_test(test_find_fault),  cmocka_unit_test(test_look),
		cmocka_unit_test(test_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
