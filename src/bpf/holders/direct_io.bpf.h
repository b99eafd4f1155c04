/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who sleeps in a direct I/O from or to the folio, by the arguments of the system call.
 * Not here: the addresses that the folio has in each mm (mappings.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_HOLDERS_DIRECT_IO_BPF_H
#define PGMAPTRACE_BPF_HOLDERS_DIRECT_IO_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/arch.bpf.h"
#include "bpf/holders/page_table.bpf.h"
#include "bpf/holders/search.bpf.h"
#include "bpf/kernel.bpf.h"

/* include/linux/sched.h, fs.h, uio.h */
#define TASK_WAITS 0x0003 /* TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE */
#define S_DAX	   (1 << 13)
#define UIO_MAXIOV 1024

/* Is it a read or write, of one buffer or of many? */
static __always_inline bool is_plain_io(__u64 call)
{
	return call == NR_READ || call == NR_WRITE || call == NR_PREAD64 || call == NR_PWRITE64;
}

static __always_inline bool is_vector_io(__u64 call)
{
	return call == NR_READV || call == NR_WRITEV || call == NR_PREADV || call == NR_PWRITEV ||
	       call == NR_PREADV2 || call == NR_PWRITEV2;
}

/* A word of the mm at w->pgd; 0 if it is not in memory. */
static __always_inline __u64 read_user_u64(struct search *s, __u64 address)
{
	struct leaf leaf = {};
	__u64 inside;

	walk_page_table(address, &leaf);
	if (!leaf.pfn || leaf.not_here) {
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	inside = address & ((leaf.pages << PGMT_PAGE_SHIFT) - 1);
	return read_u64(direct_map + (leaf.pfn << PGMT_PAGE_SHIFT) + inside);
}

static long window_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
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

static __always_inline void look_at_buffer(struct search *s, __u64 from, __u64 bytes)
{
	s->walk.from = from;
	s->walk.buffer_end = from + bytes;
	bpf_loop(s->nr_windows, window_step, &s, 0);
}

static long vector_step(__u32 i, void *data)
{
	struct search *s = *(struct search **)data;
	__u64 vector = s->walk.vectors + i * 16ULL;

	look_at_buffer(s, read_user_u64(s, vector), read_user_u64(s, vector + 8));
	return 0;
}

/* Direct I/O pins its buffer; to or from a DAX file it copies. */
static __always_inline bool pins_its_buffer(__u64 file)
{
	__u64 inode = (__u64)PGMT_READ(struct file, file, f_inode);
	__u32 type = PGMT_READ(struct inode, inode, i_mode) & S_IFMT;

	/* for a pipe O_DIRECT means something else */
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

static __always_inline bool has_window(const struct search *s, __u64 mm)
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
 * Does s->walk.task sleep in a direct I/O from or to the folio?  Nothing leads from a page to
 * the task that has pinned it, but the arguments of the task's system call lead to the page.
 */
__noinline int look_at_call(void)
{
	struct search *s = get_search();
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
	if (task_is_compat(task)) {
		not_looked(s, PGMT_HOW_DIO);
		return 0;
	}
	if (!is_in_call(regs))
		return 0;
	call = call_number(regs);
	if (!is_plain_io(call) && !is_vector_io(call))
		return 0;
	file = file_of_fd(task, CALL_ARG_1(regs));
	if (!file || !pins_its_buffer(file))
		return 0;
	buffer = CALL_ARG_2(regs);
	count = CALL_ARG_3(regs);
	__builtin_memset(&w->holder, 0, sizeof(w->holder));
	if (is_plain_io(call)) {
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
	/* else it may wait for a lock, and not have pinned anything yet */
	w->holder.in_io = BPF_CORE_READ_BITFIELD_PROBED((struct task_struct *)task, in_iowait);
	w->holder.fd = CALL_ARG_1(regs);
	w->holder.object = task;
	read_task(w, task);
	add_holder();
	return 0;
}

#endif /* PGMAPTRACE_BPF_HOLDERS_DIRECT_IO_BPF_H */
