/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the tool hand to each other: settings, records, and the
 * arguments of the programs that the tool runs.  Fixed-width types only.  Times are
 * nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef PGMAPTRACE_MODEL_WIRE_H
#define PGMAPTRACE_MODEL_WIRE_H

#include "model/compiler.h"
#include "model/counts.h"
#include "model/kept.h"
#include "model/model.h"

#define PGMT_MAX_HOOKS	32
#define PGMT_PATH_LEN	256
#define PGMT_PATH_NAMES 16
#define PGMT_FS_LEN	16
PGMT_ASSERT_POWER_OF_2(PGMT_PATH_LEN);

/* --stack: at which events a kernel stack is taken */
enum pgmt_stack_mode {
	PGMT_STACK_NONE,     /* at none, and no history is kept */
	PGMT_STACK_FINDINGS, /* at findings */
	PGMT_STACK_ALL,	     /* at every event that a history keeps, too */
};

enum pgmt_record_kind {
	PGMT_RECORD_PGMAP_NEW, /* struct pgmt_pgmap_record */
	PGMT_RECORD_FINDING,   /* struct pgmt_finding */
	PGMT_RECORD_RELEASE,   /* struct pgmt_release */
};

struct pgmt_pgmap_record {
	__u32 kind;
	struct pgmt_pgmap pgmap;
};

/*
 * The end of a wait: who gave back the last reference of a pgmap that was killed, or of a
 * folio that someone waits for.
 */
struct pgmt_release {
	__u32 kind;
	pgmt_site_t site;
	__u64 time;
	__u64 address; /* of the pgmap; 0: it was a folio's */
	__u64 pfn;     /* of the folio's head page */
	__u32 cpu;
	__u32 tid;
	char comm[PGMT_COMM_LEN];
	__u32 removed; /* it is only known that a file gave the folio up, after the wait */
	__u32 unused;
	struct pgmt_pgmap pgmap; /* as it was; its address is 0 if the table did not know it */
};

enum pgmt_file_flag {
	PGMT_FILE_KNOWN = 1 << 0,   /* the fields of struct pgmt_file are valid */
	PGMT_FILE_OFFSET = 1 << 1,  /* offset is valid */
	PGMT_FILE_NAMED = 1 << 2,   /* path is valid */
	PGMT_FILE_CUT = 1 << 3,	    /* the path is too long: its outer names are left out */
	PGMT_FILE_DELETED = 1 << 4, /* the file has no name any more, or not this one */
	/* where files hold references: the folio names this file, but it does not hold it */
	PGMT_FILE_NO_ENTRY = 1 << 5, /* no entry of it has the folio */
	PGMT_FILE_ZAPPED = 1 << 6,   /* its entry has given the folio back */
};

/* Device numbers are in the kernel's encoding, major << 20. */
struct pgmt_file {
	__u32 flags;
	__u32 sharers; /* fsdax: files that have the folio stored, by the kernel's count; where
			  files hold references: files that hold it */
	__u32 dev;     /* of the super block */
	__u32 rdev;    /* device-dax: of the character device; the rest is 0 then */
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
	__u64 busy;   /* pfn of the page that has @refcount; 0: the head page has it */
	__u64 folios; /* TEARDOWN_LIVE: how many; pfn is the first of them */
	__u64 asked;  /* a request as a whole: how many folios; else 0 */
	__u32 asked_order;
	struct pgmt_range named; /* first range of the pgmap that a request named; 0: not known */
	__u32 op;		 /* enum pgmt_op */
	__u32 state;		 /* before the event */
	__s32 refcount;
	__s32 mapcount;
	__s32 pincount; /* FOLL_PIN; -1: the kernel does not count pins apart */
	__u32 order;
	__u64 flags; /* of struct page */
	__u32 cpu;
	__u32 tgid;
	__u32 tid;
	char comm[PGMT_COMM_LEN];
	pgmt_site_t site;
	__u32 unused;
	__u64 mapping; /* struct address_space that the event is about; 0: not known */
	/*
	 * Not last: to the verifier a name may have PGMT_PATH_LEN bytes, wherever in the path
	 * it begins.
	 */
	struct pgmt_file file;
	struct pgmt_file other;		     /* one that has the folio stored, too */
	struct pgmt_last_event last_request; /* last request, map or store */
	struct pgmt_last_event last_free;    /* last free or removal */
	struct pgmt_pgmap pgmap;
	__u64 accounted;   /* look: references that mappings or files hold */
	__s64 refs;	   /* REF_IMBALANCE: of the pgmap */
	__u64 least, most; /* REF_IMBALANCE: how many references its folios explain */
	__u64 waited;	   /* TEARDOWN_STALL, BREAK_STALL: for how long, ns */
	__u64 wait_over;   /* the wait had ended when it was found */
	__u64 spins;	   /* BREAK_STALL: how often the task has asked; 0: it sleeps */
	__u64 preexisting; /* TEARDOWN_STALL: folios of the pgmap in use since before tracing */
};

