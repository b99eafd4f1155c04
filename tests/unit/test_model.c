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
	U = 1 << PT_UNKNOWN,
	I = 1 << PT_IDLE,
	P = 1 << PT_PREEXISTING,
	R = 1 << PT_REQUESTED,
	F = 1 << PT_FREED,
	ANY_LIFE = U | I | P | R | F,
};

enum when {
	ALWAYS,
	AT_IDLE,
	NOT_IDLE,
	ABOVE_IDLE,
	NOT_ABOVE_IDLE,
	AT_ZERO,
	REFERENCED, /* above 0 */
	UNUSED,	    /* 0 and no page table has it */
	ZERO_BUT_MAPPED,
	IN_USE,		    /* not 0, or some page table has it */
	SHARED_BEFORE_SCAN, /* 2 or more, and the baseline scan is not through */
	NOT_SHARED_BEFORE_SCAN,
};

#define STAYS 0

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
	unsigned char request, free, preexisting, preexisting_free;
} rows[] = {
	/* a request: of an idle folio it is right, and one out can't be had twice */
	{PT_OP_REQUEST, ANY_TYPE, I | F, AT_IDLE, R, .request = 1},
	{PT_OP_REQUEST, ANY_TYPE, I | F, NOT_IDLE, R, .rule = PT_RULE_REQUEST_NOT_IDLE,
	 .request = 1},
	{PT_OP_REQUEST, ANY_TYPE, R, ALWAYS, R, .rule = PT_RULE_DOUBLE_REQUEST},
	/* what was not seen can't be judged */
	{PT_OP_REQUEST, ANY_TYPE, U | P, ALWAYS, R, .request = 1},

	/* a mapping is a request on counted fsdax, and nothing elsewhere */
	{PT_OP_MAP, ANY_TYPE & ~FSDAX, ANY_LIFE, ALWAYS, STAYS, .rule = PT_RULE_NONE},
	{PT_OP_MAP, FSDAX, R | P, ALWAYS, STAYS, .rule = PT_RULE_NONE},
	{PT_OP_MAP, FSDAX, I | F, AT_ZERO, STAYS, .rule = PT_RULE_MAP_UNREQUESTED},
	{PT_OP_MAP, FSDAX, I | F, REFERENCED, R, .request = 1},
	{PT_OP_MAP, FSDAX, U, SHARED_BEFORE_SCAN, P, .preexisting = 1},
	{PT_OP_MAP, FSDAX, U, NOT_SHARED_BEFORE_SCAN, R, .request = 1},

	/* a driver's folio comes back once for each request, unused */
	{PT_OP_FREE, DRIVER, R, UNUSED, F, .free = 1},
	{PT_OP_FREE, DRIVER, R, IN_USE, F, .rule = PT_RULE_FREE_REFERENCED, .free = 1},
	{PT_OP_FREE, DRIVER, I, ALWAYS, F, .rule = PT_RULE_FREE_UNREQUESTED},
	{PT_OP_FREE, DRIVER, F, ALWAYS, F, .rule = PT_RULE_DOUBLE_FREE},
	{PT_OP_FREE, DRIVER, U, ALWAYS, F, .preexisting = 1, .preexisting_free = 1},
	{PT_OP_FREE, DRIVER, P, ALWAYS, F, .preexisting_free = 1},

	/* counted fsdax, and nobody was faster */
	{PT_OP_FREE, FSDAX, R, UNUSED, F, .free = 1},
	{PT_OP_FREE, FSDAX, R, ZERO_BUT_MAPPED, F, .rule = PT_RULE_FREE_REFERENCED, .free = 1},
	{PT_OP_FREE, FSDAX, I, AT_ZERO, F, .rule = PT_RULE_FREE_UNREQUESTED},
	{PT_OP_FREE, FSDAX, U, UNUSED, F, .preexisting = 1, .preexisting_free = 1},
	{PT_OP_FREE, FSDAX, U, ZERO_BUT_MAPPED, F, .rule = PT_RULE_FREE_REFERENCED,
	 .preexisting = 1, .preexisting_free = 1},
	{PT_OP_FREE, FSDAX, P, UNUSED, F, .preexisting_free = 1},
	{PT_OP_FREE, FSDAX, P, ZERO_BUT_MAPPED, F, .rule = PT_RULE_FREE_REFERENCED,
	 .preexisting_free = 1},
	/* a later user has come and gone: this free brings that one's request */
	{PT_OP_FREE, FSDAX, F, UNUSED, F, .request = 1, .free = 1},
	{PT_OP_FREE, FSDAX, F, ZERO_BUT_MAPPED, F, .rule = PT_RULE_FREE_REFERENCED, .request = 1,
	 .free = 1},
	/* a later user has it now: a free of the old one, a request of the new */
	{PT_OP_FREE, FSDAX, R, REFERENCED, R, .request = 1, .free = 1},
	{PT_OP_FREE, FSDAX, I, REFERENCED, R, .rule = PT_RULE_FREE_UNREQUESTED, .request = 1},
	{PT_OP_FREE, FSDAX, U, REFERENCED, R, .request = 1, .preexisting = 1,
	 .preexisting_free = 1},
	{PT_OP_FREE, FSDAX, P, REFERENCED, R, .request = 1, .preexisting_free = 1},
	/* one has come and gone and another one has it */
	{PT_OP_FREE, FSDAX, F, REFERENCED, R, .request = 2, .free = 1},

	/* elsewhere a folio isn't freed this way; device-dax must never get here */
	{PT_OP_FREE, GENERIC, ANY_LIFE, ALWAYS, STAYS, .rule = PT_RULE_GENERIC_OVERPUT},
	{PT_OP_FREE, OLD_FSDAX | P2PDMA | NO_TYPE, ANY_LIFE, ALWAYS, STAYS, .rule = PT_RULE_NONE},

	/* the scan finds what was there before, and believes events more */
	{PT_OP_BASELINE, ANY_TYPE, U, ABOVE_IDLE, P, .preexisting = 1},
	{PT_OP_BASELINE, ANY_TYPE, U, NOT_ABOVE_IDLE, STAYS, .rule = PT_RULE_NONE},
	{PT_OP_BASELINE, ANY_TYPE, I | P | R | F, ALWAYS, STAYS, .rule = PT_RULE_NONE},

	{PT_OP_TEARDOWN, ANY_TYPE, ANY_LIFE, ABOVE_IDLE, STAYS, .rule = PT_RULE_TEARDOWN_LIVE},
	{PT_OP_TEARDOWN, ANY_TYPE, ANY_LIFE, NOT_ABOVE_IDLE, STAYS, .rule = PT_RULE_NONE},
};

