/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel's own variables are that BPF programs read, and whether they
 * are what these programs take them for.  Not here: what is read from them.
 */
#ifndef PGMAPTRACE_SESSION_LAYOUT_H
#define PGMAPTRACE_SESSION_LAYOUT_H

#include <stdint.h>

struct btf;
struct ksyms;

/* Addresses; 0: this kernel has no such symbol. */
struct layout {
	uint64_t pgmap_array;
	uint64_t per_cpu_offset;
	/* without these two, PGMT_VMEMMAP_START and PGMT_DIRECT_MAP_START are the values */
	uint64_t vmemmap_base;
	uint64_t page_offset_base;
	uint64_t pgdir_shift;
	uint64_t physical_mask;
	uint64_t io_uring_fops;
	uint64_t bit_wait_table;
	uint64_t folio_wait_table;
};

void layout_find(struct layout *l, const struct ksyms *k);

/*
 * layout_check_waits - do the wait tables have as many queues as programs read?
 * A table that has not is set to 0, which is said on stderr: it is not searched
 * then, and the answer says so.
 */
void layout_check_waits(struct layout *l, const struct ksyms *k, const struct btf *btf);

#endif /* PGMAPTRACE_SESSION_LAYOUT_H */
