/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept in maps: sections, histories, sites, stacks, pgmaps, groups, and what another
 * pgmaptrace may know of a session.  Times are nanoseconds of CLOCK_MONOTONIC, if not ticks.
 * Not here: records and arguments of programs (wire.h), counters (counts.h).
 */
#ifndef PGMAPTRACE_MODEL_KEPT_H
#define PGMAPTRACE_MODEL_KEPT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#include "arch/arch.h"
#include "model/folio_state.h"
#include "model/compiler.h"

#define PGMT_COMM_LEN	 16
#define PGMT_STACK_DEPTH 32
#define PGMT_MAX_RANGES	 8 /* of one pgmap; more are counted as lost */
PGMT_ASSERT_POWER_OF_2(PGMT_STACK_DEPTH);
PGMT_ASSERT_POWER_OF_2(PGMT_MAX_RANGES);

/*
 * A site, where in the kernel something happened: a key of the stacks map, or with
 * PGMT_SITE_IS_ADDRESS the address that the hooked function returns to, as
 * pgmt_site_of_address() packs it.  0: not known.
 */
typedef __u32 pgmt_site_t;

/*
 * Time since tracing began: ticks of 2^20 ns, 1.05 ms, for the first 26 days, then of
 * 64 times that, 67 ms, for more than four years.  A tick is never 0, and never less than an
 * earlier one.
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
	__u32 tick; /* pgmt_tick(); 0: none since tracing began */
	__u32 who;  /* tid, and above PGMT_TID_BITS the CPU; the tasks map has the name */
	pgmt_site_t site;
};

#define PGMT_TID_BITS	 22 /* PID_MAX_LIMIT */
#define PGMT_TID(who)	 ((who) & ((1u << PGMT_TID_BITS) - 1))
#define PGMT_CPU(who)	 ((who) >> PGMT_TID_BITS)
#define PGMT_CPU_UNKNOWN ((1u << (32 - PGMT_TID_BITS)) - 1) /* and all above */

/* Name of a task, and since when we know it: tids are used again. */
struct pgmt_task {
	char comm[PGMT_COMM_LEN];
	__u32 tick; /* as pgmt_last_event has it */
	__u32 unused;
};

/*
 * What the kernel adds to an element of a hash map: the head of struct htab_elem, a key of
 * 8 bytes and a link of its allocator.
 */
#define PGMT_ELEMENT_BYTES 64

/* The states of five pages are one cell. */
#define PGMT_CELL_PAGES	   5
#define PGMT_SECTION_ROOM  512 /* pages, the most that a section has */
#define PGMT_SECTION_CELLS ((PGMT_SECTION_ROOM + PGMT_CELL_PAGES - 1) / PGMT_CELL_PAGES)

/* What the huge entry of a section stands for. */
enum pgmt_entry_form {
	PGMT_ENTRY_UNKNOWN, /* there is none, or it was not checked */
	PGMT_ENTRY_BUILT,   /* one folio */
	PGMT_ENTRY_SINGLE,  /* single pages */
};

/* One 2 MiB section, which belongs to one pgmap.  It is made at its first event. */
struct pgmt_section {
	__u64 pgmap; /* address; 0: not filled in yet */
	__u32 type;
	__u32 fresh;	     /* the pgmap was created while tracing */
	__u8 large;	     /* it has, or had, large folios that were requested as such */
	__u8 unsure;	     /* a free in it was lost: no rule is judged by its states */
	__u16 entry_checked; /* enum pgmt_entry_form: found good, and nothing of it freed since */
	__u32 epoch;	     /* of the pgmap; 0 while the table does not have it */
	struct pgmt_last_event
		section_request; /* when all of it was last requested at once, or was split */
	__u32 splitting;	 /* 1 + the CPU that splits a large folio of it; 0: none */
	__u64 cells[PGMT_SECTION_CELLS]; /* see pgmt_word() */
};

/* An element fits the 1 KiB that the allocator hands out: 2 bytes a page. */
#define PGMT_SECTION_BYTES 1024
_Static_assert(sizeof(struct pgmt_section) + PGMT_ELEMENT_BYTES <= PGMT_SECTION_BYTES,
	       "a section takes 2 KiB now");