static bool holds(enum when when, const struct pt_transition *t, int idle)
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
	case REFERENCED:
		return t->refcount > 0;
	case UNUSED:
		return t->refcount == 0 && t->mapcount == 0;
	case ZERO_BUT_MAPPED:
		return t->refcount == 0 && t->mapcount > 0;
	case IN_USE:
		return t->refcount != 0 || t->mapcount > 0;
	case SHARED_BEFORE_SCAN:
		return t->refcount >= 2 && !t->settled;
	case NOT_SHARED_BEFORE_SCAN:
		return t->refcount <= 1 || t->settled;
	}
	return false;
}

static const struct row *find_row(const struct pt_transition *t, unsigned int life)
{
	const struct row *found = NULL;
	unsigned int contract = contracts[t->profile][t->type].contract;
	int idle = contracts[t->profile][t->type].idle;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].op != t->op || !(rows[i].contract & contract) ||
		    !(rows[i].life & 1u << life) || !holds(rows[i].when, t, idle))
			continue;
		if (found)
			fail_msg("rows %td and %zu both match", found - rows, i);
		found = &rows[i];
	}
	return found;
}

/* How many files have it stored: ours, or the kernel's word where ours says nothing. */
static unsigned int files_before(const struct state *s, const struct pt_transition *t)
{
	if (!s->files_known)
		return t->associations;
	/* 63 stands for 63 or more */
	if (t->op == PT_OP_REMOVE && s->files == 63)
		return t->associations;
	return s->files;
}

static void set_files(struct state *s, unsigned int n)
{
	s->files = n < 63 ? n : 63;
	s->files_known = true;
}

