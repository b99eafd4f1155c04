/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that are read, and of these only the members that are
 * read.  Written by hand; CO-RE finds the true offsets when the object is
 * loaded.  tests/btf checks each struct and member against the BTF of every
 * test kernel.  A name with a ___ suffix is another kernel's form of the
 * same struct; which kernel has which is said there.
 */
#ifndef PGMAPTRACE_VMLINUX_H
#define PGMAPTRACE_VMLINUX_H

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
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* arch/x86/include/asm/ptrace.h */
struct pt_regs {
	unsigned long di, si, dx, cx, r8; /* the first five arguments */
	unsigned long sp;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

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

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	unsigned int i_rdev;
	struct hlist_head i_dentry;
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

struct address_space {
	struct inode *host;
};

struct file {
	struct address_space *f_mapping;
	struct path f_path;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long pgoff;
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
	enum memory_type type;
	unsigned int flags;
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

struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

#pragma clang attribute pop

#endif /* PGMAPTRACE_VMLINUX_H */
