/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of the request contract: a request counts when its function is
 * entered, before anyone can see the folio, and is taken back if the function
 * refuses.  Not here: which functions these are (pgmaptrace.bpf.c).
 */
#ifndef PGMAPTRACE_BPF_REQUEST_BPF_H
#define PGMAPTRACE_BPF_REQUEST_BPF_H

/* One form may call another: only the outermost counts. */
enum pgmt_form { FORM_REQUEST_FOLIOS = 1, FORM_REQUEST_FOLIO, FORM_GET_FOLIO };

/* A request that a task is in. */
struct call {
	__u32 form;
	__u32 counted; /* its folios were taken as requested */
	__u64 pfn;
	__u64 nr; /* folios */
	__u32 order;
	__u32 asked_order;
	__u64 idle_section; /* all single pages of a section, and idle */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* tid */
	__type(value, struct call);
} calls SEC(".maps");

__noinline int pgmap_covers(__u64 address, __u64 pfn, __u64 nr)
{
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);
	__u32 i;

	if (!p)
		return pfn_to_pgmap(pfn) == address;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		if (pfn >= p->range[i].start && pfn <= p->range[i].end)
			return nr <= p->range[i].end - pfn + 1 && (i > 0 || pfn >= p->first);
	}
	/* when tracing began memremap_pages may not have been through with all of its ranges */
	return !p->since && pfn_to_pgmap(pfn) == address;
}

static __always_inline long next_folio(struct folio_walk *w, bool wrong)
{
	if (wrong) {
		w->wrong = 1;
		return 1;
	}
	w->page += page_size_of_struct() << (w->order & PGMT_ORDER_MASK);
	return 0;
}

static long unlike_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;

	return next_folio(w, folio_order(w->page) != w->order);
}

static long unreferenced_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;

	return next_folio(w, page_refcount(w->page) <= 0);
}

static __always_inline void look_along(struct pgmt_scratch *s, const struct call *c,
				       long (*step)(__u32, void *))
{
	s->walk.page = pfn_to_page(c->pfn);
	s->walk.order = c->order;
	s->walk.wrong = 0;
	bpf_loop(c->nr, step, &s, 0);
}

/* A large folio must not lie over pages that are out on their own, nor one in it. */
__noinline int overlap_rule(struct pgmt_scratch *scratch, const struct call *c)
{
	struct pgmt_section *s;

	if (!scratch || !c)
		return PGMT_RULE_NONE;
	if (c->order) {
		tally_range(scratch, c->pfn + 1, c->pfn + (c->nr << (c->order & PGMT_ORDER_MASK)));
		if (scratch->tally.parts)
			return PGMT_RULE_PAGES_UNBALANCED;
		return scratch->tally.outstanding ? PGMT_RULE_DOUBLE_REQUEST : PGMT_RULE_NONE;
	}
	s = find_section(c->pfn);
	if (!s || !s->large || enclosing_folio(s, c->pfn) == c->pfn)
		return PGMT_RULE_NONE;
	return PGMT_RULE_DOUBLE_REQUEST;
}

static __always_inline bool is_section(const struct call *c)
{
	return c->nr == PGMT_SECTION_PAGES && !c->order && !(c->pfn & (PGMT_SECTION_PAGES - 1));
}

/*
 * What is wrong with the request as a whole, before its folios are looked at.
 * Return: enum pgmt_rule; c->idle_section is set, too
 */
__noinline int call_rule(struct pgmt_scratch *s, struct call *c, __u64 pgmap)
{
	bool covered, alike;

	if (!s || !c)
		return PGMT_RULE_NONE;
	covered = pgmap_covers(pgmap, c->pfn, c->nr << (c->order & PGMT_ORDER_MASK));
	if (covered && is_section(c)) {
		scan_pages(s, c->pfn, c->nr, PGMT_TYPE_FS_DAX, true);
		c->idle_section = !s->scan.live;
	}
	alike = c->asked_order == c->order;
	if (covered && alike && c->nr > 1 && !c->idle_section) {
		look_along(s, c, unlike_step);
		alike = !s->walk.wrong;
	}
	return pgmt_judge_call(covered, pgmap_is_dying(pgmap), alike);
}

