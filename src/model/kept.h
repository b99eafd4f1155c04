/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept in maps: sections, histories, ticks, sites, stacks, pgmaps, groups, and what
 * another pgmaptrace may know of a session.  Not here: records, and arguments of programs.
 */
#ifndef PGMAPTRACE_MODEL_KEPT_H
#define PGMAPTRACE_MODEL_KEPT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#include "model/folio_state.h"
#include "model/inline.h"

#define PGMT_SECTION_PAGES 512 /* 2 MiB: memremap_pages maps nothing smaller */
#define PGMT_SECTION_SHIFT 9
#define PGMT_COMM_LEN	   16
#define PGMT_STACK_DEPTH   32
#define PGMT_MAX_RANGES	   8 /* of one pgmap; more are counted as lost */

/*
 * Where in the kernel an event was: a key of the stacks map, or with PGMT_SITE_IS_ADDRESS
 * the low half of the address that the hooked function returns to.  All of the
 * kernel's text lies in the last 2 GiB, where that bit is set.  0: not known.
 */
#define PGMT_SITE_IS_ADDRESS  0x80000000u
#define PGMT_SITE_ADDRESS(at) (0xffffffff00000000ULL | (at))

/*
 * When a folio was touched, since tracing began: a tick of 2^20 ns, 1.05 ms, for the
 * first 26 days, and of 64 times that from then on, 67 ms, for more than four years.
 * It is never 0, and a later one is never less.
 */
#define PGMT_TICK_SHIFT	   20
#define PGMT_TICK_COARSE   (1u << 31)
#define PGMT_TICK_COARSENS 6

static __always_inline __u32 pgmt_tick(__u64 ns)
{
	__u64 tick = ns >> PGMT_TICK_SHIFT;

	if (tick >= PGMT_TICK_COARSE)
		tick = PGMT_TICK_COARSE + ((tick - PGMT_TICK_COARSE) >> PGMT_TICK_COARSENS);
	return tick + 1;
}

static __always_inline __u64 pgmt_tick_ns(__u32 tick)
{
	__u64 ticks = tick - 1;

	if (ticks >= PGMT_TICK_COARSE)
		ticks = PGMT_TICK_COARSE + ((ticks - PGMT_TICK_COARSE) << PGMT_TICK_COARSENS);
	return ticks << PGMT_TICK_SHIFT;
}

/* ns from one tick to the next, @ns after tracing began */
static __always_inline __u64 pgmt_tick_length(__u64 ns)
{
	__u32 coarseness = ns >> PGMT_TICK_SHIFT >= PGMT_TICK_COARSE ? PGMT_TICK_COARSENS : 0;

	return 1ULL << (PGMT_TICK_SHIFT + coarseness);
}

/* The last event of one kind on one folio. */
struct pgmt_last_event {
	__u32 tick; /* pgmt_tick(); 0: not since tracing began */
	__u32 who;  /* tid, and above PGMT_TID_BITS the cpu; the name is in the tasks map */
	__u32 site; /* where in the kernel */
};

#define PGMT_TID_BITS	 22 /* PID_MAX_LIMIT */
#define PGMT_TID(who)	 ((who) & ((1u << PGMT_TID_BITS) - 1))
#define PGMT_CPU(who)	 ((who) >> PGMT_TID_BITS)
#define PGMT_CPU_UNKNOWN ((1u << (32 - PGMT_TID_BITS)) - 1) /* and all above */

/* Name of a task, and since when it is known to be called so: a tid comes back. */
struct pgmt_task {
	char comm[PGMT_COMM_LEN];
	__u32 tick; /* as pgmt_last_event has it */
	__u32 unused;
};

/*
 * One 2 MiB section: it belongs to one pgmap, and is made on first touch.  With
 * what the kernel adds to an element of a map it fits into 1 KiB, which is how
 * memory comes: 2 bytes a page.
 */
#define PGMT_SECTION_CELLS 103 /* each of the states of five pages */

struct pgmt_section {
	__u64 pgmap; /* address; 0: not resolved yet */
	__u32 type;
	__u32 fresh;	     /* the pgmap was created while tracing */
	__u16 large;	     /* it has, or had, large folios that were requested as such */
	__u16 entry_checked; /* its huge entry was found good, and its folio not freed since */
	__u32 epoch;	     /* of the pgmap; 0 while the table does not know it */
	struct pgmt_last_event
		section_request; /* when all of it was last requested at once, or came apart */
	__u32 splitting;	 /* the CPU, from 1 on, that takes a large folio of it apart */
	__u64 cells[PGMT_SECTION_CELLS]; /* see pgmt_word() */
};

/*
 * Where in words[] the state of page @i is.  Pages that lie side by side are
 * often used at the same time: they are in different words.  Divisions by five
 * are such that the verifier knows their bounds.
 */
static __always_inline __u64 pgmt_cell_order(__u64 i)
{
	__u64 order = (i & 63) << 3;

	/* or else an or is made of it, whose bounds Linux 6.1 does not know */
	__asm__("" : "+r"(order));
	return order + (i >> 6 & 7);
}

static __always_inline __u64 pgmt_cell_index(__u64 i)
{
	return pgmt_cell_order(i) * 13108 >> 16;
}

static __always_inline __u64 pgmt_cell_shift(__u64 i)
{
	return (pgmt_cell_order(i) - pgmt_cell_index(i) * 5) * PGMT_WORD_BITS;
}

