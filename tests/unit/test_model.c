// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of model.h: every state and event against a table that says what
 * the rules mean, and each rule by name, once broken and once nearly.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "folio_state.h"

/* ---- every state, every event ---- */

/* Lifetimes. */
enum {
	U = 1 << PGMT_UNKNOWN,
	I = 1 << PGMT_IDLE,
	P = 1 << PGMT_PREEXISTING,
	R = 1 << PGMT_REQUESTED,
	F = 1 << PGMT_FREED,
	T = 1 << PGMT_PART,
	ANY_LIFE = U | I | P | R | F | T,
};

enum when {
	ALWAYS,
	AT_IDLE,
	NOT_IDLE,
	ABOVE_IDLE,
	NOT_ABOVE_IDLE,
	AT_ZERO,
	NOT_ZERO,
	AT_ONE,
	NOT_ONE,
	REFERENCED, /* above 0 */
	NOT_REFERENCED,
	UNUSED,	  /* not above 0, and no page table has it */
	OVERDUE,  /* not above 0, and some page table has it */
	IN_USE,	  /* above 0, or some page table has it */
	BARE_PMD, /* a PMD of what is in no file */
	NO_BARE_PMD,
	SHARED_BEFORE_SCAN, /* 2 or more, and the baseline scan is not through */
	NOT_SHARED_BEFORE_SCAN,
};

/* Whether what comes next was reported already. */
enum {
	EITHER,
	QUIET, /* it was */
	ALERT, /* it was not */
};

#define STAYS 0

enum bit {
	KEEP,
	SET,
	CLEAR,
};

enum order {
	SAME,
	NONE,
	WANTED,
};

/*
 * What a lifetime comes to.  Every case has exactly one line: that is checked,
 * so a line can't hide behind another one.
 */
