// SPDX-License-Identifier: GPL-2.0-only
/* What the tool learns of an arm64 kernel, on any machine.  The numbers are of real kernels. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "arch/arm64.h"
#include "session/layout_arm64.h"

static void every_call_site_comes_back(void **state)
{
	const __u64 text = 0xffff95968ac00000;
	const uint64_t sites[] = {
		text, 0xffff95968b23bf18, /* in the kernel */
		0xffff959645653008,	  /* in a module, below it */
		0xffff95970ac00000,	  /* and above */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++) {
		uint32_t site = pgmt_site_of_address(sites[i], &text);

		assert_true(site & PGMT_SITE_IS_ADDRESS);
		assert_int_equal(pgmt_address_of_site(site, text), sites[i]);
	}
	/* the stack, and the direct map */
	assert_int_equal(pgmt_site_of_address(0xffff800080003e10, &text), 0);
	assert_int_equal(pgmt_site_of_address(0xfff000003fe00000, &text), 0);
	assert_int_equal(pgmt_site_of_address(0, &text), 0);
}

/* Memory of a kernel: where its variables point to. */
struct kernel {
	uint64_t mem_section, memstart_addr;
	uint64_t first_root; /* index of the first that is there */
	uint64_t section;    /* and of the first section in it */
	uint64_t map;
};

enum { AT_MEM_SECTION = 0x1000, AT_MEMSTART = 0x1008, ROOT = 0x100000, SECTION_SIZE = 32 };

static int read_word(void *arg, uint64_t address, uint64_t *value)
{
	const struct kernel *k = arg;

	*value = 0;
	if (address == AT_MEM_SECTION)
		*value = k->mem_section;
	else if (address == AT_MEMSTART)
		*value = k->memstart_addr;
	else if (address == k->mem_section + k->first_root * 8)
		*value = ROOT;
	else if (address == ROOT + k->section * SECTION_SIZE)
		*value = k->map;
	return 0;
}

static struct memory learn(struct kernel k)
{
	const struct layout l = {.variable = {AT_MEM_SECTION, AT_MEMSTART},
				 .section_size = SECTION_SIZE};
	struct memory m;

	assert_null(learn_memory(&l, read_word, &k, &m));
	return m;
}

static void five_levels(void **state)
{
	/* 7.3 with 52 bits, on a CPU that has them */
	struct memory m = learn((struct kernel){.mem_section = 0xfff000007fd00000,
						.memstart_addr = 0x40000000,
						.section = 8,
						.map = 0xffffc1ffbf000003 | 0x18});

	(void)state;
	assert_int_equal(m.vmemmap, 0xffffc1ffbf000000);
	assert_int_equal(m.direct_map, 0xfff0000000000000 - 0x40000000);
	assert_int_equal(m.top_shift, 48);
	assert_int_equal(m.physical_mask, (1ULL << 52) - 1);
}

static void a_cpu_with_fewer_bits(void **state)
{
	/* the same kernel: memstart_addr is moved, and page tables have four levels */
	struct memory m = learn((struct kernel){.mem_section = 0xffff00007fd00000,
						.memstart_addr = 0x40000000 - 0xf000000000000,
						.first_root = 16,
						.section = 3,
						.map = 0xfffffdffbf000003});

	(void)state;
	assert_int_equal(m.direct_map + 0x40000000, 0xffff000000000000);
	assert_int_equal(m.top_shift, 39);
	assert_int_equal(m.physical_mask, (1ULL << 48) - 1);
}

static void built_for_48_bits(void **state)
{
	struct memory m = learn((struct kernel){.mem_section = 0xffff00007fd00000,
						.memstart_addr = 0x40000000,
						.map = 0xfffffc0000000003});

	(void)state;
	assert_int_equal(m.direct_map + 0x40000000, 0xffff000000000000);
	assert_int_equal(m.top_shift, 39);
	/* the direct map was moved at boot: KASLR */
	m = learn((struct kernel){.mem_section = 0xffff3a007fd00000,
				  .memstart_addr = 0x40000000 - 0x3a0000000000,
				  .map = 0xfffffc0000000003});
	assert_int_equal(m.direct_map + 0x40000000, 0xffff3a0000000000);
	assert_int_equal(m.top_shift, 39);
}

static void no_memory_is_said(void **state)
{
	const struct layout l = {.variable = {AT_MEM_SECTION, AT_MEMSTART},
				 .section_size = SECTION_SIZE};
	const struct layout unknown = {.section_size = SECTION_SIZE};
	struct kernel k = {.mem_section = 0xffff00007fd00000, .memstart_addr = 0x40000000};
	struct memory m;

	(void)state;
	assert_string_equal(learn_memory(&l, read_word, &k, &m), "mem_section");
	assert_string_equal(learn_memory(&unknown, read_word, &k, &m), "mem_section");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_site_comes_back), cmocka_unit_test(five_levels),
		cmocka_unit_test(a_cpu_with_fewer_bits),      cmocka_unit_test(built_for_48_bits),
		cmocka_unit_test(no_memory_is_said),
	};

	return cmocka_run_group_tests_name("arm64", tests, NULL, NULL);
}
