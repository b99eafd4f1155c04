/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the state lives: the maps, the section table, stacks, histories,
 * counters, and observe(), which takes one event through the model.
 * Not here: kernel layouts (kernel.bpf.h), rules (model.h), hooks.
 */
#ifndef PGMAPTRACE_BPF_STATE_BPF_H
#define PGMAPTRACE_BPF_STATE_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18); /* the tool sets it, by --max-memory */
	__type(key, __u64);	      /* pfn >> PGMT_SECTION_SHIFT */
	__type(value, struct pgmt_section);
} sections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18); /* as sections */
	__type(key, __u64);	      /* pfn / PGMT_HISTORY_PAGES */
	__type(value, struct pgmt_history);
} histories SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 + PGMT_SITES + PGMT_SITE_WAYS);
	__type(key, __u32);
	__type(value, __u32); /* where in the kernel; 0: not taken yet */
} sites SEC(".maps");

/* All zero for ever: what a new section and its history begin as. */
struct pgmt_blank {
	struct pgmt_section section;
	struct pgmt_history history;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_blank);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* address */
	__type(value, struct pgmt_pgmap);
} pgmaps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 13); /* preallocated: hooks run with interrupts off */
	__type(key, __u32);	      /* hash of the frames */
	__type(value, struct pgmt_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u32); /* tid */
	__type(value, struct pgmt_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_GROUPS); /* preallocated, as stacks */
	__type(key, struct pgmt_group_key);
	__type(value, struct pgmt_group);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_TORN_DOWN);
	__type(key, struct pgmt_torn_down_key);
	__type(value, struct pgmt_torn_down);
} torn_down SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

/* Of its own, so that findings are not lost for transitions; the tool enlarges it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PGMT_SLOTS);
	__type(key, __u32);
	__type(value, struct pgmt_rates);
} rates SEC(".maps");
/* By its name another pgmaptrace finds this session; the tool fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_session_info);
} pgmaptrace SEC(".maps");

/* Whose layout a task has begun to break, where the entry that tells is gone by then. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, __u32);   /* tid */
	__type(value, __u64); /* address_space */
} breaks SEC(".maps");

/* Which pgmap a task is in memunmap_pages for. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, __u32);   /* tid */
	__type(value, __u64); /* struct dev_pagemap */
} unmapping SEC(".maps");

/* Folios that a task has waited for long, so that their free is told of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_WAITS);
	__type(key, __u64); /* pfn */
	__type(value, __u8);
} waited SEC(".maps");

/* --inode: folios that the file has, or had last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u64); /* pfn */
	__type(value, __u64);
} given_up SEC(".maps");

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

/* Set by the tool. */
volatile __u32 nr_waited;		      /* entries of waited */
volatile __u32 killed;			      /* pgmaps that memunmap_pages came for */
const volatile __u32 profile;		      /* enum pgmt_profile */
const volatile __u32 stack_mode;	      /* enum pgmt_stack_mode */
const volatile __u32 watch;		      /* enum pgmt_watch */
const volatile __u64 watched;		      /* pfn or inode number */
const volatile struct pgmt_range irq_text[2]; /* code that an interrupt enters by */
volatile __u32 enabled;			      /* all hooks are attached */
volatile __u32 settled;			      /* the baseline scan is complete */
volatile __u32 rules_off; /* bit (1 << enum pgmt_rule): a hook of it is not there */
volatile __u64 began;	  /* ns; touch times count from here */
volatile __u64 epochs;

static __always_inline struct pgmt_counts *my_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

/* Counters are added to atomically: an interrupt's hook may add to the same. */
#define COUNT(field, n)                                                                            \
	do {                                                                                       \
		struct pgmt_counts *__c = my_counts();                                             \
		if (__c)                                                                           \
			__sync_fetch_and_add(&__c->field, (n));                                    \
	} while (0)