/* The event lies in @s: there is not enough stack for it. */
static __always_inline void report_call(const struct hook *h, struct pgmt_scratch *s,
					struct call *c, __u64 pgmap, __u64 pfn, __u8 rule)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST, .profile = profile};
	struct pgmt_event *e = &s->each.event;

	__builtin_memset(e, 0, sizeof(*e));
	e->pfn = pfn;
	e->page = pfn_to_page(pfn);
	e->pgmap = pfn_to_pgmap(pfn);
	e->named_pgmap = pgmap;
	e->order = c->order;
	e->asked = c->nr;
	e->asked_order = c->asked_order;
	if (e->pgmap)
		t.refcount = page_refcount(e->page);
	else
		e->pgmap = pgmap;
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e->pgmap, type);
	broken_rule(h, &t, e, rule);
}

static long record_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;

	record_history(s->each.pfn + (__u64)i * s->each.step, s->each.event.site, false);
	return 0;
}

/* Who requested them: one stack for the whole span. */
static __always_inline void record_request(const struct hook *h, struct pgmt_scratch *s,
					   const struct call *c)
{
	if (!keeps_history())
		return;
	s->each.event.site = site_for_history(h);
	if (is_section(c))
		record_section_history(c->pfn, s->each.event.site);
	else
		bpf_loop(c->nr, record_step, &s, 0);
}

/* Return: were all of a whole section's pages taken as requested at once? */
static __always_inline bool request_section(struct pgmt_scratch *s, const struct call *c)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST};
	struct pgmt_section *section = c->idle_section ? find_section(c->pfn) : 0;

	if (!section || !account_section(section, &t, 0))
		return false;
	each_begin(s, PGMT_OP_REQUEST, c->pfn, c->order);
	s->each.taken = c->nr;
	return true;
}

/* A BPF function takes five arguments. */
static __always_inline __u64 pack_request(__u32 nr, __u32 order)
{
	return (__u64)nr << 8 | (order & PGMT_ORDER_MASK);
}

/*
 * begin_request - a request function was entered
 * @pgmap: address that the caller named
 * @pfn: of the first folio
 * @nr_order: pack_request() of what was asked for
 */
static __noinline void begin_request(const struct hook *h, enum pgmt_form form, __u64 pgmap,
				     __u64 pfn, __u64 nr_order)
{
	__u32 tid = current_tid(), order = nr_order & PGMT_ORDER_MASK;
	struct call *outer = bpf_map_lookup_elem(&calls, &tid);
	struct pgmt_scratch *s;
	struct call c = {};
	struct pgmt_section *section;
	__u8 rule;

	if (outer && outer->form != form)
		return;
	s = scratch_get();
	if (!s || outer) /* or: its return was not seen */
		lose(PGMT_LOSS_CALL, 1);
	if (!s)
		return;
	c.form = form;
	c.pfn = pfn;
	c.nr = nr_order >> 8;
	c.asked_order = order;
	/* outside of all pgmaps there is no struct page */
	c.order = pgmap_covers(pgmap, pfn, 1) ? folio_order(pfn_to_page(pfn)) : order;
	rule = call_rule(s, &c, pgmap);
	if (!rule)
		rule = overlap_rule(s, &c);
	if (rule) {
		report_call(h, s, &c, pgmap, pfn, rule);
		goto out;
	}
	if (!request_section(s, &c))
		each_folio(s, call_site(h), PGMT_OP_REQUEST, pfn, c.nr, c.order, true);
	if (s->each.rule)
		report_call(h, s, &c, pgmap, s->each.broken, s->each.rule);
	c.counted = s->each.taken == c.nr;
	if (!c.counted) {
		each_folio(s, call_site(h), PGMT_OP_UNDO, pfn, s->each.taken, c.order, false);
		goto out;
	}
	record_request(h, s, &c);
	section = c.order ? find_section(pfn) : 0;
	if (section)
		section->large = 1;
out:
	scratch_put(s);
	if (bpf_map_update_elem(&calls, &tid, &c, BPF_ANY))
		lose(PGMT_LOSS_CALL, 1);
}

