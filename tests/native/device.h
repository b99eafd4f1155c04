/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs as ordinary code, and a device for them to look at: one pgmap with struct
 * pages, whose hooks are called as a kernel would.  Not here: what a test expects of that.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_DEVICE_H
#define PGMAPTRACE_TESTS_NATIVE_DEVICE_H

#include <sys/mman.h>
#include <unistd.h>

/* what is said to clang only, and what a test does not call */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "pgmaptrace.bpf.c"
#pragma GCC diagnostic pop

#define FIRST_PFN   (8ULL << PGMT_SECTION_SHIFT)
#define NR_SECTIONS 2
#define NR_PFNS	    (NR_SECTIONS << PGMT_SECTION_SHIFT)

/* A mask leads to a head page only if struct pages lie at a multiple of what it masks. */
static struct {
	__u64 word[STRUCT_PAGE_SIZE / 8];
} struct_pages[NR_PFNS] __attribute__((aligned(STRUCT_PAGE_SIZE * PGMT_SECTION_PAGES)));

static struct dev_pagemap device;
static struct xa_node device_node;
static struct xarray device_array;

/* Numbers that the tool sets before the programs are loaded are constants for these. */
static inline void set_constant(volatile const void *at, const void *value, size_t size)
{
	__u64 page = sysconf(_SC_PAGESIZE), begin = (__u64)at & ~(page - 1);

	if (mprotect((void *)begin, (__u64)at + size - begin, PROT_READ | PROT_WRITE))
		abort();
	memcpy((void *)at, value, size);
}

#define SET(constant, value)                                                                       \
	do {                                                                                       \
		typeof(constant) __value = (value);                                                \
		set_constant(&(constant), (const void *)&__value, sizeof(__value));                \
	} while (0)

#define write_field(type, at, field, value)                                                        \
	do {                                                                                       \
		typeof(((type *)0)->field) __value = (typeof(__value))(value);                     \
		memcpy((char *)(at) + bpf_core_field_offset(type, field), &__value,                \
		       sizeof(__value));                                                           \
	} while (0)

static inline void *struct_page(__u64 pfn)
{
	return &struct_pages[pfn - FIRST_PFN];
}

static inline void set_refcount(__u64 pfn, int refcount)
{
	write_field(struct page, struct_page(pfn), _refcount.counter, refcount);
}

static inline void set_flags(__u64 pfn, __u64 flags)
{
	write_field(struct page___flags, struct_page(pfn), flags, flags);
}

/* As an entry of a page table makes it: of a large folio its own count. */
static inline void set_mapcount(__u64 head, int mapcount)
{
	if (folio_order((__u64)struct_page(head)))
		write_field(struct folio___mapcount, struct_page(head), _large_mapcount.counter,
			    mapcount - 1);
	else
		write_field(struct page, struct_page(head), _mapcount.counter, mapcount - 1);
}

static inline void set_head(__u64 pfn, __u64 head, unsigned int order)
{
	__u64 info = 0;

	if (pfn != head && machine.forms & FORM_INFO)
		info = ~0ULL << (order + PGMT_STRUCT_PAGE_SHIFT) | 1;
	else if (pfn != head)
		info = (__u64)struct_page(head) | 1;
	write_field(struct page___head, struct_page(pfn), compound_head, info);
}

/* Its pages are single ones, whatever they were: their counts stay. */
static inline void make_single(__u64 pfn, unsigned int nr)
{
	for (; nr; nr--, pfn++) {
		set_head(pfn, pfn, 0);
		set_flags(pfn, 0);
	}
}

/* One folio of @order, all of whose references are its head's. */
static inline void make_folio(__u64 head, unsigned int order, int refcount)
{
	unsigned int i;

	make_single(head, 1U << order);
	for (i = 0; order && i < 1U << order; i++) {
		set_head(head + i, head, order);
		set_refcount(head + i, 0);
	}
	set_refcount(head, refcount);
	if (!order)
		return;
	set_flags(head, 1U << PG_head);
	if (machine.forms & FORM_ORDER)
		write_field(struct folio___order, struct_page(head), _folio_order, order);
	else
		set_flags(head + 1, order);
	set_mapcount(head, 0);
}

static inline void make_pages(void)
{
	__u64 pfn;

	memset(struct_pages, 0, sizeof(struct_pages));
	for (pfn = FIRST_PFN; pfn < FIRST_PFN + NR_PFNS; pfn++) {
		set_mapcount(pfn, 0);
		set_refcount(pfn, pgmt_idle_count(profile, device.type));
	}
}

static inline void make_device(unsigned char type)
{
	unsigned int i;

	memset(&device, 0, sizeof(device));
	device.type = (enum memory_type)type;
	device.nr_range = 1;
	device.range.start = FIRST_PFN << PGMT_PAGE_SHIFT;
	device.range.end = (FIRST_PFN + NR_PFNS) << PGMT_PAGE_SHIFT;
	device.range.end--;
	device_node.shift = PGMT_SECTION_SHIFT;
	for (i = 0; i < NR_SECTIONS; i++)
		device_node.slots[(FIRST_PFN >> PGMT_SECTION_SHIFT) + i] = &device;
	device_array.xa_head = (void *)((__u64)&device_node | 2);
	vmemmap = (__u64)struct_pages - (FIRST_PFN << PGMT_STRUCT_PAGE_SHIFT);
	pgmap_root = (__u64)&device_array;
}