static const struct row {
	unsigned char op;
	unsigned int contract;
	unsigned int life;
	enum when when;
	unsigned int next; /* a lifetime, or STAYS */
	unsigned char rule;
	unsigned char request, free, preexisting, preexisting_free, undo;
	unsigned char before; /* EITHER, QUIET, ALERT */
	enum bit reported;
	enum order order;
	enum bit files;
} rows[] = {
/* a life begins, and nothing of it was reported yet */
#define BEGUN .reported = CLEAR, .order = WANTED
	/* a request: of an idle folio it is right, and one out can't be had twice */
	{PGMT_OP_REQUEST, GRANTED, I | F, AT_IDLE, R, .request = 1, BEGUN},
	{PGMT_OP_REQUEST, GRANTED, I | F, NOT_IDLE, R, .rule = PGMT_RULE_REQUEST_NOT_IDLE,
	 .request = 1, BEGUN},
	{PGMT_OP_REQUEST, GRANTED, R, ALWAYS, R, .rule = PGMT_RULE_DOUBLE_REQUEST, .reported = SET},
	{PGMT_OP_REQUEST, GRANTED, T, ALWAYS, R, .rule = PGMT_RULE_PAGES_UNBALANCED,
	 .reported = SET, .order = WANTED},
	/* what was not seen can't be judged */
	{PGMT_OP_REQUEST, GRANTED, U | P, ALWAYS, R, .request = 1, BEGUN},

	/* who can refuse does, and then nothing has happened */
	{PGMT_OP_REQUEST, ANY_ASKED, U | I | P | F, AT_IDLE, R, .request = 1, BEGUN},
	{PGMT_OP_REQUEST, ANY_ASKED, I | F, NOT_IDLE, STAYS, .rule = PGMT_RULE_REQUEST_NOT_IDLE},
	{PGMT_OP_REQUEST, ANY_ASKED, U | P, NOT_IDLE, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_REQUEST, ANY_ASKED, R, ALWAYS, STAYS, .rule = PGMT_RULE_DOUBLE_REQUEST},
	{PGMT_OP_REQUEST, ANY_ASKED, T, ALWAYS, STAYS, .rule = PGMT_RULE_PAGES_UNBALANCED},

	/* or it turns out not to, or to do so for a reason of its own */
	{PGMT_OP_ACCEPT, ANY_TYPE, U | I | P | F, ALWAYS, R, .request = 1, BEGUN},
	{PGMT_OP_ACCEPT, ANY_TYPE, R, ALWAYS, R, .reported = SET},
	{PGMT_OP_ACCEPT, ANY_TYPE, T, ALWAYS, R, .reported = SET, .order = WANTED},
	{PGMT_OP_UNDO, ANY_TYPE, R | T, ALWAYS, U, .undo = 1, .order = NONE},
	{PGMT_OP_UNDO, ANY_TYPE, ANY_LIFE & ~(R | T), ALWAYS, STAYS, .undo = 0},

	/* a mapping is a request on counted fsdax, and nothing on other old types */
	{PGMT_OP_MAP, GRANTED & ~FSDAX, ANY_LIFE, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_MAP, FSDAX, R | T | P, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_MAP, FSDAX, I | F, AT_ZERO, STAYS, .rule = PGMT_RULE_MAP_UNREQUESTED,
	 .before = ALERT, .reported = SET},
	{PGMT_OP_MAP, FSDAX, I | F, AT_ZERO, STAYS, .before = QUIET},
	{PGMT_OP_MAP, FSDAX, I | F, NOT_ZERO, R, .request = 1, .reported = CLEAR, .order = NONE},
	{PGMT_OP_MAP, FSDAX, U, SHARED_BEFORE_SCAN, P, .preexisting = 1},
	{PGMT_OP_MAP, FSDAX, U, NOT_SHARED_BEFORE_SCAN, R, .request = 1, .reported = CLEAR,
	 .order = NONE},

	/* where all is requested, so was this; a PMD needs a huge entry first */
	{PGMT_OP_MAP, ANY_ASKED, U | I | P | F, AT_ZERO, STAYS, .rule = PGMT_RULE_MAP_UNREQUESTED,
	 .before = ALERT, .reported = SET},
	{PGMT_OP_MAP, ANY_ASKED, U | I | P | F, AT_ZERO, STAYS, .before = QUIET},
	{PGMT_OP_MAP, ANY_ASKED, U | I | P | F, NOT_ZERO, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_MAP, ANY_ASKED, T, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_MAP, ASKED, R, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_MAP, ASKED_FSDAX, R, BARE_PMD, STAYS, .rule = PGMT_RULE_FLOW_ORDER,
	 .before = ALERT, .files = SET},
	{PGMT_OP_MAP, ASKED_FSDAX, R, BARE_PMD, STAYS, .before = QUIET},
	{PGMT_OP_MAP, ASKED_FSDAX, R, NO_BARE_PMD, STAYS, .rule = PGMT_RULE_NONE},

	/* a file has it as a page table has */
	{PGMT_OP_STORE, GRANTED, ANY_LIFE, ALWAYS, STAYS, .reported = CLEAR},
	{PGMT_OP_STORE, ANY_ASKED, U | I | P | F, AT_ZERO, STAYS, .rule = PGMT_RULE_MAP_UNREQUESTED,
	 .before = ALERT, .reported = SET},
	{PGMT_OP_STORE, ANY_ASKED, U | I | P | F, AT_ZERO, STAYS, .before = QUIET},
	{PGMT_OP_STORE, ANY_ASKED, U | I | P | F, NOT_ZERO, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_STORE, ANY_ASKED, R | T, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},

	/* there must be something to give back */
	{PGMT_OP_RELEASE, ANY_TYPE, ANY_LIFE, REFERENCED, STAYS, .before = QUIET},
	{PGMT_OP_RELEASE, ANY_TYPE, ANY_LIFE, NOT_REFERENCED, STAYS, .before = QUIET,
	 .reported = CLEAR},
	{PGMT_OP_RELEASE, ANY_TYPE, I | F, AT_ONE, STAYS, .rule = PGMT_RULE_RELEASE_UNREQUESTED,
	 .before = ALERT, .reported = SET},
	{PGMT_OP_RELEASE, ANY_TYPE, I | F, NOT_ONE, STAYS, .rule = PGMT_RULE_RELEASE_UNREQUESTED,
	 .before = ALERT},
	{PGMT_OP_RELEASE, ANY_TYPE, U | P | R | T, AT_ZERO, STAYS,
	 .rule = PGMT_RULE_RELEASE_UNREQUESTED, .before = ALERT},
	{PGMT_OP_RELEASE, ANY_TYPE, U | P | R | T, NOT_ZERO, STAYS, .before = ALERT},

/* what was requested comes back once for each request, unused */
#define FREED .reported = CLEAR, .order = NONE
	{PGMT_OP_FREE, DRIVER, R | T, UNUSED, F, .free = 1, .before = ALERT, FREED},
	{PGMT_OP_FREE, DRIVER, R | T, IN_USE, F, .rule = PGMT_RULE_FREE_REFERENCED, .free = 1,
	 .before = ALERT, FREED},
	/* requested twice: while a reference is left, the other one has it still */
	{PGMT_OP_FREE, DRIVER, R | T, REFERENCED, STAYS, .request = 1, .free = 1, .before = QUIET,
	 .reported = CLEAR},
	{PGMT_OP_FREE, DRIVER, R | T, NOT_REFERENCED, F, .free = 1, .before = QUIET, FREED},
	{PGMT_OP_FREE, DRIVER, I, ALWAYS, F, .rule = PGMT_RULE_FREE_UNREQUESTED, .before = ALERT,
	 FREED},
	{PGMT_OP_FREE, DRIVER, F, ALWAYS, F, .rule = PGMT_RULE_DOUBLE_FREE, .before = ALERT, FREED},
	{PGMT_OP_FREE, DRIVER, I | F, ALWAYS, F, .before = QUIET, FREED},
	{PGMT_OP_FREE, DRIVER, U, ALWAYS, F, .preexisting = 1, .preexisting_free = 1, FREED},
	{PGMT_OP_FREE, DRIVER, P, ALWAYS, F, .preexisting_free = 1, FREED},

/* the same, and its next PMD needs an entry of its own */
#define LEFT FREED, .files = CLEAR
	{PGMT_OP_FREE, ANY_ASKED, R | T, UNUSED, F, .free = 1, .before = ALERT, LEFT},
	{PGMT_OP_FREE, ANY_ASKED, R | T, IN_USE, F, .rule = PGMT_RULE_FREE_REFERENCED, .free = 1,
	 .before = ALERT, LEFT},
	{PGMT_OP_FREE, ANY_ASKED, R | T, REFERENCED, STAYS, .request = 1, .free = 1,
	 .before = QUIET, .reported = CLEAR},
	{PGMT_OP_FREE, ANY_ASKED, R | T, NOT_REFERENCED, F, .free = 1, .before = QUIET, LEFT},
	{PGMT_OP_FREE, ANY_ASKED, I, ALWAYS, F, .rule = PGMT_RULE_FREE_UNREQUESTED, .before = ALERT,
	 LEFT},
	{PGMT_OP_FREE, ANY_ASKED, F, ALWAYS, F, .rule = PGMT_RULE_DOUBLE_FREE, .before = ALERT,
	 LEFT},
	{PGMT_OP_FREE, ANY_ASKED, I | F, ALWAYS, F, .before = QUIET, LEFT},
	{PGMT_OP_FREE, ANY_ASKED, U, ALWAYS, F, .preexisting = 1, .preexisting_free = 1, LEFT},
	{PGMT_OP_FREE, ANY_ASKED, P, ALWAYS, F, .preexisting_free = 1, LEFT},

	/* counted fsdax, and nobody was faster; what was reported may have its reset to come */
	{PGMT_OP_FREE, FSDAX, R | T, UNUSED, F, .free = 1},
	{PGMT_OP_FREE, FSDAX, R | T, OVERDUE, F, .rule = PGMT_RULE_FREE_REFERENCED, .free = 1},
	{PGMT_OP_FREE, FSDAX, I, NOT_REFERENCED, F, .rule = PGMT_RULE_FREE_UNREQUESTED,
	 .before = ALERT},
	{PGMT_OP_FREE, FSDAX, I, UNUSED, F, .before = QUIET, .reported = CLEAR},
	{PGMT_OP_FREE, FSDAX, I, OVERDUE, F, .rule = PGMT_RULE_FREE_REFERENCED, .before = QUIET,
	 .reported = CLEAR},
	{PGMT_OP_FREE, FSDAX, U, UNUSED, F, .preexisting = 1, .preexisting_free = 1},
	{PGMT_OP_FREE, FSDAX, U, OVERDUE, F, .rule = PGMT_RULE_FREE_REFERENCED, .preexisting = 1,
	 .preexisting_free = 1},
	{PGMT_OP_FREE, FSDAX, P, UNUSED, F, .preexisting_free = 1},
	{PGMT_OP_FREE, FSDAX, P, OVERDUE, F, .rule = PGMT_RULE_FREE_REFERENCED,
	 .preexisting_free = 1},
	/* a later user has come and gone: this free brings that one's request */
	{PGMT_OP_FREE, FSDAX, F, UNUSED, F, .request = 1, .free = 1},
	{PGMT_OP_FREE, FSDAX, F, OVERDUE, F, .rule = PGMT_RULE_FREE_REFERENCED, .request = 1,
	 .free = 1},
	/* a later user has it now: a free of the old one, a request of the new */
	{PGMT_OP_FREE, FSDAX, R | T, REFERENCED, R, .request = 1, .free = 1, .order = NONE},
	{PGMT_OP_FREE, FSDAX, I, REFERENCED, R, .rule = PGMT_RULE_FREE_UNREQUESTED, .request = 1,
	 .before = ALERT},
	{PGMT_OP_FREE, FSDAX, I, REFERENCED, R, .request = 1, .before = QUIET, .reported = CLEAR},
	{PGMT_OP_FREE, FSDAX, U, REFERENCED, R, .request = 1, .preexisting = 1,
	 .preexisting_free = 1},
	{PGMT_OP_FREE, FSDAX, P, REFERENCED, R, .request = 1, .preexisting_free = 1},
	/* one has come and gone and another one has it */
	{PGMT_OP_FREE, FSDAX, F, REFERENCED, R, .request = 2, .free = 1},

	/* elsewhere a folio isn't freed this way; device-dax must never get here */
	{PGMT_OP_FREE, GENERIC, ANY_LIFE, ALWAYS, STAYS, .rule = PGMT_RULE_GENERIC_OVERPUT},
	{PGMT_OP_FREE, OLD_FSDAX | P2PDMA | NO_TYPE, ANY_LIFE, ALWAYS, STAYS,
	 .rule = PGMT_RULE_NONE},

	/* what comes back with a head must have been requested too */
	{PGMT_OP_FREE_REST, ANY_TYPE, I | F, ALWAYS, STAYS, .rule = PGMT_RULE_ORDER_MISMATCH,
	 .before = ALERT},
	{PGMT_OP_FREE_REST, ANY_TYPE, I | F, ALWAYS, STAYS, .before = QUIET, .reported = CLEAR},
	/* that it was not was told when the others were stored */
	{PGMT_OP_MISSED, ANY_TYPE, I | F, ALWAYS, STAYS, .reported = SET},
	{PGMT_OP_MISSED, ANY_TYPE, ANY_LIFE & ~(I | F), ALWAYS, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_FREE_REST, GRANTED, R | T, UNUSED, F, .free = 1, .before = ALERT, FREED},
	{PGMT_OP_FREE_REST, GRANTED, R | T, IN_USE, F, .rule = PGMT_RULE_FREE_REFERENCED, .free = 1,
	 .before = ALERT, FREED},
	{PGMT_OP_FREE_REST, GRANTED, R | T, REFERENCED, STAYS, .request = 1, .free = 1,
	 .before = QUIET, .reported = CLEAR},
	{PGMT_OP_FREE_REST, GRANTED, R | T, NOT_REFERENCED, F, .free = 1, .before = QUIET, FREED},
	{PGMT_OP_FREE_REST, GRANTED, U, ALWAYS, F, .preexisting = 1, .preexisting_free = 1, FREED},
	{PGMT_OP_FREE_REST, GRANTED, P, ALWAYS, F, .preexisting_free = 1, FREED},
	{PGMT_OP_FREE_REST, ANY_ASKED, R | T, UNUSED, F, .free = 1, .before = ALERT, LEFT},
	{PGMT_OP_FREE_REST, ANY_ASKED, R | T, IN_USE, F, .rule = PGMT_RULE_FREE_REFERENCED,
	 .free = 1, .before = ALERT, LEFT},
	{PGMT_OP_FREE_REST, ANY_ASKED, R | T, REFERENCED, STAYS, .request = 1, .free = 1,
	 .before = QUIET, .reported = CLEAR},
	{PGMT_OP_FREE_REST, ANY_ASKED, R | T, NOT_REFERENCED, F, .free = 1, .before = QUIET, LEFT},
	{PGMT_OP_FREE_REST, ANY_ASKED, U, ALWAYS, F, .preexisting = 1, .preexisting_free = 1, LEFT},
	{PGMT_OP_FREE_REST, ANY_ASKED, P, ALWAYS, F, .preexisting_free = 1, LEFT},

	/* taken apart: each page is owed now, its head was already */
	{PGMT_OP_PART, ANY_TYPE, U | I | P | F, ALWAYS, T, .request = 1, .order = NONE,
	 .reported = CLEAR},
	{PGMT_OP_PART, ANY_TYPE, R | T, ALWAYS, T, .order = NONE},

	/* the scan finds what was there before, and believes events more */
	{PGMT_OP_INITIAL, ANY_TYPE, U, ABOVE_IDLE, P, .preexisting = 1},
	{PGMT_OP_INITIAL, ANY_TYPE, U, NOT_ABOVE_IDLE, STAYS, .rule = PGMT_RULE_NONE},
	{PGMT_OP_INITIAL, ANY_TYPE, ANY_LIFE & ~U, ALWAYS, STAYS, .rule = PGMT_RULE_NONE},

	/* the last look: still in use, or idle and page_free never came */
	{PGMT_OP_TEARDOWN, GRANTED, ANY_LIFE, ABOVE_IDLE, STAYS, .rule = PGMT_RULE_TEARDOWN_LIVE},
	{PGMT_OP_TEARDOWN, ANY_ASKED, R | T, ABOVE_IDLE, STAYS, .rule = PGMT_RULE_REF_IMBALANCE},
	{PGMT_OP_TEARDOWN, ANY_ASKED, U | I | P | F, ABOVE_IDLE, STAYS,
	 .rule = PGMT_RULE_TEARDOWN_LIVE},
	{PGMT_OP_TEARDOWN, DRIVER | ANY_ASKED, R, NOT_ABOVE_IDLE, STAYS, .rule = PGMT_RULE_LEAK},
	{PGMT_OP_TEARDOWN, DRIVER | ANY_ASKED, T, NOT_ABOVE_IDLE, STAYS,
	 .rule = PGMT_RULE_PAGES_UNBALANCED},
	{PGMT_OP_TEARDOWN, DRIVER | ANY_ASKED, U | I | P | F, NOT_ABOVE_IDLE, STAYS,
	 .rule = PGMT_RULE_NONE},
	/* a folio nobody asks for is not owed */
	{PGMT_OP_TEARDOWN, GRANTED & ~DRIVER, ANY_LIFE, NOT_ABOVE_IDLE, STAYS,
	 .rule = PGMT_RULE_NONE},
};

