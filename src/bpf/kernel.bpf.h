/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads of struct page, folio, dev_pagemap, i_pages entries and the pgmap_array, and how
 * kernels differ in these.  All addresses are plain numbers, since the verifier forbids
 * arithmetic on a typed kernel pointer.
 * Not here: states and rules.
 */
#ifndef PGMAPTRACE_BPF_KERNEL_BPF_H
#define PGMAPTRACE_BPF_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "arch/arch.h"
#include "model/wire.h"

#define MAX_ERRNO 4095 /* include/linux/err.h */

/* include/uapi/linux/stat.h */
#define S_IFMT	0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFREG 0100000

/* Set by the tool before programs are loaded, where the architecture has pages of several sizes. */
const volatile __u32 page_shift = 12;

/* Set by the tool before anything is attached. */
volatile __u64 vmemmap;	   /* address of the struct page of pfn 0 */
volatile __u64 direct_map; /* address of that page in the direct map */
volatile __u64 pgmap_root; /* address of pgmap_array */

/*
 * bpf_rdonly_cast(), from 6.2 on, lets a program load from an address: that takes a few
 * instructions, and the helper takes seventy.  What can't be read is 0 either way.  Only for
 * members that are no pointers, since the verifier forbids arithmetic on a pointer.
 */
extern void *bpf_rdonly_cast(const void *address, __u32 btf_id) __ksym __weak;
const volatile bool can_cast; /* set by the tool */

/* Not inline, to save each caller a word of its stack. */
static __noinline __u64 read_by_helper(__u64 address, __u32 size)
{
	__u64 value = 0;

	if (size == 8)
		bpf_probe_read_kernel(&value, 8, (void *)address);
	else
		bpf_probe_read_kernel(&value, 4, (void *)address);
	return value;
}

/* Only where can_cast is set. */
static __always_inline __u64 cast_u64(__u64 address)
{
	struct range *at = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct range));

	return at->start;
}

/* @cast: can_cast, which the caller reads once for many addresses */
static __always_inline __u64 read_u64_by(bool cast, __u64 address)
{
	return cast ? cast_u64(address) : read_by_helper(address, 8);
}

static __always_inline __u64 read_u64(__u64 address)
{
	return read_u64_by(can_cast, address);
}

static __always_inline __u32 read_u32(__u64 address)
{
	struct kref *at;

	if (!can_cast)
		return read_by_helper(address, 4);
	at = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct kref));
	return at->refcount.refs.counter;
}

/* One or two bytes, which are the low ones of what this returns. */
static __always_inline __u64 read_small(__u64 address)
{
	return read_u32(address & ~3ULL) >> (address & 3) * 8;
}

#define PGMT_READ_BY(read_8, read_4, read_less, type, address, field)                              \
	({                                                                                         \
		__u64 __at = (address) + bpf_core_field_offset(type, field);                       \
		typeof(((type *)0)->field) __value;                                                \
		__u64 __raw = sizeof(__value) == 8   ? read_8(__at)                                \
			      : sizeof(__value) == 4 ? read_4(__at)                                \
						     : read_less(__at);                            \
		__builtin_memcpy(&__value, &__raw, sizeof(__value));                               \
		__value;                                                                           \
	})

#define PGMT_READ(type, address, field)                                                            \
	PGMT_READ_BY(read_u64, read_u32, read_small, type, address, field)

/* Where speed does not count: casts make the load of a program slow. */
#define READ_8_SLOWLY(address)	  read_by_helper(address, 8)
#define READ_4_SLOWLY(address)	  read_by_helper(address, 4)
#define READ_LESS_SLOWLY(address) (read_by_helper((address) & ~3ULL, 4) >> ((address)&3) * 8)
#define PGMT_READ_SLOWLY(type, address, field)                                                     \
	PGMT_READ_BY(READ_8_SLOWLY, READ_4_SLOWLY, READ_LESS_SLOWLY, type, address, field)

