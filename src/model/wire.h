/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the tool hand to each other: settings, counters
 * and the records of the ring buffer.  Fixed-width types only; the includer
 * brings __u64 and friends.  Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef PGMAPTRACE_MODEL_WIRE_H
#define PGMAPTRACE_MODEL_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "model/model.h"

#define PGMT_SECTION_PAGES 512 /* 2 MiB: memremap_pages maps nothing smaller */
#define PGMT_SECTION_SHIFT 9
#define PGMT_COMM_LEN	   16
#define PGMT_STACK_DEPTH   32
#define PGMT_MAX_RANGES	   8   /* of one pgmap; more are counted as lost */
#define PGMT_PATH_LEN	   256 /* a power of two */
#define PGMT_PATH_NAMES	   16
#define PGMT_FS_LEN	   16

/* --stack: at which events a kernel stack is taken */
enum pgmt_stack_mode {
	PGMT_STACK_NONE,     /* at none; nor is a last request or free kept */
	PGMT_STACK_FINDINGS, /* at findings */
	PGMT_STACK_ALL,	     /* at every event that is kept as a last request or free, too */
};

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

/*
 * Where detail or state can get lost: a name that stays, words, and whether it
 * is state: then any rule may be touched.
 */
#define PGMT_LOSSES(LOSS)                                                                          \
	LOSS(FINDING, "records", "reports of findings or pgmaps: ring buffer full", 0)             \
	LOSS(GROUP, "groups", "findings counted by rule only: table of groups full", 0)            \
	LOSS(EVENT, "events", "transitions not shown: ring buffer full", 0)                        \
	LOSS(STACK, "stacks", "stacks not kept: stack table full or hash collision", 0)            \
	LOSS(UNWIND, "unwinder", "stacks not taken: the kernel's unwinder was busy", 0)            \
	LOSS(GONE, "gone", "leaks of pgmaps that went away, by place: table full", 0)              \
	LOSS(TASK, "tasks", "task names not kept: task table full", 0)                             \
	LOSS(HISTORY, "histories", "folio histories not kept: no memory, or not by --max-memory",  \
	     0)                                                                                    \
	LOSS(SECTION, "sections", "2 MiB sections not tracked: no memory, or not by --max-memory", \
	     1)                                                                                    \
	LOSS(CONTENDED, "contended", "transitions given up: too many CPUs on one folio", 1)        \
	LOSS(PGMAP, "pgmaps",                                                                      \
	     "pgmaps not wholly tracked: not known, being made, table full, too many ranges, "     \
	     "or scratch in use",                                                                  \
	     1)                                                                                    \
	LOSS(ENTRY, "entries", "i_pages entries not understood", 1)                                \
	LOSS(CALL, "calls", "requests whose result was not seen", 1)                               \
	LOSS(SCAN, "scan", "pages not scanned: unreadable", 1)

enum pgmt_loss {
#define LOSS(id, name, text, state) PGMT_LOSS_##id,
	PGMT_LOSSES(LOSS)
#undef LOSS
		PGMT_NR_LOSSES,
};

/*
 * Requests and frees are counted by pgmap, one copy a CPU.  Two pgmaps that are
 * 1024 epochs apart share a slot: that blurs what is told of each, never the
 * totals, which are the sum of all slots.
 */
#define PGMT_SLOTS	 1024 /* a power of two */
#define PGMT_SLOT(epoch) ((epoch) & (PGMT_SLOTS - 1))

struct pgmt_rates {
	__u64 requests;
	__u64 frees;
};

/* Totals of the session, one copy a CPU. */
struct pgmt_counts {
	__u64 requests; /* these two are summed up by the tool */
	__u64 frees;
	__u64 preexisting;
	__u64 preexisting_frees;
	__u64 stores;
	__u64 removals;
	__u64 rules[PGMT_NR_RULES];
	__u64 out_of_scope; /* broken rules that --pid or --cgroup leaves out */
	__u64 lost[PGMT_NR_LOSSES];
};

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

enum pgmt_record_kind {
	PGMT_RECORD_PGMAP_NEW, /* struct pgmt_pgmap_record */
	PGMT_RECORD_FINDING,   /* struct pgmt_finding */
	PGMT_RECORD_RELEASE,   /* struct pgmt_release */
};

