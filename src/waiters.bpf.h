/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits: the lists of the kernel's wait queues, read as they lie there.
 */
#ifndef PGMAPTRACE_WAITERS_BPF_H
#define PGMAPTRACE_WAITERS_BPF_H

#define MAX_WAITERS (1 << 10) /* on one list */
#define WAIT_TABLE  256	      /* kernel/sched/wait_bit.c and mm/filemap.c */

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
	struct state *s = get_state();

	if (!s)
		return 0;
	s->walk.head = head;
	s->walk.entry = (__u64)PT_READ(struct list_head, head, next);
	s->walk.ended = 0;
	bpf_loop(MAX_WAITERS, waiter_step, &s, 0);
	if (!s->walk.ended)
		s->search.looked &= ~(1U << (s->walk.how & 31));
	return 0;
}

static long bucket_step(__u32 i, void *data)
{
	__u64 table = *(__u64 *)data;

	walk_waiters(table + i * (__u64)bpf_core_type_size(struct wait_queue_head) +
		     bpf_core_field_offset(struct wait_queue_head, head));
	return 0;
}

static __always_inline void find_waiters(struct state *s)
{
	__u64 node = bpf_core_field_offset(struct wait_bit_queue_entry, wq_entry) +
		     bpf_core_field_offset(struct wait_queue_entry, entry);
	struct walk *w = &s->walk;
	__u64 table;

	w->task_offset = (__s64)bpf_core_field_offset(struct wait_queue_entry, private) -
			 (__s64)bpf_core_field_offset(struct wait_queue_entry, entry);
	w->key_offset = (__s64)bpf_core_field_offset(struct wait_bit_queue_entry, key.flags) - node;
	w->how = PT_HOW_WAIT;
	table = at_bit_wait_table;
	if (table)
		bpf_loop(WAIT_TABLE, bucket_step, &table, 0);
	node = bpf_core_field_offset(struct wait_page_queue, wait) +
	       bpf_core_field_offset(struct wait_queue_entry, entry);
	w->key_offset = (__s64)bpf_core_field_offset(struct wait_page_queue, folio) - node;
	w->how = PT_HOW_LOCK;
	table = at_folio_wait_table;
	if (table)
		bpf_loop(WAIT_TABLE, bucket_step, &table, 0);
	w->task_offset = (__s64)bpf_core_field_offset(struct swait_queue, task) -
			 (__s64)bpf_core_field_offset(struct swait_queue, task_list);
	w->key_offset = 0;
	w->how = PT_HOW_PGMAP;
	if (s->search.pgmap)
		walk_waiters(s->search.pgmap +
			     bpf_core_field_offset(struct dev_pagemap, done.wait.task_list));
}

#endif /* PGMAPTRACE_WAITERS_BPF_H */