/* What becomes of the files, and what they have to say; lifetimes are in rows[]. */
static void expect_files(struct state *s, const struct pt_transition *t, struct pt_outcome *out)
{
	bool busy = t->refcount > contracts[t->profile][t->type].idle;
	unsigned int n = files_before(s, t);

	switch (t->op) {
	case PT_OP_STORE:
		out->store = 1;
		if (n >= 1 && !t->shared)
			out->rule = PT_RULE_ASSOCIATION_CONFLICT;
		set_files(s, n + 1);
		s->drop_seen = false;
		break;
	case PT_OP_REMOVE:
		out->remove = 1;
		set_files(s, n ? n - 1 : 0);
		/* it was the last one, by our count and by the kernel's */
		if (n <= 1 && t->associations <= 1 && busy) {
			out->rule = PT_RULE_ENTRY_DROPPED_BUSY;
			s->drop_seen = true;
		}
		break;
	case PT_OP_RESET:
		if (busy && !s->drop_seen)
			out->rule = PT_RULE_RESET_BUSY;
		s->drop_seen = false;
		break;
	}
}

static void expect(struct state *s, const struct pt_transition *t, struct pt_outcome *out)
{
	const struct row *row;

	/* a page of a pgmap that was made under our eyes is idle and in no file */
	if (t->fresh && s->life == PT_UNKNOWN) {
		s->life = PT_IDLE;
		s->files_known = true;
	}
	expect_files(s, t, out);
	row = find_row(t, s->life);
	if (!row)
		return;
	if (row->rule)
		out->rule = row->rule;
	out->request = row->request;
	out->free = row->free;
	out->preexisting = row->preexisting;
	out->preexisting_free = row->preexisting_free;
	if (row->next != STAYS)
		s->life = __builtin_ctz(row->next);
}

static bool about_lifetime(unsigned int op)
{
	return op == PT_OP_REQUEST || op == PT_OP_MAP || op == PT_OP_FREE || op == PT_OP_BASELINE ||
	       op == PT_OP_TEARDOWN;
}

static void say(const char *what, struct state s, const struct pt_outcome *out)
{
	print_error("  %s: life %u files %u%s%s: %s request %u free %u preexisting %u/%u "
		    "store %u remove %u\n",
		    what, s.life, s.files, s.files_known ? "" : "?",
		    s.drop_seen ? " drop-seen" : "", rule_names[out->rule], out->request, out->free,
		    out->preexisting, out->preexisting_free, out->store, out->remove);
}

static void compare_step(struct state before, const struct pt_transition *t)
{
	struct pt_outcome expected = {0}, got = {0};
	struct state after = before;
	unsigned int word;

	expect(&after, t, &expected);
	word = pt_step(pack(before), t, &got);
	if (word == pack(after) && !memcmp(&expected, &got, sizeof(got)))
		return;
	print_error("%s profile %u type %u fresh %u settled %u shared %u associations %u "
		    "refcount %d mapcount %d\n",
		    op_name(t->op), t->profile, t->type, t->fresh, t->settled, t->shared,
		    t->associations, t->refcount, t->mapcount);
	say("before", before, &(struct pt_outcome){0});
	say("expected", after, &expected);
	say("got", unpack(word), &got);
	fail();
}

static const int refcounts[] = {0, 1, 2, 3, 512};
static const unsigned char kernel_counts[] = {0, 1, 2, 63, 64, 255};
static const unsigned int our_counts[] = {0, 1, 2, 62, 63};