/* The state of page @i, below PGMT_SECTION_PAGES. */
static __always_inline __u32 pgmt_word(const struct pgmt_section *s, __u64 i)
{
	return s->cells[pgmt_cell_index(i)] >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
}

/*
 * A span that is a whole section has one last request for all of its pages, in the
 * section.  @t: that of a page; becomes the section's, if that came later.
 */
static __always_inline void pgmt_latest_request(struct pgmt_last_event *t,
						const struct pgmt_section *s)
{
	if (s->section_request.tick && s->section_request.tick >= t->tick)
		*t = s->section_request;
}

/*
 * Last request and last free of as many pages as fit into 8 KiB, which is the
 * largest piece that memory comes in without waste: 20.5 bytes a page.  What is
 * kept is a pgmt_last_event, with a number of the places map for where that was.
 */
enum pgmt_last_kind { PGMT_LAST_REQUEST, PGMT_LAST_FREE };

struct pgmt_page_history {
	__u32 tick[2]; /* by enum pgmt_last_kind */
	__u32 who[2];
	__u16 site[2]; /* of the sites map; 0: not known */
};

#define PGMT_HISTORY_PAGES 400

struct pgmt_history { /* its key is pfn / PGMT_HISTORY_PAGES */
	struct pgmt_page_history page[PGMT_HISTORY_PAGES];
};

/* Of the places map: where events that are kept were.  Filled up, and never changed. */
#define PGMT_SITES     (1 << 14)
#define PGMT_SITE_WAYS 8 /* so far behind the place that its hash says can it be */

struct pgmt_stack {
	__u64 frame[PGMT_STACK_DEPTH]; /* 0: no more */
};

/*
 * Key of a stack in the stacks map: PGMT_STACK_HASH, then each of its frames, the
 * empty ones too, then pgmt_stack_key().  It is never 0 nor an address: see above.
 */
#define PGMT_STACK_HASH 0xcbf29ce484222325ULL

static __always_inline __u64 pgmt_hash_frame(__u64 hash, __u64 frame)
{
	hash = (hash ^ frame) * 0x100000001b3ULL;
	return hash ^ hash >> 29;
}

static __always_inline __u32 pgmt_stack_key(__u64 hash)
{
	__u32 key = (hash ^ (hash >> 32)) & ~PGMT_SITE_IS_ADDRESS;

	return key ? key : 1;
}

struct pgmt_range {
	__u64 start; /* first pfn */
	__u64 end;   /* last pfn */
};

struct pgmt_pgmap {
	__u64 address; /* of struct dev_pagemap */
	__u64 epoch;   /* counts the pgmaps of this session from 1 */
	__u64 since;   /* when it was made; 0: before tracing began */
	__u32 type;    /* enum pgmt_type */
	__u32 nr_range;
	struct pgmt_range range[PGMT_MAX_RANGES];
	__u64 first;  /* first pfn with a struct page that means something (altmap) */
	__u64 killed; /* when memunmap_pages came, and who called it; 0: not yet */
	__u32 killer_cpu;
	__u32 killer_in_scope; /* it is one of those that --pid or --cgroup names */
	__u32 killer;	       /* tid */
	__u32 killer_site;     /* where in the kernel that was */
	char comm[PGMT_COMM_LEN];
	__u64 ops;	  /* address of its dev_pagemap_ops; 0: none */
	__u64 page_free;  /* address of its page_free, or folio_free; 0: none */
	__u32 maker;	  /* tid; who made it, if it was made while tracing */
	__u32 maker_site; /* where in the kernel that was */
	char maker_comm[PGMT_COMM_LEN];
};

#define PGMT_EXAMPLES 4 /* findings of one group that are told of; all are counted */

/* Folios that were out when their pgmap went away, by the place of their request. */
struct pgmt_torn_down_key {
	__u64 epoch;
	__u32 site; /* where in the kernel; 0: not known */
	__u32 unused;
};

struct pgmt_torn_down {
	__u64 folios;
	__u64 pages;
	__u64 pfn[PGMT_EXAMPLES];      /* the first of them */
	struct pgmt_last_event oldest; /* tick 0: not known */
	__u32 unused;
};

#define PGMT_MAX_TORN_DOWN 256

/* Findings of one rule at one place of the kernel are one group. */
struct pgmt_group_key {
	__u32 rule;
	__u32 site;  /* where in the kernel */
	__u64 epoch; /* of the pgmap, if @at is not known; else 0 */
};

struct pgmt_group {
	__u64 times;
	__u64 first; /* when */
	__u64 last;
};

#define PGMT_MAX_GROUPS 1024

/*
 * What another pgmaptrace may know of the session whose object has this, in a
 * map that is called pgmaptrace.  All zero before tracing is complete, and when
 * it has ended.
 */
struct pgmt_session_info {
	__u32 layout; /* PGMT_LAYOUT */
	__u32 pid;
	__u64 began; /* touch times count from here */
	/* ids of maps */
	__u32 sections;
	__u32 histories;
	__u32 sites;
	__u32 stacks;
	__u32 tasks;
	__u32 history; /* last requests and frees are kept */
};

#define PGMT_LAYOUT 3 /* of all that a struct pgmt_session_info leads to */

#endif /* PGMAPTRACE_MODEL_KEPT_H */