/* Whose layout a task breaks, and whether it is just now giving folios back. */
struct pgmt_break {
	__u64 mapping; /* struct address_space */
	__u64 zapping;
};

/* --pfn, --inode, --pgmap, --events: which transitions are sent as records */
enum pgmt_watch {
	PGMT_WATCH_NONE,
	PGMT_WATCH_ALL, /* all; the tool chooses among them */
	PGMT_WATCH_PFN,
	PGMT_WATCH_INODE,
};

/* --pid, --cgroup: whose doing is in scope */
enum pgmt_filter {
	PGMT_FILTER_NONE, /* all */
	PGMT_FILTER_PID,
	PGMT_FILTER_CGROUP,
};

#define PGMT_NO_OFFSET (~0ULL) /* where a folio is in its file is not known */

/* One transition of a folio that is watched. */
struct pgmt_event_record {
	__u64 time;
	__u64 pfn;
	__u64 epoch;  /* of the pgmap */
	__u64 inode;  /* 0: not known */
	__u64 offset; /* in the file, bytes; or PGMT_NO_OFFSET */
	__u32 op;     /* enum pgmt_op */
	__u32 rule;   /* enum pgmt_rule */
	__u32 before; /* state */
	__u32 after;
	__s32 refcount;
	__s32 mapcount;
	__u32 order;
	__u32 type;
	__u32 cpu;
	__u32 tid;
	pgmt_site_t site;
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
	__u64 pfn;   /* in: where to look; out: where to go on */
	__u32 found; /* out: pgmap is valid */
	__u32 done;  /* out: there is no pgmap at pfn or above */
	struct pgmt_pgmap pgmap;
	__s64 refs;   /* out: of the pgmap; PGMT_REFS_UNKNOWN */
	__u32 dying;  /* out: it was killed */
	__u32 unmade; /* out: memremap_pages is still creating one there; it is not found */
	/* out: the same before it is killed, too, as struct pgmt_refs has them */
	__s64 live;
	__u64 own;
	__u32 live_known;
	__u32 unused;
};

/* Argument of the scan_initial program: the initial scan of a part of one pgmap. */
struct pgmt_scan {
	__u64 pfn;	  /* in: first */
	__u64 nr;	  /* in: how many pages, a multiple of 64 or less than that */
	__u64 above_idle; /* out */
};

#define PGMT_UNEXPLAINED_KEPT 256
PGMT_ASSERT_POWER_OF_2(PGMT_UNEXPLAINED_KEPT);

/* Argument of the scan_leaks program: folios above idle in a part of one pgmap. */
struct pgmt_leak_scan {
	__u64 pgmap;  /* in: address; out: 0 if it was torn down */
	__u64 pfn;    /* in: first; out: where to go on, before end if unexplained_pfn is full */
	__u64 end;    /* in: behind the last, at most PGMT_LEAKS_PAGES away */
	__u32 type;   /* in */
	__u32 dying;  /* in */
	__u64 folios; /* out: above idle */
	__u64 pages;  /* out: of these folios */
	__u64 unreadable;  /* out: pages */
	__u64 unexplained; /* out: folios with more references than pgmt_accounted(), listed in
			      unexplained_pfn */
};

#define PGMT_LEAKS_PAGES (1 << 16) /* 256 MiB a step */

#define PGMT_REFS_ANY	  (~0ULL >> 1)		/* most: any number */
#define PGMT_REFS_UNKNOWN ((__s64)(1ULL << 63)) /* the CPUs' counts are not summed up yet */

/*
 * Argument of the explain program: the references of a pgmap.  All is well if
 * pgmt_refs_explained(live - own, least, most).  These are not read at one moment: only what
 * two looks agree on counts.
 */
struct pgmt_refs {
	__u64 address;	   /* in: of the pgmap */
	__u64 known;	   /* out: the table has it */
	__u64 outstanding; /* out: folios */
	__s64 refs;	   /* out: once it is killed; PGMT_REFS_UNKNOWN */
	__s64 live;	   /* out: the same, before it is killed too, if live_known */
	__u64 own;	   /* out: those that memremap_pages took; 0 once it is killed */
	__u64 least;	   /* out: how many its folios hold, at least and at most */
	__u64 most;
	__u64 pfn;	   /* out: the first folio that holds one; 0: none */
	__u64 preexisting; /* out: folios in use since before tracing; pfn may be one */
	__u32 oldest;	   /* out: tick of the oldest request; 0: not known */
	__u32 live_known;  /* out */
};

/* How someone holds a folio, or waits for it. */
enum pgmt_how {
	PGMT_HOW_MAP,	/* a page table has it */
	PGMT_HOW_PIPE,	/* a pipe has it, after vmsplice */
	PGMT_HOW_URING, /* a registered buffer of an io_uring has it */
	PGMT_HOW_WAIT,	/* waits for its reference count, as truncate does */
	PGMT_HOW_LOCK,	/* waits for its lock, or another of its flags */
	PGMT_HOW_PGMAP, /* waits for the references of its pgmap, as unbind does */
	PGMT_HOW_DIO,	/* sleeps in a direct I/O from or to it */
	PGMT_HOW_SPIN,	/* asks for its reference count again and again */
	PGMT_NR_HOW,
};