/* All that an event can say, upon one state. */
static void every_event(struct state before, struct pt_transition t)
{
	for (t.op = 0; t.op <= PT_NR_OPS; t.op++) {
		for (int bits = 0; bits < 8; bits++) {
			t.fresh = bits & 1;
			t.settled = bits >> 1 & 1;
			t.shared = bits >> 2 & 1;
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

static void test_every_state_every_event(void **unused)
{
	struct pt_transition t = {0};
	struct state s;

	(void)unused;
	for (t.profile = PT_PROFILE_CLASSIC; t.profile <= PT_PROFILE_COUNTED; t.profile++) {
		for (t.type = 0; t.type < PT_NR_TYPES; t.type++) {
			for (s.life = PT_UNKNOWN; s.life <= PT_FREED; s.life++) {
				for (size_t n = 0; n < ARRAY_SIZE(our_counts); n++) {
					s.files = our_counts[n];
					s.files_known = true;
					s.drop_seen = false;
					every_event(s, t);
					s.drop_seen = true;
					every_event(s, t);
				}
				s.files = 0;
				s.files_known = false;
				s.drop_seen = false;
				every_event(s, t);
			}
		}
	}
}

/* Exactly one row for each lifetime case, none for an event that is about files. */
static void test_table_is_complete(void **unused)
{
	struct pt_transition t = {0};

	(void)unused;
	for (t.profile = PT_PROFILE_CLASSIC; t.profile <= PT_PROFILE_COUNTED; t.profile++)
		for (t.type = 0; t.type < PT_NR_TYPES; t.type++)
			for (t.op = 0; t.op < PT_NR_OPS; t.op++)
				for (unsigned int n = 0; n < 5 * 5 * 3 * 2; n++) {
					t.refcount = refcounts[n / 5 % 5];
					t.mapcount = n / 25 % 3;
					t.settled = n / 75;
					assert_int_equal(!!find_row(&t, n % 5),
							 about_lifetime(t.op));
				}
}

static void test_idle_counts(void **unused)
{
	(void)unused;
	for (int profile = PT_PROFILE_CLASSIC; profile <= PT_PROFILE_COUNTED; profile++)
		for (int type = 0; type < PT_NR_TYPES; type++)
			assert_int_equal(pt_idle_count(profile, type),
					 contracts[profile][type].idle);
}

/* ---- rule by rule ---- */

/* One folio, and what has been counted of it. */
struct folio {
	unsigned int word;
	struct pt_transition t; /* kept from one event to the next */
	struct pt_outcome out;	/* of the last event */
	unsigned int requests, frees, preexisting, preexisting_frees;
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
	struct pt_outcome out = {0};

	f->t.op = op;
	f->t.refcount = refcount;
	f->t.mapcount = mapcount;
	f->word = pt_step(f->word, &f->t, &out);
	f->out = out;
	f->requests += out.request;
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

#define breaks(rule, step) assert_string_equal(rule_names[step], rule_names[PT_RULE_##rule])
#define silent(step)	   assert_string_equal(rule_names[step], rule_names[PT_RULE_NONE])

static void test_request_not_idle(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);

	(void)unused;
	breaks(REQUEST_NOT_IDLE, event(&f, PT_OP_REQUEST, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	/* somebody kept a reference over the free */
	breaks(REQUEST_NOT_IDLE, event(&f, PT_OP_REQUEST, 2, 0));
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_COHERENT);
	breaks(REQUEST_NOT_IDLE, event(&f, PT_OP_REQUEST, -1, 0));
}

static void test_request_not_idle_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	/* classic peer-to-peer memory idles at 1 */
	f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_PCI_P2PDMA);
	silent(event(&f, PT_OP_REQUEST, 1, 0));
	/* what came before is not known */
	f = old_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);
	silent(event(&f, PT_OP_REQUEST, 1, 0));
}

static void test_double_request(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_COHERENT);

	(void)unused;
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	breaks(DOUBLE_REQUEST, event(&f, PT_OP_REQUEST, 1, 0));
	/* also if the first one's reference is gone and its free never came */
	breaks(DOUBLE_REQUEST, event(&f, PT_OP_REQUEST, 0, 0));
	/* and there is one folio to give back */
	silent(event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, f.frees);
}

static void test_double_request_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_COHERENT);

	(void)unused;
	for (int i = 0; i < 3; i++) {
		silent(event(&f, PT_OP_REQUEST, 0, 0));
		silent(event(&f, PT_OP_FREE, 0, 0));
	}
	/* a free and a request that nobody saw may lie in between */
	f = old_folio(PT_PROFILE_CLASSIC, PT_TYPE_COHERENT);
	silent(event(&f, PT_OP_BASELINE, 1, 1));
	silent(event(&f, PT_OP_REQUEST, 0, 0));
}

static void test_free_unrequested(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);

	(void)unused;
	breaks(FREE_UNREQUESTED, event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 0);
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	breaks(FREE_UNREQUESTED, event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 0);
}

