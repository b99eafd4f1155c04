/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of holders.bpf.c share: the addresses they begin at, the
 * state of a search, and the holders found.  Not here: the walks themselves.
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_SEARCH_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_SEARCH_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/kernel.bpf.h"

/* Addresses of symbols, 0 for one that is not there.  Filled by the tool before loading. */
const volatile __u64 at_vmemmap_base;
const volatile __u64 at_page_offset_base;
const volatile __u64 at_pgdir_shift;
const volatile __u64 at_physical_mask;
const volatile __u64 at_io_uring_fops;
const volatile __u64 at_bit_wait_table;
const volatile __u64 at_folio_wait_table;

/* Where a walk is; in a map, since the verifier would follow values on the stack. */
struct walk {
	__u64 page_offset;
	__u64 physical_mask;
	__u64 five_levels;

	/* the folio in its file or anon_vma */
	__u64 index;
	__u64 anon;
	__u64 node; /* of the tree of vmas */
	__u32 step; /* enum tree_step */
	__u32 ended;

	/* a vma, and the pages [at, end) of the folio in it */
	__u64 vma;
	__u64 pgd;
	__u64 first; /* user address of the folio's first page, were it in the vma */
	__u64 at, end;
	struct pgmt_holder holder;

	/* a task and its files */
	__u64 task;
	__u64 regs; /* struct pt_regs, those of user space */
	__u64 fds;
	__u64 bufs;
	__u32 tail;
	__u32 ring_size;
	__u32 left; /* bvecs */
	__u32 unused;
	__u64 bvecs;
	__u64 mm;
	__u64 vectors;		/* struct iovec, in user space */
	__u64 from, buffer_end; /* user addresses that an I/O is from or to */

	/* a list of waiters; all relative to the list_head of an entry */
	__u64 head, entry;
	__s64 task_offset;
	__s64 key_offset; /* 0: any entry will do */
	__u32 how;
	__u32 every; /* who waits for any device page, and not only for the folio */
	__u64 pgmap; /* whose list it is */
	__u64 pfn;   /* every: where a walk over all pgmaps is, or the page that is waited for */
};

/* User addresses at which a vma has the folio's place in its file. */
struct vma_window {
	__u64 mm;
	__u64 start, end;
};

struct state {
	struct pgmt_search search;
	struct walk walk;
	struct vma_window window[PGMT_MAX_FOUND];
	__u32 nr_windows;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} states SEC(".maps");

/*
 * Read once a second, and so without a system call: while a task is in bpf(2) for a
 * map and is preempted there, no kprobe program runs on its CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pgmt_waits);
} waits SEC(".maps");

static __always_inline struct state *get_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&states, &zero);
}

static __always_inline struct pgmt_waits *get_waits(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&waits, &zero);
}

static __always_inline void not_looked(struct state *s, enum pgmt_how how)
{
	s->search.looked &= ~(1U << how);
}

static __always_inline bool is_late(const struct state *s)
{
	return bpf_ktime_get_ns() > s->search.until;
}

/* s->walk.holder is found.  Once for each process and object. */
__noinline int add_holder(void)
{
	struct state *s = get_state();
	struct pgmt_holder *h;
	__u32 i;

	if (!s)
		return 0;
	h = &s->walk.holder;
	for (i = 0; i < PGMT_MAX_FOUND; i++) {
		struct pgmt_holder *old = &s->search.found[i];

		if (i >= s->search.nr)
			break;
		if (old->how == h->how && old->tgid == h->tgid && old->object == h->object)
			return 0;
	}
	/* the last places are not for mappings, of which there may be any number */
	if (s->search.nr >=
	    (h->how == PGMT_HOW_MAP ? PGMT_MAX_FOUND - PGMT_MAX_FOUND / 4 : PGMT_MAX_FOUND)) {
		s->search.more++;
		return 0;
	}
	s->search.found[s->search.nr & (PGMT_MAX_FOUND - 1)] = *h;
	s->search.nr++;
	return 0;
}

/* How many of the folio's pages are among the @nr from @pfn on? */
static __always_inline __u32 common_pages(const struct state *s, __u64 pfn, __u64 nr)
{
	__u64 first = s->search.pfn, end = first + s->search.pages;

	if (pfn > first)
		first = pfn;
	if (pfn + nr < end)
		end = pfn + nr;
	return first < end ? end - first : 0;
}

static __always_inline void read_task(struct walk *w, __u64 task)
{
	w->holder.tgid = PGMT_READ(struct task_struct, task, tgid);
	w->holder.tid = PGMT_READ(struct task_struct, task, pid);
	bpf_probe_read_kernel(w->holder.comm, sizeof(w->holder.comm),
			      (void *)(task + bpf_core_field_offset(struct task_struct, comm)));
}

#endif /* PGMAPTRACE_BPF_HOLDERS_SEARCH_BPF_H */