static bool holds(enum when when, const struct state *s, const struct pgmt_transition *t, int idle)
{
	switch (when) {
	case ALWAYS:
		return true;
	case AT_IDLE:
		return t->refcount == idle;
	case NOT_IDLE:
		return t->refcount != idle;
	case ABOVE_IDLE:
		return t->refcount > idle;
	case NOT_ABOVE_IDLE:
		return t->refcount <= idle;
	case AT_ZERO:
		return t->refcount == 0;
	case NOT_ZERO:
		return t->refcount != 0;
	case AT_ONE:
		return t->refcount == 1;
	case NOT_ONE:
		return t->refcount != 1;
	case REFERENCED:
		return t->refcount > 0;
	case NOT_REFERENCED:
		return t->refcount <= 0;
	case UNUSED:
		return t->refcount <= 0 && t->mapcount == 0;
	case OVERDUE:
		return t->refcount <= 0 && t->mapcount > 0;
	case IN_USE:
		return t->refcount > 0 || t->mapcount > 0;
	case BARE_PMD:
		return t->huge && s->files == 0;
	case NO_BARE_PMD:
		return !t->huge || s->files > 0;
	case SHARED_BEFORE_SCAN:
		return t->refcount >= 2 && !t->settled;
	case NOT_SHARED_BEFORE_SCAN:
		return t->refcount <= 1 || t->settled;
	}
	return false;
}

static const struct row *find_row(const struct pgmt_transition *t, const struct state *s)
{
	const struct row *found = NULL;
	unsigned int contract = contracts[t->profile][t->type].contract;
	int idle = contracts[t->profile][t->type].idle;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].op != t->op || !(rows[i].contract & contract) ||
		    !(rows[i].life & 1u << s->life) ||
		    rows[i].before == (s->reported ? ALERT : QUIET) ||
		    !holds(rows[i].when, s, t, idle))
			continue;
		if (found)
			fail_msg("rows %td and %zu both match", found - rows, i);
		found = &rows[i];
	}
	return found;
}

/* How many files have it stored: ours, or the kernel's word where ours says nothing. */
static unsigned int files_before(const struct state *s, const struct pgmt_transition *t)
{
	if (!s->files_known)
		return t->associations;
	/* the last stands for itself or more */
	if (t->op == PGMT_OP_REMOVE && s->files == PGMT_ASSOC_MAX)
		return t->associations;
	return s->files;
}

static void set_files(struct state *s, unsigned int n)
{
	s->files = n < PGMT_ASSOC_MAX ? n : PGMT_ASSOC_MAX;
	s->files_known = true;
}

static bool refuses(const struct pgmt_transition *t)
{
	return contracts[t->profile][t->type].contract & ANY_ASKED;
}

/* What becomes of the files, and what they have to say; lifetimes are in rows[]. */
static void expect_files(struct state *s, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	bool busy = t->refcount > contracts[t->profile][t->type].idle;
	unsigned int n = files_before(s, t);

	switch (t->op) {
	case PGMT_OP_STORE:
		out->store = 1;
		if (refuses(t)) {
			set_files(s, 1);
			break;
		}
		if (t->associations == PGMT_ASSOC_OF_HEAD)
			break;
		if (n >= 1 && !t->shared)
			out->rule = PGMT_RULE_ASSOCIATION_CONFLICT;
		set_files(s, n + 1);
		break;
	case PGMT_OP_REMOVE:
		out->remove = 1;
		if (t->associations == PGMT_ASSOC_OF_HEAD && !s->files_known)
			break;
		set_files(s, n ? n - 1 : 0);
		/* it was the last one, by our count and by the kernel's */
		if (n <= 1 && t->associations <= 1 && busy) {
			out->rule = PGMT_RULE_ENTRY_DROPPED_BUSY;
			s->reported = true;
		}
		break;
	case PGMT_OP_RESET:
		if (busy && !s->reported)
			out->rule = PGMT_RULE_RESET_BUSY;
		s->reported = false;
		break;
	}
}

static void follow(const struct row *row, struct state *s, const struct pgmt_transition *t,
		   struct pgmt_outcome *out)
{
	if (row->rule)
		out->rule = row->rule;
	out->request = row->request;
	out->undo = row->undo;
	out->free = row->free;
	out->preexisting = row->preexisting;
	out->preexisting_free = row->preexisting_free;
	if (row->next != STAYS)
		s->life = __builtin_ctz(row->next);
	if (row->reported != KEEP)
		s->reported = row->reported == SET;
	/* only one that is requested has an order */
	if (row->order != SAME || s->life != PGMT_REQUESTED)
		s->order = row->order != WANTED	       ? 0
			   : t->order < PGMT_ORDER_MAX ? t->order
						       : PGMT_ORDER_MAX;
	if (row->files != KEEP)
		set_files(s, row->files == SET);
}