static void test_free_unrequested_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	/* requested before tracing began */
	f = old_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);
	silent(event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.preexisting, 1);
	assert_int_equal(f.preexisting_frees, 1);
}

static void test_double_free(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.frees, 1);
	/* the first event made an old one known */
	f = old_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);
	silent(event(&f, PT_OP_FREE, 0, 0));
	breaks(DOUBLE_FREE, event(&f, PT_OP_FREE, 0, 0));
}

/* Counted fsdax: the last put and the free call are two steps. */
static void test_double_free_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	/* A's last put; B faults and puts; both frees come after */
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
	/* A's last put; B comes and goes and is freed; C has it when A's free comes */
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	silent(event(&f, PT_OP_FREE, 1, 0));
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 3);
	assert_int_equal(f.frees, 3);
}

static void test_free_referenced(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);

	(void)unused;
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PT_OP_FREE, 1, 0));
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PT_OP_FREE, 0, 1));
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	breaks(FREE_REFERENCED, event(&f, PT_OP_FREE, -1, 0));
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_MAP, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PT_OP_FREE, 0, 1));
	assert_int_equal(f.requests, f.frees);
}

/* A count above 0 may be the next user's, one below 0 is nobody's. */
static void test_free_referenced_below_zero(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PT_OP_MAP, 1, 0));
	breaks(FREE_REFERENCED, event(&f, PT_OP_FREE, -1, 0));
}

static void test_free_referenced_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	/* A's last put; B faults and has it mapped when A's free comes */
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 1, 1));
	silent(event(&f, PT_OP_FREE, 0, 0));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.frees, 2);
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);
	silent(event(&f, PT_OP_REQUEST, 0, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
}

static void test_generic_overput(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_GENERIC);

	(void)unused;
	breaks(GENERIC_OVERPUT, event(&f, PT_OP_FREE, 0, 0));
	/* whatever is known of it */
	f = old_folio(PT_PROFILE_CLASSIC, PT_TYPE_GENERIC);
	breaks(GENERIC_OVERPUT, event(&f, PT_OP_FREE, 0, 0));
}

static void test_generic_overput_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_GENERIC);

	(void)unused;
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_TEARDOWN, 1, 0));
	/* peer-to-peer memory is freed at 0 */
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PCI_P2PDMA);
	silent(event(&f, PT_OP_FREE, 0, 0));
}

static void test_map_unrequested(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	breaks(MAP_UNREQUESTED, event(&f, PT_OP_MAP, 0, 0));
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_FREE, 0, 0));
	breaks(MAP_UNREQUESTED, event(&f, PT_OP_MAP, 0, 0));
	assert_int_equal(f.requests, 1);
}

static void test_map_unrequested_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	/* two faults at once: each sees both references */
	silent(event(&f, PT_OP_MAP, 2, 0));
	silent(event(&f, PT_OP_MAP, 2, 0));
	assert_int_equal(f.requests, 1);
	/* on a classic kernel a mapping takes no reference */
	f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_MAP, 1, 0));
	silent(event(&f, PT_OP_MAP, 0, 0));
	/* shared since before tracing, and the scan is still to come */
	f = old_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_MAP, 2, 1));
	assert_int_equal(f.preexisting, 1);
	assert_int_equal(f.requests, 0);
}

static void test_association_conflict(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PT_OP_STORE, 0, 1, false));
	/* our own count decides once there is one */
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PT_OP_STORE, 0, 0, false));
	/* before that the kernel's */
	f = old_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	breaks(ASSOCIATION_CONFLICT, file_event(&f, PT_OP_STORE, 1, 1, false));
	/* the scan does not tell: a 2 MiB entry's other pages are in a file too, and leave it
	 * unseen */
	f = old_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(file_event(&f, PT_OP_BASELINE, 0, 1, false));
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
}

static void test_association_conflict_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	silent(file_event(&f, PT_OP_STORE, 0, 1, true));
	silent(file_event(&f, PT_OP_REMOVE, 0, 2, false));
	silent(file_event(&f, PT_OP_REMOVE, 0, 1, false));
	/* the storage belongs to another file now */
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
}

