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
	__type(key, __u64);	      /* pfn >> PT_SECTION_SHIFT */
	__type(value, struct pt_section);
} sections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18); /* as sections */
	__type(key, __u64);	      /* pfn / PT_HISTORY_PAGES */
	__type(value, struct pt_history);
} histories SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 + PT_PLACES + PT_PLACE_WAYS);
	__type(key, __u32);
	__type(value, __u32); /* where in the kernel; 0: not taken yet */
} places SEC(".maps");

/* All zero for ever: what a new section and its history begin as. */
struct pt_blank {
	struct pt_section section;
	struct pt_history history;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pt_blank);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* address */
	__type(value, struct pt_pgmap);
} pgmaps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 13); /* preallocated: hooks run with interrupts off */
	__type(key, __u32);	      /* hash of the frames */
	__type(value, struct pt_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u32); /* tid */
	__type(value, struct pt_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PT_MAX_GROUPS); /* preallocated, as stacks */
	__type(key, struct pt_group_key);
	__type(value, struct pt_group);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PT_MAX_GONE);
	__type(key, struct pt_gone_key);
	__type(value, struct pt_gone);
} gone SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

/* Of its own, so that findings are not lost for transitions; the tool enlarges it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pt_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PT_SLOTS);
	__type(key, __u32);
	__type(value, struct pt_rates);
} rates SEC(".maps");
/* By its name another pgmaptrace finds this session; the tool fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pt_session_info);
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
	__uint(max_entries, PT_MAX_WAITS);
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
#define PT_SCRATCH_SLOTS 8

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
struct pt_event {
	__u64 pfn; /* of the head page */
	__u64 page;
	__u64 named;   /* request as a whole: address of the pgmap that was named */
	__u64 mapping; /* address_space it is stored in; 0: ask the folio */
	__u64 vmf;     /* the fault that it is part of; 0: none, or it does not matter */
	__u64 pgmap;   /* address */
	__u64 busy;    /* pfn of the page that the reference count is of; 0: the head */
	__u32 folios;  /* for PT_OP_TEARDOWN */
	__u32 asked;   /* request as a whole: folios asked for */
	__u32 epoch;   /* of the pgmap; for tell() only */
	__u32 at;      /* where in the kernel */
	__u16 word;    /* the folio's state before */
	__u16 after;   /* and after */
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
	__u8 stop;	       /* at the first that breaks a rule, or is not taken */
	__u8 judged;	       /* PART: who requested the head is */
	struct pt_event event; /* of the folio at hand */
};

/* What is known of the pages of a range: folio.bpf.h. */
struct tally {
	__u64 pfn, end;	   /* first, and behind the last */
	__u64 covered;	   /* pages before this one belong to a large folio */
	__u64 out;	   /* folios that were requested and not freed */
	__u64 parts;	   /* of these, pages of a large folio that was taken apart */
	__u64 merged;	   /* of these, not the head of their folio any more */
	__u64 preexisting; /* folios in use since before tracing */
	__u64 idle;	   /* pages that nobody requested */
	__u64 first_out;   /* pfn; 0: none */
	__u64 first_preexisting;
	__u64 first_idle;
	__u64 going; /* epoch of the pgmap that goes away, to keep what is out; 0: not */
	/* only if all is set, since they cost a history or a folio's order */
	__u32 all;
	__u32 oldest; /* tick of the first request of those that are out; 0: not known */
	__u64 pages;  /* of folios that are out */
	__u64 preexisting_pages;
};

/* Folios above idle, and those of them whose references are not accounted for: leaks.bpf.h. */
struct leaks {
	struct pt_leaks of; /* the part, and what was found of it */
	__u64 batch;	    /* first pfn of the pages at hand */
	__u64 doubtful;	    /* of these, those that want a closer look */
};

/* Folios looked at one by one until one is not as it should be: request.bpf.h. */
struct span {
	__u64 page; /* of the folio at hand; in the end, of the first that is wrong */
	__u32 order;
	__u32 wrong;
};

/*
 * A kernel stack that was unwound, and where on the stack each of its return
 * addresses was found: stack.bpf.h.
 */