static void expect(struct state *s, const struct pgmt_transition *t, struct pgmt_outcome *out)
{
	const struct row *row;
	bool reported;

	/* a page of a pgmap that was made under our eyes is idle and in no file */
	if (t->fresh && s->life == PGMT_UNKNOWN) {
		s->life = PGMT_IDLE;
		s->files_known = true;
	}
	reported = s->reported;
	row = find_row(t, s);
	expect_files(s, t, out);
	if (row)
		follow(row, s, t, out);
	/* what the struct pages say is wrong, too, if nothing else is */
	if (t->op == PGMT_OP_MAP && t->stale && !out->rule && !s->reported) {
		out->rule = PGMT_RULE_ORDER_MISMATCH;
		s->reported = true;
	}
	/* a count below 0 is all that there is to say of it, once */
	if (t->refcount >= 0)
		return;
	out->rule = reported ? PGMT_RULE_NONE : PGMT_RULE_REFCOUNT_UNDERFLOW;
	/* the request sets it to 1 */
	s->reported |= t->op != PGMT_OP_REQUEST || !out->request;
}

/* The others are about files alone. */
static bool about_lifetime(unsigned int op)
{
	return op != PGMT_OP_NONE && op != PGMT_OP_REMOVE && op != PGMT_OP_RESET &&
	       op != PGMT_OP_RELEASED;
}

static void say(const char *what, struct state s, const struct pgmt_outcome *out)
{
	print_error("  %s: life %u order %u files %u%s%s: %s request %u undo %u free %u "
		    "preexisting %u/%u store %u remove %u\n",
		    what, s.life, s.order, s.files, s.files_known ? "" : "?",
		    s.reported ? " reported" : "", rule_names[out->rule], out->request, out->undo,
		    out->free, out->preexisting, out->preexisting_free, out->store, out->remove);
}

/* Who requested it, and who does what happens now, decides nothing. */
static void compare_marked(struct state before, struct state after, const struct pgmt_transition *t,
			   const struct pgmt_outcome *expected)
{
	struct pgmt_transition marked = *t;
	struct pgmt_outcome got = {0};

	marked.in_scope = 1;
	assert_int_equal(pgmt_step(pack(before) | PGMT_IN_SCOPE, &marked, &got),
			 pack(after) | PGMT_IN_SCOPE);
	assert_memory_equal(&got, expected, sizeof(got));
}

static void compare_step(struct state before, const struct pgmt_transition *t)
{
	struct pgmt_outcome expected = {0}, got = {0};
	struct state after = before;
	unsigned int word;

	expect(&after, t, &expected);
	word = pgmt_step(pack(before), t, &got);
	if (word == pack(after) && !memcmp(&expected, &got, sizeof(got))) {
		compare_marked(before, after, t, &expected);
		return;
	}
	print_error("%s profile %u type %u fresh %u settled %u shared %u associations %u "
		    "refcount %d mapcount %d order %u huge %u stale %u\n",
		    op_name(t->op), t->profile, t->type, t->fresh, t->settled, t->shared,
		    t->associations, t->refcount, t->mapcount, t->order, t->huge, t->stale);
	say("before", before, &(struct pgmt_outcome){0});
	say("expected", after, &expected);
	say("got", unpack(word), &got);
	fail();
}

static const int refcounts[] = {-1, 0, 1, 2, 3, 512};
static const unsigned char kernel_counts[] = {
	0, 1, 2, PGMT_ASSOC_MAX, PGMT_ASSOC_MAX + 1, 254, PGMT_ASSOC_OF_HEAD};
static const unsigned int our_counts[] = {0, 1, 2, PGMT_ASSOC_MAX - 1, PGMT_ASSOC_MAX};
static const struct {
	unsigned char before, wanted;
} orders[] = {{0, 0}, {9, 2}, {PGMT_ORDER_MAX, 255}, {0, PGMT_ORDER_MAX + 1}};

/* All that an event can say, upon one state; order and the like are nothing to each other. */
static void every_event(struct state before, struct pgmt_transition t)
{
	for (t.op = 0; t.op <= PGMT_NR_OPS; t.op++) {
		for (int bits = 0; bits < 32; bits++) {
			t.fresh = bits & 1;
			t.settled = bits >> 1 & 1;
			t.shared = bits >> 2 & 1;
			t.huge = bits >> 3 & 1;
			t.stale = bits >> 4 & 1;
			if (t.stale && t.op != PGMT_OP_MAP)
				continue;
			if (t.huge && t.op == PGMT_OP_STORE)
				continue; /* only page tables have PMDs */
			before.order =
				before.life == PGMT_REQUESTED ? orders[bits >> 2 & 3].before : 0;
			t.order = orders[bits >> 2 & 3].wanted;
			for (size_t a = 0; a < ARRAY_SIZE(kernel_counts); a++) {
				t.associations = kernel_counts[a];
				for (size_t r = 0; r < ARRAY_SIZE(refcounts); r++) {
					t.refcount = refcounts[r];
					for (t.mapcount = 0; t.mapcount <= 2; t.mapcount++)
						compare_step(before, &t);
				}
			}
		}
	}
}

/* Return: the number of states of one lifetime; @s: the nth of them. */
static unsigned int nth_state(unsigned int n, struct state *s)
{
	s->files_known = n / 2 < ARRAY_SIZE(our_counts);
	s->files = s->files_known ? our_counts[n / 2] : 0;
	s->reported = n % 2;
	return 2 * (ARRAY_SIZE(our_counts) + 1);
}

static void test_every_state_every_event(void **unused)
{
	struct pgmt_transition t = {0};
	struct state s = {0};

	(void)unused;
	for (t.profile = PGMT_PROFILE_CLASSIC; t.profile <= PGMT_PROFILE_REQUEST; t.profile++)
		for (t.type = 0; t.type < PGMT_NR_TYPES; t.type++)
			for (s.life = PGMT_UNKNOWN; s.life <= PGMT_PART; s.life++)
				for (unsigned int n = 0; n < nth_state(n, &s); n++)
					every_event(s, t);
}

/* Exactly one row for each lifetime case, none for an event that is about files. */
static void test_table_is_complete(void **unused)
{
	struct pgmt_transition t = {0};
	struct state s = {0};

	(void)unused;
	for (t.profile = PGMT_PROFILE_CLASSIC; t.profile <= PGMT_PROFILE_REQUEST; t.profile++)
		for (t.type = 0; t.type < PGMT_NR_TYPES; t.type++)
			for (t.op = 0; t.op < PGMT_NR_OPS; t.op++)
				for (unsigned int n = 0; n < 6 * 6 * 3 * 16; n++) {
					s.life = n % 6;
					t.refcount = refcounts[n / 6 % 6];
					t.mapcount = n / 36 % 3;
					t.settled = n / 108 & 1;
					s.reported = n / 216 & 1;
					s.files = n / 432 & 1;
					t.huge = n / 864 & 1;
					assert_int_equal(!!find_row(&t, &s), about_lifetime(t.op));
				}
}

static void test_idle_counts(void **unused)
{
	(void)unused;
	for (int profile = PGMT_PROFILE_CLASSIC; profile <= PGMT_PROFILE_REQUEST; profile++)
		for (int type = 0; type < PGMT_NR_TYPES; type++)
			assert_int_equal(pgmt_idle_count(profile, type),
					 contracts[profile][type].idle);
}

/* ---- rule by rule ---- */

/* One folio, and what has been counted of it. */
struct folio {
	unsigned int word;
	struct pgmt_transition t; /* kept from one event to the next */
	struct pgmt_outcome out;  /* of the last event */
	unsigned int requests, undos, frees, preexisting, preexisting_frees;
};

static struct folio new_folio(unsigned char profile, unsigned char type)
{
	struct folio f = {.t = {.profile = profile, .type = type, .fresh = 1, .settled = 1}};

	return f;
}

/* One of a pgmap that is older than the tracing, which has just begun. */
static struct folio old_folio(unsigned char profile, unsigned char type)
{
	struct folio f = {.t = {.profile = profile, .type = type}};

	return f;
}

