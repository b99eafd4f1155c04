/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules.  One pure step: (state of a folio, transition) -> (next state,
 * outcome).  Plain C without helpers, libc or kernel types: the BPF object, the unit
 * tests and the tool compile the same text.
 * Not here: where a transition comes from (bpf/), where the state is kept
 * (kept.h) and how a finding is printed (report/).
 */
#ifndef PGMAPTRACE_MODEL_MODEL_H
#define PGMAPTRACE_MODEL_MODEL_H

#include "model/folio_state.h"
#include "model/compiler.h"
#include "model/profile.h"
#include "model/rules.h"

enum pgmt_op {
	PGMT_OP_NONE = 0,
	PGMT_OP_REQUEST,   /* zone_device_page_init, pgmap_request_folios and the like */
	PGMT_OP_ACCEPT,	   /* the request was granted though it broke a rule */
	PGMT_OP_UNDO,	   /* the request was refused, or its loss was reported */
	PGMT_OP_MAP,	   /* about to be mapped */
	PGMT_OP_RELEASE,   /* pgmap_release_folios */
	PGMT_OP_RELEASED,  /* it has returned, and left a count below 0 */
	PGMT_OP_FREE,	   /* free_zone_device_page / _folio */
	PGMT_OP_FREE_REST, /* of a freed folio, what lies behind the one requested at its head */
	PGMT_OP_PART,	   /* a page of a large folio that comes back in parts */
	PGMT_OP_MISSED,	   /* left out of a request, which was reported */
	PGMT_OP_STORE,	   /* stored in a file's i_pages */
	PGMT_OP_REMOVE,	   /* taken out of a file's i_pages */
	PGMT_OP_RESET,	   /* dax_folio_reset_order */
	PGMT_OP_INITIAL,   /* found by the initial scan */
	PGMT_OP_TEARDOWN,  /* its struct page is about to be removed */
	PGMT_NR_OPS,
};

#define PGMT_ASSOC_OF_HEAD 255 /* a tail page: the head has the kernel's count */

/* One event, as read at the hook. */
struct pgmt_transition {
	unsigned char op;      /* enum pgmt_op */
	unsigned char type;    /* enum pgmt_type of the pgmap */
	unsigned char profile; /* enum pgmt_profile of the kernel */
	unsigned char fresh;   /* the pgmap was created while tracing */
	unsigned char settled; /* the initial scan is complete */
	unsigned char shared;  /* STORE: the kernel marks it as shared */
	/* STORE, REMOVE: the kernel's own count, or PGMT_ASSOC_OF_HEAD */
	unsigned char associations;
	unsigned char order;	/* REQUEST, ACCEPT: asked for; FREE: the folio's */
	unsigned char huge;	/* MAP: by a PMD */
	unsigned char stale;	/* MAP: its order or head is not that of the entry */
	unsigned char in_scope; /* who does it is in scope; PART: who requested the head */
	unsigned char other;	/* another task did it than the one that runs */
	unsigned char unsure;	/* the state may be wrong: struct pgmt_section */
	int refcount;		/* of the folio; REMOVE, RESET: the highest of its pages */
	int mapcount;		/* of the folio: page table entries */
};

/* What a step did.  The counters are added to the session's totals. */
struct pgmt_outcome {
	unsigned char rule;    /* enum pgmt_rule */
	unsigned char request; /* folios requested */
	unsigned char undo;    /* and of these, not granted after all */
	unsigned char free;
	unsigned char preexisting;	/* found to be in use since before tracing */
	unsigned char preexisting_free; /* and freed now */
	unsigned char store;
	unsigned char remove;
};

/*
 * A second request of an outstanding folio counts as none, and a free for either of them is
 * no further finding.
 */
static __always_inline unsigned int
pgmt_step_accept(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	unsigned int order = pgmt_life(word) == PGMT_REQUESTED ? pgmt_order(word) : t->order;

	out->request = !pgmt_is_outstanding(word);
	return pgmt_set_requested(word, order) | (out->request ? 0 : PGMT_REPORTED);
}

/*
 * pgmap_request_folios() refuses what breaks a rule: such a request changes nothing until we
 * see that it was granted (PGMT_OP_ACCEPT).  zone_device_page_init() always grants.
 */
