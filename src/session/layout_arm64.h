/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arm64: where memory lies.  Only for layout.c.
 *
 * Nothing in the kernel says how many bits of an address it was built for, but two of its
 * variables do.  mem_section is an array in the direct map, and its entries lead to the struct
 * page of pfn 0.  memstart_addr is the physical address of where the direct map begins.
 */
#ifndef PGMAPTRACE_SESSION_LAYOUT_ARM64_H
#define PGMAPTRACE_SESSION_LAYOUT_ARM64_H

#include <stdint.h>
#include <unistd.h>

#include "session/layout.h"

enum { MEM_SECTION, MEMSTART_ADDR };

static const char *const variables[LAYOUT_VARIABLES] = {
	[MEM_SECTION] = "mem_section",
	[MEMSTART_ADDR] = "memstart_addr",
};

/* include/linux/mmzone.h */
#define SECTION_HAS_MEM_MAP 2
#define SECTION_FLAGS	    0xfffULL /* all that there are, and more */
#define MOST_ROOTS	    (1 << 17)

/* The struct page of pfn 0, by the first section of memory.  Return: 0 if there is none */
static uint64_t find_vmemmap(uint64_t roots, uint64_t section_size, read_word_fn read, void *arg)
{
	uint64_t per_root = sysconf(_SC_PAGESIZE) / section_size, root, map;

	for (int i = 0; i < MOST_ROOTS; i++) {
		if (read(arg, roots + i * 8ULL, &root))
			return 0;
		for (uint64_t n = 0; root && n < per_root; n++)
			if (!read(arg, root + n * section_size, &map) && map & SECTION_HAS_MEM_MAP)
				return map & ~SECTION_FLAGS;
	}
	return 0;
}

/*
 * PAGE_OFFSET of a kernel for 52, 48, 47, 42, 39 or 36 bits, by an address of the direct map:
 * the highest of them that is below it, when it is known where the direct map begins.  The
 * physical address of anything is less than 2^47.
 */
static uint64_t page_offset(uint64_t address, uint64_t start)
{
	static const unsigned int bits[] = {36, 39, 42, 47, 48, 52};
	uint64_t best = 0, least = ~0ULL;

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		uint64_t offset = -(1ULL << bits[i]), physical = address - offset + start;

		if (physical < least) {
			least = physical;
			best = offset;
		}
	}
	return best;
}

/* How many bits of an address are in use: fewer than it was built for, if the CPU has less. */
static unsigned int address_bits(uint64_t address)
{
	static const unsigned int bits[] = {36, 39, 42, 47, 48};

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		if (address >= -(1ULL << bits[i]))
			return bits[i];
	return 52;
}

/* Return: NULL; or the name of what can't be read */
static const char *learn_memory(const struct layout *l, read_word_fn read, void *arg,
				struct memory *m)
{
	unsigned int page = __builtin_ctzl(sysconf(_SC_PAGESIZE)), bits;
	uint64_t roots, start;

	if (!l->variable[MEM_SECTION] || !l->section_size ||
	    read(arg, l->variable[MEM_SECTION], &roots) || !roots)
		return variables[MEM_SECTION];
	if (!l->variable[MEMSTART_ADDR] || read(arg, l->variable[MEMSTART_ADDR], &start))
		return variables[MEMSTART_ADDR];
	m->vmemmap = find_vmemmap(roots, l->section_size, read, arg);
	if (!m->vmemmap)
		return variables[MEM_SECTION];
	m->direct_map = page_offset(roots, start) - start;
	bits = address_bits(roots);
	/* each table has one page; the uppermost has what is left */
	m->top_shift = page + (bits - page - 1) / (page - 3) * (page - 3);
	m->physical_mask = (1ULL << (bits == 52 || page == 16 ? 52 : 48)) - 1;
	return NULL;
}

#endif /* PGMAPTRACE_SESSION_LAYOUT_ARM64_H */