/* Return: the rule that the event breaks. */
static unsigned int event(struct folio *f, unsigned char op, int refcount, int mapcount)
{
	struct pgmt_outcome out = {0};

	f->t.op = op;
	f->t.refcount = refcount;
	f->t.mapcount = mapcount;
	f->word = pgmt_step(f->word, &f->t, &out);
	f->out = out;
	f->requests += out.request;
	f->undos += out.undo;
	f->frees += out.free;
	f->preexisting += out.preexisting;
	f->preexisting_frees += out.preexisting_free;
	return out.rule;
}

/* STORE, REMOVE: @files is how many the kernel knows of before it. */
static unsigned int file_event(struct folio *f, unsigned char op, int refcount, int files,
			       bool shared)
{
	f->t.associations = files;
	f->t.shared = shared;
	return event(f, op, refcount, 0);
}

#define breaks(rule, step) assert_string_equal(rule_names[step], rule_names[PGMT_RULE_##rule])
#define silent(step)	   assert_string_equal(rule_names[step], rule_names[PGMT_RULE_NONE])

static void test_request_not_idle(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	/* somebody kept a reference over the free */
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 2, 0));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT);
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 3, 0));
}

static void test_request_not_idle_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	/* classic peer-to-peer memory idles at 1 */
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_PCI_P2PDMA);
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
	/* what came before is not known */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
}

static void test_double_request(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_COHERENT);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 1, 0));
	/* also if the first one's reference is gone and its free never came */
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 0, 0));
	/* and there is one folio to give back */
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, f.frees);
}

static void test_double_request_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_COHERENT);

	(void)unused;
	for (int i = 0; i < 3; i++) {
		silent(event(&f, PGMT_OP_REQUEST, 0, 0));
		silent(event(&f, PGMT_OP_FREE, 0, 0));
	}
	/* a free and a request that nobody saw may lie in between */
	f = old_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_COHERENT);
	silent(event(&f, PGMT_OP_INITIAL, 1, 1));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
}

static void test_free_unrequested(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	breaks(FREE_UNREQUESTED, event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 0);
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	breaks(FREE_UNREQUESTED, event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 0);
}

static void test_free_unrequested_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	/* requested before tracing began */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.preexisting, 1);
	assert_int_equal(f.preexisting_frees, 1);
}

static void test_double_free(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 1);
	/* the first event made an old one known */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
}

/* Counted fsdax: the last put and the free call are two steps. */
static void test_double_free_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	/* A's last put; B faults and puts; both frees come after */
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
	/* A's last put; B comes and goes and is freed; C has it when A's free comes */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 3);
	assert_int_equal(f.frees, 3);
}

static void test_free_referenced(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 0, 1));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 0, 1));
	assert_int_equal(f.requests, f.frees);
}

static void test_free_referenced_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	/* A's last put; B faults and has it mapped when A's free comes */
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 1, 1));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
}

static void test_generic_overput(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC);

	(void)unused;
	breaks(GENERIC_OVERPUT, event(&f, PGMT_OP_FREE, 0, 0));
	/* whatever is known of it */
	f = old_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_GENERIC);
	breaks(GENERIC_OVERPUT, event(&f, PGMT_OP_FREE, 0, 0));
}

static void test_generic_overput_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC);

	(void)unused;
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 1, 0));
	/* peer-to-peer memory is freed at 0 */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PCI_P2PDMA);
	silent(event(&f, PGMT_OP_FREE, 0, 0));
}

/* At any event, of any type, whatever is known of the folio. */
static void test_refcount_underflow(void **unused)
{
	struct folio f;

	(void)unused;
	for (int profile = PGMT_PROFILE_CLASSIC; profile <= PGMT_PROFILE_REQUEST; profile++)
		for (int type = PGMT_TYPE_PRIVATE; type < PGMT_NR_TYPES; type++)
			for (int op = PGMT_OP_REQUEST; op < PGMT_NR_OPS; op++) {
				f = new_folio(profile, type);
				breaks(REFCOUNT_UNDERFLOW, event(&f, op, -1, 0));
				f = old_folio(profile, type);
				breaks(REFCOUNT_UNDERFLOW, event(&f, op, -512, 0));
			}
	/* a count above 0 may be the next user's, one below 0 is nobody's */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	breaks(REFCOUNT_UNDERFLOW, event(&f, PGMT_OP_FREE, -1, 0));
}

static void test_refcount_underflow_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_RELEASED, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	/* what idles at 1 and has 0 is another rule's */
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
}

/* Once, and what follows from it not at all; until the count is above it again. */
static void test_refcount_underflow_is_told_once(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(REFCOUNT_UNDERFLOW, event(&f, PGMT_OP_RELEASED, -1, 0));
	silent(event(&f, PGMT_OP_RELEASE, -1, 0));
	silent(event(&f, PGMT_OP_FREE, -1, 0));
	silent(event(&f, PGMT_OP_REQUEST, -1, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, -2, 0));
	/* who does not refuse sets the count, and then it is as good as any */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	breaks(REFCOUNT_UNDERFLOW, event(&f, PGMT_OP_REQUEST, -1, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
}

static void test_map_unrequested(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	assert_int_equal(f.requests, 1);
}

static void test_map_unrequested_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	/* two faults at once: each sees both references */
	silent(event(&f, PGMT_OP_MAP, 2, 0));
	silent(event(&f, PGMT_OP_MAP, 2, 0));
	assert_int_equal(f.requests, 1);
	/* nor is a mapping of a page of what was taken apart another request */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	assert_int_equal(unpack(f.word).life, PGMT_PART);
	assert_int_equal(f.requests, 1);
	/* on a classic kernel a mapping takes no reference */
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	/* shared since before tracing, and the scan is still to come */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 2, 1));
	assert_int_equal(f.preexisting, 1);
	assert_int_equal(f.requests, 0);
}

static void test_association_conflict(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PGMT_OP_STORE, 0, 1, false));
	/* our own count decides once there is one */
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PGMT_OP_STORE, 0, 0, false));
	/* before that the kernel's */
	f = old_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PGMT_OP_STORE, 1, 1, false));
	/* the scan does not tell: a 2 MiB entry's other pages are in a file too, and leave it
	 * unseen */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(file_event(&f, PGMT_OP_INITIAL, 0, 1, false));
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
}

static void test_association_conflict_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	silent(file_event(&f, PGMT_OP_STORE, 0, 1, true));
	silent(file_event(&f, PGMT_OP_REMOVE, 0, 2, false));
	silent(file_event(&f, PGMT_OP_REMOVE, 0, 1, false));
	/* the storage belongs to another file now */
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	/* a page of another file's huge entry, which both give up before a third has it alone */
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(file_event(&f, PGMT_OP_STORE, 0, PGMT_ASSOC_OF_HEAD, true));
	silent(file_event(&f, PGMT_OP_REMOVE, 0, PGMT_ASSOC_OF_HEAD, false));
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
}

static void test_entry_dropped_busy(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 2, 1, false));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	/* it is the drop that is wrong, not whose folio it is */
	f = old_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 2, 1, false));
	/* more files than can be counted: the kernel's word is taken */
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	for (int i = 0; i < 70; i++)
		silent(file_event(&f, PGMT_OP_STORE, 1, i, true));
	for (int i = 70; i > 1; i--)
		silent(file_event(&f, PGMT_OP_REMOVE, 2, i, true));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 2, 1, true));
}

static void test_entry_dropped_busy_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	silent(file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	/* the other file may still use it */
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	silent(file_event(&f, PGMT_OP_STORE, 1, 1, true));
	silent(file_event(&f, PGMT_OP_REMOVE, 2, 2, true));
	silent(file_event(&f, PGMT_OP_REMOVE, 1, 1, true));
	/* stored by a huge entry as well, which has another head */
	silent(file_event(&f, PGMT_OP_STORE, 1, 1, true));
	silent(file_event(&f, PGMT_OP_REMOVE, 2, 2, true));
}

static void test_reset_busy(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
	/* a drop that was reported covers one reset */
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	silent(event(&f, PGMT_OP_RESET, 1, 0));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
	/* and none of the folio's next file */
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
}

static void test_reset_busy_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_RESET, 0, 0));
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	silent(file_event(&f, PGMT_OP_REMOVE, 0, 1, false));
	silent(event(&f, PGMT_OP_RESET, 0, 0));
	/* where 1 is idle */
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_RESET, 1, 0));
}