static __always_inline __u64 page_size_of_struct(void)
{
	return bpf_core_type_size(struct page);
}

/* The tool refuses a kernel with a struct page of another size: session/hooks.c. */
#define PGMT_STRUCT_PAGE_SHIFT 6

static __always_inline __u64 page_to_pfn(__u64 page)
{
	return (page - vmemmap) >> PGMT_STRUCT_PAGE_SHIFT;
}

static __always_inline __u64 pfn_to_page(__u64 pfn)
{
	return vmemmap + (pfn << PGMT_STRUCT_PAGE_SHIFT);
}

static __always_inline __u64 page_flags(__u64 page)
{
	if (bpf_core_field_exists(((struct page___memdesc *)0)->flags.f))
		return PGMT_READ(struct page___memdesc, page, flags.f);
	return PGMT_READ(struct page___flags, page, flags);
}

/* In a tail page this is odd, and leads to the head. */
static __always_inline __u64 page_compound_info(__u64 page)
{
	if (bpf_core_field_exists(((struct page___info *)0)->compound_info))
		return PGMT_READ(struct page___info, page, compound_info);
	return PGMT_READ(struct page___head, page, compound_head);
}

static __always_inline bool flags_of_head(__u64 flags)
{
	return flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head));
}

static __always_inline __u64 page_head(__u64 page)
{
	__u64 info = page_compound_info(page);

	if (!(info & 1))
		return page;
	/*
	 * Where the size of struct page is a power of two, 7.1 has a mask in place of a
	 * pointer: its high bits are set, down to the order's.  No struct page lies in the
	 * last GiB of the address space.
	 */
	if (info >= 0xffffffffc0000000ULL)
		return page & (info - 1);
	return info - 1;
}

static __always_inline __u32 folio_order(__u64 head)
{
	if (!flags_of_head(page_flags(head)))
		return 0;
	if (bpf_core_field_exists(((struct folio___order *)0)->_folio_order))
		return PGMT_READ(struct folio___order, head, _folio_order);
	return PGMT_READ(struct folio___flags_1, head, _flags_1) & 0xff;
}

static __always_inline __s32 page_refcount(__u64 page)
{
	return PGMT_READ(struct page, page, _refcount.counter);
}

static __always_inline __s32 folio_mapcount(__u64 head, __u32 order)
{
	if (order > 0) {
		if (bpf_core_field_exists(((struct folio___mapcount *)0)->_large_mapcount))
			return PGMT_READ(struct folio___mapcount, head, _large_mapcount.counter) +
			       1;
		return 0;
	}
	return PGMT_READ(struct page, head, _mapcount.counter) + 1;
}

/* A look at a struct page. */
struct pgmt_look {
	bool tail;  /* of a large folio */
	bool large; /* the head of one */
	__s32 refcount;
	__s32 mapcount; /* if it is neither */
};

/* What to look for beside the counts. */
enum pgmt_look_for {
	LOOK_FOR_TAIL = 1 << 0,
	LOOK_FOR_LARGE = 1 << 1,
};

/* The second word of a struct page; the first is the flags. */
static __always_inline bool is_tail(__u64 info)
{
	return info & 1;
}

/* The counts lie side by side; which comes first differs. */
static __always_inline void look_at_counts(struct pgmt_look *look, __u64 both)
{
	__u32 refcount = bpf_core_field_offset(struct page, _refcount);
	__u32 mapcount = bpf_core_field_offset(struct page, _mapcount);

	look->refcount = refcount > mapcount ? both >> 32 : both;
	look->mapcount = (__s32)(refcount > mapcount ? both : both >> 32) + 1;
}

/* One call of the helper, however much it reads. */
static __noinline void copy_look(struct pgmt_look *look, __u64 page)
{
	__u32 counts = bpf_core_field_offset(struct page, _mapcount);
	__u64 copy[8] = {};

	bpf_probe_read_kernel(copy, sizeof(copy), (void *)page);
	look->large = flags_of_head(copy[0]);
	look->tail = is_tail(copy[1]);
	look_at_counts(look, copy[(counts / 8) & 7]);
}