#define PGMT_MAX_FOUND 64
PGMT_ASSERT_POWER_OF_2(PGMT_MAX_FOUND);

struct pgmt_holder {
	__u32 how;	/* enum pgmt_how */
	__u32 tgid;	/* MAP: 0 if the mm has no task any more */
	__u32 tid;	/* of the waiter, or of a thread that has the fd; else as tgid */
	__s32 fd;	/* DIO: of the target; PIPE, URING: the first; -1: none (registered ring) */
	__u64 object;	/* MAP: the mm; PIPE: the pipe; URING: the ring; else the task */
	__u64 address;	/* MAP: where the first of its pages is mapped; DIO: the buffer */
	__u32 pages;	/* how many of the pages: MAP, PIPE, URING, DIO */
	__u32 entry;	/* MAP: pages that a page table entry maps: 1, 512, 262144 */
	__u32 not_here; /* MAP: the entry is device-private: the CPU can't use it */
	__u16 call;	/* DIO: number of the system call */
	__u16 in_io;	/* DIO: it waits for the I/O itself */
	char comm[PGMT_COMM_LEN];
};

/* The search for the holders of a folio: in by the tool, out by the programs of holders.bpf.c. */
struct pgmt_search {
	__u64 pfn;     /* in: of any page; out: of the first */
	__u64 pages;   /* in: how many; 0: the folio that pfn lies in; out: how many */
	__u64 mapping; /* in: struct address_space; 0: take the folio's own */
	__u64 offset;  /* in: with mapping, of pfn in the file, bytes */
	__u64 until;   /* in: when to stop, ns of CLOCK_MONOTONIC */
	/*
	 * in: an open file of the tool; -1: none.  Whoever maps that file is asked, since nothing
	 * leads from the folio there: each vma has pages that lie in a row, from any one on.
	 */
	__s32 fd;
	__u32 type;  /* out: enum pgmt_type of its pgmap */
	__u64 pgmap; /* out: 0 if pfn is no device page now */
	__s32 refcount;
	__s32 mapcount;
	__u32 looked; /* out: bit (1 << enum pgmt_how): the search for these was complete */
	__u32 nr;     /* out: of found[] */
	__u32 more;   /* out: found too, and not kept */
	__u32 nr_mm;  /* out: of mm[] */
	struct pgmt_holder found[PGMT_MAX_FOUND];
	struct pgmt_holder mm[PGMT_MAX_FOUND]; /* MAP, before the tasks are known: tgid 0 */
};

/* Of each wait table: kernel/sched/wait_bit.c and mm/filemap.c.  Checked when tracing begins. */
#define PGMT_WAIT_QUEUES 256

#define PGMT_MAX_WAITS 64
PGMT_ASSERT_POWER_OF_2(PGMT_MAX_WAITS);

/* A task that sleeps, or spins, until device pages are given back. */
struct pgmt_wait {
	__u32 how; /* PGMT_HOW_WAIT or PGMT_HOW_PGMAP */
	__u32 tgid;
	__u32 tid;
	__s32 refcount; /* WAIT: of the page */
	__u64 task;	/* address */
	__u64 pfn;	/* WAIT: of the page; PGMAP: one of the pgmap's */
	__u64 pgmap;	/* address */
	/* How often it has given up the CPU: the number stays the same during one sleep. */
	__u64 switches;
	__u64 frames[PGMT_STACK_DEPTH]; /* innermost first, 0: no more; none: it was woken */
	/* of one that asks again and again, as struct pgmt_spin; its switches are since */
	__u64 since; /* 0: it sleeps */
	__u64 last;
	__u64 asked; /* how often; 0: too rarely to call it spinning */
	__u64 mapping;
	pgmt_site_t site; /* 0: see frames */
	__u32 unused;
	char comm[PGMT_COMM_LEN];
};

#define PGMT_LOOKED_WAITS (1U << PGMT_HOW_WAIT | 1U << PGMT_HOW_PGMAP)

/* What find_waits and stack_waiters find. */
struct pgmt_waits {
	__u32 nr;     /* of wait[] */
	__u32 more;   /* found too, and not kept */
	__u32 looked; /* PGMT_LOOKED_WAITS, if the search was complete; also, PGMT_HOW_SPIN */
	__u32 unused;
	struct pgmt_wait wait[PGMT_MAX_WAITS];
};

static __always_inline int pgmt_looked_at_all(const struct pgmt_waits *w)
{
	return (w->looked & PGMT_LOOKED_WAITS) == PGMT_LOOKED_WAITS;
}

#endif /* PGMAPTRACE_MODEL_WIRE_H */
