/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of a folio: which file system, which inode, and the path in that file system.
 * Only for what is reported, since it reads much.
 * Not here: mount points and names of devices, which the tool looks up (report/files.c).
 */
#ifndef PGMAPTRACE_BPF_FILE_BPF_H
#define PGMAPTRACE_BPF_FILE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/kernel.bpf.h"

#define MAX_ALIASES 8

static __always_inline __u64 alias_offset(void)
{
	if (bpf_core_field_exists(((struct dentry___u *)0)->d_u.d_alias))
		return bpf_core_field_offset(struct dentry___u, d_u.d_alias);
	return bpf_core_field_offset(struct dentry___alias, d_alias);
}

/* It was unlinked, though it may still be open. */
static __always_inline bool dentry_is_deleted(__u64 dentry)
{
	return !PGMT_READ_SLOWLY(struct dentry, dentry, d_hash.pprev);
}

struct aliases {
	__u64 node;
	__u64 found;
};

static long alias_step(__u32 i, void *data)
{
	struct aliases *a = data;

	if (!a->node)
		return 1;
	a->found = a->node - alias_offset();
	a->node = (__u64)PGMT_READ_SLOWLY(struct hlist_node, a->node, next);
	return !dentry_is_deleted(a->found);
}

/* A dentry of the inode, one that was not unlinked if there is any; 0: there is none. */
static __always_inline __u64 find_alias(__u64 inode)
{
	struct aliases a = {.node = (__u64)PGMT_READ_SLOWLY(struct inode, inode, i_dentry.first)};

	bpf_loop(MAX_ALIASES, alias_step, &a, 0);
	return a.found;
}

struct names {
	struct pgmt_file *file;
	__u64 dentry;
	__u64 root;
	__u64 used; /* of the path, bytes */
	__u32 flags;
};

static long name_step(__u32 i, void *data)
{
	struct names *n = data;
	__u64 parent = (__u64)PGMT_READ_SLOWLY(struct dentry, n->dentry, d_parent);
	__u32 len = PGMT_READ_SLOWLY(struct dentry, n->dentry, d_name.len);
	__u64 name = (__u64)PGMT_READ_SLOWLY(struct dentry, n->dentry, d_name.name), used = n->used;
	long size;

	if (!parent || parent == n->dentry) {
		n->flags = 0;
		return 1;
	}
	if (used + len >= PGMT_PATH_LEN)
		return 1;
	/* the compiler knows this bound and drops it; the verifier needs it */
	asm volatile("" : "+r"(used));
	used &= PGMT_PATH_LEN - 1;
	size = bpf_probe_read_kernel_str(n->file->path + used, PGMT_PATH_LEN - used, (void *)name);
	if (size <= 1) {
		n->flags = 0;
		return 1;
	}
	n->used = used + size;
	n->dentry = parent;
	if (parent != n->root)
		return 0;
	n->flags = PGMT_FILE_NAMED;
	return 1;
}

/*
 * read_path - the names from @dentry up to the root of its file system
 *
 * If the path is too long, outer names are left out.  A path that does not lead to @root is
 * none: that file was opened by its handle.
 */
static __always_inline void read_path(struct pgmt_file *file, __u64 dentry, __u64 root)
{
	struct names n = {.file = file,
			  .dentry = dentry,
			  .root = root,
			  .flags = PGMT_FILE_NAMED | PGMT_FILE_CUT};

	bpf_loop(PGMT_PATH_NAMES, name_step, &n, 0);
	file->flags |= n.flags;
}

