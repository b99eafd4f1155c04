/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the tool hand to each other: settings, counters
 * and the records of the ring buffer.  Fixed-width types only; the includer
 * brings __u64 and friends.  Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef PGMAPTRACE_MODEL_WIRE_H
#define PGMAPTRACE_MODEL_WIRE_H

#include "model/counts.h"
#include "model/kept.h"
#include "model/model.h"

#define PGMT_PATH_LEN	256 /* a power of two */
#define PGMT_PATH_NAMES 16
#define PGMT_FS_LEN	16

/* --stack: at which events a kernel stack is taken */
enum pgmt_stack_mode {
	PGMT_STACK_NONE,     /* at none; nor is a last request or free kept */
	PGMT_STACK_FINDINGS, /* at findings */
	PGMT_STACK_ALL,	     /* at every event that is kept as a last request or free, too */
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
