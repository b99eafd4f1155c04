// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has to do with a folio right now: whose page tables have it, whose pipes
 * and io_uring buffers, and who waits for it.  Nothing is attached: the tool
 * runs find_holders and then the iterator name_holders over all tasks.
 *
 * All of it is read without a lock and without a reference, since the one who
 * holds the lock may be the one who hangs.  What changes meanwhile can be
 * missed, and every walk is bounded.
 *
 * An object of its own, which is loaded apart from the hooks: whatever a kernel
 * has not, or its verifier refuses, costs only this answer.
 */
#define __VMLINUX_H__
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "model/wire.h"
#include "bpf/kernel.bpf.h"
#include "bpf/holders/search.bpf.h"
#include "bpf/holders/waiters.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Bounds of the walks. */
#define MAX_TREE_STEPS (1 << 17)
#define MAX_FDS	       (1 << 16)
#define MAX_SLOTS      (1 << 16)
#define MAX_BUFFERS    (1 << 14) /* the kernel's own: IORING_MAX_REG_BUFFERS */
#define MAX_BVECS      (1 << 18) /* 1 GiB, the kernel's own, of one buffer */
#define MAX_RING_BVECS (1 << 20)

/* include/uapi/linux/stat.h */
#define S_IFMT	0170000
#define S_IFIFO 0010000

/* arch/x86/include/asm/page_64_types.h, pgtable_types.h */
#define PAGE_OFFSET_BASE 0xffff888000000000ULL /* in a kernel without the variable */
#define ENTRY_PRESENT	 (1ULL << 0)
#define ENTRY_LEAF	 (1ULL << 7) /* above the last level */
#define ENTRY_PROTNONE	 (1ULL << 8)
#define ENTRY_ADDRESS	 0x000ffffffffff000ULL

/* include/linux/swap.h: types of swap entries below this, and a few more by config, are disks */
#define SWAP_DISKS 16

/* ---- page tables ---- */

/* What a page table says of an address. */
struct leaf {
	__u64 pages; /* that its entry is for; also where there is nothing */
	__u64 pfn;   /* of the first of them; 0: nothing there */
	__u32 not_here;
};

static __always_inline void read_leaf(const struct walk *w, __u64 entry, struct leaf *leaf)
{
	__u64 address = entry & ENTRY_ADDRESS;

	if (!(entry & (ENTRY_PRESENT | ENTRY_PROTNONE)) &&
	    (leaf->pages == 1 || !(entry & ENTRY_LEAF))) {
		/* a swap entry: type, inverted offset, and 9 bits of its own */
		if (entry >> 59 < SWAP_DISKS)
			return;
		leaf->pfn = ~entry << 5 >> 14;
		leaf->not_here = 1;
		return;
	}
	/* inverted where it is not present, against speculation (L1TF) */
	if (!(entry & ENTRY_PRESENT))
		address = ~entry & ENTRY_ADDRESS;
	leaf->pfn = ((address & w->physical_mask) >> PGMT_PAGE_SHIFT) & ~(leaf->pages - 1);
}

__noinline int walk_page_table(__u64 address, struct leaf *leaf)
{
	struct state *s = get_state();
	__u64 table, entry;
	__u32 shift;
	int level;

	if (!s || !leaf)
		return 0;
	table = s->walk.pgd;
	shift = s->walk.five_levels ? 48 : 39;
	leaf->pfn = 0;
	leaf->not_here = 0;
	leaf->pages = 1;
	for (level = 0; level < 5; level++) {
		entry = read_u64(table + ((address >> shift) & 511) * 8);
		leaf->pages = 1ULL << (shift - PGMT_PAGE_SHIFT);
		if (!entry)
			return 0;
		if (shift <= PGMT_PAGE_SHIFT || !(entry & ENTRY_PRESENT) ||
		    (shift <= 30 && entry & ENTRY_LEAF)) {
			read_leaf(&s->walk, entry, leaf);
			return 0;
		}
		table = s->walk.page_offset + (entry & ENTRY_ADDRESS & s->walk.physical_mask);
		shift -= 9;
	}
	return 0;
}

/* One page table entry of the part of a vma that can have the folio. */
static long page_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
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

