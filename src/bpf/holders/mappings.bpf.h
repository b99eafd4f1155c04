/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which mms map the folio: the vmas of its file or anon_vma, and their page tables.
 * Not here: the tasks that have these mms (holders.bpf.c).
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_MAPPINGS_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_MAPPINGS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/holders/page_table.bpf.h"
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

#define MAX_TREE_STEPS (1 << 17)

/* One page table entry of the part of a vma that can have the folio. */
static long page_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct walk *w = &s->walk;
	struct leaf leaf = {};
	__u64 address, inside;

	if (w->at >= w->end)
		return 1;
	address = w->first + (w->at << PGMT_PAGE_SHIFT);
	walk_page_table(address, &leaf);
	inside = (address >> PGMT_PAGE_SHIFT) & (leaf.pages - 1);
	if (leaf.pfn && leaf.pfn + inside == s->search.pfn + w->at) {
		if (!w->holder.pages) {
			w->holder.address = address;
			w->holder.entry = leaf.pages;
			w->holder.not_here = leaf.not_here;
		}
		inside = leaf.pages - inside;
		w->holder.pages += w->end - w->at < inside ? w->end - w->at : inside;
		w->at += inside;
		return 0;
	}
	w->at += leaf.pages - inside;
	return 0;
}

/* Direct I/O is found by its addresses: truncate unmaps the page before it waits. */
static __always_inline void keep_window(struct search *s, __u64 mm)
{
	struct walk *w = &s->walk;
	__u32 nr = s->nr_windows;
	struct vma_window *window;

	/* in a private mapping an address may be that of a copy */
	if (nr >= PGMT_MAX_FOUND || PGMT_READ(struct vm_area_struct, w->vma, anon_vma)) {
		not_looked(s, PGMT_HOW_DIO);
		return;
	}
	barrier_var(nr);
	window = &s->window[nr & (PGMT_MAX_FOUND - 1)];
	window->mm = mm;
	window->start = w->first + (w->at << PGMT_PAGE_SHIFT);
	window->end = w->first + (w->end << PGMT_PAGE_SHIFT);
	s->nr_windows = nr + 1;
}

/* Does the mm of w->vma really have the folio, when the vma begins at page @pgoff? */
static __always_inline void look_at_vma(struct search *s, __u64 pgoff)
{
	struct walk *w = &s->walk;
	__u64 start = PGMT_READ(struct vm_area_struct, w->vma, vm_start);
	__u64 nr = (PGMT_READ(struct vm_area_struct, w->vma, vm_end) - start) >> PGMT_PAGE_SHIFT;
	__u64 mm = (__u64)PGMT_READ(struct vm_area_struct, w->vma, vm_mm);
	__u32 i;

	if (!mm || w->index + s->search.pages <= pgoff || pgoff + nr <= w->index)
		return;
	w->at = pgoff > w->index ? pgoff - w->index : 0;
	w->end = pgoff + nr - w->index;
	if (w->end > s->search.pages)
		w->end = s->search.pages;
	w->first = start + ((w->index - pgoff) << PGMT_PAGE_SHIFT);
	if (!w->anon)
		keep_window(s, mm);
	else
		not_looked(s, PGMT_HOW_DIO);
	w->pgd = (__u64)PGMT_READ(struct mm_struct, mm, pgd);
	__builtin_memset(&w->holder, 0, sizeof(w->holder));
	bpf_loop(1 << 20, page_step, &s, 0);
	if (!w->holder.pages)
		return;
	w->holder.how = PGMT_HOW_MAP;
	w->holder.object = mm;
	w->holder.fd = -1;
	for (i = 0; i < PGMT_MAX_FOUND; i++)
		if (i >= s->search.nr_mm || s->search.mm[i].object == mm)
			break;
	if (i < s->search.nr_mm && i < PGMT_MAX_FOUND)
		return;
	if (s->search.nr_mm >= PGMT_MAX_FOUND) {
		s->search.more++;
		return;
	}
	s->search.mm[s->search.nr_mm & (PGMT_MAX_FOUND - 1)] = w->holder;
	s->search.nr_mm++;
}

