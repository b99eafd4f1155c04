/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbpf's bpf_helpers.h for tests that run the BPF programs as ordinary code.  Maps are
 * tables of maps.h, and the rest of the kernel is machine.h.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_BPF_HELPERS_H
#define PGMAPTRACE_TESTS_NATIVE_BPF_HELPERS_H

#include "machine.h"
#include "maps.h"

#define SEC(name)
#define __ksym
#define __weak
#define __noinline __attribute__((noinline))
#define barrier()  asm volatile("" ::: "memory")

#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name

/* Another CPU may come in between: machine.before_swap. */
#define __sync_val_compare_and_swap(at, old, new)                                                  \
	({                                                                                         \
		if (machine.before_swap)                                                           \
			machine.before_swap(at);                                                   \
		__sync_val_compare_and_swap(at, old, new);                                         \
	})

#define bpf_map_lookup_elem(map, key) map_lookup(table_of(map), machine.cpu, key)
#define bpf_map_update_elem(map, key, value, flags)                                                \
	map_update(table_of(map), machine.cpu, key, value, flags)
#define bpf_map_delete_elem(map, key) map_delete(table_of(map), key)

#define bpf_ringbuf_reserve(map, size, flags) ring_reserve(ring_of(map), size)
#define bpf_ringbuf_submit(record, flags)     ring_submit(record, flags)
#define bpf_ringbuf_query(map, what)	      (ring_of(map)->used)

static inline long bpf_loop(__u32 nr, long (*step)(__u32 i, void *data), void *data, __u64 flags)
{
	__u32 i;

	(void)flags;
	if (nr > 1 << 23)
		return -E2BIG;
	for (i = 0; i < nr; i++)
		if (step(i, data))
			return i + 1;
	return nr;
}

/* Of kprobes, none of which a test runs. */
static inline __u64 bpf_get_attach_cookie(void *ctx)
{
	(void)ctx;
	return 0;
}

#endif /* PGMAPTRACE_TESTS_NATIVE_BPF_HELPERS_H */
