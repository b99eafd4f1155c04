/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at many pages at once: the baseline at attach, the last look before
 * a pgmap goes away, and the pages of one large folio.
 */
#ifndef PGMAPTRACE_SCAN_BPF_H
#define PGMAPTRACE_SCAN_BPF_H

struct busiest {
	__u64 pfn;
	__u64 busy;
	__s32 refcount;
};

static long busiest_step(__u32 i, void *data)
{
	struct busiest *b = data;
	__s32 refcount = page_refcount(pfn_to_page(b->pfn + i));

	if (refcount > b->refcount) {
		b->refcount = refcount;
		b->busy = b->pfn + i;
	}
	return 0;
}

/* The highest reference count of @pages pages; @e->busy says of which, if not of the first. */
static __always_inline __s32 highest_refcount(struct pt_event *e, __u32 pages)
{
	struct busiest b = {.pfn = e->pfn, .refcount = page_refcount(e->page)};

	if (pages > 1)
		bpf_loop(pages, busiest_step, &b, 0);
	e->busy = b.busy;
	return b.refcount;
}

#define SCAN_BATCH 64

static long live_step(__u32 i, void *data)
{
	struct scan *sc = &(*(struct pt_scratch **)data)->scan;
	struct pt_transition t = {.op = PT_OP_BASELINE};
	struct pt_outcome out = {};
	struct pt_event e = {.pfn = sc->batch + i};

	if (!(sc->mask >> (i & 63) & 1))
		return 0;
	if (!sc->live++)
		sc->first_live = e.pfn;
	if (!sc->baseline)
		return 0;
	e.page = pfn_to_page(e.pfn);
	t.refcount = page_refcount(e.page);
	take(&e, &t, &out);
	return 0;
}

static long scan_step(__u32 batch, void *data)
{
	struct pt_scratch *scratch = *(struct pt_scratch **)data;
	struct scan *sc = &scratch->scan;
	__u64 done = (__u64)batch * SCAN_BATCH, mask = 0;
	__u32 refcount = bpf_core_field_offset(struct page, _refcount) & 60;
	__u32 mapping = bpf_core_field_offset(struct folio, mapping) & 56;
	__u32 index = bpf_core_field_offset(struct folio, index) & 56;
	__u64 stored = sc->stored ? ~0ULL : 0;
	__u8 *pages = scratch->pages;
	__s64 idle = sc->idle;
	__u64 left;
	int i;

	if (done >= sc->nr || page_size_of_struct() != 64)
		return 1;
	sc->batch = sc->pfn + done;
	left = sc->nr - done;
	if (left > SCAN_BATCH)
		left = SCAN_BATCH;
	/* not past the range: there may be nothing behind it */
	if (bpf_probe_read_kernel(pages, left * 64, (void *)pfn_to_page(sc->batch))) {
		lose(PT_LOSS_SCAN, left);
		return 0;
	}
	/* without branches, which the verifier would follow each */
	for (i = 0; i < SCAN_BATCH; i++) {
		__u8 *page = pages + i * 64;
		__s64 over = idle - *(__s32 *)(page + refcount);
		__s64 file = (*(__u64 *)(page + mapping) | *(__u64 *)(page + index)) & stored;

		/* the top bit of -x | x is set unless x is 0 */
		over |= -file | file;
		asm volatile("" : "+r"(over));
		mask |= ((__u64)over >> 63) << i;
	}
	if (left < SCAN_BATCH)
		mask &= (1ULL << left) - 1;
	sc->mask = mask;
	if (mask)
		bpf_loop(SCAN_BATCH, live_step, data, 0);
	return 0;
}

/*
 * scan_pages - look at @nr pages from @pfn on
 * @s: holds the result: how many are above idle, and the first of them
 */
static __always_inline void scan_pages(struct pt_scratch *s, __u64 pfn, __u64 nr, __u32 type,
				       bool baseline)
{
	s->scan.pfn = pfn;
	s->scan.nr = nr;
	s->scan.idle = pt_idle_count(profile, type);
	s->scan.baseline = baseline;
	/* also what a file has stored: its section is not to be made with interrupts off */
	s->scan.stored = baseline && type == PT_TYPE_FS_DAX;
	s->scan.live = 0;
	s->scan.first_live = 0;
	if (bpf_loop((nr + SCAN_BATCH - 1) / SCAN_BATCH, scan_step, &s, 0) < 0)
		lose(PT_LOSS_SCAN, nr); /* 2 TiB and more in one range */
}

/* The struct pages of a range are about to go: is any folio not where it belongs? */
static __always_inline int on_teardown(const struct hook *h, __u64 pfn, __u64 nr)
{
	__u64 address = pfn_to_pgmap(pfn), end = pfn + nr;
	struct pt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);
	struct pt_transition t = {.op = PT_OP_TEARDOWN};
	struct pt_outcome out = {};
	struct pt_event e = {};
	struct pt_scratch *s;

	if (!address)
		return 0;
	if (!p) {
		/* the baseline has not come to it yet */
		learn_pgmap(address, 0, 0);
		p = bpf_map_lookup_elem(&pgmaps, &address);
		if (!p)
			return 0;
	}
	s = scratch_get();
	if (!s) {
		lose(PT_LOSS_SCAN, nr);
		return 0;
	}
	if (pfn < p->first && p->first < end)
		pfn = p->first;
	scan_pages(s, pfn, end - pfn, p->type, false);
	e.folios = s->scan.live;
	e.pfn = s->scan.first_live;
	__builtin_memset(&s->tally, 0, sizeof(s->tally));
	s->tally.going = p->epoch;
	tally_pages(s, pfn, end);
	if (!e.folios) {
		e.folios = s->tally.out;
		e.pfn = s->tally.first_out;
	}
	scratch_put(s);
	if (!e.folios)
		return 0;
	e.page = pfn_to_page(e.pfn);
	e.order = folio_order(e.page);
	t.refcount = page_refcount(e.page);
	t.mapcount = folio_mapcount(e.page, e.order);
	e.pgmap = address;
	if (take(&e, &t, &out) && out.rule)
		finding(h, &t, &e, out.rule);
	return 0;
}

#endif /* PGMAPTRACE_SCAN_BPF_H */