/* What was not asked for may be set, or not. */
static __always_inline struct pgmt_look look_at_page(__u64 page, enum pgmt_look_for what)
{
	__u64 counts = page + (bpf_core_field_offset(struct page, _mapcount) & ~7);
	struct pgmt_look look = {}, copy;

	if (!can_cast) {
		copy_look(&copy, page);
		return copy;
	}
	look.large = (what & LOOK_FOR_LARGE) && flags_of_head(cast_u64(page));
	look.tail = (what & LOOK_FOR_TAIL) && is_tail(cast_u64(page + 8));
	look_at_counts(&look, cast_u64(counts));
	return look;
}

/*
 * Pins of get_user_pages(FOLL_PIN).  A large folio counts them apart; in a single page each pin
 * is 1024 references, and 1024 others look like one.
 * @mapped: references that mappings hold
 * Return: -1 if this kernel does not count them
 */
static __always_inline __s32 folio_pincount(__u64 head, __s32 mapped)
{
	if (!folio_order(head))
		return (page_refcount(head) - mapped) >> 10;
	if (!bpf_core_field_exists(((struct folio___pincount *)0)->_pincount))
		return -1;
	return PGMT_READ(struct folio___pincount, head, _pincount.counter);
}

/*
 * The kernel's own count of the files that have this fsdax folio stored.  To 6.14 a shared page
 * has the mapping 1 and counts in page->share (6.1: in index); from 6.15 on a shared folio has
 * no mapping, and a share count.
 */
static __always_inline __u32 folio_associations(__u64 head)
{
	__u64 mapping = (__u64)PGMT_READ(struct folio, head, mapping);
	__u64 n = 0;

	if (mapping > 1)
		n = 1;
	else if (mapping == 1 && bpf_core_field_exists(((struct page___share *)0)->share))
		n = PGMT_READ(struct page___share, head, share);
	else if (mapping == 1)
		n = PGMT_READ(struct folio, head, index);
	else if (bpf_core_field_exists(((struct folio___share *)0)->share))
		n = PGMT_READ(struct folio___share, head, share);
	return n;
}

/* The same of any page.  A tail page has no such count. */
static __always_inline __u8 page_associations(__u64 page)
{
	__u32 n;

	if (page_head(page) != page)
		return PGMT_ASSOC_OF_HEAD;
	n = folio_associations(page);
	return n < PGMT_ASSOC_OF_HEAD ? n : PGMT_ASSOC_OF_HEAD - 1;
}

/* i_pages entries of fs/dax.c: a value entry, with flags below the pfn. */
enum {
	DAX_PMD = 1 << 1,
	DAX_ZERO_PAGE = 1 << 2,
	DAX_EMPTY = 1 << 3,
	DAX_SHIFT = 4,
};

static __always_inline bool dax_entry_is_value(__u64 entry)
{
	return entry & 1;
}

static __always_inline bool dax_entry_names_no_folio(__u64 entry)
{
	return (entry >> 1) & (DAX_ZERO_PAGE | DAX_EMPTY);
}

static __always_inline __u64 dax_entry_pfn(__u64 entry)
{
	return entry >> (1 + DAX_SHIFT);
}

static __always_inline __u32 dax_entry_pages(__u64 entry)
{
	return (entry >> 1) & DAX_PMD ? PGMT_PMD_PAGES : 1;
}

#define IOMAP_WRITE	   (1 << 0)
#define IOMAP_F_SHARED	   (1 << 2)
#define PFN_T_FLAGS	   (~0ULL << (64 - PGMT_PAGE_SHIFT)) /* pfn_t, to 6.15 */
#define PGMAP_ALTMAP_VALID (1 << 0)