static __always_inline unsigned int
pgmt_step_request(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	int refuses = t->profile == PGMT_PROFILE_REQUEST;
	int idle = t->refcount == pgmt_idle_count(t->profile, t->type);

	if (pgmt_life(word) == PGMT_REQUESTED)
		out->rule = PGMT_RULE_DOUBLE_REQUEST;
	else if (pgmt_life(word) == PGMT_PART)
		out->rule = PGMT_RULE_PAGES_UNBALANCED;
	else if (pgmt_known_idle(word) && !idle)
		out->rule = PGMT_RULE_REQUEST_NOT_IDLE;
	if (refuses && (!idle || out->rule))
		return word;
	return pgmt_step_accept(word, t, out);
}

/* It may have been freed before, or preexisting: the word does not say any more. */
static __always_inline unsigned int pgmt_step_undo(unsigned int word, struct pgmt_outcome *out)
{
	if (!pgmt_is_outstanding(word))
		return word;
	out->undo = 1;
	return pgmt_set_life(word, PGMT_UNKNOWN);
}

/*
 * The requester gives its reference back; others may keep theirs.  What follows from a
 * release too many was reported with it.
 */
static __always_inline unsigned int
pgmt_step_release(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	if (word & PGMT_REPORTED)
		return t->refcount > 0 ? word : word & ~PGMT_REPORTED;
	if (t->refcount != 0 && !pgmt_known_idle(word))
		return word;
	out->rule = PGMT_RULE_RELEASE_UNREQUESTED;
	return t->refcount == 1 ? word | PGMT_REPORTED : word;
}

/*
 * Where all folios are requested: none is mapped before that, and no PMD is installed before
 * the huge entry is stored.
 */
static __always_inline unsigned int pgmt_step_map_requested(unsigned int word,
							    const struct pgmt_transition *t,
							    struct pgmt_outcome *out)
{
	if (word & PGMT_REPORTED)
		return word;
	/* whatever we know of it: nobody requested a folio whose count is 0 */
	if (t->refcount == 0 && !pgmt_is_outstanding(word)) {
		out->rule = PGMT_RULE_MAP_UNREQUESTED;
		return word | PGMT_REPORTED;
	}
	if (t->huge && t->type == PGMT_TYPE_FS_DAX && pgmt_life(word) == PGMT_REQUESTED &&
	    !pgmt_assoc(word)) {
		out->rule = PGMT_RULE_FLOW_ORDER;
		return pgmt_set_assoc(word, 1);
	}
	return word;
}

/*
 * Counted fsdax: the fault takes the count from 0 to 1 and then comes here.  The state
 * decides, not the count: two faults on one shared folio can both see 2.  At a count of 0
 * nobody requested it.
 */
static __always_inline unsigned int
pgmt_step_map(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	unsigned int life = pgmt_life(word);

	if (t->profile == PGMT_PROFILE_REQUEST)
		return pgmt_step_map_requested(word, t, out);
	if (t->profile != PGMT_PROFILE_COUNTED || t->type != PGMT_TYPE_FS_DAX)
		return word;
	if (pgmt_is_outstanding(word) || life == PGMT_PREEXISTING)
		return word;
	if (life == PGMT_UNKNOWN && t->refcount > 1 && !t->settled) {
		out->preexisting = 1;
		return pgmt_set_life(word, PGMT_PREEXISTING);
	}
	if (life != PGMT_UNKNOWN && t->refcount == 0) {
		if (!(word & PGMT_REPORTED))
			out->rule = PGMT_RULE_MAP_UNREQUESTED;
		return word | PGMT_REPORTED;
	}
	out->request = 1;
	return pgmt_set_requested(word, 0);
}

/* What the struct pages say is left from another use: told once in each use of the folio. */
static __always_inline unsigned int pgmt_step_stale(unsigned int word, struct pgmt_outcome *out)
{
	if (out->rule || word & PGMT_REPORTED)
		return word;
	out->rule = PGMT_RULE_ORDER_MISMATCH;
	return word | PGMT_REPORTED;
}

/* What a free means by the lifetime before it. */
static __always_inline void pgmt_free_life(unsigned int word, struct pgmt_outcome *out)
{
	switch (pgmt_life(word)) {
	case PGMT_IDLE:
		out->rule = PGMT_RULE_FREE_UNREQUESTED;
		break;
	case PGMT_FREED:
		out->rule = PGMT_RULE_DOUBLE_FREE;
		break;
	case PGMT_REQUESTED:
	case PGMT_PART:
		out->free = 1;
		break;
	case PGMT_UNKNOWN:
		out->preexisting = 1;
		out->preexisting_free = 1;
		break;
	default:
		out->preexisting_free = 1;
	}
}