static void test_entry_dropped_busy(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PT_OP_STORE, 1, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 2, 1, false));
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 1, 1, false));
	/* it is the drop that is wrong, not whose folio it is */
	f = old_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 2, 1, false));
	/* more files than can be counted: the kernel's word is taken */
	f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	for (int i = 0; i < 70; i++)
		silent(file_event(&f, PT_OP_STORE, 1, i, true));
	for (int i = 70; i > 1; i--)
		silent(file_event(&f, PT_OP_REMOVE, 2, i, true));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 2, 1, true));
}

static void test_entry_dropped_busy_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);

	(void)unused;
	silent(file_event(&f, PT_OP_STORE, 1, 0, false));
	silent(file_event(&f, PT_OP_REMOVE, 1, 1, false));
	/* the other file may still use it */
	silent(file_event(&f, PT_OP_STORE, 1, 0, false));
	silent(file_event(&f, PT_OP_STORE, 1, 1, true));
	silent(file_event(&f, PT_OP_REMOVE, 2, 2, true));
	silent(file_event(&f, PT_OP_REMOVE, 1, 1, true));
	/* stored by a huge entry as well, which has another head */
	silent(file_event(&f, PT_OP_STORE, 1, 1, true));
	silent(file_event(&f, PT_OP_REMOVE, 2, 2, true));
}

static void test_reset_busy(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	breaks(RESET_BUSY, event(&f, PT_OP_RESET, 1, 0));
	/* a drop that was reported covers one reset */
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 1, 1, false));
	silent(event(&f, PT_OP_RESET, 1, 0));
	breaks(RESET_BUSY, event(&f, PT_OP_RESET, 1, 0));
	/* and none of the folio's next file */
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	breaks(ENTRY_DROPPED_BUSY, file_event(&f, PT_OP_REMOVE, 1, 1, false));
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	breaks(RESET_BUSY, event(&f, PT_OP_RESET, 1, 0));
}

static void test_reset_busy_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);

	(void)unused;
	silent(event(&f, PT_OP_RESET, 0, 0));
	silent(file_event(&f, PT_OP_STORE, 0, 0, false));
	silent(file_event(&f, PT_OP_REMOVE, 0, 1, false));
	silent(event(&f, PT_OP_RESET, 0, 0));
	/* where 1 is idle */
	f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_RESET, 1, 0));
}

static void test_teardown_live(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_GENERIC);

	(void)unused;
	breaks(TEARDOWN_LIVE, event(&f, PT_OP_TEARDOWN, 2, 0));
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_PRIVATE);
	breaks(TEARDOWN_LIVE, event(&f, PT_OP_TEARDOWN, 1, 0));
	/* the struct page goes away under everybody, also under old users */
	f = old_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_BASELINE, 2, 0));
	breaks(TEARDOWN_LIVE, event(&f, PT_OP_TEARDOWN, 2, 0));
}

static void test_teardown_live_silent(void **unused)
{
	struct folio f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_GENERIC);

	(void)unused;
	silent(event(&f, PT_OP_TEARDOWN, 1, 0));
	f = new_folio(PT_PROFILE_CLASSIC, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_TEARDOWN, 1, 0));
	f = new_folio(PT_PROFILE_COUNTED, PT_TYPE_FS_DAX);
	silent(event(&f, PT_OP_TEARDOWN, 0, 0));
}

/* A step that lost its compare-and-swap is done again. */
static void test_step_has_no_side_effect(void **unused)
{
	struct pt_transition t = {.op = PT_OP_REQUEST,
				  .type = PT_TYPE_PRIVATE,
				  .profile = PT_PROFILE_COUNTED,
				  .fresh = 1};
	struct pt_transition copy = t;
	struct pt_outcome first = {0}, second = {0};

	(void)unused;
	assert_int_equal(pt_step(0, &t, &first), pt_step(0, &t, &second));
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
		cmocka_unit_test(test_free_referenced_below_zero),
		cmocka_unit_test(test_free_referenced_silent),
		cmocka_unit_test(test_generic_overput),
		cmocka_unit_test(test_generic_overput_silent),
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
		cmocka_unit_test(test_step_has_no_side_effect),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