/* Does dax_insert_entry make the folio a shared one? */
static __always_inline bool iomap_is_shared(__u64 iter)
{
	bool shared = PGMT_READ(struct iomap_iter, iter, iomap.flags) & IOMAP_F_SHARED;

	if (!bpf_core_field_exists(((struct page___share *)0)->share))
		shared = shared && (PGMT_READ(struct iomap_iter, iter, flags) & IOMAP_WRITE);
	return shared;
}

/* include/linux/xarray.h, whose functions BPF can't call */
#define XA_CHUNK_SIZE  (bpf_core_field_size(struct xa_node, slots) / 8)
#define XA_CHUNK_SHIFT (XA_CHUNK_SIZE == 64 ? 6 : 4)
#define XA_MAX_LEVELS  11

static __always_inline bool xa_is_internal(__u64 entry)
{
	return (entry & 3) == 2;
}

/* What an xarray has at an index. */
struct pgmt_lookup {
	union {
		__u64 entry; /* 0: nothing, or it is being changed */
		__u64 pgmap; /* pgmap_array_load(): address; 0 for none */
	};
	__u64 next; /* the first index behind it that may have something else */
};

/* Does it lead to a node?  Other internal entries say that another CPU changes the tree. */
static __always_inline bool xa_is_node(__u64 entry)
{
	return xa_is_internal(entry) && entry > 4096;
}

/* @xarray: address.  An entry of several indices is found at each of them. */
__noinline int xarray_load(__u64 xarray, __u64 index, struct pgmt_lookup *found)
{
	__u64 entry, slots;
	__u32 shift;
	int level;

	if (!found)
		return 0;
	found->entry = 0;
	found->next = ~0ULL;
	entry = (__u64)PGMT_READ_SLOWLY(struct xarray, xarray, xa_head);
	for (level = 0; level < XA_MAX_LEVELS; level++) {
		if (!xa_is_node(entry)) {
			/* a lone entry at the root is for index 0 */
			if ((level > 0 || !index) && !xa_is_internal(entry))
				found->entry = entry;
			return 0;
		}
		shift = PGMT_READ_SLOWLY(struct xa_node, entry - 2, shift) & 63;
		/* behind what the top node covers there is nothing */
		if (level == 0 && shift + XA_CHUNK_SHIFT < 64 && index >> (shift + XA_CHUNK_SHIFT))
			return 0;
		found->next = ((index >> shift) + 1) << shift;
		slots = entry - 2 + bpf_core_field_offset(struct xa_node, slots);
		entry = 0;
		bpf_probe_read_kernel(
			&entry, sizeof(entry),
			(void *)(slots + ((index >> shift) & (XA_CHUNK_SIZE - 1)) * 8));
		/* a sibling entry names the slot that has the entry */
		if (xa_is_internal(entry) && entry >> 2 < XA_CHUNK_SIZE - 1)
			bpf_probe_read_kernel(&entry, sizeof(entry),
					      (void *)(slots + (entry >> 2) * 8));
	}
	return 0;
}

/* No pgmap has pfn 0, for which a lone entry would be. */
static __always_inline void pgmap_array_load(__u64 index, struct pgmt_lookup *found)
{
	xarray_load(pgmap_root, index, found);
	if (!index || found->entry & 3)
		found->pgmap = 0;
}

static __always_inline __u64 pfn_to_pgmap(__u64 pfn)
{
	struct pgmt_lookup found = {};

	pgmap_array_load(pfn, &found);
	return found.pgmap;
}

/* The driver's function that a free calls last; 0: none. */
static __always_inline __u64 ops_page_free(__u64 ops)
{
	if (!ops)
		return 0;
	if (bpf_core_field_exists(((struct dev_pagemap_ops___page *)0)->page_free))
		return (__u64)PGMT_READ_SLOWLY(struct dev_pagemap_ops___page, ops, page_free);
	if (bpf_core_field_exists(((struct dev_pagemap_ops___folio *)0)->folio_free))
		return (__u64)PGMT_READ_SLOWLY(struct dev_pagemap_ops___folio, ops, folio_free);
	return 0;
}