/* As a function: it is called from everywhere, and never where speed counts. */
__noinline int lose(__u32 loss, __u64 n)
{
	struct pgmt_counts *c = my_counts();

	if (c && loss < PGMT_NR_LOSSES)
		__sync_fetch_and_add(&c->lost[loss], n);
	return 0;
}

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

/* Where a hook's program was called. */
struct hook {
	void *ctx;
	bool fentry; /* or fexit; else a kprobe, of whatever kind */
};

#include "bpf/stack.bpf.h"

/* Where in the kernel this is: a stack if it is to be kept, else the call site. */
static __always_inline __u32 site_of(const struct hook *h, bool stack)
{
	__u32 site = stack ? take_stack(h) : 0;

	/* with a stack at each event, one that was lost is told of as lost */
	return site || (stack_mode == PGMT_STACK_ALL && !watch) ? site : call_site(h);
}

static __always_inline bool keeps_history(void)
{
	return stack_mode != PGMT_STACK_NONE;
}

static __always_inline __u32 site_for_history(const struct hook *h)
{
	return site_of(h, stack_mode == PGMT_STACK_ALL);
}

static __always_inline __u32 site_for_finding(const struct hook *h)
{
	return site_of(h, stack_mode != PGMT_STACK_NONE);
}

static __always_inline __u32 tick_now(void)
{
	return pgmt_tick(bpf_ktime_get_ns() - began);
}

/* These are as the helpers bpf_get_current_comm() and _pid_tgid(), without a call. */
static __always_inline void read_current_comm(__u64 comm[2])
{
	const __u64 *site = (const __u64 *)bpf_get_current_task_btf()->comm;

	comm[0] = site[0];
	comm[1] = site[1];
}

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_task_btf()->pid;
}

static __noinline void record_task(__u32 tid, __u32 tick)
{
	struct pgmt_task now = {.tick = tick};
	struct pgmt_task *known;

	bpf_get_current_comm(now.comm, sizeof(now.comm));
	known = bpf_map_lookup_elem(&tasks, &tid);
	if (known && *(__u64 *)known->comm == *(__u64 *)now.comm &&
	    *(__u64 *)(known->comm + 8) == *(__u64 *)(now.comm + 8))
		return;
	if (bpf_map_update_elem(&tasks, &tid, &now, BPF_ANY))
		lose(PGMT_LOSS_TASK, 1);
}

/*
 * Global functions (not static) are verified once, and not at each call.
 *
 * make_section - the section of @pfn, whose key is not there or not resolved
 * Return: 0 if @pfn is no device page, or if there was no memory (counted).
 */
__noinline int make_section(__u64 pfn)
{
	__u64 key = pfn >> PGMT_SECTION_SHIFT;
	struct pgmt_section *s;
	struct pgmt_pgmap *known;
	struct pgmt_blank *b;
	__u32 zero = 0;
	__u64 pgmap;

	pgmap = pfn_to_pgmap(pfn);
	b = bpf_map_lookup_elem(&blank, &zero);
	if (!pgmap || !b)
		return 0;
	bpf_map_update_elem(&sections, &key, &b->section, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&sections, &key);
	if (!s) {
		lose(PGMT_LOSS_SECTION, 1);
		return 0;
	}
	/*
	 * Two CPUs may both come here and store the same.  The epoch of a pgmap
	 * that is not known yet is left to enter_epochs().
	 */
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	s->fresh = known && known->since;
	if (known)
		s->epoch = known->epoch;
	s->type = PGMT_READ_SLOWLY(struct dev_pagemap, pgmap, type);
	s->pgmap = pgmap;
	return 1;
}

/* Return: NULL if nothing of it was touched yet. */
static __always_inline struct pgmt_section *find_known_section(__u64 pfn)
{
	__u64 key = pfn >> PGMT_SECTION_SHIFT;

	return bpf_map_lookup_elem(&sections, &key);
}

/*
 * find_section - the state of the 2 MiB around @pfn, made on first touch
 * Return: NULL if @pfn is no device page, or if there was no memory (counted).
 */
