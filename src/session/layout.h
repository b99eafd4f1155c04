/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel's own variables are that BPF programs read, whether they are what these
 * programs take them for, and where its memory lies.  Not here: what is read from them.
 */
#ifndef PGMAPTRACE_SESSION_LAYOUT_H
#define PGMAPTRACE_SESSION_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct ksyms;

#define LAYOUT_VARIABLES 4

/* Addresses; 0: this kernel has no such symbol. */
struct layout {
	uint64_t text;
	uint64_t pgmap_array;
	uint64_t per_cpu_offset;
	uint64_t io_uring_fops;
	uint64_t bit_wait_table;
	uint64_t folio_wait_table;
	uint64_t variable[LAYOUT_VARIABLES]; /* the architecture's own: layout_NAME.h */
	uint64_t section_size;		     /* of struct mem_section; 0: not known */
};

/* Where memory lies. */
struct memory {
	uint64_t vmemmap;	/* address of the struct page of pfn 0 */
	uint64_t direct_map;	/* address of that page in the direct map */
	uint64_t physical_mask; /* of addresses in page tables */
	uint32_t top_shift;	/* what an entry of the uppermost page table is for */
};

/* Read a word of kernel memory.  Return: 0; a negative errno */
typedef int (*read_word_fn)(void *arg, uint64_t address, uint64_t *value);

void layout_find(struct layout *l, const struct ksyms *k, const struct btf *btf);

/* Return: 0; else it was said on stderr why not */
int layout_memory(const struct layout *l, read_word_fn read, void *arg, struct memory *m);

/*
 * layout_check_waits - do the wait tables have as many queues as programs read?
 * A table that has not is set to 0, which is said on stderr: it is not searched
 * then, and the answer says so.
 */
void layout_check_waits(struct layout *l, const struct ksyms *k, const struct btf *btf);

#endif /* PGMAPTRACE_SESSION_LAYOUT_H */
