/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scratch memory for what is too large for the BPF stack, and what is kept there.
 * Not here: what fills it.
 */
#ifndef PGMAPTRACE_BPF_SCRATCH_BPF_H
#define PGMAPTRACE_BPF_SCRATCH_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

/*
 * Scratch for what is too large for the BPF stack.  A hook can be interrupted
 * or preempted by another one on the same CPU, but does not migrate: each takes
 * a slot that is free, and gives it back.
 */
#define PGMT_SCRATCH_SLOTS 8

/*
 * What a loop counts and looks for.  Here, since the verifier would follow each
 * value that is on the stack.
 */
struct scan {
	__u64 pfn;
	__u64 nr;
	__s64 idle;
	__u64 stored;	  /* all ones if pages in a file are looked for, too; or 0 */
	__u64 batch;	  /* pfn of the 64 pages at hand */
	__u64 mask;	  /* which of them are looked for */
	__u64 live;	  /* how many were found */
	__u64 first_live; /* pfn */
};

/* What is known of a folio at the hook, beside the transition.  Small: the BPF stack is. */
struct pgmt_event {
	__u64 pfn; /* of the head page */
	__u64 page;
	__u64 named_pgmap; /* request as a whole: address of the pgmap that was named */
	__u64 mapping;	   /* address_space it is stored in; 0: ask the folio */
	__u64 vmf;	   /* the fault that it is part of; 0: none, or it does not matter */
	__u64 pgmap;	   /* address */
	__u64 busy;	   /* pfn of the page that the reference count is of; 0: the head */
	__u32 folios;	   /* for PGMT_OP_TEARDOWN */
	__u32 asked;	   /* request as a whole: folios asked for */
	__u32 epoch;	   /* of the pgmap; for emit_event() only */
	__u32 site;	   /* where in the kernel */
	__u16 word;	   /* the folio's state before */
	__u16 after;	   /* and after */
	__u16 order;
	__u16 asked_order;
};

/* The same transition for each of some folios: folio.bpf.h. */
struct each {
	__u64 pfn;
	__u64 next;   /* pages before this one belong to the one before */
	__u64 taken;  /* how many came through */
	__u64 broken; /* pfn of the first that broke a rule; 0: none */
	__u32 step;   /* pages from one to the next */
	__u8 op;
	__u8 order;
	__u8 rule;
	__u8 stop;		 /* at the first that breaks a rule, or is not taken */
	__u8 in_scope;		 /* PART: who requested the head is */
	struct pgmt_event event; /* of the folio at hand */
};

/* What is known of the pages of a range: folio.bpf.h. */
struct tally {
	__u64 pfn, end;		 /* first, and behind the last */
	__u64 covered;		 /* pages before this one belong to a large folio */
	__u64 outstanding;	 /* folios that were requested and not freed */
	__u64 parts;		 /* of these, pages of a large folio that was taken apart */
	__u64 merged;		 /* of these, not the head of their folio any more */
	__u64 preexisting;	 /* folios in use since before tracing */
	__u64 idle;		 /* pages that nobody requested */
	__u64 first_outstanding; /* pfn; 0: none */
	__u64 first_preexisting;
	__u64 first_idle;
	__u64 torn_down_epoch; /* epoch of the pgmap that goes away, to keep what is out; 0: not */
	/* only if all is set, since they cost a history or a folio's order */
	__u32 all;
	__u32 oldest; /* tick of the first request of those that are out; 0: not known */
	__u64 pages;  /* of folios that are out */
	__u64 preexisting_pages;
};

/* Folios above idle, and those of them whose references are not accounted for: leaks.bpf.h. */
struct leak_scan {
	struct pgmt_leak_scan of; /* the part, and what was found of it */
	__u64 batch;		  /* first pfn of the pages at hand */
	__u64 doubtful;		  /* of these, those that want a closer look */
};

/* Folios looked at one by one until one is not as it should be: request.bpf.h. */
struct folio_walk {
	__u64 page; /* of the folio at hand; in the end, of the first that is wrong */
	__u32 order;
	__u32 wrong;
};

/*
 * A kernel stack that was unwound, and where on the stack each of its return
 * addresses was found: stack.bpf.h.
 */
struct pgmt_shape {
	__u32 state;	 /* enum pgmt_shape_state */
	__u32 stack;	 /* key of the stacks map */
	__u32 latest;	 /* of the first of SHAPE_WAYS: which of them fitted last */
	__u64 entry;	 /* of the traced function */
	__u64 site;	 /* the first return address */
	__u64 last;	 /* the outermost frame; 0: it is in frame[] as the others are */
	__u32 last_slot; /* bytes below the end of the stack */
	__u32 nr;
	__u64 frame[PGMT_STACK_DEPTH];
	__u32 slot[PGMT_STACK_DEPTH]; /* bytes above where the search begins */
};

enum pgmt_shape_state {
	SHAPE_NONE,
	SHAPE_BEGUN,  /* it is being written */
	SHAPE_UNSURE, /* frames of a stack from there have two places: not tried again */
	SHAPE_SHOWN,
};

/* The search for the slots of a stack's frames. */
struct learning {
	__u64 entry; /* of the traced function */
	__u64 site;  /* the first return address */
	__u64 base;  /* address where it begins, at a word; to the end of the stack */
	__u64 words;
	__u64 found; /* frames of the shape, from the first on or from the last */
	__u64 unsure;
};

struct pgmt_scratch {
	__u32 busy;
	__u32 slot; /* which of them it is */
	struct scan scan;
	struct each each;
	struct tally tally;
	struct folio_walk walk;
	struct leak_scan leak_scan;
	struct pgmt_pgmap pgmap;
	struct pgmt_finding finding;
	/* who looks at pages with it takes no stack with it */
	union {
		struct {
			struct pgmt_stack stack;
			__u64 hash; /* of the stack, and how many frames of it count */
			__u64 frames;
			struct pgmt_shape shape; /* it is being learned */
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

/* Return: a slot that is the caller's from here on; PGMT_SCRATCH_SLOTS if none is free. */
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

static __always_inline struct pgmt_scratch *scratch_get(void)
{
	return scratch_at(take_slot());
}

static __always_inline void scratch_put(struct pgmt_scratch *s)
{
	__sync_val_compare_and_swap(&s->busy, 1, 0);
}

#endif /* PGMAPTRACE_BPF_SCRATCH_BPF_H */