static __always_inline struct pgmt_section *find_section(__u64 pfn)
{
	struct pgmt_section *s = find_known_section(pfn);

	if (s && s->pgmap)
		return s;
	return make_section(pfn) ? find_known_section(pfn) : 0;
}

/*
 * find_history - last request and last free of the folio whose head is @pfn
 * @make: if nothing is kept of it yet
 * Return: NULL if nothing is, or if there was no memory (counted).
 */
static __always_inline struct pgmt_page_history *find_history(__u64 pfn, bool make)
{
	__u64 key = pfn / PGMT_HISTORY_PAGES, i = pfn - key * PGMT_HISTORY_PAGES;
	struct pgmt_history *h = bpf_map_lookup_elem(&histories, &key);
	struct pgmt_blank *b;
	__u32 zero = 0;

	if (!h && make) {
		b = bpf_map_lookup_elem(&blank, &zero);
		if (!b)
			return 0;
		bpf_map_update_elem(&histories, &key, &b->history, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&histories, &key);
		if (!h)
			lose(PGMT_LOSS_HISTORY, 1);
	}
	if (!h)
		return 0;
	/* which the verifier can't know */
	asm volatile("" : "+r"(i));
	return &h->page[i < PGMT_HISTORY_PAGES ? i : 0];
}

static __always_inline __u32 first_site_index(__u32 site)
{
	return 1 + (site * 0x9e3779b1U >> 18);
}

/* As site_index_of(), where the first try was none. */
__noinline int find_site_index(__u32 site)
{
	__u32 index, *known;
	int way;

	if (!site)
		return 0;
#pragma clang loop unroll(disable)
	for (way = 0; way < PGMT_SITE_WAYS; way++) {
		index = first_site_index(site) + way;
		known = bpf_map_lookup_elem(&sites, &index);
		if (!known)
			break;
		__sync_val_compare_and_swap(known, 0, site);
		if (*(volatile __u32 *)known == site)
			return index;
	}
	lose(PGMT_LOSS_STACK, 1);
	return 0;
}

/* The number of a place in the kernel; 0 if it has none, or there is no room (counted). */
static __always_inline __u32 site_index_of(__u32 site)
{
	__u32 index = first_site_index(site), *known = bpf_map_lookup_elem(&sites, &index);

	return known && *known == site && site ? index : (__u32)find_site_index(site);
}

static __always_inline __u32 site_at(__u32 index)
{
	__u32 *known = bpf_map_lookup_elem(&sites, &index);

	return known ? *known : 0;
}

static __always_inline void read_history(struct pgmt_last_event *t,
					 const struct pgmt_page_history *past,
					 enum pgmt_last_kind kind)
{
	t->tick = past->tick[kind];
	t->who = past->who[kind];
	t->site = site_at(past->site[kind]);
}

/* The last request, of what is known of the page and its section; NULL: nothing. */
static __always_inline void read_request(struct pgmt_last_event *t,
					 const struct pgmt_page_history *past,
					 const struct pgmt_section *s)
{
	if (past)
		read_history(t, past, PGMT_LAST_REQUEST);
	if (s)
		pgmt_latest_request(t, s);
}

/* The folio's file, pgmap and history, for a finding. */
static __always_inline void describe(struct pgmt_finding *f, const struct pgmt_transition *t,
				     const struct pgmt_event *e)
{
	struct pgmt_page_history *past = find_history(e->pfn, false);
	struct pgmt_pgmap *known;
	__u64 pgmap = e->pgmap;

	f->pfn = e->pfn;
	f->busy = e->busy;
	f->order = e->order;
	f->refcount = t->refcount;
	f->mapcount = t->mapcount;
	f->pincount = folio_pincount(
		e->page, pgmt_mappings_hold(profile, t->type) && t->mapcount > 0 ? t->mapcount : 0);
	f->flags = page_flags(e->page);
	if (past)
		read_history(&f->last_free, past, PGMT_LAST_FREE);
	read_request(&f->last_request, past, find_known_section(e->pfn));
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		f->pgmap = *known;
	f->pgmap.type = t->type;
	if (t->type == PGMT_TYPE_FS_DAX || t->type == PGMT_TYPE_GENERIC)
		describe_file(f, e->page, e->mapping, e->vmf);
	pgmap = e->named_pgmap;
	known = pgmap ? bpf_map_lookup_elem(&pgmaps, &pgmap) : 0;
	if (known)
		f->named = known->range[0];
}