static inline void start_machine(unsigned int forms)
{
	memset(&machine, 0, sizeof(machine));
	machine.clock = 1ULL << 30;
	machine.forms = forms;
	machine.task.pid = 115;
	machine.task.tgid = 114;
	memcpy(machine.task.comm, "tester", 7);
	machine_maps(struct_pages, sizeof(struct_pages));
	machine_maps(&device, sizeof(device));
	machine_maps(&device_node, sizeof(device_node));
	machine_maps(&device_array, sizeof(device_array));
	machine_maps(&machine.task, sizeof(machine.task));
	machine_maps(&machine.frame, sizeof(machine.frame));
}

/*
 * start_session - a machine with one device, and a session that has begun
 * @made_before: the pgmap is older than the session, which has done its initial scan
 */
static inline void start_session(unsigned char kernel, unsigned char type, bool made_before)
{
	start_machine(kernel == PGMT_PROFILE_CLASSIC ? FORMS_6_1 : FORMS_7_1);
	empty_all_maps();
	SET(profile, kernel);
	SET(stack_mode, PGMT_STACK_FINDINGS);
	SET(split_wait, 1000);
	SET(slow, false);
	SET(takes_fast_path, kernel != PGMT_PROFILE_CLASSIC);
	SET(watch, PGMT_WATCH_NONE);
	SET(filter, PGMT_FILTER_NONE);
	SET(can_cast, false);
	SET(init_names_pgmap, true);
	began = machine.clock;
	machine.clock += 1 << 30;
	epochs = 0;
	rules_off = 0;
	nr_waited = 0;
	nr_releases = 0;
	dax_shift = 0;
	make_device(type);
	make_pages();
	learn_pgmap((__u64)&device, made_before ? 0 : machine.clock, 0);
	ring_empty(ring_of(&records));
	enabled = 1;
	settled = 1;
}

/* The hooked function is called, from always the same place. */
static inline struct call_frame *call(__u64 a0, __u64 a1, __u64 a2)
{
	machine.frame = (struct call_frame){.argument = {a0, a1, a2},
					    .inside = HOOKED_INSIDE,
					    .caller = HOOKED_FUNCTION + 4096};
	return &machine.frame;
}

/* Ways to call the hooks, by pfn. */
static inline void call_init(__u64 pfn, unsigned int order)
{
	struct call_frame *frame = call((__u64)struct_page(pfn), (__u64)&device, order);

	fentry_zone_device_page_init(frame);
}

static inline void call_free(__u64 pfn)
{
	struct call_frame *frame = call((__u64)struct_page(pfn), 0, 0);

	fentry_free_zone_device_folio(frame);
}

static inline void call_request(__u64 pfn, unsigned int nr)
{
	struct call_frame *frame = call((__u64)&device, (__u64)struct_page(pfn), nr);

	fentry_pgmap_request_folios(frame);
}

static inline void call_request_returns(__u64 pfn, unsigned int nr, bool granted)
{
	struct call_frame *frame = call((__u64)&device, (__u64)struct_page(pfn), nr);

	frame->result = granted;
	fexit_pgmap_request_folios(frame);
}

/* The huge entry of @pfn was stored, as a kernel has it whose entries have four flags. */
static inline void call_stored(__u64 pfn)
{
	static __u64 entry;
	struct call_frame *frame = call(0, 0, (__u64)&entry);

	if (!machine_can_read((__u64)&entry, sizeof(entry)))
		machine_maps(&entry, sizeof(entry));
	entry = pfn << (1 + DAX_SHIFT) | DAX_PMD << 1 | 1;
	frame->argument[3] = pfn;
	fexit_dax_insert_entry(frame);
}

static inline void call_teardown(__u64 pfn, unsigned int nr)
{
	struct call_frame *frame = call(0, pfn, nr);

	fentry_remove_pfn_range_from_zone(frame);
}

/* What the session has come to know. */
static inline struct pgmt_section *section_of(__u64 pfn)
{
	return find_known_section(pfn);
}

/* The state of a page, as pgmt_normalise() has it; PGMT_UNKNOWN: no event of its section. */
static inline unsigned int word_of(__u64 pfn)
{
	struct pgmt_section *s = section_of(pfn);

	return s ? pgmt_normalise(pgmt_word(s, pfn & (PGMT_SECTION_PAGES - 1)), s->fresh) : 0;
}

/* All CPUs' copies. */
static inline struct pgmt_counts all_counts(void)
{
	struct pgmt_counts sum = {};
	__u32 cpu, slot, i;

	for (cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		__u32 zero = 0;
		const __u64 *one = map_lookup(table_of(&counts), cpu, &zero);

		for (i = 0; i < sizeof(sum) / 8; i++)
			((__u64 *)&sum)[i] += one[i];
		for (slot = 0; slot < 4; slot++) {
			const struct pgmt_rates *r = map_lookup(table_of(&rates), cpu, &slot);

			sum.requests += r->requests;
			sum.frees += r->frees;
		}
	}
	return sum;
}

#endif /* PGMAPTRACE_TESTS_NATIVE_DEVICE_H */
