/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose pipes and io_uring buffers hold the folio: the open files of one task.
 * Not here: which tasks (holders.bpf.c).
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_OPEN_FILES_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_OPEN_FILES_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

#define MAX_FDS	       (1 << 16)
#define MAX_SLOTS      (1 << 16)
#define MAX_BUFFERS    (1 << 14) /* the kernel's own: IORING_MAX_REG_BUFFERS */
#define MAX_BVECS      (1 << 18) /* 1 GiB, the kernel's own, of one buffer */
#define MAX_RING_BVECS (1 << 20)

static long slot_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	struct walk *w = &s->walk;
	__u64 buffer = w->bufs + (__u64)((w->tail + i) & (w->ring_size - 1)) *
					 bpf_core_type_size(struct pipe_buffer);

	/* of a huge page that was pinned, this may be a tail page */
	w->holder.pages +=
		common_pages(s, page_to_pfn((__u64)PGMT_READ(struct pipe_buffer, buffer, page)), 1);
	return 0;
}

static __always_inline void look_at_pipe(struct search *s, __u64 pipe)
{
	__u32 used = PGMT_READ(struct pipe_inode_info, pipe, head);
	struct walk *w = &s->walk;

	w->tail = PGMT_READ(struct pipe_inode_info, pipe, tail);
	w->ring_size = PGMT_READ(struct pipe_inode_info, pipe, ring_size);
	w->bufs = (__u64)PGMT_READ(struct pipe_inode_info, pipe, bufs);
	used -= w->tail;
	/* if it changed while we read */
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
	struct search *s = *(struct search **)data;
	__u64 bvec = s->walk.bvecs + (__u64)i * bpf_core_type_size(struct bio_vec);
	__u64 page = (__u64)PGMT_READ(struct bio_vec, bvec, bv_page);
	__u64 from = PGMT_READ(struct bio_vec, bvec, bv_offset);
	__u64 to = from + PGMT_READ(struct bio_vec, bvec, bv_len);

	/* a bvec may be for many pages of a folio, and begin in the middle of one */
	from >>= PGMT_PAGE_SHIFT;
	to = (to + (1 << PGMT_PAGE_SHIFT) - 1) >> PGMT_PAGE_SHIFT;
	s->walk.holder.pages += common_pages(s, page_to_pfn(page) + from, to - from);
	return 0;
}

static long buffer_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
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

static __always_inline void look_at_ring(struct search *s, __u64 ring)
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

/* By the inode, not by its operations: anonymous pipes have their own since 6.15. */
static __always_inline bool is_pipe(__u64 file, __u64 object)
{
	__u64 inode = (__u64)PGMT_READ(struct file, file, f_inode);

	return (PGMT_READ(struct inode, inode, i_mode) & S_IFMT) == S_IFIFO &&
	       (__u64)PGMT_READ(struct inode, inode, i_pipe) == object;
}

/* A file of s->walk.task; @fd: -1 if it has none */
__noinline int look_at_file(__u64 file, int fd)
{
	struct search *s = get_search();
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
	struct search *s = *(struct search **)data;

	look_at_file(read_u64(s->walk.fds + i * 8ULL), i);
	return 0;
}

/*
 * Not by the kernel's iterator over files: it takes a reference of each.  If ours became the
 * last one, we would have to release the file, and that may hang.
 */
static __always_inline void look_at_files(struct search *s, __u64 files)
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

#endif /* PGMAPTRACE_BPF_HOLDERS_OPEN_FILES_BPF_H */
