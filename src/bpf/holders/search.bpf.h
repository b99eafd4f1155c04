/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of holders.bpf.c share: the addresses they begin at, how far a search is,
 * and the holders found.  Not here: the walks.
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_SEARCH_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_SEARCH_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/kernel.bpf.h"

/* Set by the tool, as vmemmap and direct_map are: of page tables, and of addresses in them. */
volatile __u32 top_shift; /* what an entry of the uppermost table is for */
volatile __u64 physical_mask;

/* Set by the tool: addresses of symbols, 0: this kernel does not have it. */
const volatile __u64 at_io_uring_fops;
const volatile __u64 at_bit_wait_table;
const volatile __u64 at_folio_wait_table;

/* How far a walk is.  In a map, since the verifier would follow values on the stack. */
struct walk {
	/* the folio in its file or anon_vma */
	__u64 index;
	__u64 anon;
	__u64 in_a_row; /* its vmas map pages in a row, and index is the pfn */
	__u64 node;	/* of the tree of vmas */
	__u32 step;	/* enum tree_step */
	__u32 ended;

	/* a vma, and the pages [at, end) of the folio in it */
	__u64 vma;
	__u64 pgd;
	__u64 first; /* user address that the folio's first page has, or would have */
	__u64 at, end;
	struct pgmt_holder holder;

	/* a task and its files */
	__u64 task;
	__u64 regs; /* struct pt_regs of user space */
	__u64 fds;
	__u64 bufs;
	__u32 tail;
	__u32 ring_size;
	__u32 left; /* bvecs */
	__u32 unused;
	__u64 bvecs;
	__u64 mm;
	__u64 vectors;		/* struct iovec, in user space */
	__u64 from, buffer_end; /* user addresses of an I/O's buffer */

	/* a list of waiters; offsets count from an entry's list_head */
	__u64 head, entry;
	__s64 task_offset;
	__s64 key_offset; /* 0: every entry counts */
	__u32 how;
	__u32 every; /* find waits for any device page, not only for the folio */
	__u64 pgmap; /* whose list it is */
	__u64 pfn;   /* every: how far a walk over all pgmaps is, or the page of a wait */
};

/* User addresses where a vma maps, or mapped, the folio. */
struct vma_window {
	__u64 mm;
	__u64 start, end;
};

struct search {
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
	__type(value, struct search);
} states SEC(".maps");

/*
 * The tool reads it once a second, by mmap: while a task that is in bpf(2) for a map is
 * preempted, no kprobe program runs on its CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pgmt_waits);
} waits SEC(".maps");

static __always_inline struct search *get_search(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&states, &zero);
}

static __always_inline struct pgmt_waits *get_waits(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&waits, &zero);
}

static __always_inline void not_looked(struct search *s, enum pgmt_how how)
{
	s->search.looked &= ~(1U << how);
}

static __always_inline bool is_late(const struct search *s)
{
	return bpf_ktime_get_ns() > s->search.until;
}

/* Keep s->walk.holder, once for each process and object. */
__noinline int add_holder(void)
{
	struct search *s = get_search();
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
	/* the last quarter is not for mappings, of which there may be very many */
	if (s->search.nr >=
	    (h->how == PGMT_HOW_MAP ? PGMT_MAX_FOUND - PGMT_MAX_FOUND / 4 : PGMT_MAX_FOUND)) {
		s->search.more++;
		return 0;
	}
	s->search.found[s->search.nr & (PGMT_MAX_FOUND - 1)] = *h;
	s->search.nr++;
	return 0;
}

/* How many of the @nr pages from @pfn on does the folio have? */
static __always_inline __u32 common_pages(const struct search *s, __u64 pfn, __u64 nr)
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