/* Nobody can request it again until page_free has returned. */
static __always_inline unsigned int pgmt_step_free_requested(unsigned int word,
							     const struct pgmt_transition *t,
							     struct pgmt_outcome *out)
{
	pgmt_free_life(word, out);
	if (out->free && (t->refcount != 0 || t->mapcount > 0))
		out->rule = PGMT_RULE_FREE_REFERENCED;
	if (word & PGMT_REPORTED) {
		out->rule = PGMT_RULE_NONE;
		word &= ~PGMT_REPORTED;
		/* the second of two requests still has it */
		if (out->free && t->refcount > 0) {
			out->request = 1;
			return word;
		}
	}
	word = pgmt_set_life(word, PGMT_FREED);
	/* the next PMD needs an entry of its own */
	return t->profile == PGMT_PROFILE_REQUEST ? pgmt_set_assoc(word, 0) : word;
}

/*
 * A folio that is freed at a higher order than was requested at its head must consist of
 * folios that were all requested.
 */
static __always_inline unsigned int
pgmt_step_free_rest(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	if (pgmt_known_idle(word)) {
		if (!(word & PGMT_REPORTED))
			out->rule = PGMT_RULE_ORDER_MISMATCH;
		return word & ~PGMT_REPORTED;
	}
	return pgmt_step_free_requested(word, t, out);
}

/* From now on each page is owed a free.  The head counts as requested already. */
static __always_inline unsigned int pgmt_step_part(unsigned int word, struct pgmt_outcome *out)
{
	out->request = !pgmt_is_outstanding(word);
	if (out->request)
		word &= ~PGMT_REPORTED;
	return pgmt_set_life(word, PGMT_PART);
}

/*
 * Counted fsdax: between the last put and this free a fault on another CPU may take the folio
 * from 0 to 1 again, and its map hook finds it still requested.  If the folio is still in use
 * now, this is one free and one request.  If that second use has ended, too, its free came
 * first, and this one, which is late, counts a request as well.
 */
static __always_inline unsigned int
pgmt_step_free_fsdax(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	pgmt_free_life(word, out);
	if (out->rule == PGMT_RULE_DOUBLE_FREE) {
		out->rule = PGMT_RULE_NONE;
		out->request = 1;
		out->free = 1;
	}
	if (out->rule && (word & PGMT_REPORTED)) {
		out->rule = PGMT_RULE_NONE;
		word &= ~PGMT_REPORTED;
	}
	if (t->refcount > 0) {
		out->request++;
		return pgmt_set_life(word, PGMT_REQUESTED);
	}
	if (t->mapcount > 0 && out->rule == PGMT_RULE_NONE)
		out->rule = PGMT_RULE_FREE_REFERENCED;
	return pgmt_set_life(word, PGMT_FREED);
}

static __always_inline unsigned int
pgmt_step_free(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	if (pgmt_is_requested(t->profile, t->type))
		return pgmt_step_free_requested(word, t, out);
	if (t->type == PGMT_TYPE_FS_DAX && t->profile == PGMT_PROFILE_COUNTED)
		return pgmt_step_free_fsdax(word, t, out);
	if (t->type == PGMT_TYPE_GENERIC)
		out->rule = PGMT_RULE_GENERIC_OVERPUT;
	return word;
}

static __always_inline unsigned int
pgmt_step_store(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	unsigned int n = pgmt_assoc_known(word) ? pgmt_assoc(word) : t->associations;

	if (t->profile == PGMT_PROFILE_REQUEST) {
		out->store = 1;
		return pgmt_set_assoc(pgmt_step_map_requested(word, t, out), 1);
	}
	/* the head's count is that of another file's huge entry */
	if (t->associations == PGMT_ASSOC_OF_HEAD) {
		out->store = 1;
		return word & ~PGMT_REPORTED;
	}
	if (n > 0 && !t->shared)
		out->rule = PGMT_RULE_ASSOCIATION_CONFLICT;
	out->store = 1;
	return pgmt_set_assoc(word, n + 1) & ~PGMT_REPORTED;
}

/*
 * Storage may be given up when the last association ends; until then another file uses the
 * folio.  Our count and the kernel's must agree on which is the last, since a 4 KiB and a
 * 2 MiB entry of two files can overlap at different heads.
 */
