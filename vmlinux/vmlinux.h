/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that are read, and of these only the members that are
 * read.  Written by hand; CO-RE finds the true offsets when the object is
 * loaded.  tests/btf checks each struct and member against the BTF of every
 * test kernel.  A name with a ___ suffix is another kernel's form of the
 * same struct; which kernel has which is said there.
 */
#ifndef __VMLINUX_H__ /* also asked by bpf_tracing.h, and by model/ */
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

/* include/uapi/linux/bpf.h, the values that are used */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	atomic_t refs;
} refcount_t;

struct kref {
	refcount_t refcount;
};

/* include/linux/percpu-refcount.h */
struct percpu_ref_data {
	atomic64_t count;
};

struct percpu_ref {
	unsigned long percpu_count_ptr;
	struct percpu_ref_data *data;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct file_system_type {
	const char *name;
};

struct super_block {
	unsigned int s_dev;
	struct file_system_type *s_type;
	struct dentry *s_root;
};

struct pipe_inode_info;

struct inode {
	unsigned short i_mode;
	unsigned int i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	unsigned int i_rdev;
	struct hlist_head i_dentry;
	struct pipe_inode_info *i_pipe;
};

struct qstr {
	u32 len;
	const unsigned char *name;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

/* 6.x: a link in inode->i_dentry */
struct dentry___u {
	union {
		struct hlist_node d_alias;
	} d_u;
};

/* 7.x: the same, in a union without a name */
struct dentry___alias {
	struct hlist_node d_alias;
};

struct path {
	struct dentry *dentry;
};

struct list_head {
	struct list_head *next;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root_cached {
	struct rb_node *rb_leftmost;
};

struct xarray {
	void *xa_head;
};

struct address_space {
	struct inode *host;
	struct rb_root_cached i_mmap;
	struct xarray i_pages;
};

struct file_operations;

struct file {
	const struct file_operations *f_op;
	unsigned int f_flags;
	void *private_data;
	struct inode *f_inode;
	struct address_space *f_mapping;
	struct path f_path;
};

struct mm_struct {
	void *pgd;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_pgoff;
	struct anon_vma *anon_vma;
	struct file *vm_file;
	struct {
		struct rb_node rb;
	} shared;
};

/* in 7.3: an offset of its own for anonymous pages */
struct vm_area_struct___anon {
	unsigned int __vm_anon_pgoff_lo;
	unsigned int __vm_anon_pgoff_hi;
};

struct anon_vma {
	struct rb_root_cached rb_root;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct rb_node rb;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct io_uring_task {
	struct file *registered_rings[16];
};

#ifdef __TARGET_ARCH_arm64
#include "arm64.h"
#else
#include "x86.h"
#endif

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	struct mm_struct *mm;
	unsigned int in_iowait : 1;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	char comm[16];
	struct files_struct *files;
	struct io_uring_task *io_uring;
	unsigned long nvcsw;
	unsigned long nivcsw;
};

/* from 6.11 on, and before that of records: where tracers of returns keep return addresses */
struct task_struct___returns {
	int curr_ret_stack;
	unsigned long *ret_stack;
};

struct bpf_iter__task {
	struct task_struct *task;
};

struct page;

struct pipe_buffer {
	struct page *page;
};

struct pipe_inode_info {
	unsigned int head;
	unsigned int tail;
	unsigned int ring_size;
	struct pipe_buffer *bufs;
};

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};

struct io_mapped_ubuf {
	unsigned int nr_bvecs;
	struct bio_vec bvec[0];
};

/* to 6.12: an array of buffers; then one of nodes, which know a buffer */
struct io_ring_ctx___bufs {
	unsigned int nr_user_bufs;
	struct io_mapped_ubuf **user_bufs;
};

struct io_rsrc_node___buf {
	struct io_mapped_ubuf *buf;
};

struct io_rsrc_data___nodes {
	unsigned int nr;
	struct io_rsrc_node___buf **nodes;
};

struct io_ring_ctx___table {
	struct io_rsrc_data___nodes buf_table;
};

struct wait_queue_entry {
	void *private;
	struct list_head entry;
};

struct wait_queue_head {
	struct list_head head;
};

/* what flags points to differs */
struct wait_bit_key {
	void *flags;
};

struct wait_bit_queue_entry {
	struct wait_bit_key key;
	struct wait_queue_entry wq_entry;
};

struct wait_page_queue {
	struct folio *folio;
	struct wait_queue_entry wait;
};

struct swait_queue_head {
	struct list_head task_list;
};

struct swait_queue {
	struct task_struct *task;
	struct list_head task_list;
};

struct completion {
	struct swait_queue_head wait;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long pgoff;
	unsigned long address;
};

struct range {
	u64 start;
	u64 end;
};

struct vmem_altmap {
	unsigned long reserve;
	unsigned long free;
};

enum memory_type {
	MEMORY_DEVICE_PRIVATE = 1,
};

struct page;
struct folio;
struct dev_pagemap_ops;

/* 6.x */
struct dev_pagemap_ops___page {
	void (*page_free)(struct page *page);
};

/* 7.x */
struct dev_pagemap_ops___folio {
	void (*folio_free)(struct folio *folio);
};

struct dev_pagemap {
	struct vmem_altmap altmap;
	struct percpu_ref ref;
	struct completion done;
	enum memory_type type;
	unsigned int flags;
	unsigned long vmemmap_shift;
	const struct dev_pagemap_ops *ops;
	int nr_range;
	struct range range;
};

struct page {
	atomic_t _mapcount;
	atomic_t _refcount;
};

/* to 7.0: a pointer to the head page, bit 0 set in tail pages */
struct page___head {
	unsigned long compound_head;
};

/* from 7.1 on: the same or a mask that leads to the head page */
struct page___info {
	unsigned long compound_info;
};

/* to 6.17: a number; then memdesc_flags_t */
struct page___flags {
	unsigned long flags;
};

typedef struct {
	unsigned long f;
} memdesc_flags_t;

struct page___memdesc {
	memdesc_flags_t flags;
};

/* from 6.3 on: the number of files that share an fsdax page */
struct page___share {
	unsigned long share;
};

struct folio {
	struct address_space *mapping;
	unsigned long index;
};

/* to 6.5: the order has a byte of its own */
struct folio___order {
	unsigned char _folio_order;
};

/* from 6.6 on: the order is the low byte of the second page's flags */
struct folio___flags_1 {
	unsigned long _flags_1;
};

/* from 6.10 on */
struct folio___mapcount {
	atomic_t _large_mapcount;
};

struct folio___pincount {
	atomic_t _pincount;
};

/* from 6.15 on: mapping NULL and share above 0 is a shared fsdax folio */
struct folio___share {
	unsigned long share;
};

enum pageflags {
	PG_head = 6, /* the running kernel's value is read from its BTF */
};

struct iomap {
	u16 flags;
};

struct iomap_iter {
	unsigned int flags;
	struct iomap iomap;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