_Static_assert(64 >= PGMT_CELL_PAGES * PGMT_WORD_BITS, "a cell is 64 bits");

/*
 * Where in cells[] the state of page @i is.  Pages side by side are often used at the same
 * time, by several CPUs.  So each eighth of a section is interleaved with the other seven, and
 * neighbours lie in different cells.
 */
#define PGMT_EIGHTH_SHIFT 6 /* pages */
_Static_assert(8 << PGMT_EIGHTH_SHIFT == PGMT_SECTION_ROOM, "not an eighth");

static __always_inline __u64 pgmt_cell_order(__u64 i)
{
	__u64 order = (i & ((1 << PGMT_EIGHTH_SHIFT) - 1)) << 3;

	/* else the compiler makes an or of the sum, whose bounds Linux 6.1 does not know */
	__asm__("" : "+r"(order));
	return order + (i >> PGMT_EIGHTH_SHIFT & 7);
}

/* A division by five, of less than 2^14, whose bounds the verifier knows. */
#define PGMT_FIFTH	 13108
#define PGMT_FIFTH_SHIFT 16
_Static_assert(PGMT_CELL_PAGES == 5 && PGMT_FIFTH == (1 << PGMT_FIFTH_SHIFT) / 5 + 1,
	       "not a division by PGMT_CELL_PAGES");

static __always_inline __u64 pgmt_cell_index(__u64 i)
{
	return pgmt_cell_order(i) * PGMT_FIFTH >> PGMT_FIFTH_SHIFT;
}

static __always_inline __u64 pgmt_cell_shift(__u64 i)
{
	return (pgmt_cell_order(i) - pgmt_cell_index(i) * PGMT_CELL_PAGES) * PGMT_WORD_BITS;
}

/* The state of page @i, below PGMT_SECTION_PAGES. */
static __always_inline __u32 pgmt_word(const struct pgmt_section *s, __u64 i)
{
	return s->cells[pgmt_cell_index(i)] >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
}

/*
 * Pages that were requested as a whole section have one last request, in the section.
 * @t: that of a page; becomes the section's, if that came later.
 */
static __always_inline void pgmt_latest_request(struct pgmt_last_event *t,
						const struct pgmt_section *s)
{
	if (s->section_request.tick && s->section_request.tick >= t->tick)
		*t = s->section_request;
}

/* Last request and last free of a page: a pgmt_last_event, with an index of the sites map. */
enum pgmt_last_kind { PGMT_LAST_REQUEST, PGMT_LAST_FREE };

struct pgmt_page_history {
	__u32 tick[2]; /* by enum pgmt_last_kind */
	__u32 who[2];
	__u16 site[2]; /* index of the sites map; 0: not known */
};

#define PGMT_HISTORY_PAGES 400

/* Pages that one history is for: they lie in two sections, at most. */
#define PGMT_HISTORY_SPAN                                                                          \
	(PGMT_SECTION_PAGES < PGMT_HISTORY_PAGES ? PGMT_SECTION_PAGES : PGMT_HISTORY_PAGES)

struct pgmt_history { /* its key is pfn / PGMT_HISTORY_SPAN */
	struct pgmt_page_history page[PGMT_HISTORY_PAGES];
};

/* The largest piece that the allocator hands out without waste: 20.5 bytes a page. */
#define PGMT_HISTORY_BYTES 8192
_Static_assert(sizeof(struct pgmt_history) + PGMT_ELEMENT_BYTES <= PGMT_HISTORY_BYTES,
	       "a history takes 16 KiB now");

