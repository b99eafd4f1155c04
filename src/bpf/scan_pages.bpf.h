/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scans of many struct pages at once: the initial scan, before teardown, and of one large
 * folio.  Not here: what the states say (tally.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_SCAN_PAGES_BPF_H
#define PGMAPTRACE_BPF_SCAN_PAGES_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/below_zero.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/scratch.bpf.h"

struct busiest {
	__u64 page; /* the first */
	__u32 pages;
	__s32 refcount;
	__u64 busy; /* page */
};

#define BUSIEST_BATCH 8

static long busiest_step(__u32 batch, void *data)
{
	struct busiest *b = data;
	__u64 page = b->page + batch * BUSIEST_BATCH * page_size_of_struct();
	__s32 refcount;
	__u32 i;

	for (i = 0; i < BUSIEST_BATCH; i++) {
		refcount = page_refcount(page);
		/* unsigned: none is higher than one below 0 */
		if ((__u32)refcount > (__u32)b->refcount && batch * BUSIEST_BATCH + i < b->pages) {
			b->refcount = refcount;
			b->busy = page;
		}
		page += page_size_of_struct();
	}
	return 0;
}

/* Are these pages one folio?  Then its head alone has a count, and that of the others is 0. */
static __always_inline bool are_one_folio(__u64 page, __u32 pages)
{
	return 1U << (folio_order(page) & PGMT_ORDER_MASK) == pages &&
	       page_head(page + (pages - 1) * page_size_of_struct()) == page;
}

/*
 * The highest reference count of @pages pages, or one below 0 if there is any.  Sets @e->busy, if
 * it is not the first page's.
 */
static __always_inline __s32 highest_refcount(struct pgmt_event *e, __u32 pages)
{
	struct busiest b = {.page = e->page, .pages = pages, .refcount = page_refcount(e->page)};

	if (pages > 1 && !are_one_folio(e->page, pages))
		bpf_loop((pages + BUSIEST_BATCH - 1) / BUSIEST_BATCH, busiest_step, &b, 0);
	e->busy = b.busy ? page_to_pfn(b.busy) : 0;
	return b.refcount;
}

#define SCAN_BATCH 64

static long initial_step(__u32 i, void *data)
{
	struct scan *sc = &(*(struct pgmt_scratch **)data)->scan;
	struct pgmt_transition t = {.op = PGMT_OP_INITIAL};
	struct pgmt_outcome out = {};
	struct pgmt_event e = {.pfn = sc->batch + i};

	if (!(sc->mask >> (i & 63) & 1))
		return 0;
	e.page = pfn_to_page(e.pfn);
	t.refcount = page_refcount(e.page);
	account_page(&e, &t, &out);
	return 0;
}

/* A page of the batch that was just read.  Behind the last there may be pages of another. */
static long below_zero_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	__u32 refcount = bpf_core_field_offset(struct page, _refcount) & 60;
	__s32 count = *(__s32 *)(s->pages + (i & 63) * 64 + refcount);

	if (s->scan.batch + i >= s->scan.pfn + s->scan.nr)
		return 1;
	if (count < 0)
		note_below_zero(s, s->scan.op, s->scan.batch + i, count);
	return 0;
}

static __always_inline void note_live(struct scan *sc)
{
	/* the lowest bit has as many below it as this has bits */
	__u64 below = (sc->mask & -sc->mask) - 1;

	if (!sc->live)
		sc->first_live = sc->batch + __builtin_popcountll(below);
	sc->live += __builtin_popcountll(sc->mask);
}

/* What scan_batch() looks for, beside pages above idle. */
enum scan_for {
	SCAN_FOR_STORED = 1 << 0,     /* pages in a file, if scan.stored */
	SCAN_FOR_UNLIKE = 1 << 1,     /* pages below idle, and heads of large folios */
	SCAN_FOR_BELOW_ZERO = 1 << 2, /* pages whose count is below 0: into below_zero */
};

/* @what: a constant, since each bit costs something at every page */
static __always_inline long scan_batch(struct pgmt_scratch *scratch, __u32 batch,
				       enum scan_for what)
{
	struct scan *sc = &scratch->scan;
	__u64 done = (__u64)batch * SCAN_BATCH, mask = 0;
	__u32 refcount = bpf_core_field_offset(struct page, _refcount) & 60;
	__u32 mapping = bpf_core_field_offset(struct folio, mapping) & 56;
	__u32 index = bpf_core_field_offset(struct folio, index) & 56;
	__u32 head = 63 - (bpf_core_enum_value(enum pageflags, PG_head) & 63);
	__u64 stored = sc->stored;
	__u8 *pages = scratch->pages;
	__s64 idle = sc->idle, lowest = 0;
	__u64 left;
	int i;

