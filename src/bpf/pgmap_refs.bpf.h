/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The references of a pgmap: how many there are, how many it holds itself, and how many its
 * folios explain.  For programs that the tool runs, not for hooks.
 * Not here: which folios are outstanding (tally.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_PGMAP_REFS_BPF_H
#define PGMAPTRACE_BPF_PGMAP_REFS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scratch.bpf.h"

/* Set by the tool: address of __per_cpu_offset, 0: there is none; and number of possible CPUs. */
volatile __u64 cpu_offsets;
volatile __u32 cpus;

struct cpu_sum {
	__u64 counter; /* percpu address */
	__u64 sum;
	__u32 failed;
};

static long cpu_step(__u32 cpu, void *data)
{
	struct cpu_sum *s = data;
	__u64 offset = 0, count = 0;

	if (bpf_probe_read_kernel(&offset, sizeof(offset), (void *)(cpu_offsets + cpu * 8ULL)) ||
	    bpf_probe_read_kernel(&count, sizeof(count), (void *)(s->counter + offset)))
		s->failed = 1;
	s->sum += count;
	return 0;
}

/*
 * pgmap_live_refs - the reference count of a pgmap, also before it is killed
 *
 * The counters of the CPUs are read one by one while they change: only a sum that two looks
 * agree on counts.
 * Return: false if it can't be read
 */
static __always_inline bool pgmap_live_refs(__u64 address, __s64 *refs)
{
	__u64 data = (__u64)PGMT_READ_SLOWLY(struct dev_pagemap, address, ref.data);
	__u64 word = PGMT_READ_SLOWLY(struct dev_pagemap, address, ref.percpu_count_ptr);
	__u64 count = PGMT_READ_SLOWLY(struct percpu_ref_data, data, count.counter);
	struct cpu_sum s = {.counter = word & ~(__u64)(PERCPU_REF_ATOMIC | PERCPU_REF_DEAD)};

	if (!data)
		return false;
	*refs = count;
	/* the CPUs' counters were summed up, and freed */
	if (word & PERCPU_REF_ATOMIC && (!s.counter || percpu_count_is_exact(count)))
		return true;
	if (!s.counter || !cpu_offsets)
		return false;
	bpf_loop(cpus, cpu_step, &s, 0);
	*refs = count - PERCPU_COUNT_BIAS + s.sum;
	return !s.failed;
}

/*
 * What memremap_pages takes for the pgmap itself, until it is killed: the initial reference,
 * and one for each page, or each folio of vmemmap_shift.  The latter not where folios are
 * requested.
 */
static __always_inline __u64 own_refs(const struct pgmt_pgmap *p)
{
	__u32 shift = PGMT_READ_SLOWLY(struct dev_pagemap, p->address, vmemmap_shift) & 63;
	__u64 refs = 1;
	__u32 i;

	if (pgmap_is_dying(p->address))
		return 0;
	if (pgmt_is_requested(profile, p->type))
		return refs;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		refs += (p->range[i].end + 1 - (i ? p->range[i].start : p->first)) >> shift;
	}
	return refs;
}

/*
 * How many its folios hold, at least and at most.
 * @by_page: a driver's large folio holds a reference for each page (7.x); else one (6.x)
 *
 * In the request contract a folio that was built of single ones may hold one reference or all
 * of theirs; and so may a preexisting folio.
 */
static __always_inline void folio_refs(const struct pgmt_pgmap *p, const struct tally *t,
				       bool by_page, struct pgmt_refs *r)
{
	r->least = r->most = 0;
	if (profile == PGMT_PROFILE_REQUEST) {
		r->most = t->outstanding + t->preexisting_pages;
		r->least = t->outstanding + t->preexisting - t->parts - t->merged;
	} else if (pgmt_is_requested(profile, p->type)) {
		r->most =
			by_page ? t->pages + t->preexisting_pages : t->outstanding + t->preexisting;
		r->least = r->most;
	} else if (p->type == PGMT_TYPE_PCI_P2PDMA) {
		/* allocations hold references, and there is no hook on them */
		r->most = PGMT_REFS_ANY;
	}
	/* we do not know all of its ranges */
	if (PGMT_READ_SLOWLY(struct dev_pagemap, p->address, nr_range) > PGMT_MAX_RANGES) {
		r->least = 0;
		r->most = PGMT_REFS_ANY;
	}
}

#endif /* PGMAPTRACE_BPF_PGMAP_REFS_BPF_H */