struct pt_shape {
	__u32 state;	 /* enum pt_shape_state */
	__u32 at;	 /* key of the stacks map */
	__u32 latest;	 /* of the first of SHAPE_WAYS: which of them fitted last */
	__u64 entry;	 /* of the traced function */
	__u64 site;	 /* the first return address */
	__u64 last;	 /* the outermost frame; 0: it is in frame[] as the others are */
	__u32 last_slot; /* bytes below the end of the stack */
	__u32 nr;
	__u64 frame[PT_STACK_DEPTH];
	__u32 slot[PT_STACK_DEPTH]; /* bytes above where the search begins */
};

enum pt_shape_state {
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

struct pt_scratch {
	__u32 busy;
	__u32 slot; /* which of them it is */
	struct scan scan;
	struct each each;
	struct tally tally;
	struct span span;
	struct leaks leaks;
	struct pt_pgmap pgmap;
	struct pt_finding finding;
	/* who looks at pages with it takes no stack with it */
	union {
		struct {
			struct pt_stack stack;
			__u64 hash; /* of the stack, and how many frames of it count */
			__u64 frames;
			struct pt_shape shape; /* it is being learned */
			struct learning learning;
		};
		__u8 pages[64 * 64];
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PT_SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct pt_scratch);
} scratches SEC(".maps");

/* Set by the tool. */
volatile __u32 nr_waited;		    /* entries of waited */
volatile __u32 killed;			    /* pgmaps that memunmap_pages came for */
const volatile __u32 profile;		    /* enum pt_profile */
const volatile __u32 stack_mode;	    /* enum pt_stack_mode */
const volatile __u32 watch;		    /* enum pt_watch */
const volatile __u64 watched;		    /* pfn or inode number */
const volatile struct pt_range irq_text[2]; /* code that an interrupt enters by */
volatile __u32 enabled;			    /* all hooks are attached */
volatile __u32 settled;			    /* the baseline scan is complete */
volatile __u32 rules_off;		    /* bit (1 << enum pt_rule): a hook of it is not there */
volatile __u64 began;			    /* ns; touch times count from here */
volatile __u64 epochs;

static __always_inline struct pt_counts *my_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

/* Counters are added to atomically: an interrupt's hook may add to the same. */
#define COUNT(field, n)                                                                            \
	do {                                                                                       \
		struct pt_counts *__c = my_counts();                                               \
		if (__c)                                                                           \
			__sync_fetch_and_add(&__c->field, (n));                                    \
	} while (0)

/* As a function: it is called from everywhere, and never where speed counts. */
__noinline int lose(__u32 loss, __u64 n)
{
	struct pt_counts *c = my_counts();

	if (c && loss < PT_NR_LOSSES)
		__sync_fetch_and_add(&c->lost[loss], n);
	return 0;
}

static __always_inline struct pt_scratch *scratch_at(__u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* Return: a slot that is the caller's from here on; PT_SCRATCH_SLOTS if none is free. */
__noinline int take_slot(void)
{
	struct pt_scratch *s;
	int i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PT_SCRATCH_SLOTS; i++) {
		s = scratch_at(i);
		if (s && !__sync_val_compare_and_swap(&s->busy, 0, 1)) {
			s->slot = i;
			return i;
		}
	}
	return PT_SCRATCH_SLOTS;
}

static __always_inline struct pt_scratch *scratch_get(void)
{
	return scratch_at(take_slot());
}

static __always_inline void scratch_put(struct pt_scratch *s)
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
static __always_inline __u32 where(const struct hook *h, bool stack)
{
	__u32 at = stack ? take_stack(h) : 0;

	/* with a stack at each event, one that was lost is told of as lost */
	return at || (stack_mode == PT_STACK_ALL && !watch) ? at : call_site(h);
}

static __always_inline bool keeps_history(void)
{
	return stack_mode != PT_STACK_NONE;
}

static __always_inline __u32 where_for_history(const struct hook *h)
{
	return where(h, stack_mode == PT_STACK_ALL);
}

static __always_inline __u32 where_for_finding(const struct hook *h)
{
	return where(h, stack_mode != PT_STACK_NONE);
}

static __always_inline __u32 tick_now(void)
{
	return pt_tick(bpf_ktime_get_ns() - began);
}

/* These are as the helpers bpf_get_current_comm() and _pid_tgid(), without a call. */
static __always_inline void read_current_comm(__u64 comm[2])
{
	const __u64 *at = (const __u64 *)bpf_get_current_task_btf()->comm;

	comm[0] = at[0];
	comm[1] = at[1];
}

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_task_btf()->pid;
}