/* end_request - it returns; @granted: not refused */
static __noinline void end_request(const struct hook *h, enum pgmt_form form, __u64 pgmap,
				   bool granted)
{
	__u32 tid = current_tid();
	struct call *known = bpf_map_lookup_elem(&calls, &tid);
	struct pgmt_scratch *s;
	struct call c;

	/* an inner form, or it was entered before tracing began */
	if (!known || known->form != form)
		return;
	c = *known;
	bpf_map_delete_elem(&calls, &tid);
	if (granted && c.counted && c.nr < 2)
		return;
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_CALL, 1);
		return;
	}
	if (!granted && c.counted)
		each_folio(s, call_site(h), PGMT_OP_UNDO, c.pfn, c.nr, c.order, false);
	if (granted && !c.counted)
		each_folio(s, call_site(h), PGMT_OP_ACCEPT, c.pfn, c.nr, c.order, false);
	if (granted && is_section(&c))
		scan_pages(s, c.pfn, c.nr, PGMT_TYPE_FS_DAX, false);
	if (granted && c.nr > 1 && !(is_section(&c) && s->scan.live == c.nr)) {
		look_along(s, &c, unreferenced_step);
		if (s->walk.wrong)
			report_call(h, s, &c, pgmap, page_to_pfn(s->walk.page),
				    PGMT_RULE_PARTIAL_REQUEST);
	}
	scratch_put(s);
}

static long release_step(__u32 i, void *data)
{
	struct folio_walk *w = &(*(struct pgmt_scratch **)data)->walk;
	struct pgmt_transition t = {.op = PGMT_OP_RELEASE};
	struct pgmt_event e = {.page = w->page, .pfn = page_to_pfn(w->page)};
	struct pgmt_outcome out = {};

	t.refcount = page_refcount(w->page);
	w->order = folio_order(w->page);
	e.order = w->order;
	return next_folio(w, account_page(&e, &t, &out) && out.rule);
}

static __noinline void release_folios(const struct hook *h, __u64 page, __u32 nr)
{
	struct pgmt_transition t = {.op = PGMT_OP_RELEASE, .profile = profile};
	struct pgmt_scratch *s = scratch_get();
	struct pgmt_event e = {};

	if (!s) {
		lose(PGMT_LOSS_SCAN, nr);
		return;
	}
	s->walk.page = page;
	s->walk.wrong = 0;
	bpf_loop(nr, release_step, &s, 0);
	if (s->walk.wrong)
		e.page = s->walk.page;
	scratch_put(s);
	if (!e.page)
		return;
	e.pfn = page_to_pfn(e.page);
	e.pgmap = pfn_to_pgmap(e.pfn);
	e.order = folio_order(e.page);
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e.pgmap, type);
	t.refcount = page_refcount(e.page);
	broken_rule(h, &t, &e, PGMT_RULE_RELEASE_UNREQUESTED);
}

/*
 * pgmt_judge_huge(), of the entry of @pfn, whose folio is of @order.  Each fault
 * stores it again: it is judged the first time, and if its pages have changed since.
 */