/* Return: how many findings of the group there were before; 0 also if it can't be counted. */
static __always_inline __u64 count_in_group(const struct pgmt_event *e, __u32 rule)
{
	struct pgmt_group_key key = {.rule = rule, .site = e->site};
	__u64 now = bpf_ktime_get_ns();
	struct pgmt_group none = {.first = now};
	struct pgmt_pgmap *known;
	struct pgmt_group *g;
	__u64 pgmap = e->pgmap;

	known = e->site ? 0 : bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		key.epoch = known->epoch;
	g = bpf_map_lookup_elem(&groups, &key);
	if (!g) {
		bpf_map_update_elem(&groups, &key, &none, BPF_NOEXIST);
		g = bpf_map_lookup_elem(&groups, &key);
	}
	if (!g) {
		lose(PGMT_LOSS_GROUP, 1);
		return 0;
	}
	if (g->last < now)
		g->last = now;
	return __sync_fetch_and_add(&g->times, 1);
}

__noinline int emit_finding(const struct pgmt_transition *t, const struct pgmt_event *e, __u32 rule)
{
	struct pgmt_finding *f;
	__u64 id;

	if (!t || !e || rule >= PGMT_NR_RULES)
		return 0;
	COUNT(rules[rule], 1);
	if (count_in_group(e, rule) >= PGMT_EXAMPLES)
		return 0;
	f = bpf_ringbuf_reserve(&records, sizeof(*f), 0);
	if (!f) {
		lose(PGMT_LOSS_FINDING, 1);
		return 0;
	}
	__builtin_memset(f, 0, sizeof(*f));
	f->kind = PGMT_RECORD_FINDING;
	f->rule = rule;
	f->time = bpf_ktime_get_ns();
	f->folios = e->folios;
	f->asked = e->asked;
	f->asked_order = e->asked_order;
	f->op = t->op;
	f->state = pgmt_normalise(e->word, t->fresh);
	f->cpu = bpf_get_smp_processor_id();
	id = bpf_get_current_pid_tgid();
	f->tgid = id >> 32;
	f->tid = id;
	bpf_get_current_comm(f->comm, sizeof(f->comm));
	f->site = e->site;
	describe(f, t, e);
	bpf_ringbuf_submit(f, 0);
	return 0;
}

/* What pgmt_last_event has of who runs on this CPU. */
static __always_inline __u32 who_now(__u32 tid)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu > PGMT_CPU_UNKNOWN)
		cpu = PGMT_CPU_UNKNOWN;
	return cpu << PGMT_TID_BITS | tid;
}

/* Thread @tid, on this CPU, was the last to do this. */
static __always_inline void write_history(struct pgmt_page_history *past, enum pgmt_last_kind kind,
					  __u32 tid, __u32 tick, __u32 site)
{
	kind &= 1; /* for the verifier */
	past->tick[kind] = tick;
	past->who[kind] = who_now(tid);
	past->site[kind] = site_index_of(site);
}

/* Now, but later than the whole section's last request. */
static __always_inline __u32 tick_after(const struct pgmt_section *s)
{
	__u32 tick = tick_now();

	return tick > s->section_request.tick ? tick : s->section_request.tick + 1;
}

/* Keep who touched @pfn last: its free or its request. */
__noinline int record_history(__u64 pfn, __u32 site, int free)
{
	struct pgmt_section *s = find_known_section(pfn);
	struct pgmt_page_history *past = find_history(pfn, true);
	__u32 tid = current_tid();
	__u32 tick;

	if (!past || !s)
		return 0;
	tick = tick_after(s);
	write_history(past, free ? PGMT_LAST_FREE : PGMT_LAST_REQUEST, tid, tick, site);
	record_task(tid, tick);
	return 0;
}