static __noinline void remember_task(__u32 tid, __u32 tick)
{
	struct pt_task now = {.tick = tick};
	struct pt_task *known;

	bpf_get_current_comm(now.comm, sizeof(now.comm));
	known = bpf_map_lookup_elem(&tasks, &tid);
	if (known && *(__u64 *)known->comm == *(__u64 *)now.comm &&
	    *(__u64 *)(known->comm + 8) == *(__u64 *)(now.comm + 8))
		return;
	if (bpf_map_update_elem(&tasks, &tid, &now, BPF_ANY))
		lose(PT_LOSS_TASK, 1);
}

/*
 * Global functions (not static) are verified once, and not at each call.
 *
 * make_section - the section of @pfn, whose key is not there or not resolved
 * Return: 0 if @pfn is no device page, or if there was no memory (counted).
 */
__noinline int make_section(__u64 pfn)
{
	__u64 key = pfn >> PT_SECTION_SHIFT;
	struct pt_section *s;
	struct pt_pgmap *known;
	struct pt_blank *b;
	__u32 zero = 0;
	__u64 pgmap;

	pgmap = pfn_to_pgmap(pfn);
	b = bpf_map_lookup_elem(&blank, &zero);
	if (!pgmap || !b)
		return 0;
	bpf_map_update_elem(&sections, &key, &b->section, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&sections, &key);
	if (!s) {
		lose(PT_LOSS_SECTION, 1);
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
	s->type = PT_READ_SLOWLY(struct dev_pagemap, pgmap, type);
	s->pgmap = pgmap;
	return 1;
}

/* Return: NULL if nothing of it was touched yet. */
static __always_inline struct pt_section *find_known_section(__u64 pfn)
{
	__u64 key = pfn >> PT_SECTION_SHIFT;

	return bpf_map_lookup_elem(&sections, &key);
}

/*
 * find_section - the state of the 2 MiB around @pfn, made on first touch
 * Return: NULL if @pfn is no device page, or if there was no memory (counted).
 */
static __always_inline struct pt_section *find_section(__u64 pfn)
{
	struct pt_section *s = find_known_section(pfn);

	if (s && s->pgmap)
		return s;
	return make_section(pfn) ? find_known_section(pfn) : 0;
}

/*
 * find_past - last request and last free of the folio whose head is @pfn
 * @make: if nothing is kept of it yet
 * Return: NULL if nothing is, or if there was no memory (counted).
 */
static __always_inline struct pt_past *find_past(__u64 pfn, bool make)
{
	__u64 key = pfn / PT_HISTORY_PAGES, i = pfn - key * PT_HISTORY_PAGES;
	struct pt_history *h = bpf_map_lookup_elem(&histories, &key);
	struct pt_blank *b;
	__u32 zero = 0;

	if (!h && make) {
		b = bpf_map_lookup_elem(&blank, &zero);
		if (!b)
			return 0;
		bpf_map_update_elem(&histories, &key, &b->history, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&histories, &key);
		if (!h)
			lose(PT_LOSS_HISTORY, 1);
	}
	if (!h)
		return 0;
	/* which the verifier can't know */
	asm volatile("" : "+r"(i));
	return &h->page[i < PT_HISTORY_PAGES ? i : 0];
}

static __always_inline __u32 first_place(__u32 at)
{
	return 1 + (at * 0x9e3779b1U >> 18);
}

/* As place_of(), where the first try was none. */
__noinline int find_place(__u32 at)
{
	__u32 place, *known;
	int way;

	if (!at)
		return 0;
#pragma clang loop unroll(disable)
	for (way = 0; way < PT_PLACE_WAYS; way++) {
		place = first_place(at) + way;
		known = bpf_map_lookup_elem(&places, &place);
		if (!known)
			break;
		__sync_val_compare_and_swap(known, 0, at);
		if (*(volatile __u32 *)known == at)
			return place;
	}
	lose(PT_LOSS_STACK, 1);
	return 0;
}

/* The number of a place in the kernel; 0 if it has none, or there is no room (counted). */
static __always_inline __u32 place_of(__u32 at)
{
	__u32 place = first_place(at), *known = bpf_map_lookup_elem(&places, &place);

	return known && *known == at && at ? place : (__u32)find_place(at);
}

static __always_inline __u32 place_at(__u32 place)
{
	__u32 *known = bpf_map_lookup_elem(&places, &place);

	return known ? *known : 0;
}

static __always_inline void read_touch(struct pt_touch *t, const struct pt_past *past,
				       enum pt_touch_kind kind)
{
	t->tick = past->tick[kind];
	t->who = past->who[kind];
	t->at = place_at(past->place[kind]);
}

/* The last request, of what is known of the page and its section; NULL: nothing. */
static __always_inline void read_request(struct pt_touch *t, const struct pt_past *past,
					 const struct pt_section *s)
{
	if (past)
		read_touch(t, past, PT_LAST_REQUEST);
	if (s)
		pt_span_request(t, s);
}

/* The folio's file, pgmap and history, for a finding. */
static __always_inline void describe(struct pt_finding *f, const struct pt_transition *t,
				     const struct pt_event *e)
{
	struct pt_past *past = find_past(e->pfn, false);
	struct pt_pgmap *known;
	__u64 pgmap = e->pgmap;

	f->pfn = e->pfn;
	f->busy = e->busy;
	f->order = e->order;
	f->refcount = t->refcount;
	f->mapcount = t->mapcount;
	f->pincount = folio_pincount(
		e->page, pt_mappings_hold(profile, t->type) && t->mapcount > 0 ? t->mapcount : 0);
	f->flags = page_flags(e->page);
	if (past)
		read_touch(&f->free, past, PT_LAST_FREE);
	read_request(&f->request, past, find_known_section(e->pfn));
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		f->pgmap = *known;
	f->pgmap.type = t->type;
	if (t->type == PT_TYPE_FS_DAX || t->type == PT_TYPE_GENERIC)
		describe_file(f, e->page, e->mapping, e->vmf);
	pgmap = e->named;
	known = pgmap ? bpf_map_lookup_elem(&pgmaps, &pgmap) : 0;
	if (known)
		f->named = known->range[0];
}

/* Return: how many findings of the group there were before; 0 also if it can't be counted. */
static __always_inline __u64 count_in_group(const struct pt_event *e, __u32 rule)
{
	struct pt_group_key key = {.rule = rule, .at = e->at};
	__u64 now = bpf_ktime_get_ns();
	struct pt_group none = {.first = now};
	struct pt_pgmap *known;
	struct pt_group *g;
	__u64 pgmap = e->pgmap;

	known = e->at ? 0 : bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		key.epoch = known->epoch;
	g = bpf_map_lookup_elem(&groups, &key);
	if (!g) {
		bpf_map_update_elem(&groups, &key, &none, BPF_NOEXIST);
		g = bpf_map_lookup_elem(&groups, &key);
	}
	if (!g) {
		lose(PT_LOSS_GROUP, 1);
		return 0;
	}
	if (g->last < now)
		g->last = now;
	return __sync_fetch_and_add(&g->times, 1);
}

__noinline int report(const struct pt_transition *t, const struct pt_event *e, __u32 rule)
{
	struct pt_finding *f;
	__u64 id;

	if (!t || !e || rule >= PT_NR_RULES)
		return 0;
	COUNT(rules[rule], 1);
	if (count_in_group(e, rule) >= PT_EXAMPLES)
		return 0;
	f = bpf_ringbuf_reserve(&records, sizeof(*f), 0);
	if (!f) {
		lose(PT_LOSS_FINDING, 1);
		return 0;
	}
	__builtin_memset(f, 0, sizeof(*f));
	f->kind = PT_RECORD_FINDING;
	f->rule = rule;
	f->time = bpf_ktime_get_ns();
	f->folios = e->folios;
	f->asked = e->asked;
	f->asked_order = e->asked_order;
	f->op = t->op;
	f->state = pt_normalise(e->word, t->fresh);
	f->cpu = bpf_get_smp_processor_id();
	id = bpf_get_current_pid_tgid();
	f->tgid = id >> 32;
	f->tid = id;
	bpf_get_current_comm(f->comm, sizeof(f->comm));
	f->at = e->at;
	describe(f, t, e);
	bpf_ringbuf_submit(f, 0);
	return 0;
}

/* What pt_touch has of who runs on this CPU. */
static __always_inline __u32 who_now(__u32 tid)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu > PT_CPU_UNKNOWN)
		cpu = PT_CPU_UNKNOWN;
	return cpu << PT_TID_BITS | tid;
}