static void test_teardown_live(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC);

	(void)unused;
	breaks(TEARDOWN_LIVE, event(&f, PGMT_OP_TEARDOWN, 2, 0));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	breaks(TEARDOWN_LIVE, event(&f, PGMT_OP_TEARDOWN, 1, 0));
	/* the struct page goes away under everybody, also under old users */
	f = old_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_INITIAL, 2, 0));
	breaks(TEARDOWN_LIVE, event(&f, PGMT_OP_TEARDOWN, 2, 0));
}

static void test_teardown_live_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC);

	(void)unused;
	silent(event(&f, PGMT_OP_TEARDOWN, 1, 0));
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_TEARDOWN, 1, 0));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
}

/* What the kernel refuses has not happened. */
static void test_request_refused(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	unsigned int before;

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	before = f.word;
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 1, 0));
	assert_int_equal(f.word, before);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	before = f.word;
	f.t.order = 3;
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 1, 0));
	/* also if its last reference is gone: page_free is still to come */
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 0, 0));
	assert_int_equal(f.word, before);
	silent(event(&f, PGMT_OP_PART, 0, 0));
	before = f.word;
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_REQUEST, 0, 0));
	assert_int_equal(f.word, before);
	assert_int_equal(f.requests, 2);
}

/* In use, by whom is not known: no finding, and not to be had either. */
static void test_request_refused_silent(void **unused)
{
	struct folio f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
	assert_int_equal(f.word, 0);
	silent(event(&f, PGMT_OP_INITIAL, 1, 0));
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
	assert_int_equal(unpack(f.word).life, PGMT_PREEXISTING);
	assert_int_equal(f.requests, 0);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	assert_int_equal(f.requests, 1);
}

/* The kernel gave it all the same: then it is owed, once. */
static void test_request_accepted(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT);

	(void)unused;
	f.t.order = 2;
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	assert_int_equal(unpack(f.word).life, PGMT_REQUESTED);
	assert_int_equal(unpack(f.word).order, 2);
	f.t.order = 3;
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	/* it stays what it was requested as */
	assert_int_equal(unpack(f.word).order, 2);
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.frees, 1);
	/* a page that was never given back is owed already */
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
}

/* The first owner's free is late, and the second one has the folio by then. */
static void test_accepted_twice(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT);

	(void)unused;
	f.t.order = 2;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(DOUBLE_REQUEST, event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	assert_int_equal(f.requests, 1);
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	assert_int_equal(f.out.free, 1);
	assert_int_equal(f.out.request, 1);
	assert_int_equal(unpack(f.word).life, PGMT_REQUESTED);
	assert_int_equal(unpack(f.word).order, 2);
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
	/* that was all of it */
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	/* one late free is, and the next is too early */
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	assert_int_equal(f.requests, f.frees);
}

/* Or never, or it comes with the references of both. */
static void test_accepted_twice_freed_once(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 2, 0));
	silent(event(&f, PGMT_OP_RELEASE, 2, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.frees, 1);
	/* a folio that was idle by our books has one owner */
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
}

/* What was reported of the life before says nothing of this one. */
static void test_reported_ends_with_a_request(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 2, 0));
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	breaks(REQUEST_NOT_IDLE, event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_ACCEPT, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	f = old_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
}

static void test_request_undone(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE);

	(void)unused;
	f.t.order = 9;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_UNDO, 1, 0));
	assert_int_equal(unpack(f.word).life, PGMT_UNKNOWN);
	assert_int_equal(unpack(f.word).order, 0);
	assert_int_equal(f.requests - f.undos, 0);
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	/* it can be had again, and owes one free for that */
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests - f.undos, f.frees);
	/* and was not requested after this */
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_UNDO, 0, 0));
	breaks(FREE_UNREQUESTED, event(&f, PGMT_OP_FREE, 0, 0));
	/* what an old one was before is not known any more */
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_UNDO, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests - f.undos, 0);
	assert_int_equal(f.preexisting, 1);
	assert_int_equal(f.preexisting_frees, 1);
}

static void test_nothing_to_undo(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PGMT_OP_UNDO, 0, 0));
	assert_int_equal(f.undos, 0);
	/* a part that the next request of the whole has taken over */
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_UNDO, 0, 0));
	assert_int_equal(unpack(f.word).life, PGMT_UNKNOWN);
	assert_int_equal(f.requests - f.undos, 0);
}

/* It fits into the word, whatever a broken page says. */
static void test_order_saturates(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);

	(void)unused;
	f.t.order = 255;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	assert_int_equal(pgmt_order(f.word), PGMT_ORDER_MAX);
	assert_int_equal(f.word & ~PGMT_WORD_MASK, 0);
}

static void test_request_dying(void **unused)
{
	(void)unused;
	breaks(REQUEST_DYING, pgmt_judge_call(1, 1, 1));
	breaks(REQUEST_DYING, pgmt_judge_call(1, 2, 0));
	silent(pgmt_judge_call(1, 0, 1));
}

static void test_request_outside(void **unused)
{
	(void)unused;
	breaks(REQUEST_OUTSIDE, pgmt_judge_call(0, 0, 1));
	/* of another pgmap nothing else is to be said */
	breaks(REQUEST_OUTSIDE, pgmt_judge_call(0, 1, 1));
	breaks(REQUEST_OUTSIDE, pgmt_judge_call(0, 1, 0));
	breaks(REQUEST_OUTSIDE, pgmt_judge_call(0, 0, 0));
}

static void test_order_mismatch(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	unsigned int before;

	(void)unused;
	breaks(ORDER_MISMATCH, pgmt_judge_call(1, 0, 0));
	breaks(ORDER_MISMATCH, event(&f, PGMT_OP_FREE_REST, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	before = f.word;
	breaks(ORDER_MISMATCH, event(&f, PGMT_OP_FREE_REST, 0, 0));
	assert_int_equal(f.word, before);
	assert_int_equal(f.frees, 1);
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE);
	breaks(ORDER_MISMATCH, event(&f, PGMT_OP_FREE_REST, 0, 0));
	/* mapped with what is left from its last use: once in each use */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	for (int again = 0; again < 2; again++) {
		f.t.stale = 1;
		breaks(ORDER_MISMATCH, event(&f, PGMT_OP_MAP, 1, 0));
		silent(event(&f, PGMT_OP_MAP, 2, 1));
		f.t.stale = 0;
		silent(event(&f, PGMT_OP_FREE, 0, 0));
	}
}

/* A page that a span left out: one bug, one finding. */
static void test_missed_page(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_MISSED, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE_REST, 0, 0));
	breaks(ORDER_MISMATCH, event(&f, PGMT_OP_FREE_REST, 0, 0));
	silent(event(&f, PGMT_OP_MISSED, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	/* it is requested later */
	silent(event(&f, PGMT_OP_MISSED, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
	/* or was in the meantime */
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_MISSED, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE_REST, 1, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
}

static void test_order_mismatch_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(pgmt_judge_call(1, 0, 1));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE_REST, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_FREE_REST, 0, 0));
	assert_int_equal(f.requests, f.frees);
	/* requested before tracing began */
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_FREE_REST, 0, 0));
	assert_int_equal(f.preexisting, f.preexisting_frees);
}

static void test_release_unrequested(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
	/* the kernel gives no reference away that there is not: each is one of its own */
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 2, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	/* its free is on the way */
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
}

static void test_release_unrequested_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	/* others keep theirs, and who it was can't be told apart */
	silent(event(&f, PGMT_OP_RELEASE, 3, 0));
	silent(event(&f, PGMT_OP_RELEASE, 2, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_INITIAL, 1, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
}

/* Whatever was seen of it, a count of 0 leaves nothing to release or to map. */
static void test_idle_by_its_count(void **unused)
{
	struct folio f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_STORE, 0, 0));
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
}