/* All pages of the section of @pfn were requested at once. */
__noinline int record_section_history(__u64 pfn, __u32 site)
{
	struct pgmt_section *s = find_known_section(pfn);
	__u32 tid = current_tid();
	__u32 tick = tick_now();

	if (!s)
		return 0;
	/* its free comes where there may be no memory */
	find_history(pfn, true);
	s->section_request.tick = tick;
	s->section_request.who = who_now(tid);
	s->section_request.site = site;
	record_task(tid, tick);
	return 0;
}

/*
 * A folio that a file has given up belongs to its story until it is freed.  The
 * request that comes before a file has it can't be told to be one's.
 */
static __always_inline bool is_inodes(const struct pgmt_transition *t, const struct pgmt_event *e,
				      __u64 inode)
{
	__u64 pfn = e->pfn;
	bool known = bpf_map_lookup_elem(&given_up, &pfn);

	if (inode != watched && !known)
		return false;
	if (inode == watched && !known)
		bpf_map_update_elem(&given_up, &pfn, &inode, BPF_ANY);
	/* another file has it, or nobody */
	if ((inode && inode != watched) || t->op == PGMT_OP_FREE)
		bpf_map_delete_elem(&given_up, &pfn);
	return !inode || inode == watched;
}

static __always_inline bool is_watched(const struct pgmt_transition *t, const struct pgmt_event *e,
				       __u64 inode)
{
	switch (watch) {
	case PGMT_WATCH_PFN:
		return watched >= e->pfn &&
		       watched < e->pfn + (1ULL << (e->order & PGMT_ORDER_MASK));
	case PGMT_WATCH_INODE:
		return is_inodes(t, e, inode);
	}
	return watch == PGMT_WATCH_ALL;
}

/* So many bytes of events wake the tool. */
#define EVENTS_PER_WAKEUP (1 << 18)

/* Tell of a transition, if it is watched. */
__noinline int emit_event(const struct pgmt_transition *t, const struct pgmt_event *e, __u32 rule)
{
	__u64 mapping, inode, waiting;
	struct pgmt_event_record *r;

	if (!t || !e)
		return 0;
	mapping = event_mapping(e->page, e->mapping, e->vmf);
	inode = mapping_inode(mapping);
	if (!is_watched(t, e, inode))
		return 0;
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		lose(PGMT_LOSS_EVENT, 1);
		return 0;
	}
	r->time = bpf_ktime_get_ns();
	r->pfn = e->pfn;
	r->epoch = e->epoch;
	r->inode = inode;
	r->offset = event_offset(e->page, mapping, e->vmf);
	r->op = t->op;
	r->rule = rule;
	r->before = e->word;
	r->after = e->after;
	r->refcount = t->refcount;
	r->mapcount = t->mapcount;
	r->order = e->order;
	r->type = t->type;
	r->cpu = bpf_get_smp_processor_id();
	r->tid = current_tid();
	r->site = e->site;
	r->unused = 0;
	read_current_comm((__u64 *)r->comm);
	/*
	 * To wake the tool for each would cost more than all the rest: it looks by
	 * itself.  Other CPUs may be between their reservation and this.
	 */
	waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(r, waiting >= EVENTS_PER_WAKEUP && waiting % EVENTS_PER_WAKEUP < 1024
				      ? BPF_RB_FORCE_WAKEUP
				      : BPF_RB_NO_WAKEUP);
	return 0;
}

/* pgmt_step(), as a function of its own */
__noinline int step(__u32 word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	if (!t || !out)
		return 0;
	__builtin_memset(out, 0, sizeof(*out));
	word = pgmt_step(word, t, out);
	return filter ? pgmt_mark(word, t, out) : word;
}

#define PGMT_CAS_TRIES 16

