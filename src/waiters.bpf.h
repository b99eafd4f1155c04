/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits: the kernel's wait queues, for one folio or for all device pages.
 * A part of holders.bpf.c, and read as all is there: with no lock.
 */
#ifndef PGMAPTRACE_WAITERS_BPF_H
#define PGMAPTRACE_WAITERS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pt_waits);
} waits SEC(".maps");

static __always_inline struct pt_waits *get_waits(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&waits, &zero);
}

/* @task waits for the device page that @key lies in the struct page of, or for s->walk.pgmap. */
__noinline int add_wait(__u64 task, __u64 key)
{
	struct pt_waits *found = get_waits();
	struct state *s = get_state();
	struct pt_wait *w;
	__u64 pfn = 0, pgmap;

	if (!s || !found || !task)
		return 0;
	pgmap = s->walk.pgmap;
	if (!pgmap) {
		/* anything may be waited for there */
		if (key < vmemmap || key - vmemmap >= 1ULL << 46)
			return 0;
		pfn = page_to_pfn(key);
		pgmap = pfn_to_pgmap(pfn);
		if (!pgmap)
			return 0;
	}
	if (found->nr >= PT_MAX_FOUND) {
		found->more++;
		return 0;
	}
	w = &found->wait[found->nr & (PT_MAX_FOUND - 1)];
	__builtin_memset(w, 0, sizeof(*w));
	w->how = s->walk.how;
	w->task = task;
	w->pfn = pfn;
	w->pgmap = pgmap;
	read_task(&s->walk, task);
	w->tid = s->walk.holder.tid;
	w->tgid = s->walk.holder.tgid;
	__builtin_memcpy(w->comm, s->walk.holder.comm, sizeof(w->comm));
	found->nr++;
	return 0;
}

static long waiter_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	__u64 first = pfn_to_page(s->search.pfn), key;
	struct walk *w = &s->walk;

	if (!w->entry || w->entry == w->head) {
		w->ended = 1;
		return 1;
	}
	key = w->key_offset ? read_u64(w->entry + w->key_offset) : first;
	if (w->all) {
		add_wait(read_u64(w->entry + w->task_offset), key);
		w->entry = (__u64)PT_READ(struct list_head, w->entry, next);
		return 0;
	}
	/* 6.x waits on the count, 7.x on the page: both lie in the struct page */
	if (key >= first && key < first + s->search.pages * page_size_of_struct()) {
		__builtin_memset(&w->holder, 0, sizeof(w->holder));
		w->holder.how = w->how;
		w->holder.fd = -1;
		w->holder.object = read_u64(w->entry + w->task_offset);
		if (w->holder.object) {
			read_task(w, w->holder.object);
			add_holder();
		}
	}
	w->entry = (__u64)PT_READ(struct list_head, w->entry, next);
	return 0;
}

__noinline int walk_waiters(__u64 head)
{
	struct pt_waits *found = get_waits();
	struct state *s = get_state();

	if (!s)
		return 0;
	s->walk.head = head;
	s->walk.entry = (__u64)PT_READ(struct list_head, head, next);
	s->walk.ended = 0;
	bpf_loop(MAX_WAITERS, waiter_step, &s, 0);
	if (s->walk.ended)
		return 0;
	if (!s->walk.all)
		s->search.looked &= ~(1U << (s->walk.how & 31));
	else if (found)
		found->looked &= ~(1U << (s->walk.how & 31));
	return 0;
}

static long bucket_step(__u32 i, void *data)
{
	__u64 table = *(__u64 *)data;

	walk_waiters(table + i * (__u64)bpf_core_type_size(struct wait_queue_head) +
		     bpf_core_field_offset(struct wait_queue_head, head));
	return 0;
}

/* Those that wait for a reference count. */
static __always_inline void find_waiters(struct state *s)
{
	__u64 node = bpf_core_field_offset(struct wait_bit_queue_entry, wq_entry) +
		     bpf_core_field_offset(struct wait_queue_entry, entry);
	__u64 table = at_bit_wait_table;
	struct walk *w = &s->walk;

	w->task_offset = (__s64)bpf_core_field_offset(struct wait_queue_entry, private) -
			 (__s64)bpf_core_field_offset(struct wait_queue_entry, entry);
	w->key_offset = (__s64)bpf_core_field_offset(struct wait_bit_queue_entry, key.flags) - node;
	w->how = PT_HOW_WAIT;
	w->pgmap = 0;
	if (table)
		bpf_loop(WAIT_TABLE, bucket_step, &table, 0);
}

/* Those that wait for the folio's lock, or another of its flags. */
static __always_inline void find_lockers(struct state *s)
{
	__u64 node = bpf_core_field_offset(struct wait_page_queue, wait) +
		     bpf_core_field_offset(struct wait_queue_entry, entry);
	__u64 table = at_folio_wait_table;
	struct walk *w = &s->walk;

	w->key_offset = (__s64)bpf_core_field_offset(struct wait_page_queue, folio) - node;
	w->how = PT_HOW_LOCK;
	if (table)
		bpf_loop(WAIT_TABLE, bucket_step, &table, 0);
}

/* Those that wait for the end of a pgmap, in memunmap_pages. */
__noinline int find_teardown(__u64 pgmap)
{
	struct state *s = get_state();

	if (!s || !pgmap)
		return 0;
	s->walk.task_offset = (__s64)bpf_core_field_offset(struct swait_queue, task) -
			      (__s64)bpf_core_field_offset(struct swait_queue, task_list);
	s->walk.key_offset = 0;
	s->walk.how = PT_HOW_PGMAP;
	s->walk.pgmap = pgmap;
	walk_waiters(pgmap + bpf_core_field_offset(struct dev_pagemap, done.wait.task_list));
	return 0;
}

struct teardowns {
	__u64 pfn;
	__u64 last; /* pgmap */
	__u64 ended;
};

static long teardown_step(__u32 i, void *data)
{
	struct teardowns *t = data;
	struct pt_lookup found = {};

	pgmap_array_load(t->pfn, &found);
	/* the ranges of one pgmap follow each other, or it is looked at twice: no matter */
	if (found.pgmap && found.pgmap != t->last && pgmap_is_dying(found.pgmap)) {
		t->last = found.pgmap;
		find_teardown(found.pgmap);
	}
	t->ended = found.next <= t->pfn || found.next == ~0ULL;
	t->pfn = found.next;
	return t->ended;
}

/* The same, of every pgmap. */
static __always_inline void find_teardowns(void)
{
	struct pt_waits *found = get_waits();
	struct teardowns t = {};

	bpf_loop(MAX_PGMAP_RANGES, teardown_step, &t, 0);
	if (found && !t.ended)
		found->looked &= ~(1U << PT_HOW_PGMAP);
}

/* A task that was found, perhaps: its stack, and how often it has slept. */
static __always_inline void look_at_waiter(struct task_struct *task)
{
	struct pt_waits *found = get_waits();
	__u64 address = (__u64)task;
	__u32 i;

	if (!found)
		return;
	for (i = 0; i < PT_MAX_FOUND; i++) {
		struct pt_wait *w = &found->wait[i];

		if (i >= found->nr)
			break;
		if (w->task != address)
			continue;
		w->switches = PT_READ(struct task_struct, address, nvcsw) +
			      PT_READ(struct task_struct, address, nivcsw);
		bpf_get_task_stack(task, w->frame, sizeof(w->frame), 0);
	}
}

#endif /* PGMAPTRACE_WAITERS_BPF_H */