/*
 * pgmap_read - type, ranges and operations of a struct dev_pagemap
 * Return: false if it has more than PGMT_MAX_RANGES ranges, and some are left out
 */
static __always_inline bool pgmap_read(__u64 address, struct pgmt_pgmap *p)
{
	__u64 ranges = address + bpf_core_field_offset(struct dev_pagemap, range);
	__u32 nr = PGMT_READ_SLOWLY(struct dev_pagemap, address, nr_range);
	__u64 altmap = 0;
	__u32 i;

	if (PGMT_READ_SLOWLY(struct dev_pagemap, address, flags) & PGMAP_ALTMAP_VALID)
		altmap = PGMT_READ_SLOWLY(struct dev_pagemap, address, altmap.reserve) +
			 PGMT_READ_SLOWLY(struct dev_pagemap, address, altmap.free);
	p->address = address;
	p->type = PGMT_READ_SLOWLY(struct dev_pagemap, address, type);
	p->ops = (__u64)PGMT_READ_SLOWLY(struct dev_pagemap, address, ops);
	p->page_free = ops_page_free(p->ops);
	p->nr_range = 0;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		struct range r = {};

		if (i >= nr)
			break;
		bpf_probe_read_kernel(&r, sizeof(r), (void *)(ranges + i * sizeof(r)));
		p->range[i].start = r.start >> PGMT_PAGE_SHIFT;
		p->range[i].end = r.end >> PGMT_PAGE_SHIFT;
		p->nr_range++;
	}
	p->first = p->range[0].start + altmap;
	return nr <= PGMT_MAX_RANGES;
}

/* lib/percpu-refcount.c: bits of percpu_count_ptr; and the bias of count while CPUs count apart */
#define PERCPU_REF_ATOMIC (1 << 0)
#define PERCPU_REF_DEAD	  (1 << 1)
#define PERCPU_COUNT_BIAS (1ULL << 63)

static __always_inline bool pgmap_is_dying(__u64 address)
{
	return PGMT_READ_SLOWLY(struct dev_pagemap, address, ref.percpu_count_ptr) &
	       PERCPU_REF_DEAD;
}

/*
 * While CPUs count apart, and until they are summed up, count is close to the bias; after
 * that it is exact.  It is below zero then if more references were given back than taken.
 */
static __always_inline bool percpu_count_is_exact(__u64 count)
{
	return count + (PERCPU_COUNT_BIAS >> 1) < PERCPU_COUNT_BIAS;
}

/* Return: the references of a pgmap that was killed; PGMT_REFS_UNKNOWN */
static __always_inline __s64 pgmap_refs(__u64 address)
{
	__u64 data = (__u64)PGMT_READ_SLOWLY(struct dev_pagemap, address, ref.data);
	__u64 count = PGMT_READ_SLOWLY(struct percpu_ref_data, data, count.counter);

	if (!(PGMT_READ_SLOWLY(struct dev_pagemap, address, ref.percpu_count_ptr) &
	      PERCPU_REF_ATOMIC))
		return PGMT_REFS_UNKNOWN;
	return percpu_count_is_exact(count) ? (__s64)count : PGMT_REFS_UNKNOWN;
}

/* Return: the pfn at @offset, in pages over all ranges; 0: past the end */
static __always_inline __u64 pgmap_offset_pfn(const struct pgmt_pgmap *p, __u64 offset)
{
	__u32 i;

	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		__u64 nr = p->range[i].end - p->range[i].start + 1;

		if (i >= p->nr_range)
			break;
		if (offset < nr)
			return p->range[i].start + offset;
		offset -= nr;
	}
	return 0;
}

#endif /* PGMAPTRACE_BPF_KERNEL_BPF_H */