/* The put of the last reference leads to page_free: one bug, one finding. */
static void test_release_covers_its_free(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);

	(void)unused;
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	/* one free */
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 1, 0));
	/* a mapping that was reported, its release and its free */
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 2, 0));
	silent(event(&f, PGMT_OP_RELEASE, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	/* nothing was put: no free is to come */
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	/* none follows where somebody else has a reference */
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	breaks(RELEASE_UNREQUESTED, event(&f, PGMT_OP_RELEASE, 2, 0));
	breaks(FREE_UNREQUESTED, event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 0);
}

/* Where all is requested, each type is freed as a driver's. */
static void test_free_of_requested(void **unused)
{
	(void)unused;
	for (int type = PGMT_TYPE_PRIVATE; type < PGMT_NR_TYPES; type++) {
		struct folio f = new_folio(PGMT_PROFILE_REQUEST, type);

		silent(event(&f, PGMT_OP_REQUEST, 0, 0));
		silent(event(&f, PGMT_OP_FREE, 0, 0));
		breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
		silent(event(&f, PGMT_OP_REQUEST, 0, 0));
		/* the next user was given it too early: that is no race that is allowed */
		breaks(FREE_REFERENCED, event(&f, PGMT_OP_FREE, 1, 0));
		assert_int_equal(f.requests, f.frees);
		f = new_folio(PGMT_PROFILE_REQUEST, type);
		breaks(FREE_UNREQUESTED, event(&f, PGMT_OP_FREE, 0, 0));
	}
}

static void test_map_unrequested_where_all_is_requested(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);

	(void)unused;
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, file_event(&f, PGMT_OP_STORE, 0, 0, false));
	/* what is done with that entry was reported with it */
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_RELEASE, 0, 0));
	/* and then no more */
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	assert_int_equal(f.requests, 1);
}

static void test_map_unrequested_where_all_is_requested_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	/* a second file that shares it */
	silent(file_event(&f, PGMT_OP_STORE, 2, 1, true));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.out.store, 1);
	/* of what was there before nothing is known */
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	assert_int_equal(f.preexisting + f.requests, 0);
}

/* A mapping that was reported is no reason to be silent of the next life. */
static void test_reported_ends_with_a_free(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);

	(void)unused;
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PGMT_OP_FREE, 0, 0));
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	/* the free had something to hide while another one has it */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.frees, 1);
}

/* A drop that was reported has its reset to come, whatever is freed in between. */
static void test_reported_outlives_a_rightful_free(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	silent(event(&f, PGMT_OP_RESET, 1, 0));
	breaks(RESET_BUSY, event(&f, PGMT_OP_RESET, 1, 0));
	/* also by one that came after the next user's */
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(file_event(&f, PGMT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PGMT_OP_REMOVE, 1, 1, false));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.out.request, 1);
	assert_int_equal(f.out.free, 1);
	silent(event(&f, PGMT_OP_FREE, 1, 0));
	assert_int_equal(f.out.request, 2);
	assert_int_equal(f.out.free, 1);
	silent(event(&f, PGMT_OP_RESET, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, f.frees);
}

/* A late free brings its request with it also where a mapping was reported. */
static void test_late_free_after_a_report(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PGMT_OP_MAP, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.out.request, 1);
	assert_int_equal(f.out.free, 1);
	assert_int_equal(f.requests, f.frees);
}

static void test_flow_order(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	f.t.huge = 1;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FLOW_ORDER, event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	/* an entry serves one request */
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(FLOW_ORDER, event(&f, PGMT_OP_MAP, 1, 0));
}

static void test_flow_order_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	/* a single page's entry may be stored after */
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(file_event(&f, PGMT_OP_STORE, 1, 0, false));
	f.t.huge = 1;
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	/* device-dax stores nothing */
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC);
	f.t.huge = 1;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	/* stored before tracing began */
	f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	f.t.huge = 1;
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_INITIAL, 1, 0));
	silent(event(&f, PGMT_OP_MAP, 1, 0));
}

static void test_huge_entry(void **unused)
{
	(void)unused;
	silent(pgmt_judge_huge(512, 0, 9, 1));
	silent(pgmt_judge_huge(1 << 18, 0, 18, 1));
	/* of the wrong folio, or not built */
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 8, 1));
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 10, 1));
	/* single pages, each with its reference: a legal form; or some without */
	silent(pgmt_judge_huge(512, 0, 0, 512));
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 0, 511));
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 0, 1));
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 1, 512));
	/* built, and the references of its pages left as they were */
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 9, 2));
	breaks(FLOW_ORDER, pgmt_judge_huge(512, 0, 9, 0));
}

static void test_partial_request(void **unused)
{
	(void)unused;
	breaks(PARTIAL_REQUEST, pgmt_judge_huge(512, 1, 9, 1));
	breaks(PARTIAL_REQUEST, pgmt_judge_huge(512, 511, 0, 1));
	/* none at all */
	breaks(MAP_UNREQUESTED, pgmt_judge_huge(512, 512, 9, 1));
}

static void test_pages_unbalanced(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT);

	(void)unused;
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_TEARDOWN, 0, 0));
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_REQUEST, 0, 0));
	/* also for what was requested as a whole and is a part now */
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT);
	f.t.order = 3;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	assert_int_equal(f.out.request, 0);
	assert_int_equal(unpack(f.word).order, 0);
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_TEARDOWN, 0, 0));
	/* where requests are granted it is owed once all the same */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT);
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(PAGES_UNBALANCED, event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.frees, 1);
}

static void test_pages_unbalanced_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_COHERENT);

	(void)unused;
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
}

static void test_ref_imbalance(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(REF_IMBALANCE, event(&f, PGMT_OP_TEARDOWN, 1, 0));
	/* a page of one that was taken apart held one as well */
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(REF_IMBALANCE, event(&f, PGMT_OP_TEARDOWN, 1, 0));
	assert_false(pgmt_refs_explained(3, 4, 4));
	assert_false(pgmt_refs_explained(5, 4, 4));
	assert_false(pgmt_refs_explained(-1, 0, 0));
	assert_false(pgmt_refs_explained(0, 1, 512));
	assert_false(pgmt_refs_explained(513, 1, 512));
}

static void test_ref_imbalance_silent(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	/* nobody asked for it: there was no reference to get lost */
	breaks(TEARDOWN_LIVE, event(&f, PGMT_OP_TEARDOWN, 1, 0));
	/* nor was there one on a kernel that takes none */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT);
	silent(event(&f, PGMT_OP_PART, 0, 0));
	breaks(TEARDOWN_LIVE, event(&f, PGMT_OP_TEARDOWN, 1, 0));
	assert_true(pgmt_refs_explained(0, 0, 0));
	assert_true(pgmt_refs_explained(4, 4, 4));
	/* a huge folio is built in between: its pages give theirs back one after the other */
	assert_true(pgmt_refs_explained(1, 1, 512));
	assert_true(pgmt_refs_explained(512, 1, 512));
}

static void test_leak(void **unused)
{
	struct folio f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(LEAK, event(&f, PGMT_OP_TEARDOWN, 0, 0));
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_PRIVATE);
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	breaks(LEAK, event(&f, PGMT_OP_TEARDOWN, 0, 0));
}