struct pgmt_pgmap_record {
	__u32 kind;
	struct pgmt_pgmap pgmap;
};

/* The last reference of a pgmap that was killed is gone, or of a folio that is waited for. */
struct pgmt_release {
	__u32 kind;
	__u32 site; /* where in the kernel; and who gave it back */
	__u64 time;
	__u64 address; /* of the pgmap; 0: it is a folio's */
	__u64 pfn;     /* of the folio's head page */
	__u32 cpu;
	__u32 tid;
	char comm[PGMT_COMM_LEN];
};

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

enum pgmt_file_flag {
	PGMT_FILE_KNOWN = 1 << 0,   /* the fields below mean something */
	PGMT_FILE_OFFSET = 1 << 1,  /* offset does */
	PGMT_FILE_NAMED = 1 << 2,   /* path does */
	PGMT_FILE_CUT = 1 << 3,	    /* of a path that is too long: its outer names are left out */
	PGMT_FILE_DELETED = 1 << 4, /* it has no name any more, or not this one */
};

/* Device numbers are in the kernel's encoding, major << 20. */
struct pgmt_file {
	__u32 flags;
	__u32 sharers; /* how many files have the folio stored, as the kernel counts; fsdax */
	__u32 dev;     /* of the super block */
	__u32 rdev;    /* device-dax: of the character device; then the rest is 0 */
	__u64 inode;
	__u64 offset;		  /* of the folio, bytes */
	char type[PGMT_FS_LEN];	  /* of the file system */
	char path[PGMT_PATH_LEN]; /* names, the innermost first, each with its NUL */
};

struct pgmt_finding {
	__u32 kind; /* PGMT_RECORD_FINDING */
	__u32 rule; /* enum pgmt_rule */
	__u64 time;
	__u64 pfn;    /* of the head page */
	__u64 busy;   /* pfn of the page that has @refcount, where that is not the head; 0: it is */
	__u64 folios; /* TEARDOWN_LIVE: how many; pfn is the first of them */
	__u64 asked;  /* of a request as a whole: how many folios; else 0 */
	__u32 asked_order;
	struct pgmt_range named; /* the first of the pgmap that a request named; 0: not known */
	__u32 op;		 /* enum pgmt_op */
	__u32 state;		 /* the word before the event */
	__s32 refcount;
	__s32 mapcount;
	__s32 pincount; /* FOLL_PIN; -1: the kernel does not keep it apart */
	__u32 order;
	__u64 flags; /* of struct page */
	__u32 cpu;
	__u32 tgid;
	__u32 tid;
	char comm[PGMT_COMM_LEN];
	__u32 site; /* where in the kernel */
	__u32 unused;
	__u64 mapping; /* struct address_space that the event is about; 0: not known */
	/* not last: the verifier takes a name for up to PGMT_PATH_LEN bytes wherever it begins */
	struct pgmt_file file;
	struct pgmt_last_event last_request; /* last request, map or store */
	struct pgmt_last_event last_free;    /* last free or removal */
	struct pgmt_pgmap pgmap;
	__u64 accounted;   /* look: how many references mappings or files account for */
	__s64 refs;	   /* REF_IMBALANCE: of the pgmap; and how many its folios explain */
	__u64 least, most; /* 0 and 0 if it has none left */
	__u64 waited;	   /* TEARDOWN_STALL, BREAK_STALL: for how long, ns */
	__u64 preexisting; /* TEARDOWN_STALL: folios of the pgmap in use since before tracing */
};

/* --pfn, --inode, --pgmap: which transitions are told of */
enum pgmt_watch {
	PGMT_WATCH_NONE,
	PGMT_WATCH_ALL, /* the tool chooses */
	PGMT_WATCH_PFN,
	PGMT_WATCH_INODE,
};

/* --pid, --cgroup: what tasks do, or did to a folio before, is judged */
enum pgmt_filter {
	PGMT_FILTER_NONE, /* all */
	PGMT_FILTER_PID,
	PGMT_FILTER_CGROUP,
};

#define PGMT_NO_OFFSET (~0ULL) /* in the file: not known */