/*
 * swap_word - the state of page @i becomes @new
 * @cell: words[] that it is in, as it was read
 * Return: false if another CPU was faster, with this page or one of the other four
 */
static __always_inline bool swap_word(struct pgmt_section *s, __u64 i, __u64 cell, __u32 new)
{
	__u32 old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
	__u64 then = cell ^ (__u64)(old ^ new) << pgmt_cell_shift(i);

	return __sync_val_compare_and_swap(&s->cells[pgmt_cell_index(i)], cell, then) == cell;
}

/*
 * apply - step the state of e->pfn and keep in @e what it was before and after
 * @page: its refcount is read anew for each try, so that it belongs to the
 *	word that is stepped: other CPUs may put and take the folio meanwhile.
 *	0: the caller's is right.
 * Return: false if other CPUs were faster each time.
 */
__noinline int step_cas(struct pgmt_section *s, struct pgmt_transition *t, struct pgmt_outcome *out,
			struct pgmt_event *e, __u64 page)
{
	__u64 i, cell;
	__u32 old, new;
	int tries;

	if (!s || !t || !out || !e)
		return 0;
	i = e->pfn & (PGMT_SECTION_PAGES - 1);
	for (tries = 0; tries < PGMT_CAS_TRIES; tries++) {
		cell = *(volatile __u64 *)&s->cells[pgmt_cell_index(i)];
		old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
		if (page)
			t->refcount = page_refcount(page);
		new = step(old, t, out);
		e->word = old;
		e->after = new;
		if (new == old || swap_word(s, i, cell, new))
			return 1;
	}
	return 0;
}

/* @out, of as many @folios.  One look-up an event, as few have anything else to count. */
static __always_inline void count_rates(const struct pgmt_section *s,
					const struct pgmt_outcome *out, __u64 folios)
{
	__u32 slot = PGMT_SLOT(s->epoch);
	struct pgmt_rates *r = bpf_map_lookup_elem(&rates, &slot);

	if (!r)
		return;
	if (out->request)
		__sync_fetch_and_add(&r->requests, out->request * folios);
	if (out->undo)
		__sync_fetch_and_add(&r->requests, -folios);
	if (out->free)
		__sync_fetch_and_add(&r->frees, folios);
}

static __always_inline void count_rest(const struct pgmt_outcome *out)
{
	struct pgmt_counts *c;

	if (!(out->preexisting | out->preexisting_free | out->store | out->remove))
		return;
	c = my_counts();
	if (!c)
		return;
	if (out->preexisting)
		__sync_fetch_and_add(&c->preexisting, 1);
	if (out->preexisting_free)
		__sync_fetch_and_add(&c->preexisting_frees, 1);
	if (out->store)
		__sync_fetch_and_add(&c->stores, 1);
	if (out->remove)
		__sync_fetch_and_add(&c->removals, 1);
}

/* Of the section, of the session, and of who runs: what a transition depends on. */
static __always_inline void fill_transition(struct pgmt_transition *t, const struct pgmt_section *s)
{
	t->type = s->type;
	t->profile = profile;
	t->fresh = s->fresh;
	t->settled = settled;
	if (filter && t->op != PGMT_OP_PART)
		t->in_scope = filter_has_current();
}

/*
 * account_event - one event through the model and into the totals
 * @s: section of @e->pfn
 * @t: op, refcount and mapcount filled in; the rest is done here.  At
 *	PGMT_OP_FREE the refcount is read anew, from @e->page.
 * Return: false if the step was lost.
 */
static __always_inline bool account_event(struct pgmt_section *s, struct pgmt_event *e,
					  struct pgmt_transition *t, struct pgmt_outcome *out)
{
	int done;

	fill_transition(t, s);
	e->pgmap = s->pgmap;
	done = step_cas(s, t, out, e, t->op == PGMT_OP_FREE ? e->page : 0);
	if (!done) {
		lose(PGMT_LOSS_CONTENDED, 1);
		return false;
	}
	count_rates(s, out, 1);
	count_rest(out);
	if (watch) {
		e->epoch = s->epoch;
		emit_event(t, e, is_in_scope(e->word) ? out->rule : PGMT_RULE_NONE);
	}
	return true;
}