static void test_leak_silent(void **unused)
{
	struct folio f = old_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	silent(event(&f, PGMT_OP_INITIAL, 1, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	f = new_folio(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	silent(event(&f, PGMT_OP_REQUEST, 0, 0));
	silent(event(&f, PGMT_OP_FREE, 0, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	/* where a mapping is a request, nobody waits for the call of the free function */
	f = new_folio(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX);
	silent(event(&f, PGMT_OP_MAP, 1, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	silent(event(&f, PGMT_OP_PART, 0, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 0, 0));
	f = new_folio(PGMT_PROFILE_CLASSIC, PGMT_TYPE_PCI_P2PDMA);
	silent(event(&f, PGMT_OP_REQUEST, 1, 0));
	silent(event(&f, PGMT_OP_TEARDOWN, 1, 0));
}

/* A step that lost its compare-and-swap is done again. */
/* ---- whose request it was */

/* Return: the state after an event, made by one of those that are judged or by another. */
static unsigned int marked_step(unsigned int word, struct pgmt_transition t, bool in_scope)
{
	struct pgmt_outcome out = {0};

	t.in_scope = in_scope;
	word = pgmt_step(word, &t, &out);
	return pgmt_mark(word, &t, &out);
}

static void test_mark_is_of_the_last_request(void **unused)
{
	static const struct {
		unsigned char op, profile, type, life;
		int refcount;
		bool requests;
	} events[] = {
		{PGMT_OP_REQUEST, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_IDLE, 0, true},
		{PGMT_OP_REQUEST, PGMT_PROFILE_CLASSIC, PGMT_TYPE_COHERENT, PGMT_FREED, 1, true},
		{PGMT_OP_REQUEST, PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, PGMT_IDLE, 0, true},
		/* refused, and a second one of what is out */
		{PGMT_OP_REQUEST, PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, PGMT_IDLE, 1, false},
		{PGMT_OP_REQUEST, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 1,
		 false},
		{PGMT_OP_ACCEPT, PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, PGMT_IDLE, 1, true},
		{PGMT_OP_ACCEPT, PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 1, false},
		{PGMT_OP_PART, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_FREED, 0, true},
		{PGMT_OP_PART, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 0, false},
		/* the first mapping requests; of device-dax the last one is what is known */
		{PGMT_OP_MAP, PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, PGMT_FREED, 1, true},
		{PGMT_OP_MAP, PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, PGMT_REQUESTED, 2, false},
		{PGMT_OP_MAP, PGMT_PROFILE_CLASSIC, PGMT_TYPE_GENERIC, PGMT_UNKNOWN, 1, true},
		/* where it is requested, a later mapping is no request */
		{PGMT_OP_MAP, PGMT_PROFILE_REQUEST, PGMT_TYPE_GENERIC, PGMT_REQUESTED, 1, false},
		{PGMT_OP_STORE, PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX, PGMT_UNKNOWN, 1, true},
		{PGMT_OP_STORE, PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, PGMT_REQUESTED, 1, false},
		/* who frees it has not requested it, not even if the next user has it by now */
		{PGMT_OP_FREE, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 0, false},
		{PGMT_OP_FREE, PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, PGMT_REQUESTED, 1, false},
		{PGMT_OP_FREE_REST, PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 0,
		 false},
		{PGMT_OP_REMOVE, PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX, PGMT_UNKNOWN, 1, false},
		{PGMT_OP_UNDO, PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 1, false},
		{PGMT_OP_RELEASE, PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 1,
		 false},
		{PGMT_OP_MISSED, PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, PGMT_IDLE, 0, false},
		{PGMT_OP_RESET, PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, PGMT_FREED, 0, false},
		{PGMT_OP_INITIAL, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_UNKNOWN, 1, false},
		{PGMT_OP_TEARDOWN, PGMT_PROFILE_COUNTED, PGMT_TYPE_PRIVATE, PGMT_REQUESTED, 1,
		 false},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		struct pgmt_transition t = {
			.op = events[i].op,
			.profile = events[i].profile,
			.type = events[i].type,
			.refcount = events[i].refcount,
		};

		for (unsigned int was = 0; was < 2; was++) {
			for (unsigned int in_scope = 0; in_scope < 2; in_scope++) {
				unsigned int word = events[i].life | (was ? PGMT_IN_SCOPE : 0);
				bool is = marked_step(word, t, in_scope) & PGMT_IN_SCOPE;

				if (is != (events[i].requests ? in_scope : was))
					fail_msg("event %zu, %s: was %u, by %u, is %d", i,
						 op_name(t.op), was, in_scope, is);
			}
		}
	}
}

static void test_mark_stays_if_another_tells(void **unused)
{
	struct pgmt_transition t = {
		.op = PGMT_OP_MAP,
		.profile = PGMT_PROFILE_COUNTED,
		.type = PGMT_TYPE_FS_DAX,
		.refcount = 1,
		.other = 1,
	};
	unsigned int word = marked_step(PGMT_FREED | PGMT_IN_SCOPE, t, false);

	(void)unused;
	assert_int_equal(pgmt_life(word), PGMT_REQUESTED);
	assert_true(word & PGMT_IN_SCOPE);
	assert_false(marked_step(PGMT_FREED, t, true) & PGMT_IN_SCOPE);
}

static void test_step_has_no_side_effect(void **unused)
{
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST,
				    .type = PGMT_TYPE_PRIVATE,
				    .profile = PGMT_PROFILE_COUNTED,
				    .fresh = 1};
	struct pgmt_transition copy = t;
	struct pgmt_outcome first = {0}, second = {0};

	(void)unused;
	assert_int_equal(pgmt_step(0, &t, &first), pgmt_step(0, &t, &second));
	assert_memory_equal(&first, &second, sizeof(first));
	assert_memory_equal(&t, &copy, sizeof(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_counts),
		cmocka_unit_test(test_table_is_complete),
		cmocka_unit_test(test_every_state_every_event),
		cmocka_unit_test(test_request_not_idle),
		cmocka_unit_test(test_request_not_idle_silent),
		cmocka_unit_test(test_double_request),
		cmocka_unit_test(test_double_request_silent),
		cmocka_unit_test(test_free_unrequested),
		cmocka_unit_test(test_free_unrequested_silent),
		cmocka_unit_test(test_double_free),
		cmocka_unit_test(test_double_free_silent),
		cmocka_unit_test(test_free_referenced),
		cmocka_unit_test(test_free_referenced_silent),
		cmocka_unit_test(test_generic_overput),
		cmocka_unit_test(test_generic_overput_silent),
		cmocka_unit_test(test_refcount_underflow),
		cmocka_unit_test(test_refcount_underflow_silent),
		cmocka_unit_test(test_refcount_underflow_is_told_once),
		cmocka_unit_test(test_map_unrequested),
		cmocka_unit_test(test_map_unrequested_silent),
		cmocka_unit_test(test_association_conflict),
		cmocka_unit_test(test_association_conflict_silent),
		cmocka_unit_test(test_entry_dropped_busy),
		cmocka_unit_test(test_entry_dropped_busy_silent),
		cmocka_unit_test(test_reset_busy),
		cmocka_unit_test(test_reset_busy_silent),
		cmocka_unit_test(test_teardown_live),
		cmocka_unit_test(test_teardown_live_silent),
		cmocka_unit_test(test_request_refused),
		cmocka_unit_test(test_request_refused_silent),
		cmocka_unit_test(test_request_accepted),
		cmocka_unit_test(test_accepted_twice),
		cmocka_unit_test(test_accepted_twice_freed_once),
		cmocka_unit_test(test_reported_ends_with_a_request),
		cmocka_unit_test(test_request_undone),
		cmocka_unit_test(test_nothing_to_undo),
		cmocka_unit_test(test_order_saturates),
		cmocka_unit_test(test_request_dying),
		cmocka_unit_test(test_request_outside),
		cmocka_unit_test(test_order_mismatch),
		cmocka_unit_test(test_order_mismatch_silent),
		cmocka_unit_test(test_missed_page),
		cmocka_unit_test(test_release_unrequested),
		cmocka_unit_test(test_release_unrequested_silent),
		cmocka_unit_test(test_idle_by_its_count),
		cmocka_unit_test(test_release_covers_its_free),
		cmocka_unit_test(test_free_of_requested),
		cmocka_unit_test(test_map_unrequested_where_all_is_requested),
		cmocka_unit_test(test_map_unrequested_where_all_is_requested_silent),
		cmocka_unit_test(test_reported_ends_with_a_free),
		cmocka_unit_test(test_reported_outlives_a_rightful_free),
		cmocka_unit_test(test_late_free_after_a_report),
		cmocka_unit_test(test_flow_order),
		cmocka_unit_test(test_flow_order_silent),
		cmocka_unit_test(test_huge_entry),
		cmocka_unit_test(test_partial_request),
		cmocka_unit_test(test_pages_unbalanced),
		cmocka_unit_test(test_pages_unbalanced_silent),
		cmocka_unit_test(test_ref_imbalance),
		cmocka_unit_test(test_ref_imbalance_silent),
		cmocka_unit_test(test_leak),
		cmocka_unit_test(test_leak_silent),
		cmocka_unit_test(test_mark_is_of_the_last_request),
		cmocka_unit_test(test_mark_stays_if_another_tells),
		cmocka_unit_test(test_step_has_no_side_effect),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