/* A truncation unmaps the page before it waits, so direct I/O is found by its addresses. */
static __always_inline void keep_window(struct state *s, __u64 mm)
{
	struct walk *w = &s->walk;
	__u32 nr = s->nr_windows;
	struct vma_window *window;

	/* a private mapping's own copies can't be told from the file's pages by their addresses */
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
static __always_inline void look_at_vma(struct state *s, __u64 pgoff)
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

__noinline int visit_node(void)
{
	struct state *s = get_state();
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
	pgoff = PGMT_READ(struct vm_area_struct, s->walk.vma, vm_pgoff);
	look_at_vma(s, pgoff);
	if (!s->walk.anon ||
	    !bpf_core_field_exists(((struct vm_area_struct___anon *)0)->__vm_anon_pgoff_lo))
		return 0;
	/* which of the two the index was made of, the page table tells */
	other = PGMT_READ(struct vm_area_struct___anon, s->walk.vma, __vm_anon_pgoff_lo) |
		(__u64)PGMT_READ(struct vm_area_struct___anon, s->walk.vma, __vm_anon_pgoff_hi)
			<< 32;
	if (other != pgoff)
		look_at_vma(s, other);
	return 0;
}

/* The tree is walked in order, by the parent pointers. */
enum tree_step {
	STEP_DOWN,  /* to the leftmost below node */
	STEP_VISIT, /* node itself, then what is right of it */
	STEP_UP,    /* node and all below it are done */
};

static long tree_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
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

/* Where is the folio mapped?  Return: its file or anon_vma; 0 if that is not known. */
static __always_inline __u64 find_mapping(struct state *s)
{
	__u64 page = pfn_to_page(s->search.pfn), head = page_head(page);
	__u64 mapping = (__u64)PGMT_READ(struct folio, head, mapping);
	bool shared = mapping == 1;

	/* share is another name of index, and means something only there */
	if (!mapping && bpf_core_field_exists(((struct folio___share *)0)->share) &&
	    PGMT_READ(struct dev_pagemap, s->search.pgmap, type) == PGMT_TYPE_FS_DAX)
		shared = PGMT_READ(struct folio___share, head, share);
	/* several files share it, and none of them is known; or it is mapped without a file */
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

/* All the vmas of the folio's file or anon_vma. */
static __always_inline void find_mappings(struct state *s)
{
	__u64 mapping = find_mapping(s), root;
	struct walk *w = &s->walk;

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
	if (!w->node)
		return;
	w->step = STEP_VISIT;
	w->ended = 0;
	bpf_loop(MAX_TREE_STEPS, tree_step, &s, 0);
	if (!w->ended)
		not_looked(s, PGMT_HOW_MAP);
}

/* ---- direct I/O ---- */

/* arch/x86/include/asm/thread_info.h, include/linux/sched.h, fs.h, uapi/asm-generic/fcntl.h */
#define TS_COMPAT  0x0002
#define TASK_WAITS 0x0003 /* TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE; not one that is stopped */
#define S_DAX	   (1 << 13)
#define S_IFREG	   0100000
#define S_IFBLK	   0060000
#define O_DIRECT   040000
#define UIO_MAXIOV 1024

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NR_READ,
	NR_WRITE,
	NR_PREAD64 = 17,
	NR_PWRITE64,
	NR_READV,
	NR_WRITEV,
	NR_PREADV = 295,
	NR_PWRITEV,
	NR_PREADV2 = 327,
	NR_PWRITEV2
};

/* A word of the memory of the mm at w->pgd; 0 if it is not there. */
static __always_inline __u64 read_user_u64(struct state *s, __u64 address)
{
	struct walk *w = &s->walk;
	struct leaf leaf = {};
	__u64 inside;

	walk_page_table(address, &leaf);
	if (!leaf.pfn || leaf.not_here) {
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	inside = address & ((leaf.pages << PGMT_PAGE_SHIFT) - 1);
	return read_u64(w->page_offset + (leaf.pfn << PGMT_PAGE_SHIFT) + inside);
}

static long window_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	struct walk *w = &s->walk;
	struct vma_window *window = &s->window[i & (PGMT_MAX_FOUND - 1)];
	__u64 from = window->start, end = window->end;

	if (window->mm != w->mm)
		return 0;
	if (w->from > from)
		from = w->from & ~((1ULL << PGMT_PAGE_SHIFT) - 1);
	if (w->buffer_end < end)
		end = w->buffer_end;
	if (from >= end)
		return 0;
	if (!w->holder.pages)
		w->holder.address = w->from;
	w->holder.pages += (end - from + (1 << PGMT_PAGE_SHIFT) - 1) >> PGMT_PAGE_SHIFT;
	return 0;
}

static __always_inline void look_at_buffer(struct state *s, __u64 from, __u64 bytes)
{
	s->walk.from = from;
	s->walk.buffer_end = from + bytes;
	bpf_loop(s->nr_windows, window_step, &s, 0);
}

static long vector_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	__u64 vector = s->walk.vectors + i * 16ULL;

	look_at_buffer(s, read_user_u64(s, vector), read_user_u64(s, vector + 8));
	return 0;
}

