// SPDX-License-Identifier: GPL-2.0-only
#include "session/layout.h"

#include <stddef.h>
#include <bpf/btf.h>

#include "base/say.h"
#include "model/wire.h"
#include "symbols/ksyms.h"

void layout_find(struct layout *l, const struct ksyms *k)
{
	const struct {
		const char *name;
		uint64_t *address;
	} symbols[] = {
		{"pgmap_array", &l->pgmap_array},
		{"__per_cpu_offset", &l->per_cpu_offset},
		{"vmemmap_base", &l->vmemmap_base},
		{"page_offset_base", &l->page_offset_base},
		{"pgdir_shift", &l->pgdir_shift},
		{"physical_mask", &l->physical_mask},
		{"io_uring_fops", &l->io_uring_fops},
		{"bit_wait_table", &l->bit_wait_table},
		{"folio_wait_table", &l->folio_wait_table},
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		*symbols[i].address = ksyms_address(k, symbols[i].name);
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
	int id = btf__find_by_name_kind(btf, "wait_queue_head", BTF_KIND_STRUCT);
	int64_t size = id > 0 ? btf__resolve_size(btf, id) : 0;
	uint64_t queue = size > 0 ? size : 0;

	check_wait_table(&l->bit_wait_table, "bit_wait_table", k, queue);
	check_wait_table(&l->folio_wait_table, "folio_wait_table", k, queue);
}