/* The sites map is a hash table that only grows: 0 is no site, then come these. */
#define PGMT_SITES     (1 << 14)
#define PGMT_SITE_WAYS 8 /* a site is this far behind its hash, at most */
_Static_assert(1 + PGMT_SITES + PGMT_SITE_WAYS <= 1 << 16, "a site's index is 16 bits");

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
	__u64 since;   /* when it was created; 0: before tracing began */
	__u32 type;    /* enum pgmt_type */
	__u32 nr_range;
	struct pgmt_range range[PGMT_MAX_RANGES];
	__u64 first;  /* first pfn with a struct page that is in use (altmap) */
	__u64 killed; /* when memunmap_pages was called, and by whom; 0: not yet */
	__u32 killer_cpu;
	__u32 killer_in_scope; /* of --pid or --cgroup */
	__u32 killer;	       /* tid */
	pgmt_site_t killer_site;
	char comm[PGMT_COMM_LEN];
	__u64 ops;	 /* address of its dev_pagemap_ops; 0: none */
	__u64 page_free; /* address of its page_free, or folio_free; 0: none */
	__u32 maker;	 /* tid; who created it, if that was while tracing */
	pgmt_site_t maker_site;
	char maker_comm[PGMT_COMM_LEN];
};

#define PGMT_EXAMPLES 4 /* findings of one group that are reported; all are counted */
PGMT_ASSERT_POWER_OF_2(PGMT_EXAMPLES);

/* Folios that were outstanding when their pgmap was torn down, by the site of their request. */
struct pgmt_torn_down_key {
	__u64 epoch;
	pgmt_site_t site;
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

/* Findings of one rule at one site are a group. */
struct pgmt_group_key {
	__u32 rule;
	pgmt_site_t site;
	__u64 epoch; /* of the pgmap, if the site is not known; else 0 */
};

struct pgmt_group {
	__u64 times;
	__u64 first; /* when */
	__u64 last;
};

#define PGMT_MAX_GROUPS 1024

/* A task that found a folio of a file in use, and has asked again since. */
struct pgmt_spin {
	__u64 task;    /* address; 0: free */
	__u64 mapping; /* struct address_space of the file; 0: not known */
	__u64 pfn;     /* of the page that is in use */
	__u64 pgmap;   /* address */
	__u64 first;   /* when it asked first, and last, ns */
	__u64 last;
	__u32 tgid;
	__u32 tid;
	pgmt_site_t site; /* 0: not taken, since it has asked once or twice only */
	__s32 refcount;	  /* of the page, when it asked last */
	char comm[PGMT_COMM_LEN];
	__u64 times; /* how often it has asked; 0: this is being written */
};

#define PGMT_SPINS     64
#define PGMT_SPIN_WAYS 8 /* places of one task */
PGMT_ASSERT_POWER_OF_2(PGMT_SPINS);
/* Who has not asked for so long has stopped: much longer than a busy CPU keeps one waiting. */
#define PGMT_SPIN_GAP (5ULL * 1000 * 1000 * 1000)

struct pgmt_spins {
	__u64 full; /* when there was no room last, ns; 0: never */
	struct pgmt_spin spin[PGMT_SPINS];
};

/*
 * For another pgmaptrace, in a map that is called pgmaptrace: where the states of this session
 * are.  All zero until all hooks are attached, and after the session.
 */
struct pgmt_session_info {
	__u32 layout; /* PGMT_LAYOUT */
	__u32 pid;
	__u64 began; /* ticks count from here */
	/* ids of maps */
	__u32 sections;
	__u32 histories;
	__u32 sites;
	__u32 stacks;
	__u32 tasks;
	__u32 spins;
	__u32 history; /* last requests and last frees are kept */
	__u32 unused;
};

/*
 * The layout of all that struct pgmt_session_info leads to.  Another pgmaptrace reads it only
 * if it was built with the same number: whoever changes one of these structs, or the state
 * word, counts it up.
 */
#define PGMT_LAYOUT 4
_Static_assert(sizeof(struct pgmt_session_info) == 48 && sizeof(struct pgmt_section) == 864 &&
		       sizeof(struct pgmt_page_history) == 20 && PGMT_HISTORY_PAGES == 400 &&
		       sizeof(struct pgmt_stack) == 256 && sizeof(struct pgmt_task) == 24 &&
		       sizeof(struct pgmt_spins) == 8 + 64 * 88,
	       "count PGMT_LAYOUT up, and put the new sizes here");

#endif /* PGMAPTRACE_MODEL_KEPT_H */