static __always_inline unsigned int
pgmt_step_remove(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	unsigned int n = pgmt_assoc_known(word) ? pgmt_assoc(word) : t->associations;

	out->remove = 1;
	if (t->associations == PGMT_ASSOC_OF_HEAD && !pgmt_assoc_known(word))
		return word;
	if (n == PGMT_ASSOC_MAX) /* saturated: the kernel knows better */
		n = t->associations;
	if (n > 0)
		n--;
	word = pgmt_set_assoc(word, n);
	if (n == 0 && t->associations <= 1 && t->refcount > pgmt_idle_count(t->profile, t->type)) {
		out->rule = PGMT_RULE_ENTRY_DROPPED_BUSY;
		word |= PGMT_REPORTED;
	}
	return word;
}

static __always_inline unsigned int
pgmt_step_reset(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	/* one bug, one finding: the removal before this was reported */
	if (t->refcount > pgmt_idle_count(t->profile, t->type) && !(word & PGMT_REPORTED))
		out->rule = PGMT_RULE_RESET_BUSY;
	return word & ~PGMT_REPORTED;
}

/*
 * memunmap_pages() has waited for the pgmap's references.  Where each requested folio holds
 * one, that of a folio which is still outstanding got lost.  A folio whose count is idle must
 * have been freed.
 */
static __always_inline unsigned int
pgmt_step_teardown(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	int live = t->refcount > pgmt_idle_count(t->profile, t->type);

	if (live && t->profile == PGMT_PROFILE_REQUEST && pgmt_is_outstanding(word))
		out->rule = PGMT_RULE_REF_IMBALANCE;
	else if (live)
		out->rule = PGMT_RULE_TEARDOWN_LIVE;
	else if (!pgmt_is_requested(t->profile, t->type))
		return word; /* its free may still come */
	else if (pgmt_life(word) == PGMT_PART)
		out->rule = PGMT_RULE_PAGES_UNBALANCED;
	else if (pgmt_life(word) == PGMT_REQUESTED)
		out->rule = PGMT_RULE_LEAK;
	return word;
}

/* The step of each event, by what its kind of event means. */
static __always_inline unsigned int
pgmt_step_event(unsigned int word, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	switch (t->op) {
	case PGMT_OP_REQUEST:
		return pgmt_step_request(word, t, out);
	case PGMT_OP_ACCEPT:
		return pgmt_step_accept(word, t, out);
	case PGMT_OP_UNDO:
		return pgmt_step_undo(word, out);
	case PGMT_OP_MAP:
		word = pgmt_step_map(word, t, out);
		return t->stale ? pgmt_step_stale(word, out) : word;
	case PGMT_OP_RELEASE:
		return pgmt_step_release(word, t, out);
	case PGMT_OP_FREE:
		return pgmt_step_free(word, t, out);
	case PGMT_OP_FREE_REST:
		return pgmt_step_free_rest(word, t, out);
	case PGMT_OP_PART:
		return pgmt_step_part(word, out);
	case PGMT_OP_MISSED:
		return pgmt_known_idle(word) ? word | PGMT_REPORTED : word;
	case PGMT_OP_STORE:
		return pgmt_step_store(word, t, out);
	case PGMT_OP_REMOVE:
		return pgmt_step_remove(word, t, out);
	case PGMT_OP_RESET:
		return pgmt_step_reset(word, t, out);
	case PGMT_OP_INITIAL:
		if (pgmt_life(word) == PGMT_UNKNOWN &&
		    t->refcount > pgmt_idle_count(t->profile, t->type)) {
			out->preexisting = 1;
			return pgmt_set_life(word, PGMT_PREEXISTING);
		}
		return word;
	case PGMT_OP_TEARDOWN:
		return pgmt_step_teardown(word, t, out);
	}
	return word;
}

/*
 * Whatever the event, and whatever is known of the folio: a count below 0 was put once too
 * often.  Told once, and not again while it lasts, nor what follows from it.  A request that
 * can't refuse sets the count anew, and ends that.
 */
static __always_inline unsigned int pgmt_step_below_zero(unsigned int old, unsigned int word,
							 const struct pgmt_transition *t,
							 struct pgmt_outcome *out)
{
	out->rule = old & PGMT_REPORTED ? PGMT_RULE_NONE : PGMT_RULE_REFCOUNT_UNDERFLOW;
	if (t->op == PGMT_OP_REQUEST && out->request)
		return word;
	return word | PGMT_REPORTED;
}

/*
 * pgmt_step - apply one transition to one folio
 * @word: the folio's state
 * @t: the event
 * @out: zeroed by the caller; what happened
 *
 * Return: the next state.  It has no side effect: repeat it when a compare-and-swap failed.
 */
static __always_inline unsigned int pgmt_step(unsigned int word, const struct pgmt_transition *t,
					      struct pgmt_outcome *out)
{
	unsigned int old = pgmt_normalise(word, t->fresh);