/* Find the first page that is mapped in [first, end). */
static long row_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct walk *w = &s->walk;
	__u64 address = w->first + (w->at << PGMT_PAGE_SHIFT);
	struct leaf leaf = {};

	if (w->at >= w->end)
		return 1;
	walk_page_table(address, &leaf);
	w->holder.object = leaf.pfn;
	if (leaf.pfn)
		return 1;
	w->at += leaf.pages - ((address >> PGMT_PAGE_SHIFT) & (leaf.pages - 1));
	return 0;
}

/* Look at w->vma, whose pages lie in a row: one of them says where all are. */
static __always_inline void look_at_row(struct search *s)
{
	struct walk *w = &s->walk;
	__u64 mm = (__u64)PGMT_READ(struct vm_area_struct, w->vma, vm_mm);

	w->first = PGMT_READ(struct vm_area_struct, w->vma, vm_start);
	w->end = (PGMT_READ(struct vm_area_struct, w->vma, vm_end) - w->first) >> PGMT_PAGE_SHIFT;
	w->at = 0;
	w->holder.object = 0;
	w->pgd = mm ? (__u64)PGMT_READ(struct mm_struct, mm, pgd) : 0;
	if (!w->pgd)
		return;
	bpf_loop(1 << 20, row_step, &s, 0);
	if (w->holder.object)
		look_at_vma(s, w->holder.object - w->at);
	else if (w->at < w->end)
		not_looked(s, PGMT_HOW_MAP);
}

__noinline int visit_node(void)
{
	struct search *s = get_search();
	__u64 pgoff, other;

	if (!s)
		return 0;
	if (s->walk.anon)
		s->walk.vma =
			read_u64(s->walk.node - bpf_core_field_offset(struct anon_vma_chain, rb) +
				 bpf_core_field_offset(struct anon_vma_chain, vma));
	else
		s->walk.vma =
			s->walk.node - bpf_core_field_offset(struct vm_area_struct, shared.rb);
	if (s->walk.in_a_row) {
		look_at_row(s);
		return 0;
	}
	pgoff = PGMT_READ(struct vm_area_struct, s->walk.vma, vm_pgoff);
	look_at_vma(s, pgoff);
	if (!s->walk.anon ||
	    !bpf_core_field_exists(((struct vm_area_struct___anon *)0)->__vm_anon_pgoff_lo))
		return 0;
	/* the index may count from either: try both, and the page table says which */
	other = PGMT_READ(struct vm_area_struct___anon, s->walk.vma, __vm_anon_pgoff_lo) |
		(__u64)PGMT_READ(struct vm_area_struct___anon, s->walk.vma, __vm_anon_pgoff_hi)
			<< 32;
	if (other != pgoff)
		look_at_vma(s, other);
	return 0;
}

/* The tree is walked in order, by parent pointers. */
enum tree_step {
	STEP_DOWN,  /* to the leftmost below node */
	STEP_VISIT, /* node itself, then what is right of it */
	STEP_UP,    /* node and all below it are done */
};

static long tree_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct walk *w = &s->walk;
	__u64 next;

	if (w->step == STEP_DOWN) {
		next = (__u64)PGMT_READ(struct rb_node, w->node, rb_left);
		if (next)
			w->node = next;
		else
			w->step = STEP_VISIT;
		return 0;
	}
	if (w->step == STEP_VISIT) {
		if (is_late(s))
			return 1;
		visit_node();
		next = (__u64)PGMT_READ(struct rb_node, w->node, rb_right);
		w->step = next ? STEP_DOWN : STEP_UP;
		if (next)
			w->node = next;
		return 0;
	}
	next = PGMT_READ(struct rb_node, w->node, __rb_parent_color) & ~3ULL;
	if (!next) {
		w->ended = 1;
		return 1;
	}
	if ((__u64)PGMT_READ(struct rb_node, next, rb_right) != w->node)
		w->step = STEP_VISIT;
	w->node = next;
	return 0;
}