/* The inode of a DAX device is in a file system that nobody mounts. */
static __always_inline void describe_inode(struct pgmt_file *file, __u64 inode, __u64 dentry)
{
	__u64 sb = (__u64)PGMT_READ_SLOWLY(struct inode, inode, i_sb), type, name;

	file->flags |= PGMT_FILE_KNOWN;
	if ((PGMT_READ_SLOWLY(struct inode, inode, i_mode) & S_IFMT) == S_IFCHR) {
		file->rdev = PGMT_READ_SLOWLY(struct inode, inode, i_rdev);
		return;
	}
	file->inode = PGMT_READ_SLOWLY(struct inode, inode, i_ino);
	file->dev = PGMT_READ_SLOWLY(struct super_block, sb, s_dev);
	type = (__u64)PGMT_READ_SLOWLY(struct super_block, sb, s_type);
	name = (__u64)PGMT_READ_SLOWLY(struct file_system_type, type, name);
	bpf_probe_read_kernel_str(file->type, sizeof(file->type), (void *)name);
	/* overlayfs opens the file by a name in another file system */
	if (!dentry || (__u64)PGMT_READ_SLOWLY(struct dentry, dentry, d_inode) != inode)
		dentry = find_alias(inode);
	if (!PGMT_READ_SLOWLY(struct inode, inode, i_nlink) ||
	    (dentry && dentry_is_deleted(dentry)))
		file->flags |= PGMT_FILE_DELETED;
	if (dentry)
		read_path(file, dentry, (__u64)PGMT_READ_SLOWLY(struct super_block, sb, s_root));
}

/* The struct file that a fault is on; 0: none. */
static __always_inline __u64 fault_file(__u64 vmf)
{
	__u64 vma = (__u64)PGMT_READ(struct vm_fault, vmf, vma);

	return (__u64)PGMT_READ(struct vm_area_struct, vma, vm_file);
}

/*
 * event_mapping - the address_space that an event on @page is about
 * @mapping: the one that the call names; 0: none
 * @vmf: the fault that the event is part of; 0: none
 * Return: 0 for none: the folio is anonymous, or several files share it
 */
static __always_inline __u64 event_mapping(__u64 page, __u64 mapping, __u64 vmf)
{
	if (vmf)
		mapping = (__u64)PGMT_READ(struct file, fault_file(vmf), f_mapping);
	if (!mapping)
		mapping = (__u64)PGMT_READ(struct folio, page_head(page), mapping);
	return mapping < 4096 || mapping & 3 ? 0 : mapping;
}

/*
 * Where @page is in the file of @mapping, bytes; PGMT_NO_OFFSET: not known.
 * @order: of the entry that the fault stores.  It begins at a multiple of its size, in the file
 * and in the device; the fault may be on any page of it.
 */
static __always_inline __u64 event_offset(__u64 page, __u64 mapping, __u64 vmf, __u32 order)
{
	__u64 others = (1ULL << (order & PGMT_ORDER_MASK)) - 1, head = page_head(page), index;

	if (mapping == (__u64)PGMT_READ(struct folio, head, mapping))
		return ((__u64)PGMT_READ(struct folio, head, index) + page_to_pfn(page) -
			page_to_pfn(head))
		       << PGMT_PAGE_SHIFT;
	if (!vmf)
		return PGMT_NO_OFFSET;
	index = PGMT_READ(struct vm_fault, vmf, pgoff);
	return ((index & ~others) | (page_to_pfn(page) & others)) << PGMT_PAGE_SHIFT;
}

static __always_inline __u64 mapping_inode(__u64 mapping)
{
	return PGMT_READ(struct inode, (__u64)PGMT_READ(struct address_space, mapping, host),
			 i_ino);
}

/*
 * describe_file - the file that a folio of fsdax or device-dax belongs to
 * @f: its pgmap's type is set
 * @page: the head page
 * @mapping, @vmf: as event_mapping() has them
 */
__noinline int describe_file(struct pgmt_finding *f, __u64 page, __u64 mapping, __u64 vmf)
{
	__u64 inode, dentry = 0, offset;

	if (!f)
		return 0;
	if (f->pgmap.type == PGMT_TYPE_FS_DAX)
		f->file.sharers = folio_associations(page);
	if (vmf)
		dentry = (__u64)PGMT_READ(struct file, fault_file(vmf), f_path.dentry);
	mapping = event_mapping(page, mapping, vmf);
	f->mapping = mapping;
	inode = mapping ? (__u64)PGMT_READ(struct address_space, mapping, host) : 0;
	if (!inode)
		return 0;
	offset = event_offset(page, mapping, vmf, f->op == PGMT_OP_STORE ? f->asked_order : 0);
	if (offset != PGMT_NO_OFFSET) {
		f->file.offset = offset;
		f->file.flags |= PGMT_FILE_OFFSET;
	}
	describe_inode(&f->file, inode, dentry);
	return 0;
}

#endif /* PGMAPTRACE_BPF_FILE_BPF_H */
