/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Large folios: what an event on many pages means for each of them.  A folio that was
 * requested as a whole has one state, at its head page.  When its pages come back one by one,
 * or single pages are freed as one folio, the states are split or merged here.
 * Not here: hooks, and the step of one page (model.h).
 */
#ifndef PGMAPTRACE_BPF_LARGE_FOLIO_BPF_H
#define PGMAPTRACE_BPF_LARGE_FOLIO_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/whole_section.bpf.h"

/* Only within one section. */
#define LARGEST_ENCLOSED PGMT_SECTION_SHIFT

/* The head of the requested large folio that @pfn lies in; @pfn if there is none. */
static __noinline __u64 enclosing_folio(struct pgmt_section *s, __u64 pfn)
{
	__u32 order, word;
	__u64 head;

	for (order = 1; order <= LARGEST_ENCLOSED; order++) {
		head = pfn & ~((1ULL << order) - 1);
		word = pgmt_word(s, head & (PGMT_SECTION_PAGES - 1));
		if (pgmt_life(word) == PGMT_REQUESTED && pgmt_order(word) >= order)
			return head;
	}
	return pfn;
}

static long batch_step(__u32 i, void *data)
{
	struct batch *b = &(*(struct pgmt_scratch **)data)->batch;
	struct pgmt_transition t = {.op = b->op, .order = b->order, .in_scope = b->in_scope};
	struct pgmt_event *e = &b->event;
	struct pgmt_outcome out = {};

	e->pfn = b->pfn + (__u64)i * b->step;
	if (e->pfn < b->next)
		return 0;
	e->page = pfn_to_page(e->pfn);
	if (b->op == PGMT_OP_REQUEST)
		t.refcount = page_refcount(e->page);
	if (!account_page(e, &t, &out))
		return b->stop ? 1 : 0;
	/* the tail pages have the head's requester */
	if (filter && b->op == PGMT_OP_PART && !i)
		b->in_scope = !!(e->word & PGMT_IN_SCOPE);
	if (b->op == PGMT_OP_FREE_REST)
		b->next = e->pfn + (1ULL << pgmt_order(e->word));
	if (out.rule && !b->broken) {
		b->broken = e->pfn;
		b->rule = out.rule;
	}
	if (b->stop && (out.rule || !out.request))
		return 1;
	b->taken++;
	return 0;
}

static __always_inline void batch_begin(struct pgmt_scratch *s, __u8 op, __u64 pfn, __u32 order)
{
	__builtin_memset(&s->batch, 0, sizeof(s->batch));
	s->batch.event.order = order;
	s->batch.op = op;
	s->batch.pfn = pfn;
	s->batch.order = order;
	s->batch.step = 1U << (order & PGMT_ORDER_MASK);
}

/* @op for @nr folios of @order from @pfn on.  The result is in @s->batch. */
static __always_inline void account_folios(struct pgmt_scratch *s, pgmt_site_t site, __u8 op,
					   __u64 pfn, __u32 nr, __u32 order, bool stop)
{
	batch_begin(s, op, pfn, order);
	s->batch.event.site = site;
	s->batch.stop = stop;
	bpf_loop(nr, batch_step, &s, 0);
}

static long inherit_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	struct pgmt_page_history *head = find_history(s->batch.pfn, false), *page;

	if (!head || !i)
		return !head;
	page = find_history(s->batch.pfn + i, true);
	if (!page)
		return 1;
	page->tick[PGMT_LAST_REQUEST] = head->tick[PGMT_LAST_REQUEST];
	page->who[PGMT_LAST_REQUEST] = head->who[PGMT_LAST_REQUEST];
	page->site[PGMT_LAST_REQUEST] = head->site[PGMT_LAST_REQUEST];
	return 0;
}

static __always_inline void inherit_section(__u64 head)
{
	struct pgmt_section *s = find_known_section(head);
	struct pgmt_page_history *past = find_history(head, false);
	struct pgmt_last_event request = {};

	if (!s || !past)
		return;
	read_request(&request, past, s);
	s->section_request = request;
}

/* Give each page of the folio a state and a last request of its own. */
static __always_inline void split_folio(__u64 head, __u32 order)
{
	struct pgmt_scratch *s = scratch_get();

	if (!s) {
		lose(PGMT_LOSS_SCRATCH, 1U << (order & PGMT_ORDER_MASK));
		return;
	}
	account_folios(s, 0, PGMT_OP_PART, head, 1U << (order & PGMT_ORDER_MASK), 0, false);
	if (order == PGMT_SECTION_SHIFT)
		inherit_section(head);
	else if (order < PGMT_SECTION_SHIFT)
		bpf_loop(1U << (order & PGMT_ORDER_MASK), inherit_step, &s, 0);
	scratch_put(s);
}