/* Of an open file of this process. */
static __always_inline __u64 mapping_of_fd(__u32 fd)
{
	__u64 files = (__u64)PGMT_READ(struct task_struct, bpf_get_current_task(), files);
	__u64 table = (__u64)PGMT_READ(struct files_struct, files, fdt);
	__u64 file;

	if (fd >= PGMT_READ(struct fdtable, table, max_fds))
		return 0;
	file = read_u64((__u64)PGMT_READ(struct fdtable, table, fd) + fd * 8ULL);
	return file ? (__u64)PGMT_READ(struct file, file, f_mapping) : 0;
}

/* Return: the file (address_space) or anon_vma that the folio is mapped by; 0: not known */
static __always_inline __u64 find_mapping(struct search *s)
{
	__u64 page = pfn_to_page(s->search.pfn), head = page_head(page);
	__u64 mapping = (__u64)PGMT_READ(struct folio, head, mapping);
	__u32 type = PGMT_READ(struct dev_pagemap, s->search.pgmap, type);
	bool shared = mapping == 1;

	s->walk.in_a_row = s->search.fd >= 0;
	if (s->walk.in_a_row) {
		s->walk.index = s->search.pfn;
		return mapping_of_fd(s->search.fd);
	}
	/* fsdax only: elsewhere these bytes are the index */
	if (!mapping && bpf_core_field_exists(((struct folio___share *)0)->share) &&
	    type == PGMT_TYPE_FS_DAX)
		shared = PGMT_READ(struct folio___share, head, share);
	/* several files share it and we know none; or it is mapped without a file */
	if (shared || (!mapping && s->search.mapcount > 0))
		not_looked(s, PGMT_HOW_MAP);
	if (s->search.mapping) {
		s->walk.index = s->search.offset >> PGMT_PAGE_SHIFT;
		return s->search.mapping;
	}
	s->walk.index =
		PGMT_READ(struct folio, head, index) + (page - head) / page_size_of_struct();
	return shared ? 0 : mapping;
}

static __always_inline void find_mappings(struct search *s)
{
	__u64 mapping = find_mapping(s), root;
	struct walk *w = &s->walk;

	/* mapped by another file, or by none */
	if (!mapping && w->in_a_row && s->search.mapcount > 0)
		not_looked(s, PGMT_HOW_MAP);
	if (!mapping) {
		/* an idle folio has one at most */
		if (s->search.refcount > 1)
			not_looked(s, PGMT_HOW_DIO);
		return;
	}
	w->anon = (mapping & 3) == 1;
	if (w->anon)
		root = mapping - 1 + bpf_core_field_offset(struct anon_vma, rb_root);
	else
		root = mapping + bpf_core_field_offset(struct address_space, i_mmap);
	w->node = (__u64)PGMT_READ(struct rb_root_cached, root, rb_leftmost);
	w->step = STEP_VISIT;
	w->ended = !w->node;
	if (w->node)
		bpf_loop(MAX_TREE_STEPS, tree_step, &s, 0);
	/* a page that such a file maps has no other way into an mm, but a driver may know one */
	if (!w->ended ||
	    (w->in_a_row && (__s32)(s->search.nr_mm + s->search.more) < s->search.mapcount))
		not_looked(s, PGMT_HOW_MAP);
}

static __always_inline void name_mm(struct search *s, __u64 mm)
{
	__u32 i;

	for (i = 0; i < PGMT_MAX_FOUND; i++) {
		if (i >= s->search.nr_mm)
			break;
		if (s->search.mm[i].object != mm)
			continue;
		s->walk.holder = s->search.mm[i];
		read_task(&s->walk, s->walk.task);
		s->walk.holder.tid = s->walk.holder.tgid;
		s->search.mm[i].tgid = s->walk.holder.tgid;
		add_holder();
		break;
	}
}

#endif /* PGMAPTRACE_BPF_HOLDERS_MAPPINGS_BPF_H */