/* Direct I/O pins its buffer, but not where the file's own pages are DAX: that is a copy. */
static __always_inline bool pins_its_buffer(__u64 file)
{
	__u64 inode = (__u64)PGMT_READ(struct file, file, f_inode);
	__u32 type = PGMT_READ(struct inode, inode, i_mode) & S_IFMT;

	/* of a pipe, O_DIRECT means something else */
	return PGMT_READ(struct file, file, f_flags) & O_DIRECT &&
	       (type == S_IFREG || type == S_IFBLK) &&
	       !(PGMT_READ(struct inode, inode, i_flags) & S_DAX);
}

static __always_inline __u64 file_of_fd(__u64 task, __u32 fd)
{
	__u64 files = (__u64)PGMT_READ(struct task_struct, task, files);
	__u64 table = files ? (__u64)PGMT_READ(struct files_struct, files, fdt) : 0;

	if (!table || fd >= PGMT_READ(struct fdtable, table, max_fds))
		return 0;
	return read_u64((__u64)PGMT_READ(struct fdtable, table, fd) + fd * 8ULL);
}

static __always_inline bool has_window(const struct state *s, __u64 mm)
{
	__u32 i;

	for (i = 0; i < PGMT_MAX_FOUND; i++) {
		if (i >= s->nr_windows)
			break;
		if (s->window[i].mm == mm)
			return true;
	}
	return false;
}

/*
 * Does s->walk.task sleep in a direct I/O from or to the folio?  Nothing leads
 * from the page to the task, but the arguments of its system call lead to the
 * page.
 */
__noinline int look_at_call(void)
{
	struct state *s = get_state();
	__u64 regs, task, call, file, buffer, count;
	struct walk *w;

	if (!s || !s->nr_windows)
		return 0;
	w = &s->walk;
	task = w->task;
	regs = w->regs;
	w->mm = (__u64)PGMT_READ(struct task_struct, task, mm);
	if (!w->mm || !has_window(s, w->mm) || !regs ||
	    !(PGMT_READ(struct task_struct, task, __state) & TASK_WAITS))
		return 0;
	/* a 32-bit program's calls have other numbers and arguments */
	if (PGMT_READ(struct task_struct, task, thread_info.status) & TS_COMPAT) {
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	/* within a call until it has a result; a worker of io_uring has no stack in user space */
	if ((__s64)PGMT_READ(struct pt_regs, regs, ax) != -38 /* ENOSYS */ ||
	    !PGMT_READ(struct pt_regs, regs, sp))
		return 0;
	call = PGMT_READ(struct pt_regs, regs, orig_ax);
	if (call > NR_WRITE && (call < NR_PREAD64 || call > NR_WRITEV) && call != NR_PREADV &&
	    call != NR_PWRITEV && call != NR_PREADV2 && call != NR_PWRITEV2)
		return 0;
	file = file_of_fd(task, PGMT_READ(struct pt_regs, regs, di));
	if (!file || !pins_its_buffer(file))
		return 0;
	buffer = PGMT_READ(struct pt_regs, regs, si);
	count = PGMT_READ(struct pt_regs, regs, dx);
	__builtin_memset(&w->holder, 0, sizeof(w->holder));
	if (call <= NR_PWRITE64) {
		look_at_buffer(s, buffer, count);
	} else {
		w->pgd = (__u64)PGMT_READ(struct mm_struct, w->mm, pgd);
		w->vectors = buffer;
		bpf_loop(count < UIO_MAXIOV ? count : UIO_MAXIOV, vector_step, &s, 0);
	}
	if (!w->holder.pages)
		return 0;
	w->holder.how = PGMT_HOW_DIO;
	w->holder.call = call;
	/* or it waits for a lock, and may not have pinned anything yet */
	w->holder.in_io = BPF_CORE_READ_BITFIELD_PROBED((struct task_struct *)task, in_iowait);
	w->holder.fd = PGMT_READ(struct pt_regs, regs, di);
	w->holder.object = task;
	read_task(w, task);
	add_holder();
	return 0;
}

/* ---- all tasks: who has the mm, and what their files are ---- */

static long slot_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	struct walk *w = &s->walk;
	__u64 buffer = w->bufs + (__u64)((w->tail + i) & (w->ring_size - 1)) *
					 bpf_core_type_size(struct pipe_buffer);

	/* of a huge page that was pinned, the page is a tail */
	w->holder.pages +=
		common_pages(s, page_to_pfn((__u64)PGMT_READ(struct pipe_buffer, buffer, page)), 1);
	return 0;
}

