/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One event: through the model, into the totals, and if it breaks a rule into a finding.
 * Not here: hooks, rules (model.h) and the fast path.
 */
#ifndef PGMAPTRACE_BPF_OBSERVE_BPF_H
#define PGMAPTRACE_BPF_OBSERVE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"
#include "bpf/stack.bpf.h"

/* pgmt_step() as a function, which the verifier looks at once */
__noinline int step(__u32 word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	if (!t || !out)
		return 0;
	__builtin_memset(out, 0, sizeof(*out));
	word = pgmt_step(word, t, out);
	return filter ? pgmt_mark(word, t, out) : word;
}

/* A function: where it is inlined, the compiler moves relocations of other kernels about. */
__noinline int is_idle_and_mapped(__u64 page)
{
	return !page_refcount(page) && folio_mapcount(page, folio_order(page)) > 0 &&
	       !page_refcount(page);
}

/*
 * Counted fsdax: a fault on another CPU may take the folio that is freed here, map it and give
 * it back, all between one read of its counts and the next.  One that is freed while it is
 * mapped stays as it is.
 */
static __always_inline bool was_freed_mapped(const struct pgmt_transition *t, __u64 page)
{
	return t->profile != PGMT_PROFILE_COUNTED || t->type != PGMT_TYPE_FS_DAX ||
	       (is_idle_and_mapped(page) && is_idle_and_mapped(page) && is_idle_and_mapped(page));
}

#define PGMT_CAS_TRIES 16

/*
 * step_cas - step the state of e->pfn, and keep in @e what it was before and after
 * @page: read its refcount again for each try, so that it belongs to the state that is
 *	stepped: other CPUs may put and get the folio meanwhile.  0: take t->refcount.
 * Return: false if other CPUs changed the state at each try
 */
__noinline int step_cas(struct pgmt_section *s, struct pgmt_transition *t, struct pgmt_outcome *out,
			struct pgmt_event *e, __u64 page)
{
	__u64 i, cell;
	__u32 old, new;
	int tries;

	if (!s || !t || !out || !e)
		return 0;
	i = e->pfn & (PGMT_SECTION_PAGES - 1);
	for (tries = 0; tries < PGMT_CAS_TRIES; tries++) {
		cell = *(volatile __u64 *)&s->cells[pgmt_cell_index(i)];
		old = cell >> pgmt_cell_shift(i) & PGMT_WORD_MASK;
		if (page)
			t->refcount = page_refcount(page);
		new = step(old, t, out);
		e->word = old;
		e->after = new;
		if (new == old || swap_word(s, i, cell, new))
			return 1;
	}
	return 0;
}

/* What a step depends on beside the event: the section, the session and the current task. */
static __always_inline void fill_transition(struct pgmt_transition *t, const struct pgmt_section *s)
{
	t->type = s->type;
	t->profile = profile;
	t->fresh = s->fresh;
	t->unsure = s->unsure;
	t->settled = settled;
	if (filter && t->op != PGMT_OP_PART)
		t->in_scope = filter_has_current();
}

/*
 * account_event - step the state, and add to the totals
 * @s: section of @e->pfn
 * @t: with op, refcount and mapcount.  At PGMT_OP_FREE the refcount is read again, from
 *	@e->page.
 * Return: false if the event is lost (counted)
 */
static __always_inline bool account_event(struct pgmt_section *s, struct pgmt_event *e,
					  struct pgmt_transition *t, struct pgmt_outcome *out)
{
	int done;

	fill_transition(t, s);
	e->pgmap = s->pgmap;
	done = step_cas(s, t, out, e, t->op == PGMT_OP_FREE ? e->page : 0);
	if (!done) {
		lose(PGMT_LOSS_CONTENDED, 1);
		return false;
	}
	if (out->rule == PGMT_RULE_FREE_REFERENCED && !was_freed_mapped(t, e->page))
		out->rule = PGMT_RULE_NONE;
	count_rates(s, out, 1);
	count_rest(out);
	count_mapping(t);
	if (filter && (t->in_scope || e->word & PGMT_IN_SCOPE))
		count_uses_in_scope(t, out, 1);
	if (watch) {
		e->epoch = s->epoch;
		emit_event(t, e, is_in_scope(e->word) ? out->rule : PGMT_RULE_NONE);
	}
	return true;
}

/* As account_event(), for any pfn.  Return: false also if it is no device page. */
static __always_inline bool account_page(struct pgmt_event *e, struct pgmt_transition *t,
					 struct pgmt_outcome *out)
{
	struct pgmt_section *s = find_section(e->pfn);

	return s && account_event(s, e, t, out);
}

/* Is a finding of this rule not to be reported?  @e->word is the state before. */
static __always_inline bool is_dismissed(const struct pgmt_event *e, __u32 rule)
{
	if (rules_off >> rule & 1)
		return true;
	if (is_in_scope(e->word))
		return false;
	COUNT(out_of_scope, 1);
	return true;
}

/*
 * judge_event - account_event() at a hook, with its finding
 * Return: what record_event() should keep the event as
 */
static __always_inline enum pgmt_keep judge_event(const struct hook *h, struct pgmt_section *s,
						  struct pgmt_transition *t, struct pgmt_event *e)
{
	struct pgmt_outcome out = {};
	enum pgmt_keep keep;

	if (watch)
		e->site = call_site(h);
	if (!account_event(s, e, t, &out))
		return PGMT_KEEP_NOT;
	if (out.rule && is_dismissed(e, out.rule))
		out.rule = PGMT_RULE_NONE;
	keep = pgmt_kept_as(t, &out);
	if (out.rule)
		e->site = site_for_finding(h);
	else if (keep && keeps_history())
		e->site = site_for_history(h);
	if (out.rule)
		emit_finding(t, e, out.rule);
	return keep;
}

/* Comes after the finding, which tells of the request and the free before this event. */
static __always_inline void record_event(const struct pgmt_event *e, enum pgmt_keep keep)
{
	__u64 pfn = e->pfn;

	if (keep && keeps_history())
		record_history(pfn, e->site, keep == PGMT_KEEP_FREE);
	if (keep == PGMT_KEEP_FREE && nr_waited && bpf_map_lookup_elem(&waited, &pfn))
		emit_release(0, pfn, e->site);
}

static __always_inline void observe_in(const struct hook *h, struct pgmt_section *s,
				       struct pgmt_transition *t, struct pgmt_event *e)
{
	record_event(e, judge_event(h, s, t, e));
}

static __always_inline void observe(const struct hook *h, struct pgmt_transition *t,
				    struct pgmt_event *e)
{
	struct pgmt_section *s = find_section(e->pfn);

	if (s)
		observe_in(h, s, t, e);
}

/* A finding that is not the result of a step.  @t has the type. */
static __always_inline void broken_rule(const struct hook *h, struct pgmt_transition *t,
					struct pgmt_event *e, __u32 rule)
{
	struct pgmt_section *s = find_known_section(e->pfn);

	if (s && !e->word) {
		t->fresh = s->fresh;
		e->word = pgmt_word(s, e->pfn & (PGMT_SECTION_PAGES - 1));
	}
	if (is_dismissed(e, rule))
		return;
	e->site = site_for_finding(h);
	emit_finding(t, e, rule);
}

#endif /* PGMAPTRACE_BPF_OBSERVE_BPF_H */
