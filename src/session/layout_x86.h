/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86-64: where memory lies.  Only for layout.c.
 */
#ifndef PGMAPTRACE_SESSION_LAYOUT_X86_H
#define PGMAPTRACE_SESSION_LAYOUT_X86_H

#include <stdint.h>

#include "session/layout.h"

/* Variables of a kernel that does not know this when it is built. */
enum { VMEMMAP_BASE, PAGE_OFFSET_BASE, PGDIR_SHIFT, PHYSICAL_MASK };

static const char *const variables[LAYOUT_VARIABLES] = {
	[VMEMMAP_BASE] = "vmemmap_base",
	[PAGE_OFFSET_BASE] = "page_offset_base",
	[PGDIR_SHIFT] = "pgdir_shift",
	[PHYSICAL_MASK] = "physical_mask",
};

/* Return: NULL; or the name of what can't be read */
static const char *learn_memory(const struct layout *l, read_word_fn read, void *arg,
				struct memory *m)
{
	uint64_t value[LAYOUT_VARIABLES] = {
		[VMEMMAP_BASE] = 0xffffea0000000000,
		[PAGE_OFFSET_BASE] = 0xffff888000000000,
		[PGDIR_SHIFT] = 39,
		[PHYSICAL_MASK] = ~0ULL,
	};

	for (int i = 0; i < LAYOUT_VARIABLES; i++)
		if (l->variable[i] && (read(arg, l->variable[i], &value[i]) || !value[i]))
			return variables[i];
	m->vmemmap = value[VMEMMAP_BASE];
	m->direct_map = value[PAGE_OFFSET_BASE];
	m->top_shift = (uint32_t)value[PGDIR_SHIFT];
	m->physical_mask = value[PHYSICAL_MASK];
	return NULL;
}

#endif /* PGMAPTRACE_SESSION_LAYOUT_X86_H */