static __always_inline void look_at_pipe(struct state *s, __u64 pipe)
{
	__u32 used = PGMT_READ(struct pipe_inode_info, pipe, head);
	struct walk *w = &s->walk;

	w->tail = PGMT_READ(struct pipe_inode_info, pipe, tail);
	w->ring_size = PGMT_READ(struct pipe_inode_info, pipe, ring_size);
	w->bufs = (__u64)PGMT_READ(struct pipe_inode_info, pipe, bufs);
	used -= w->tail;
	/* read while it changed */
	if (used > w->ring_size)
		used = w->ring_size;
	if (used > MAX_SLOTS) {
		not_looked(s, PGMT_HOW_PIPE);
		used = MAX_SLOTS;
	}
	w->holder.how = PGMT_HOW_PIPE;
	bpf_loop(used, slot_step, &s, 0);
}

static long bvec_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	__u64 bvec = s->walk.bvecs + (__u64)i * bpf_core_type_size(struct bio_vec);
	__u64 page = (__u64)PGMT_READ(struct bio_vec, bvec, bv_page);
	__u64 from = PGMT_READ(struct bio_vec, bvec, bv_offset);
	__u64 to = from + PGMT_READ(struct bio_vec, bvec, bv_len);

	/* one bvec may be for many pages of a folio, and begin in the midst of it */
	from >>= PGMT_PAGE_SHIFT;
	to = (to + (1 << PGMT_PAGE_SHIFT) - 1) >> PGMT_PAGE_SHIFT;
	s->walk.holder.pages += common_pages(s, page_to_pfn(page) + from, to - from);
	return 0;
}

static long buffer_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;
	struct walk *w = &s->walk;
	__u64 buffer = read_u64(w->bufs + i * 8ULL);
	__u32 nr;

	if (buffer && !bpf_core_field_exists(((struct io_ring_ctx___bufs *)0)->user_bufs))
		buffer = (__u64)PGMT_READ(struct io_rsrc_node___buf, buffer, buf);
	if (!buffer)
		return 0;
	nr = PGMT_READ(struct io_mapped_ubuf, buffer, nr_bvecs);
	if (nr > MAX_BVECS || nr > w->left) {
		not_looked(s, PGMT_HOW_URING);
		return 0;
	}
	w->left -= nr;
	w->bvecs = buffer + bpf_core_field_offset(struct io_mapped_ubuf, bvec);
	bpf_loop(nr, bvec_step, data, 0);
	return 0;
}

static __always_inline bool knows_io_uring(void)
{
	return at_io_uring_fops && bpf_core_type_exists(struct io_mapped_ubuf) &&
	       (bpf_core_field_exists(((struct io_ring_ctx___bufs *)0)->user_bufs) ||
		bpf_core_field_exists(((struct io_ring_ctx___table *)0)->buf_table.nodes));
}

