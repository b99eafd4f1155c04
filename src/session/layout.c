// SPDX-License-Identifier: GPL-2.0-only
#include "session/layout.h"

#include <stddef.h>
#include <bpf/btf.h>

#include "base/say.h"
#include "model/wire.h"
#include "symbols/ksyms.h"
#ifdef __aarch64__
#include "session/layout_arm64.h"
#else
#include "session/layout_x86.h"
#endif

/* Return: 0 if this kernel has no such struct */
static uint64_t struct_size(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	int64_t size = id > 0 ? btf__resolve_size(btf, id) : 0;

	return size > 0 ? size : 0;
}

void layout_find(struct layout *l, const struct ksyms *k, const struct btf *btf)
{
	const struct {
		const char *name;
		uint64_t *address;
	} symbols[] = {
		{"_text", &l->text},
		{"pgmap_array", &l->pgmap_array},
		{"__per_cpu_offset", &l->per_cpu_offset},
		{"io_uring_fops", &l->io_uring_fops},
		{"bit_wait_table", &l->bit_wait_table},
		{"folio_wait_table", &l->folio_wait_table},
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		*symbols[i].address = ksyms_address(k, symbols[i].name);
	for (int i = 0; i < LAYOUT_VARIABLES; i++)
		l->variable[i] = variables[i] ? ksyms_address(k, variables[i]) : 0;
	l->section_size = struct_size(btf, "mem_section");
}

int layout_memory(const struct layout *l, read_word_fn read, void *arg, struct memory *m)
{
	const char *missing = learn_memory(l, read, arg, m);

	if (!missing)
		return 0;
	say_error("can't learn where memory lies: %s can't be read", missing);
	return -1;
}

/*
 * Static arrays are not in BTF, but all data is in kallsyms where pgmap_array
 * is: the next symbol bounds the table.  Its size is a power of two, so that
 * padding behind it does not look like a larger table.
 */
static void check_wait_table(uint64_t *table, const char *name, const struct ksyms *k,
			     uint64_t queue)
{
	uint64_t room = *table ? ksyms_room(k, *table) : 0;

	if (!*table ||
	    (queue && room >= PGMT_WAIT_QUEUES * queue && room < 2 * PGMT_WAIT_QUEUES * queue))
		return;
	say("%s does not have %d wait queues in this kernel: tasks that wait there can't be "
	    "found",
	    name, PGMT_WAIT_QUEUES);
	*table = 0;
}

void layout_check_waits(struct layout *l, const struct ksyms *k, const struct btf *btf)
{
	uint64_t queue = struct_size(btf, "wait_queue_head");

	check_wait_table(&l->bit_wait_table, "bit_wait_table", k, queue);
	check_wait_table(&l->folio_wait_table, "folio_wait_table", k, queue);
}