/* One transition of a folio that is watched. */
struct pgmt_event_record {
	__u64 time;
	__u64 pfn;
	__u64 epoch; /* of the pgmap */
	__u64 inode; /* 0: no file known */
	__u64 offset;
	__u32 op;     /* enum pgmt_op */
	__u32 rule;   /* enum pgmt_rule */
	__u32 before; /* the state */
	__u32 after;
	__s32 refcount;
	__s32 mapcount;
	__u32 order;
	__u32 type;
	__u32 cpu;
	__u32 tid;
	__u32 site;
	__u32 unused;
	char comm[PGMT_COMM_LEN];
};

/* Argument of the read_word program: one word of kernel memory. */
struct pgmt_read {
	__u64 address; /* in */
	__u64 value;   /* out */
};

/* Argument of the pgmap_next program: walks the kernel's pgmap_array. */
struct pgmt_walk {
	__u64 pfn;   /* in: where to go on; out: where to go on next */
	__u32 found; /* out: pgmap is valid */
	__u32 done;  /* out: there is nothing at pfn or above */
	struct pgmt_pgmap pgmap;
	__s64 refs;   /* out: of the pgmap; -1: not known */
	__u32 dying;  /* out: it was killed */
	__u32 unmade; /* out: there is one that memremap_pages is at; not found */
};

/* Argument of the scan program: the baseline over a part of one pgmap. */
struct pgmt_scan {
	__u64 pfn;	  /* in: first */
	__u64 nr;	  /* in: how many pages, a multiple of 64 or less than that */
	__u64 above_idle; /* out */
};

#define PGMT_UNEXPLAINED_KEPT 256 /* a power of 2 */

/* Argument of the scan_leaks program: what is above idle in a part of one pgmap. */
struct pgmt_leak_scan {
	__u64 pgmap;  /* in: address; out: 0 if it is not there any more */
	__u64 pfn;    /* in: first; out: where to go on, before end if unexplained_pfn is full */
	__u64 end;    /* in: behind the last, PGMT_LEAKS_PAGES away at most */
	__u32 type;   /* in */
	__u32 dying;  /* in */
	__u64 folios; /* out: above idle */
	__u64 pages;  /* out: that these consist of */
	__u64 unreadable;  /* out: pages */
	__u64 unexplained; /* out: folios with more references than pgmt_accounted(), listed in
			      unexplained_pfn */
};

#define PGMT_LEAKS_PAGES (1 << 16) /* 256 MiB a step */

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

#define PGMT_REFS_ANY (~0ULL >> 1) /* most: there is no telling */

/*
 * Argument of the explain program: the references of a pgmap.  It is as it
 * should be if pgmt_refs_explained(live - own, least, most).  Nothing of this is
 * read at one moment: what is not explained must be so in two looks that agree.
 */
struct pgmt_refs {
	__u64 address;	   /* in: of the pgmap */
	__u64 known;	   /* out: it is there */
	__u64 outstanding; /* out: folios requested and not freed */
	__s64 refs;	   /* out: -1 while they are not known, as before it is killed */
	__s64 live;	   /* out: the same, also before it is killed, if live_known */
	__u64 own;	   /* out: of these, what memremap_pages took; 0 once it is killed */
	__u64 least;	   /* out: what folios that are out explain */
	__u64 most;
	__u64 pfn;	   /* out: the first of these; 0: none */
	__u64 preexisting; /* out: folios in use since before tracing; pfn may be one */
	__u32 oldest; /* out: when the oldest was requested, as pgmt_last_event has it; 0: not known
		       */
	__u32 live_known; /* out */
};

/*
 * x86: where the struct pages begin, and the mapping of all memory, in a kernel that
 * has no variables vmemmap_base and page_offset_base
 */
#define PGMT_VMEMMAP_START    0xffffea0000000000ULL
#define PGMT_DIRECT_MAP_START 0xffff888000000000ULL