static __always_inline void look_at_ring(struct state *s, __u64 ring)
{
	struct walk *w = &s->walk;
	__u32 nr;

	if (!knows_io_uring())
		return;
	if (bpf_core_field_exists(((struct io_ring_ctx___bufs *)0)->user_bufs)) {
		nr = PGMT_READ(struct io_ring_ctx___bufs, ring, nr_user_bufs);
		w->bufs = (__u64)PGMT_READ(struct io_ring_ctx___bufs, ring, user_bufs);
	} else {
		nr = PGMT_READ(struct io_ring_ctx___table, ring, buf_table.nr);
		w->bufs = (__u64)PGMT_READ(struct io_ring_ctx___table, ring, buf_table.nodes);
	}
	if (!nr || !w->bufs)
		return;
	if (nr > MAX_BUFFERS) {
		not_looked(s, PGMT_HOW_URING);
		nr = MAX_BUFFERS;
	}
	w->holder.how = PGMT_HOW_URING;
	w->left = MAX_RING_BVECS;
	bpf_loop(nr, buffer_step, &s, 0);
}

/*
 * By the inode and not by its operations: anonymous pipes got some of their own
 * in 6.15.
 */
static __always_inline bool is_pipe(__u64 file, __u64 object)
{
	__u64 inode = (__u64)PGMT_READ(struct file, file, f_inode);

	return (PGMT_READ(struct inode, inode, i_mode) & S_IFMT) == S_IFIFO &&
	       (__u64)PGMT_READ(struct inode, inode, i_pipe) == object;
}

/* A file of s->walk.task; @fd is -1 for one that has none. */
__noinline int look_at_file(__u64 file, int fd)
{
	struct state *s = get_state();
	bool ring;
	__u64 object;

	if (!s || !file)
		return 0;
	object = (__u64)PGMT_READ(struct file, file, private_data);
	ring = at_io_uring_fops && (__u64)PGMT_READ(struct file, file, f_op) == at_io_uring_fops;
	if (!object || (!ring && !is_pipe(file, object)))
		return 0;
	if (is_late(s)) {
		not_looked(s, PGMT_HOW_PIPE);
		not_looked(s, PGMT_HOW_URING);
		return 0;
	}
	__builtin_memset(&s->walk.holder, 0, sizeof(s->walk.holder));
	s->walk.holder.fd = fd;
	s->walk.holder.object = object;
	if (ring)
		look_at_ring(s, object);
	else
		look_at_pipe(s, object);
	if (!s->walk.holder.pages)
		return 0;
	read_task(&s->walk, s->walk.task);
	add_holder();
	return 0;
}

static long fd_step(__u32 i, void *data)
{
	struct state *s = *(struct state **)data;

	look_at_file(read_u64(s->walk.fds + i * 8ULL), i);
	return 0;
}

/*
 * The table is read as it lies there: the kernel's own iterator over files takes
 * a reference of each, and if that were the last one, the release of the file,
 * which may hang, would be ours.
 */
static __always_inline void look_at_files(struct state *s, __u64 files)
{
	__u64 table = (__u64)PGMT_READ(struct files_struct, files, fdt);
	__u32 nr = PGMT_READ(struct fdtable, table, max_fds);

	if (nr > MAX_FDS) {
		not_looked(s, PGMT_HOW_PIPE);
		not_looked(s, PGMT_HOW_URING);
		nr = MAX_FDS;
	}
	s->walk.fds = (__u64)PGMT_READ(struct fdtable, table, fd);
	bpf_loop(nr, fd_step, &s, 0);
}

/* A thread may have closed its ring's fd when it registered the ring. */
static __always_inline void look_at_registered_rings(__u64 io_uring)
{
	__u64 rings = io_uring + bpf_core_field_offset(struct io_uring_task, registered_rings);
	int i;

	for (i = 0; i < 16; i++)
		look_at_file(read_u64(rings + i * 8), -1);
}

static __always_inline void name_mm(struct state *s, __u64 mm)
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

__noinline int look_at_task(void)
{
	struct state *s = get_state();
	__u64 task, leader, mm, files, io_uring;
	bool leads;

	if (!s)
		return 0;
	task = s->walk.task;
	leader = (__u64)PGMT_READ(struct task_struct, task, group_leader);
	mm = (__u64)PGMT_READ(struct task_struct, task, mm);
	files = (__u64)PGMT_READ(struct task_struct, task, files);
	leads = leader == task;
	/* a leader that has ended has neither; a thread may have files of its own */
	if (mm && (leads || !PGMT_READ(struct task_struct, leader, mm)))
		name_mm(s, mm);
	if (files && (leads || (__u64)PGMT_READ(struct task_struct, leader, files) != files))
		look_at_files(s, files);
	if (!knows_io_uring())
		return 0;
	io_uring = (__u64)PGMT_READ(struct task_struct, task, io_uring);
	if (io_uring)
		look_at_registered_rings(io_uring);
	return 0;
}