	word = pgmt_step_event(old, t, out);
	if (t->unsure)
		out->rule = PGMT_RULE_NONE;
	return t->refcount < 0 ? pgmt_step_below_zero(old, word, t, out) : word;
}

enum pgmt_keep { PGMT_KEEP_NOT, PGMT_KEEP_REQUEST, PGMT_KEEP_FREE };

/* Which events a history keeps, and as what. */
static __always_inline enum pgmt_keep pgmt_kept_as(const struct pgmt_transition *t,
						   const struct pgmt_outcome *out)
{
	switch (t->op) {
	case PGMT_OP_REQUEST:
	case PGMT_OP_ACCEPT:
	case PGMT_OP_PART:
		return out->request ? PGMT_KEEP_REQUEST : PGMT_KEEP_NOT;
	case PGMT_OP_MAP:
		/* where nobody requests a device-dax folio, who mapped it is the best we have */
		return out->request || (t->type == PGMT_TYPE_GENERIC &&
					!pgmt_is_requested(t->profile, t->type))
			       ? PGMT_KEEP_REQUEST
			       : PGMT_KEEP_NOT;
	case PGMT_OP_FREE:
		/* it met the folio's next user: see pgmt_step_free_fsdax() */
		return out->request && t->refcount > 0 ? PGMT_KEEP_REQUEST : PGMT_KEEP_FREE;
	case PGMT_OP_STORE:
		/* on a classic kernel this is all that we see of a use */
		return t->profile == PGMT_PROFILE_CLASSIC ? PGMT_KEEP_REQUEST : PGMT_KEEP_NOT;
	case PGMT_OP_REMOVE:
		return t->profile == PGMT_PROFILE_CLASSIC ? PGMT_KEEP_FREE : PGMT_KEEP_NOT;
	}
	return PGMT_KEEP_NOT;
}

/*
 * pgmt_mark - note in the state that pgmt_step() returned whether the requester is in scope
 *
 * A free that met the next user, and a mapping that was found at a free, are not that user's
 * doing: the mark stays.
 */
static __always_inline unsigned int pgmt_mark(unsigned int word, const struct pgmt_transition *t,
					      const struct pgmt_outcome *out)
{
	if (t->op == PGMT_OP_FREE || t->other || pgmt_kept_as(t, out) != PGMT_KEEP_REQUEST)
		return word;
	return t->in_scope ? word | PGMT_IN_SCOPE : word & ~PGMT_IN_SCOPE;
}

/*
 * pgmt_judge_call - may these pages be requested from this pgmap at all?
 * @covered: they all lie in one range of that pgmap
 * @dying: that pgmap was killed
 * @alike: all folios have the order that was asked for
 * Return: enum pgmt_rule
 */
static __always_inline unsigned char pgmt_judge_call(int covered, int dying, int alike)
{
	if (!covered)
		return PGMT_RULE_REQUEST_OUTSIDE;
	if (dying)
		return PGMT_RULE_REQUEST_DYING;
	return alike ? PGMT_RULE_NONE : PGMT_RULE_ORDER_MISMATCH;
}

/*
 * pgmt_judge_huge - a huge entry was stored: were the steps before it done?
 *
 * It stands for one folio that was built of all its pages and has one reference, or for
 * single pages of which each has its own: building the folio is optional.
 * @pages: of the entry
 * @idle: how many of them were not requested
 * @order: of the folio; 0: single pages
 * @referenced: how many of the pages have a reference of their own
 * Return: enum pgmt_rule
 */
static __always_inline unsigned char pgmt_judge_huge(unsigned int pages, unsigned int idle,
						     unsigned int order, unsigned int referenced)
{
	if (idle)
		return idle < pages ? PGMT_RULE_PARTIAL_REQUEST : PGMT_RULE_MAP_UNREQUESTED;
	if (1u << order == pages)
		return referenced == 1 ? PGMT_RULE_NONE : PGMT_RULE_FLOW_ORDER;
	return !order && referenced == pages ? PGMT_RULE_NONE : PGMT_RULE_FLOW_ORDER;
}

/*
 * pgmt_refs_explained - is a killed pgmap's reference count what its folios hold?
 * @least: outstanding folios that were not merged into another one
 * @most: all outstanding folios
 */
static __always_inline int pgmt_refs_explained(long refs, unsigned long least, unsigned long most)
{
	return refs >= (long)least && refs <= (long)most;
}

#endif /* PGMAPTRACE_MODEL_MODEL_H */
