/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scratch memory: for what is too large for the BPF stack, and for what loops work on, since
 * the verifier would follow each value on the stack.  Not here: the code that does.
 */
#ifndef PGMAPTRACE_BPF_SCRATCH_BPF_H
#define PGMAPTRACE_BPF_SCRATCH_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

/*
 * Another hook may interrupt or preempt one on the same CPU, but none migrates: each takes a
 * slot that is free, and gives it back.
 */
#define PGMT_SCRATCH_SLOTS 8

/* What a scan of struct pages looks for, and finds: scan_pages.bpf.h. */
struct scan {
	__u64 pfn;
	__u64 nr;
	__s64 idle;
	__u64 stored;	  /* all ones: look for pages in a file, too; or 0 */
	__u64 batch;	  /* pfn of the first of 64 pages */
	__u64 mask;	  /* which of them were found */
	__u64 live;	  /* how many were found in all */
	__u64 first_live; /* pfn */
	__u32 op;	  /* enum pgmt_op, for pages below 0 */
};

/* What a hook knows of a folio, beside the transition.  Keep it small, as the BPF stack is. */
struct pgmt_event {
	__u64 pfn; /* of the head page */
	__u64 page;
	__u64 named_pgmap; /* a request as a whole: address of the pgmap that it names */
	__u64 mapping;	   /* address_space it is stored in; 0: ask the folio */
	__u64 vmf;	   /* the fault that it is part of; 0: none */
	__u64 pgmap;	   /* address */
	__u64 busy;	   /* pfn of the page that has the reference count; 0: the head */
	__u32 folios;	   /* TEARDOWN: how many */
	__u32 asked;	   /* a request as a whole: folios asked for */
	__u32 epoch;	   /* of the pgmap; for emit_event() only */
	pgmt_site_t site;
	__u16 word;  /* the folio's state before */
	__u16 after; /* and after */
	__u16 order;
	__u16 asked_order;
};

/* One transition for many folios: account_folios() in large_folio.bpf.h. */
struct batch {
	__u64 pfn;
	__u64 next;   /* pages before this one belong to the folio before */
	__u64 taken;  /* how many did it */
	__u64 broken; /* pfn of the first that broke a rule; 0: none */
	__u32 step;   /* pages from one to the next */
	__u8 op;
	__u8 order;
	__u8 rule;
	__u8 stop;		 /* at the first that breaks a rule, or does not do it */
	__u8 in_scope;		 /* PART: who requested the head is in scope */
	struct pgmt_event event; /* of the folio at hand */
};

/* What the states of a range of pages say: tally.bpf.h. */
struct tally {
	__u64 pfn, end;		 /* first, and behind the last */
	__u64 covered;		 /* pages before this one belong to a large folio */
	__u64 outstanding;	 /* folios */
	__u64 parts;		 /* and of these, parts of a large folio */
	__u64 merged;		 /* and of these, not the head of their folio any more */
	__u64 preexisting;	 /* folios in use since before tracing */
	__u64 idle;		 /* pages that nobody requested */
	__u64 first_outstanding; /* pfn; 0: none */
	__u64 first_preexisting;
	__u64 first_idle;
	__u64 torn_down_epoch; /* record what is outstanding as torn down with this pgmap; 0: not */
	/* only if all is set, since each costs a look at a history or a folio */
	__u32 all;
	__u32 oldest; /* tick of the oldest outstanding request; 0: not known */
	__u64 pages;  /* of outstanding folios */
	__u64 preexisting_pages;
};

/* Folios above idle, and which of them have unexplained references: scan_leaks.bpf.h. */
struct leak_scan {
	struct pgmt_leak_scan of; /* the part of a pgmap, and what was found in it */
	__u64 batch;		  /* pfn of the first of 64 pages */
	__u64 doubtful;		  /* which of them need a closer look */
};

/* The first page whose reference count is below 0: below_zero.bpf.h. */
struct below_zero {
	struct pgmt_event event; /* folios: how many there are; 0: none */
	__s32 refcount;
	__u16 type; /* enum pgmt_type */
	__u16 fresh;
};

/* A look at one folio after the other, until one is wrong: request/folio_walk.bpf.h. */
struct folio_walk {
	__u64 page; /* of the folio; in the end, of the first that is wrong */
	__u32 order;
	__u32 wrong;
};

/* A kernel stack, and where on it each of its return addresses lies: stack.bpf.h. */
struct pgmt_shape {
	__u32 state;	 /* enum pgmt_shape_state */
	__u32 stack;	 /* key of the stacks map */
	__u32 latest;	 /* in the first of SHAPE_WAYS: which of them fitted last */
	__u64 entry;	 /* of the traced function */
	__u64 site;	 /* the first return address */
	__u64 last;	 /* the outermost frame; 0: it is in frame[] with the others */
	__u32 last_slot; /* bytes below the end of the stack */
	__u32 nr;
	__u64 frame[PGMT_STACK_DEPTH];
	__u32 slot[PGMT_STACK_DEPTH]; /* bytes above where the search begins */
};

enum pgmt_shape_state {
	SHAPE_NONE,
	SHAPE_BEGUN,  /* it is being written */
	SHAPE_UNSURE, /* a frame has two places on the stack: never use it */
	SHAPE_SHOWN,  /* ready for use */
};

/* The search for the slots of a stack's frames. */
struct learning {
	__u64 entry; /* of the traced function */
	__u64 site;  /* the first return address */
	__u64 base;  /* address where it begins */
	__u64 words; /* from there to the end of the stack */
	__u64 found; /* frames of the shape, from the first on or from the last */
	__u64 unsure;
};

struct pgmt_scratch {
	__u32 busy;
	__u32 slot; /* its own number */
	struct scan scan;
	struct batch batch;
	struct tally tally;
	struct folio_walk walk;
	struct below_zero below_zero;
	struct leak_scan leak_scan;
	struct pgmt_pgmap pgmap;
	struct pgmt_finding finding;
	/* nobody reads pages and takes a stack with one slot */
	union {
		struct {
			struct pgmt_stack stack;
			__u64 hash; /* of the stack */
			__u64 frames;
			struct pgmt_shape shape; /* which is being learned */
			struct learning learning;
		};
		__u8 pages[64 * 64];
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PGMT_SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct pgmt_scratch);
} scratches SEC(".maps");

static __always_inline struct pgmt_scratch *scratch_at(__u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* Return: a slot, now the caller's; PGMT_SCRATCH_SLOTS if none is free. */
__noinline int take_slot(void)
{
	struct pgmt_scratch *s;
	int i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PGMT_SCRATCH_SLOTS; i++) {
		s = scratch_at(i);
		if (s && !__sync_val_compare_and_swap(&s->busy, 0, 1)) {
			s->slot = i;
			return i;
		}
	}
	return PGMT_SCRATCH_SLOTS;
}

/* Return: NULL if no slot is free; not counted. */
static __always_inline struct pgmt_scratch *scratch_get(void)
{
	return scratch_at(take_slot());
}

static __always_inline void scratch_put(struct pgmt_scratch *s)
{
	__sync_val_compare_and_swap(&s->busy, 1, 0);
}

#endif /* PGMAPTRACE_BPF_SCRATCH_BPF_H */