/* ---- run by the tool ---- */

static __always_inline void learn_layout(struct walk *w)
{
	vmemmap = at_vmemmap_base ? read_u64(at_vmemmap_base) : PGMT_VMEMMAP_START;
	w->page_offset = at_page_offset_base ? read_u64(at_page_offset_base) : PAGE_OFFSET_BASE;
	w->physical_mask = at_physical_mask ? read_u64(at_physical_mask) : ~0ULL;
	w->five_levels = at_pgdir_shift && (__u32)read_u64(at_pgdir_shift) == 48;
}

/* Mappings and waiters.  Begins a search. */
SEC("syscall")
int find_holders(void *ctx)
{
	struct state *s = get_state();
	__u64 head;

	if (!s)
		return 0;
	learn_layout(&s->walk);
	s->search.pgmap = pfn_to_pgmap(s->search.pfn);
	/* a pgmap that is gone leaves pins behind: they are known by the pages' addresses */
	if (!s->search.pgmap && !s->search.pages)
		return 0;
	head = page_head(pfn_to_page(s->search.pfn));
	if (!s->search.pages) {
		s->search.pfn = page_to_pfn(head);
		s->search.pages = 1ULL << (folio_order(head) & 63);
	}
	if (s->search.pgmap) {
		s->search.refcount = page_refcount(head);
		s->search.mapcount = folio_mapcount(head, folio_order(head));
	}
	s->search.looked = 1U << PGMT_HOW_MAP | 1U << PGMT_HOW_PIPE | 1U << PGMT_HOW_PGMAP |
			   1U << PGMT_HOW_DIO;
	if (knows_io_uring())
		s->search.looked |= 1U << PGMT_HOW_URING;
	if (at_bit_wait_table)
		s->search.looked |= 1U << PGMT_HOW_WAIT;
	if (at_folio_wait_table)
		s->search.looked |= 1U << PGMT_HOW_LOCK;
	find_waiters(s);
	find_mappings(s);
	/* that is found by the same vmas */
	if (!(s->search.looked & 1U << PGMT_HOW_MAP))
		not_looked(s, PGMT_HOW_DIO);
	return 0;
}

/* Who waits for any device page, or for a pgmap: fills the map of waits, but for the stacks. */
SEC("syscall")
int find_waits(void *ctx)
{
	struct state *s = get_state();
	struct pgmt_waits *found = get_waits();

	if (!s || !found)
		return 0;
	learn_layout(&s->walk);
	found->nr = 0;
	found->more = 0;
	s->search.looked = 1U << PGMT_HOW_PGMAP;
	if (at_bit_wait_table)
		s->search.looked |= 1U << PGMT_HOW_WAIT;
	find_all_waiters(s);
	found->looked = s->search.looked;
	return 0;
}

/* Each task: the stack of one that find_waits found, if it has slept since. */
SEC("iter/task")
int stack_waiters(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pgmt_waits *found = get_waits();
	struct pgmt_wait *w;
	__u32 i;

	if (!task || !found)
		return 0;
	for (i = 0; i < PGMT_MAX_WAITS; i++) {
		if (i >= found->nr)
			return 0;
		if (found->wait[i].task == (__u64)task)
			break;
	}
	if (i >= PGMT_MAX_WAITS)
		return 0;
	barrier_var(i);
	w = &found->wait[i & (PGMT_MAX_WAITS - 1)];
	if (w->tid == (__u32)PGMT_READ(struct task_struct, w->task, pid) &&
	    w->switches == task_switches(w->task))
		bpf_get_task_stack(task, w->frames, sizeof(w->frames), 0);
	return 0;
}

/* Each task: names the mms that find_holders found, and looks at the files. */
SEC("iter/task")
int name_holders(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct state *s = get_state();

	if (!task || !s)
		return 0;
	if (is_late(s)) {
		not_looked(s, PGMT_HOW_MAP);
		not_looked(s, PGMT_HOW_PIPE);
		not_looked(s, PGMT_HOW_URING);
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	s->walk.task = (__u64)task;
	s->walk.regs = (__u64)bpf_task_pt_regs(task);
	look_at_call();
	look_at_task();
	return 0;
}