struct claim {
	struct pgmt_section *section;
	__u64 until; /* ns; 0: not waited yet */
	__u32 by;
	bool taken;
};

/* Never wait for ourselves: this CPU may have interrupted the splitter. */
static long claim_step(__u32 i, void *data)
{
	struct claim *c = data;
	__u32 by = __sync_val_compare_and_swap(&c->section->splitting, 0, c->by);
	__u64 now;

	c->taken = !by;
	if (c->taken || by == c->by)
		return 1;
	now = bpf_ktime_get_ns();
	if (!c->until)
		c->until = now + split_wait;
	return now > c->until;
}

#define CLAIM_TRIES (1 << 23) /* as many as bpf_loop() can do: split_wait ends it before */

/*
 * split_enclosing - split the larger folio that a freed folio is a part of, if there is one
 * @pfn: of the head of what is freed, at @order
 *
 * Two parts may come back at the same time: no state of them is read while another CPU
 * splits their folio.
 * Return: false if that took longer than split_wait, or if this CPU was interrupted at it
 */
__noinline int split_enclosing(struct pgmt_section *section, __u64 pfn, __u32 order)
{
	struct claim claim = {.section = section, .by = bpf_get_smp_processor_id() + 1};
	__u32 whole;
	__u64 head;

	if (!section)
		return false;
	bpf_loop(CLAIM_TRIES, claim_step, &claim, 0);
	if (!claim.taken)
		return false;
	head = enclosing_folio(section, pfn);
	whole = pgmt_order(pgmt_word(section, head & (PGMT_SECTION_PAGES - 1)));
	if (whole > (head == pfn ? order : 0))
		split_folio(head, whole);
	__sync_val_compare_and_swap(&section->splitting, claim.by, 0);
	return true;
}

/*
 * free_rest - free the pages of a folio beyond what was requested at its head
 * @section: of the head
 * Return: enum pgmt_rule; then @e->busy is the page that broke it
 */
__noinline int free_rest(struct pgmt_section *section, struct pgmt_event *e, __u64 pfn, __u32 nr)
{
	struct pgmt_transition t = {.op = PGMT_OP_FREE_REST};
	struct pgmt_scratch *s;
	__u8 rule;

	if (!section || !e)
		return PGMT_RULE_NONE;
	if ((pfn & (PGMT_SECTION_PAGES - 1)) == 1 && nr == PGMT_SECTION_PAGES - 1 &&
	    account_section(section, &t, 1))
		return PGMT_RULE_NONE;
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_SCRATCH, nr);
		return PGMT_RULE_NONE;
	}
	account_folios(s, 0, PGMT_OP_FREE_REST, pfn, nr, 0, false);
	rule = s->batch.rule;
	e->busy = s->batch.broken;
	scratch_put(s);
	return rule;
}

/*
 * free_folio - the free of a folio of a type that is requested
 * @t, @e: of the head page, with t->order
 */
static __always_inline void free_folio(const struct hook *h, struct pgmt_section *s,
				       struct pgmt_transition *t, struct pgmt_event *e)
{
	__u32 word = pgmt_word(s, e->pfn & (PGMT_SECTION_PAGES - 1)),
	      order = t->order & PGMT_ORDER_MASK;
	enum pgmt_keep keep;
	__u8 rule;

	s->entry_checked = PGMT_ENTRY_UNKNOWN;
	/* a part may be large itself, and its pages no parts yet */
	if (pgmt_is_outstanding(word) && pgmt_order(word) >= order ? pgmt_order(word) > order
								   : s->large) {
		if (!split_enclosing(s, e->pfn, order)) {
			/* soon it is a part that is owed a free, for ever */
			s->unsure = 1;
			lose(PGMT_LOSS_CONTENDED, 1);
			return;
		}
		word = pgmt_word(s, e->pfn & (PGMT_SECTION_PAGES - 1));
	}
	keep = judge_event(h, s, t, e);
	if (order > pgmt_order(word) && pgmt_is_outstanding(e->word)) {
		e->asked_order = pgmt_order(word);
		rule = free_rest(s, e, e->pfn + (1ULL << pgmt_order(word)),
				 (1U << order) - (1U << pgmt_order(word)));
		if (rule)
			broken_rule(h, t, e, rule);
	}
	record_event(e, keep);
}

#endif /* PGMAPTRACE_BPF_LARGE_FOLIO_BPF_H */