/* Thread @tid, on this CPU, was the last to do this. */
static __always_inline void write_touch(struct pt_past *past, enum pt_touch_kind kind, __u32 tid,
					__u32 tick, __u32 at)
{
	kind &= 1; /* for the verifier */
	past->tick[kind] = tick;
	past->who[kind] = who_now(tid);
	past->place[kind] = place_of(at);
}

/* Now, but later than the whole section's last request. */
static __always_inline __u32 tick_after(const struct pt_section *s)
{
	__u32 tick = tick_now();

	return tick > s->span.tick ? tick : s->span.tick + 1;
}

/* Keep who touched @pfn last: its free or its request. */
__noinline int touch(__u64 pfn, __u32 at, int free)
{
	struct pt_section *s = find_known_section(pfn);
	struct pt_past *past = find_past(pfn, true);
	__u32 tid = current_tid();
	__u32 tick;

	if (!past || !s)
		return 0;
	tick = tick_after(s);
	write_touch(past, free ? PT_LAST_FREE : PT_LAST_REQUEST, tid, tick, at);
	remember_task(tid, tick);
	return 0;
}

/* All pages of the section of @pfn were requested at once. */
__noinline int touch_section(__u64 pfn, __u32 at)
{
	struct pt_section *s = find_known_section(pfn);
	__u32 tid = current_tid();
	__u32 tick = tick_now();

	if (!s)
		return 0;
	/* its free comes where there may be no memory */
	find_past(pfn, true);
	s->span.tick = tick;
	s->span.who = who_now(tid);
	s->span.at = at;
	remember_task(tid, tick);
	return 0;
}