__noinline int judge_huge(struct pgmt_scratch *s, __u64 pfn, __u32 order)
{
	struct pgmt_section *section = find_section(pfn);
	bool used = section && is_section_used(section);
	__u8 rule;

	if (!s)
		return PGMT_RULE_NONE;
	s->tally.idle = 0;
	if (used && order == PGMT_SECTION_SHIFT && section->entry_checked)
		return PGMT_RULE_NONE;
	if (!used)
		tally_range(s, pfn, pfn + PGMT_SECTION_PAGES);
	scan_pages(s, pfn, PGMT_SECTION_PAGES, PGMT_TYPE_FS_DAX, false);
	rule = pgmt_judge_huge(PGMT_SECTION_PAGES, s->tally.idle, order, s->scan.live);
	if (section)
		section->entry_checked = !rule;
	return rule;
}

/* The same, with its finding.  The event lies in the scratch, as in report_call(). */
static __noinline void stored_huge(const struct hook *h, __u64 vmf, __u64 pfn)
{
	struct pgmt_transition t = {
		.op = PGMT_OP_STORE, .profile = profile, .type = PGMT_TYPE_FS_DAX};
	__u32 refcount = page_refcount(pfn_to_page(pfn)), order = folio_order(pfn_to_page(pfn));
	struct pgmt_scratch *s = scratch_get();
	__u64 busy = pfn;
	struct pgmt_event *e;
	__u8 rule;

	if (!s) {
		lose(PGMT_LOSS_SCAN, PGMT_SECTION_PAGES);
		return;
	}
	/* what is idle is judged as any entry's folio is, by stored_folio() */
	rule = refcount ? judge_huge(s, pfn, order) : PGMT_RULE_NONE;
	/* what no page of was requested is found at its head */
	if (!rule || rule == PGMT_RULE_MAP_UNREQUESTED)
		goto out;
	if (rule == PGMT_RULE_PARTIAL_REQUEST) {
		/* the page that was left out is what the report is about */
		busy = s->tally.first_idle;
		order = 0;
		each_folio(s, call_site(h), PGMT_OP_MISSED, pfn, PGMT_SECTION_PAGES, 0, false);
	}
	e = &s->each.event;
	__builtin_memset(e, 0, sizeof(*e));
	e->pfn = busy;
	e->page = pfn_to_page(busy);
	e->vmf = vmf;
	e->pgmap = pfn_to_pgmap(pfn);
	e->order = order;
	e->asked_order = PGMT_SECTION_SHIFT; /* of the entry */
	t.refcount = page_refcount(e->page);
	broken_rule(h, &t, e, rule);
out:
	scratch_put(s);
}

/* Two functions, of which one comes after the other: there is little stack for either. */
static __noinline bool stored_fast(const struct hook *h, __u64 vmf, __u64 pfn)
{
	return fast_path(h, PGMT_OP_STORE, false, pfn_to_page(pfn), vmf);
}

/* The entry of @pfn and its folio, whatever that is by now. */
static __noinline void stored_folio(const struct hook *h, __u64 vmf, __u64 pfn, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_STORE, .profile = profile};
	struct pgmt_event e = {.pfn = pfn, .page = pfn_to_page(pfn), .vmf = vmf};

	/* one page may be part of another file's huge folio */
	e.page = page_head(e.page);
	if (huge)
		e.order = folio_order(e.page);
	t.refcount = page_refcount(e.page);
	observe(h, &t, &e);
}

/* stored - dax_insert_entry() has stored @entry for @pfn, and requested what it names */
static __always_inline void stored(const struct hook *h, __u64 vmf, __u64 entry, __u64 pfn)
{
	bool huge = dax_entry_pages(entry) > 1;

	if (!dax_entry_layout(entry, pfn)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return;
	}
	if (dax_stored_names_no_folio(entry))
		return;
	if (huge) {
		pfn &= ~(__u64)(PGMT_SECTION_PAGES - 1);
		stored_huge(h, vmf, pfn);
	}
	if (!stored_fast(h, vmf, pfn))
		stored_folio(h, vmf, pfn, huge);
}

#endif /* PGMAPTRACE_BPF_REQUEST_BPF_H */