/* How someone has to do with a folio. */
enum pgmt_how {
	PGMT_HOW_MAP,	/* a page table has it */
	PGMT_HOW_PIPE,	/* a pipe has it, after vmsplice */
	PGMT_HOW_URING, /* a registered buffer of an io_uring has it */
	PGMT_HOW_WAIT,	/* waits for its reference count, as truncate does */
	PGMT_HOW_LOCK,	/* waits for its lock, or another of its flags */
	PGMT_HOW_PGMAP, /* waits for all of its pgmap, as unbind does */
	PGMT_HOW_DIO,	/* sleeps in a direct I/O from or to it */
	PGMT_NR_HOW,
};

#define PGMT_MAX_FOUND 64 /* a power of 2 */

struct pgmt_holder {
	__u32 how;  /* enum pgmt_how */
	__u32 tgid; /* MAP: 0 if the mm has no task any more */
	__u32 tid; /* of the waiter, DIO: of the thread; else as tgid, or of one thread that has the
		      fd */
	__s32 fd;  /* DIO: the target; PIPE, URING: the first one; -1 if the ring has none
		      (registered ring) */
	__u64 object;	/* MAP: the mm; PIPE: the pipe; URING: the ring; else the task */
	__u64 address;	/* MAP: where the first of its pages is mapped; DIO: the buffer */
	__u32 pages;	/* how many of the pages: MAP, PIPE, URING, DIO */
	__u32 entry;	/* MAP: pages that a page table entry maps: 1, 512, 262144 */
	__u32 not_here; /* MAP: the entry is a device-private one, which the CPU can't use */
	__u16 call;	/* DIO: number of the system call */
	__u16 in_io;	/* DIO: it waits for the I/O itself */
	char comm[PGMT_COMM_LEN];
};

/* What the programs in holders.bpf.c work on: in by the tool, out by them. */
struct pgmt_search {
	__u64 pfn;     /* in: of any page; out: of the first */
	__u64 pages;   /* in: how many; 0: the folio that pfn lies in; out: how many */
	__u64 mapping; /* in: struct address_space, if the folio may not say; 0: it says */
	__u64 offset;  /* in: with mapping, of pfn in the file, bytes */
	__u64 until;   /* in: when to stop, ns of CLOCK_MONOTONIC */
	__u64 pgmap;   /* out: 0 if pfn is no device page now */
	__s32 refcount;
	__s32 mapcount;
	__u32 looked; /* out: bit (1 << enum pgmt_how): it was looked for, everywhere */
	__u32 nr;     /* out: of found[] */
	__u32 more;   /* out: found too, and not kept */
	__u32 nr_mm;  /* out: of mm[] */
	struct pgmt_holder found[PGMT_MAX_FOUND];
	struct pgmt_holder mm[PGMT_MAX_FOUND]; /* MAP, before the tasks are known: tgid 0 */
};

/* Of each wait table: kernel/sched/wait_bit.c and mm/filemap.c.  Checked when tracing begins. */
#define PGMT_WAIT_QUEUES 256

#define PGMT_MAX_WAITS 64 /* a power of 2 */

/* A task that sleeps until device pages are let go. */
struct pgmt_wait {
	__u32 how; /* PGMT_HOW_WAIT or PGMT_HOW_PGMAP */
	__u32 tgid;
	__u32 tid;
	__s32 refcount; /* WAIT: of the page */
	__u64 task;	/* address */
	__u64 pfn;	/* WAIT: of the page; PGMAP: the first that was found of it */
	__u64 pgmap;	/* address */
	/*
	 * How often the task gave up the CPU.  As long as it waits in one place, the
	 * number stays; a task that was woken has another when it sleeps again.
	 */
	__u64 switches;
	__u64 frames[PGMT_STACK_DEPTH]; /* innermost first, 0: no more; none if it was woken */
	char comm[PGMT_COMM_LEN];
};

#define PGMT_LOOKED_WAITS (1U << PGMT_HOW_WAIT | 1U << PGMT_HOW_PGMAP)

/* What find_waits and stack_waiters find. */
struct pgmt_waits {
	__u32 nr;     /* of wait[] */
	__u32 more;   /* found too, and not kept */
	__u32 looked; /* PGMT_LOOKED_WAITS, if all was looked for, to the end */
	__u32 unused;
	struct pgmt_wait wait[PGMT_MAX_WAITS];
};

#endif /* PGMAPTRACE_MODEL_WIRE_H */