/*
 * A folio that a file has given up belongs to its story until it is freed.  The
 * request that comes before a file has it can't be told to be one's.
 */
static __always_inline bool is_inodes(const struct pt_transition *t, const struct pt_event *e,
				      __u64 inode)
{
	__u64 pfn = e->pfn;
	bool known = bpf_map_lookup_elem(&given_up, &pfn);

	if (inode != watched && !known)
		return false;
	if (inode == watched && !known)
		bpf_map_update_elem(&given_up, &pfn, &inode, BPF_ANY);
	/* another file has it, or nobody */
	if ((inode && inode != watched) || t->op == PT_OP_FREE)
		bpf_map_delete_elem(&given_up, &pfn);
	return !inode || inode == watched;
}

static __always_inline bool is_watched(const struct pt_transition *t, const struct pt_event *e,
				       __u64 inode)
{
	switch (watch) {
	case PT_WATCH_PFN:
		return watched >= e->pfn && watched < e->pfn + (1ULL << (e->order & PT_ORDER_MASK));
	case PT_WATCH_INODE:
		return is_inodes(t, e, inode);
	}
	return watch == PT_WATCH_ALL;
}

/* So many bytes of events wake the tool. */
#define TOLD_AT_ONCE (1 << 18)

/* Tell of a transition, if it is watched. */
__noinline int tell(const struct pt_transition *t, const struct pt_event *e, __u32 rule)
{
	__u64 mapping, inode, waiting;
	struct pt_told *r;

	if (!t || !e)
		return 0;
	mapping = event_mapping(e->page, e->mapping, e->vmf);
	inode = mapping_inode(mapping);
	if (!is_watched(t, e, inode))
		return 0;
	r = bpf_ringbuf_reserve(&told, sizeof(*r), 0);
	if (!r) {
		lose(PT_LOSS_EVENT, 1);
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
	r->at = e->at;
	r->unused = 0;
	read_current_comm((__u64 *)r->comm);
	/*
	 * To wake the tool for each would cost more than all the rest: it looks by
	 * itself.  Other CPUs may be between their reservation and this.
	 */
	waiting = bpf_ringbuf_query(&told, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(r, waiting >= TOLD_AT_ONCE && waiting % TOLD_AT_ONCE < 1024
				      ? BPF_RB_FORCE_WAKEUP
				      : BPF_RB_NO_WAKEUP);
	return 0;
}

/* pt_step(), as a function of its own */
__noinline int step(__u32 word, const struct pt_transition *t, struct pt_outcome *out)
{
	if (!t || !out)
		return 0;
	__builtin_memset(out, 0, sizeof(*out));
	word = pt_step(word, t, out);
	return filter ? pt_mark(word, t, out) : word;
}

#define PT_CAS_TRIES 16

/*
 * swap_word - the state of page @i becomes @new
 * @five: words[] that it is in, as it was read
 * Return: false if another CPU was faster, with this page or one of the other four
 */
static __always_inline bool swap_word(struct pt_section *s, __u64 i, __u64 five, __u32 new)
{
	__u32 old = five >> pt_word_shift(i) & PT_WORD_MASK;
	__u64 then = five ^ (__u64)(old ^ new) << pt_word_shift(i);

	return __sync_val_compare_and_swap(&s->words[pt_word_index(i)], five, then) == five;
}

/*
 * apply - step the state of e->pfn and keep in @e what it was before and after
 * @page: its refcount is read anew for each try, so that it belongs to the
 *	word that is stepped: other CPUs may put and take the folio meanwhile.
 *	0: the caller's is right.
 * Return: false if other CPUs were faster each time.
 */
__noinline int apply(struct pt_section *s, struct pt_transition *t, struct pt_outcome *out,
		     struct pt_event *e, __u64 page)
{
	__u64 i, five;
	__u32 old, new;
	int tries;

	if (!s || !t || !out || !e)
		return 0;
	i = e->pfn & (PT_SECTION_PAGES - 1);
	for (tries = 0; tries < PT_CAS_TRIES; tries++) {
		five = *(volatile __u64 *)&s->words[pt_word_index(i)];
		old = five >> pt_word_shift(i) & PT_WORD_MASK;
		if (page)
			t->refcount = page_refcount(page);
		new = step(old, t, out);
		e->word = old;
		e->after = new;
		if (new == old || swap_word(s, i, five, new))
			return 1;
	}
	return 0;
}

/* @out, of as many @folios.  One look-up an event, as few have anything else to count. */
static __always_inline void count_rates(const struct pt_section *s, const struct pt_outcome *out,
					__u64 folios)
{
	__u32 slot = PT_SLOT(s->epoch);
	struct pt_rates *r = bpf_map_lookup_elem(&rates, &slot);

	if (!r)
		return;
	if (out->request)
		__sync_fetch_and_add(&r->requests, out->request * folios);
	if (out->undo)
		__sync_fetch_and_add(&r->requests, -folios);
	if (out->free)
		__sync_fetch_and_add(&r->frees, folios);
}

static __always_inline void count_rest(const struct pt_outcome *out)
{
	struct pt_counts *c;

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
static __always_inline void complete(struct pt_transition *t, const struct pt_section *s)
{
	t->type = s->type;
	t->profile = profile;
	t->fresh = s->fresh;
	t->settled = settled;
	if (filter && t->op != PT_OP_PART)
		t->judged = filter_has_current();
}

/*
 * take_in - one event through the model and into the totals
 * @s: section of @e->pfn
 * @t: op, refcount and mapcount filled in; the rest is done here.  At
 *	PT_OP_FREE the refcount is read anew, from @e->page.
 * Return: false if the step was lost.
 */
static __always_inline bool take_in(struct pt_section *s, struct pt_event *e,
				    struct pt_transition *t, struct pt_outcome *out)
{
	int done;

	complete(t, s);
	e->pgmap = s->pgmap;
	done = apply(s, t, out, e, t->op == PT_OP_FREE ? e->page : 0);
	if (!done) {
		lose(PT_LOSS_CONTENDED, 1);
		return false;
	}
	count_rates(s, out, 1);
	count_rest(out);
	if (watch) {
		e->epoch = s->epoch;
		tell(t, e, is_judged(e->word) ? out->rule : PT_RULE_NONE);
	}
	return true;
}

/* As take_in(), for any pfn.  Return: false also for one that is no device page. */
static __always_inline bool take(struct pt_event *e, struct pt_transition *t,
				 struct pt_outcome *out)
{
	struct pt_section *s = find_section(e->pfn);

	return s && take_in(s, e, t, out);
}

/* Is a broken rule not to be reported?  @e->word is the state before. */
static __always_inline bool dismiss(const struct pt_event *e, __u32 rule)
{
	if (rules_off >> rule & 1)
		return true;
	if (is_judged(e->word))
		return false;
	COUNT(not_judged, 1);
	return true;
}

/*
 * judge_in - take_in() at a hook, with its finding
 * Return: what the event is to be kept as, by remember()
 */
static __always_inline enum pt_keep judge_in(const struct hook *h, struct pt_section *s,
					     struct pt_transition *t, struct pt_event *e)
{
	struct pt_outcome out = {};
	enum pt_keep keep;

	if (watch)
		e->at = call_site(h);
	if (!take_in(s, e, t, &out))
		return PT_KEEP_NOT;
	if (out.rule && dismiss(e, out.rule))
		out.rule = PT_RULE_NONE;
	keep = pt_kept_as(t, &out);
	if (out.rule)
		e->at = where_for_finding(h);
	else if (keep && keeps_history())
		e->at = where_for_history(h);
	if (out.rule)
		report(t, e, out.rule);
	return keep;
}

/* Who gives back the last reference of a pgmap (@address), or of a folio (@pfn). */
__noinline int tell_release(__u64 address, __u64 pfn, __u32 at)
{
	struct pt_release *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	if (!r) {
		lose(PT_LOSS_FINDING, 1);
		return 0;
	}
	r->kind = PT_RECORD_RELEASE;
	r->at = at;
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
static __always_inline void remember(const struct pt_event *e, enum pt_keep keep)
{
	__u64 pfn = e->pfn;

	if (keep && keeps_history())
		touch(pfn, e->at, keep == PT_KEEP_FREE);
	/* on classic kernels it is the file that gives it up, when the wait is over */
	if (keep == PT_KEEP_FREE && nr_waited && profile != PT_PROFILE_CLASSIC &&
	    bpf_map_lookup_elem(&waited, &pfn))
		tell_release(0, pfn, e->at);
}

static __always_inline void observe_in(const struct hook *h, struct pt_section *s,
				       struct pt_transition *t, struct pt_event *e)
{
	remember(e, judge_in(h, s, t, e));
}

static __always_inline void observe(const struct hook *h, struct pt_transition *t,
				    struct pt_event *e)
{
	struct pt_section *s = find_section(e->pfn);

	if (s)
		observe_in(h, s, t, e);
}

/* A finding that no step of a folio's state made; @t->type is filled in. */
static __always_inline void finding(const struct hook *h, struct pt_transition *t,
				    struct pt_event *e, __u32 rule)
{
	struct pt_section *s = find_known_section(e->pfn);

	if (s && !e->word) {
		t->fresh = s->fresh;
		e->word = pt_word(s, e->pfn & (PT_SECTION_PAGES - 1));
	}
	if (dismiss(e, rule))
		return;
	e->at = where_for_finding(h);
	report(t, e, rule);
}

#endif /* PGMAPTRACE_BPF_STATE_BPF_H */