/* As account_event(), for any pfn.  Return: false also for one that is no device page. */
static __always_inline bool account_page(struct pgmt_event *e, struct pgmt_transition *t,
					 struct pgmt_outcome *out)
{
	struct pgmt_section *s = find_section(e->pfn);

	return s && account_event(s, e, t, out);
}

/* Is a broken rule not to be reported?  @e->word is the state before. */
static __always_inline bool is_dismissed(const struct pgmt_event *e, __u32 rule)
{
	if (rules_off >> rule & 1)
		return true;
	if (is_in_scope(e->word))
		return false;
	COUNT(out_of_scope, 1);
	return true;
}

/*
 * judge_event - account_event() at a hook, with its finding
 * Return: what the event is to be kept as, by record_event()
 */
static __always_inline enum pgmt_keep judge_event(const struct hook *h, struct pgmt_section *s,
						  struct pgmt_transition *t, struct pgmt_event *e)
{
	struct pgmt_outcome out = {};
	enum pgmt_keep keep;

	if (watch)
		e->site = call_site(h);
	if (!account_event(s, e, t, &out))
		return PGMT_KEEP_NOT;
	if (out.rule && is_dismissed(e, out.rule))
		out.rule = PGMT_RULE_NONE;
	keep = pgmt_kept_as(t, &out);
	if (out.rule)
		e->site = site_for_finding(h);
	else if (keep && keeps_history())
		e->site = site_for_history(h);
	if (out.rule)
		emit_finding(t, e, out.rule);
	return keep;
}

/* Who gives back the last reference of a pgmap (@address), or of a folio (@pfn). */
__noinline int emit_release(__u64 address, __u64 pfn, __u32 site)
{
	struct pgmt_release *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	if (!r) {
		lose(PGMT_LOSS_FINDING, 1);
		return 0;
	}
	r->kind = PGMT_RECORD_RELEASE;
	r->site = site;
	r->time = bpf_ktime_get_ns();
	r->address = address;
	r->pfn = pfn;
	r->cpu = bpf_get_smp_processor_id();
	r->tid = current_tid();
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* After the reports of an event, which tell of the request and the free before it. */
static __always_inline void record_event(const struct pgmt_event *e, enum pgmt_keep keep)
{
	__u64 pfn = e->pfn;

	if (keep && keeps_history())
		record_history(pfn, e->site, keep == PGMT_KEEP_FREE);
	/* on classic kernels it is the file that gives it up, when the wait is over */
	if (keep == PGMT_KEEP_FREE && nr_waited && profile != PGMT_PROFILE_CLASSIC &&
	    bpf_map_lookup_elem(&waited, &pfn))
		emit_release(0, pfn, e->site);
}

static __always_inline void observe_in(const struct hook *h, struct pgmt_section *s,
				       struct pgmt_transition *t, struct pgmt_event *e)
{
	record_event(e, judge_event(h, s, t, e));
}

static __always_inline void observe(const struct hook *h, struct pgmt_transition *t,
				    struct pgmt_event *e)
{
	struct pgmt_section *s = find_section(e->pfn);

	if (s)
		observe_in(h, s, t, e);
}

/* A finding that no step of a folio's state made; @t->type is filled in. */
static __always_inline void broken_rule(const struct hook *h, struct pgmt_transition *t,
					struct pgmt_event *e, __u32 rule)
{
	struct pgmt_section *s = find_known_section(e->pfn);

	if (s && !e->word) {
		t->fresh = s->fresh;
		e->word = pgmt_word(s, e->pfn & (PGMT_SECTION_PAGES - 1));
	}
	if (is_dismissed(e, rule))
		return;
	e->site = site_for_finding(h);
	emit_finding(t, e, rule);
}

#endif /* PGMAPTRACE_BPF_STATE_BPF_H */