	if (done >= sc->nr || page_size_of_struct() != 64)
		return 1;
	sc->batch = sc->pfn + done;
	left = sc->nr - done;
	if (left > SCAN_BATCH)
		left = SCAN_BATCH;
	/* not past the range: there may be nothing behind it */
	sc->mask = 0;
	if (bpf_probe_read_kernel(pages, left * 64, (void *)pfn_to_page(sc->batch))) {
		lose(PGMT_LOSS_SCAN, left);
		return 0;
	}
	/* the loop has no branches, since the verifier would follow each */
	for (i = 0; i < SCAN_BATCH; i++) {
		__u8 *page = pages + i * 64;
		__s64 count = *(__s32 *)(page + refcount), over = idle - count, file = 0;

		/* the top bit of -x | x is set unless x is 0 */
		if (what & SCAN_FOR_STORED)
			file = (*(__u64 *)(page + mapping) | *(__u64 *)(page + index)) & stored;
		/* the flags come first in each struct page */
		if (what & SCAN_FOR_UNLIKE)
			over |= -over | *(__u64 *)page << head;
		over |= -file | file;
		asm volatile("" : "+r"(over));
		/* only the sign matters */
		if (what & SCAN_FOR_BELOW_ZERO)
			lowest |= count;
		mask |= ((__u64)over >> 63) << i;
	}
	if (left < SCAN_BATCH)
		mask &= (1ULL << left) - 1;
	sc->mask = mask;
	if (mask)
		note_live(sc);
	if (what & SCAN_FOR_BELOW_ZERO && lowest < 0)
		bpf_loop(SCAN_BATCH, below_zero_step, &scratch, 0);
	return 0;
}

static long scan_step(__u32 batch, void *data)
{
	return scan_batch(*(struct pgmt_scratch **)data, batch, 0);
}

static long scan_unlike_step(__u32 batch, void *data)
{
	return scan_batch(*(struct pgmt_scratch **)data, batch, SCAN_FOR_UNLIKE);
}

static long initial_scan_step(__u32 batch, void *data)
{
	struct pgmt_scratch *scratch = *(struct pgmt_scratch **)data;
	long done = scan_batch(scratch, batch, SCAN_FOR_STORED | SCAN_FOR_BELOW_ZERO);

	if (!done && scratch->scan.mask)
		bpf_loop(SCAN_BATCH, initial_step, data, 0);
	return done;
}

static long scan_below_zero_step(__u32 batch, void *data)
{
	return scan_batch(*(struct pgmt_scratch **)data, batch, SCAN_FOR_BELOW_ZERO);
}

/* bpf_loop() refuses 2 TiB and more. */
static __always_inline void scan_by(long (*step)(__u32, void *), struct pgmt_scratch *s, __u64 pfn,
				    __u64 nr, __u32 type)
{
	s->scan.pfn = pfn;
	s->scan.nr = nr;
	s->scan.idle = pgmt_idle_count(profile, type);
	s->scan.live = 0;
	s->scan.first_live = 0;
	if (bpf_loop((nr + SCAN_BATCH - 1) / SCAN_BATCH, step, &s, 0) < 0)
		lose(PGMT_LOSS_SCAN, nr);
}

/*
 * scan_pages - look at @nr pages from @pfn on
 * @s: has the result: how many pages were found, and the first of them
 * @unlike: find all that is not a single idle page; else find pages above idle
 */
__noinline int scan_pages(struct pgmt_scratch *s, __u64 pfn, __u64 nr, __u32 type, bool unlike)
{
	if (!s)
		return 0;
	if (unlike)
		scan_by(scan_unlike_step, s, pfn, nr, type);
	else
		scan_by(scan_step, s, pfn, nr, type);
	return 0;
}

/* As scan_pages(), for pages above idle; and those below 0, as part of an event of kind @op. */
__noinline int scan_below_zero(struct pgmt_scratch *s, __u64 pfn, __u64 nr, __u32 type, __u8 op)
{
	if (!s)
		return 0;
	s->scan.op = op;
	s->below_zero.event.folios = 0;
	scan_by(scan_below_zero_step, s, pfn, nr, type);
	return 0;
}

/* The same, at the start of a session: pages above idle then become preexisting. */
static __always_inline void scan_initially(struct pgmt_scratch *s, __u64 pfn, __u64 nr, __u32 type)
{
	/* and pages in a file: make their sections now, and not with interrupts off */
	s->scan.stored = type == PGMT_TYPE_FS_DAX ? ~0ULL : 0;
	s->scan.op = PGMT_OP_INITIAL;
	s->below_zero.event.folios = 0;
	scan_by(initial_scan_step, s, pfn, nr, type);
}

#endif /* PGMAPTRACE_BPF_SCAN_PAGES_BPF_H */
