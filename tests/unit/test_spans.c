// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios of many pages and requests of many folios: the steps of model.h in
 * the order in which hooks take them, each page with a word of its own.
 * Not here: single steps (test_model.c).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "folio_state.h"

#define NR_PAGES  16u
#define MAX_ORDER 3u
#define HISTORIES 20000

struct memory {
	unsigned int word[NR_PAGES];
	struct pgmt_transition t; /* type, profile, fresh */
	unsigned int requests, undos, frees, preexisting, preexisting_frees;
	unsigned int findings[PGMT_NR_RULES];
};

static struct memory new_memory(unsigned char profile)
{
	struct memory m = {.t = {.profile = profile, .type = PGMT_TYPE_COHERENT, .fresh = 1}};

	return m;
}

static unsigned int step(struct memory *m, unsigned char op, unsigned int page, unsigned int order,
			 int refcount)
{
	struct pgmt_transition t = m->t;
	struct pgmt_outcome out = {0};

	t.op = op;
	t.order = order;
	t.refcount = refcount;
	m->word[page] = pgmt_step(m->word[page], &t, &out);
	m->requests += out.request;
	m->undos += out.undo;
	m->frees += out.free;
	m->preexisting += out.preexisting;
	m->preexisting_frees += out.preexisting_free;
	m->findings[out.rule]++;
	return out.rule;
}

static unsigned int findings(const struct memory *m)
{
	unsigned int n = 0;

	for (int rule = PGMT_RULE_NONE + 1; rule < PGMT_NR_RULES; rule++)
		n += m->findings[rule];
	return n;
}

/* The large folio that was requested as a whole and has @page, by its head. */
static unsigned int enclosing(const struct memory *m, unsigned int page)
{
	for (unsigned int order = 1; order <= MAX_ORDER; order++) {
		unsigned int head = page >> order << order;

		if (pgmt_is_outstanding(m->word[head]) && pgmt_order(m->word[head]) >= order)
			return head;
	}
	return page;
}

/* Return: the rule that made the kernel refuse, with all taken back. */
static unsigned int request_span(struct memory *m, unsigned int page, unsigned int nr,
				 unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int rule = step(m, PGMT_OP_REQUEST, page + (i << order), order, 0);

		if (!rule)
			continue;
		while (i--)
			step(m, PGMT_OP_UNDO, page + (i << order), 0, 1);
		return rule;
	}
	return PGMT_RULE_NONE;
}

/* The kernel gave the span that it should have refused. */
static void accept_span(struct memory *m, unsigned int page, unsigned int nr, unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++)
		step(m, PGMT_OP_ACCEPT, page + (i << order), order, 1);
}

static void undo_span(struct memory *m, unsigned int page, unsigned int nr, unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++)
		step(m, PGMT_OP_UNDO, page + (i << order), 0, 0);
}

static void split(struct memory *m, unsigned int head)
{
	unsigned int nr = 1u << pgmt_order(m->word[head]);

	for (unsigned int i = 0; i < nr; i++)
		step(m, PGMT_OP_PART, head + i, 0, 0);
}

/* page_free comes for the folio of @order at @page.  Return: the first rule that it broke. */
static unsigned int free_folio(struct memory *m, unsigned int page, unsigned int order)
{
	unsigned int head = enclosing(m, page), next, rule, r;

	if (head != page || pgmt_order(m->word[page]) > order)
		split(m, head);
	next = page + (1u << pgmt_order(m->word[page]));
	rule = step(m, PGMT_OP_FREE, page, order, 0);
	while (next < page + (1u << order)) {
		unsigned int pages = 1u << pgmt_order(m->word[next]);

		r = step(m, PGMT_OP_FREE_REST, next, 0, 0);
		rule = rule ? rule : r;
		next += pages;
	}
	return rule;
}

static void teardown(struct memory *m)
{
	for (unsigned int i = 0; i < NR_PAGES; i++)
		step(m, PGMT_OP_TEARDOWN, i, 0, 0);
}

#define breaks(rule, step) assert_string_equal(rule_names[step], rule_names[PGMT_RULE_##rule])
#define silent(step)	   assert_string_equal(rule_names[step], rule_names[PGMT_RULE_NONE])

static void assert_balanced(struct memory *m)
{
	teardown(m);
	assert_int_equal(findings(m), 0);
	assert_int_equal(m->requests - m->undos, m->frees);
}

/* fsdax: each pfn is requested, one huge folio is built of them and freed. */
static void test_built_of_singles(void **unused)
{
	(void)unused;
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct memory m = new_memory(PGMT_PROFILE_REQUEST);

		for (int again = 0; again < 2; again++) {
			silent(request_span(&m, 8, 1u << order, 0));
			silent(free_folio(&m, 8, order));
		}
		assert_int_equal(m.requests, 2 << order);
		assert_balanced(&m);
	}
}

static void test_built_of_larger_ones(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 4, 1));
	silent(free_folio(&m, 0, 3));
	assert_int_equal(m.requests, 4);
	assert_balanced(&m);
}

static void test_built_and_taken_apart(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 8, 0));
	for (unsigned int i = 0; i < 8; i++)
		silent(free_folio(&m, i, 0));
	assert_balanced(&m);
}

static void test_one_large_folio(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_COUNTED);

	(void)unused;
	silent(request_span(&m, 8, 1, 3));
	silent(free_folio(&m, 8, 3));
	assert_int_equal(m.requests, 1);
	assert_balanced(&m);
}

static void test_freed_in_parts(void **unused)
{
	(void)unused;
	/* from any of them on */
	for (unsigned int first = 0; first < 8; first++) {
		struct memory m = new_memory(PGMT_PROFILE_REQUEST);

		silent(request_span(&m, 8, 1, 3));
		for (unsigned int i = 0; i < 8; i++)
			silent(free_folio(&m, 8 + (first + i) % 8, 0));
		assert_int_equal(m.requests, 8);
		assert_balanced(&m);
	}
}

static void test_freed_in_larger_parts(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_COUNTED);

	(void)unused;
	silent(request_span(&m, 0, 1, 3));
	silent(free_folio(&m, 4, 2));
	silent(free_folio(&m, 2, 1));
	silent(free_folio(&m, 0, 0));
	silent(free_folio(&m, 1, 0));
	assert_int_equal(m.requests, 8);
	assert_balanced(&m);
}

static void test_requested_again_after_parts(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	for (int again = 0; again < 3; again++) {
		silent(request_span(&m, 0, 1, 2));
		for (unsigned int i = 0; i < 4; i++)
			silent(free_folio(&m, i, 0));
		silent(request_span(&m, 0, 1, 2));
		silent(free_folio(&m, 0, 2));
	}
	assert_int_equal(m.requests, 15);
	assert_balanced(&m);
}

static void test_some_parts_missing(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 4, 1, 2));
	silent(free_folio(&m, 4, 0));
	silent(free_folio(&m, 6, 0));
	teardown(&m);
	assert_int_equal(m.findings[PGMT_RULE_PAGES_UNBALANCED], 2);
	assert_int_equal(findings(&m), 2);
	assert_int_equal(m.requests - m.frees, 2);
}

/* The page that was the head is one of them. */
static void test_head_part_missing(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 4, 1, 2));
	for (unsigned int i = 5; i < 8; i++)
		silent(free_folio(&m, i, 0));
	assert_int_equal(m.requests, 4);
	assert_int_equal(unpack(m.word[4]).life, PGMT_PART);
	assert_int_equal(unpack(m.word[4]).order, 0);
	breaks(PAGES_UNBALANCED, request_span(&m, 4, 1, 0));
	breaks(REF_IMBALANCE, step(&m, PGMT_OP_TEARDOWN, 4, 0, 1));
	breaks(PAGES_UNBALANCED, step(&m, PGMT_OP_TEARDOWN, 4, 0, 0));
	assert_int_equal(m.requests - m.frees, 1);
}

/* Nobody notices until one of them is wanted. */
static void test_missing_part_is_requested(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 4, 1, 2));
	silent(free_folio(&m, 4, 0));
	silent(request_span(&m, 4, 1, 0));
	breaks(PAGES_UNBALANCED, request_span(&m, 5, 1, 0));
	silent(free_folio(&m, 4, 0));
	breaks(PAGES_UNBALANCED, request_span(&m, 4, 2, 0));
	assert_int_equal(m.requests - m.undos - m.frees, 3);
}

static void test_part_comes_back_twice(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 4, 1, 2));
	silent(free_folio(&m, 5, 0));
	breaks(DOUBLE_FREE, free_folio(&m, 5, 0));
	for (unsigned int i = 4; i < 8; i++)
		if (i != 5)
			silent(free_folio(&m, i, 0));
	assert_int_equal(m.requests, m.frees);
}

static void test_freed_over_idle_neighbours(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 1, 2));
	breaks(ORDER_MISMATCH, free_folio(&m, 0, 3));
	assert_int_equal(m.findings[PGMT_RULE_ORDER_MISMATCH], findings(&m));
	/* what was never asked for is owed by nobody */
	assert_int_equal(m.requests, 1);
	assert_int_equal(m.frees, 1);
	for (unsigned int i = 4; i < 8; i++)
		assert_int_equal(unpack(m.word[i]).life, PGMT_IDLE);
}

/* Half of a huge folio's pages were requested. */
static void test_built_over_idle_neighbours(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 4, 0));
	breaks(ORDER_MISMATCH, free_folio(&m, 0, 3));
	assert_int_equal(m.findings[PGMT_RULE_ORDER_MISMATCH], 4);
	assert_int_equal(findings(&m), 4);
	assert_int_equal(m.requests, m.frees);
}

/* One that was left out is told of when the huge entry is stored, and no more. */
static void test_freed_with_a_missed_page(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 5, 0));
	silent(request_span(&m, 6, 2, 0));
	silent(step(&m, PGMT_OP_MISSED, 5, 0, 0));
	silent(free_folio(&m, 0, 3));
	silent(request_span(&m, 0, 8, 0));
	silent(free_folio(&m, 0, 3));
	assert_int_equal(m.requests, 15);
	assert_balanced(&m);
}

static void test_span_refused(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST), before;

	(void)unused;
	silent(request_span(&m, 3, 1, 0));
	before = m;
	breaks(DOUBLE_REQUEST, request_span(&m, 0, 8, 0));
	/* the one who has it keeps it, and nobody got the others */
	assert_int_equal(m.word[3], before.word[3]);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(unpack(pgmt_normalise(m.word[i], 1)).life,
				 i == 3 ? PGMT_REQUESTED : PGMT_IDLE);
	silent(free_folio(&m, 3, 0));
	silent(request_span(&m, 0, 8, 0));
	silent(free_folio(&m, 0, 3));
	teardown(&m);
	assert_int_equal(findings(&m), 1);
	assert_int_equal(m.requests - m.undos, m.frees);
}

static void test_span_accepted(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 3, 1, 0));
	breaks(DOUBLE_REQUEST, request_span(&m, 0, 4, 0));
	accept_span(&m, 0, 4, 0);
	assert_int_equal(m.requests - m.undos, 4);
	silent(free_folio(&m, 0, 2));
	teardown(&m);
	assert_int_equal(findings(&m), 1);
	assert_int_equal(m.requests - m.undos, m.frees);
}

/* The first owner's folio comes back when the second one has the span. */
static void test_span_accepted_then_freed(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 3, 1, 0));
	breaks(DOUBLE_REQUEST, request_span(&m, 0, 4, 0));
	accept_span(&m, 0, 4, 0);
	silent(step(&m, PGMT_OP_FREE, 3, 0, 1));
	assert_int_equal(m.requests - m.undos - m.frees, 4);
	silent(free_folio(&m, 0, 2));
	teardown(&m);
	assert_int_equal(findings(&m), 1);
	assert_int_equal(m.requests - m.undos, m.frees);
}

static void test_span_undone(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_REQUEST);

	(void)unused;
	silent(request_span(&m, 0, 4, 2));
	undo_span(&m, 0, 4, 2);
	assert_int_equal(m.requests, 4);
	assert_int_equal(m.undos, 4);
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		assert_int_equal(pgmt_order(m.word[i]), 0);
		assert_int_equal(m.word[i] & PGMT_REPORTED, 0);
	}
	silent(request_span(&m, 0, 1, 0));
	silent(free_folio(&m, 0, 0));
	assert_balanced(&m);
}

/* Requested before tracing began, as a whole: its other pages have no word to say. */
static void test_preexisting_large_folio(void **unused)
{
	struct memory m = new_memory(PGMT_PROFILE_COUNTED);

	(void)unused;
	m.t.fresh = 0;
	silent(step(&m, PGMT_OP_INITIAL, 0, 0, 1));
	silent(step(&m, PGMT_OP_FREE, 0, 3, 0));
	assert_int_equal(m.preexisting, 1);
	assert_int_equal(m.preexisting_frees, 1);
	assert_int_equal(m.requests + m.frees, 0);
}

/* ---- random histories of rightful spans ---- */

struct owner {
	unsigned int page, order; /* the folio's shape now */
	bool out;
};

static void add_owner(struct owner *owners, unsigned int page, unsigned int order)
{
	for (;; owners++) {
		if (owners->out)
			continue;
		*owners = (struct owner){page, order, true};
		return;
	}
}

static bool all_idle(const struct owner *owners, unsigned int page, unsigned int pages)
{
	for (unsigned int i = 0; i < NR_PAGES; i++)
		if (owners[i].out && owners[i].page < page + pages &&
		    page < owners[i].page + (1u << owners[i].order))
			return false;
	return true;
}

/* Pages of one order in a row, and then they may be made one folio. */
static void random_request(struct memory *m, struct owner *owners)
{
	unsigned int whole = rand() % (MAX_ORDER + 1), part = rand() % (whole + 1);
	unsigned int page = rand() % (NR_PAGES >> whole) << whole, nr = 1u << (whole - part);

	if (!all_idle(owners, page, 1u << whole))
		return;
	silent(request_span(m, page, nr, part));
	if (rand() % 4 == 0) {
		undo_span(m, page, nr, part);
		return;
	}
	if (rand() % 2)
		add_owner(owners, page, whole);
	else
		for (unsigned int i = 0; i < nr; i++)
			add_owner(owners, page + (i << part), part);
}

/* It comes back, or is cut in two of which each comes back on its own. */
static void random_free(struct memory *m, struct owner *owners)
{
	struct owner *o = &owners[rand() % NR_PAGES];

	if (!o->out)
		return;
	if (o->order && rand() % 2) {
		o->order--;
		add_owner(owners, o->page + (1u << o->order), o->order);
		return;
	}
	o->out = false;
	silent(free_folio(m, o->page, o->order));
}

static void test_random_spans(void **unused)
{
	(void)unused;
	srand(1);
	for (int history = 0; history < HISTORIES; history++) {
		struct memory m =
			new_memory(history % 2 ? PGMT_PROFILE_REQUEST : PGMT_PROFILE_COUNTED);
		struct owner owners[NR_PAGES] = {0};

		for (int n = rand() % 60; n; n--) {
			if (rand() % 2)
				random_request(&m, owners);
			else
				random_free(&m, owners);
		}
		for (unsigned int i = 0; i < NR_PAGES; i++)
			if (owners[i].out)
				silent(free_folio(&m, owners[i].page, owners[i].order));
		assert_balanced(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_of_singles),
		cmocka_unit_test(test_built_of_larger_ones),
		cmocka_unit_test(test_built_and_taken_apart),
		cmocka_unit_test(test_one_large_folio),
		cmocka_unit_test(test_freed_in_parts),
		cmocka_unit_test(test_freed_in_larger_parts),
		cmocka_unit_test(test_requested_again_after_parts),
		cmocka_unit_test(test_some_parts_missing),
		cmocka_unit_test(test_head_part_missing),
		cmocka_unit_test(test_missing_part_is_requested),
		cmocka_unit_test(test_part_comes_back_twice),
		cmocka_unit_test(test_freed_over_idle_neighbours),
		cmocka_unit_test(test_built_over_idle_neighbours),
		cmocka_unit_test(test_freed_with_a_missed_page),
		cmocka_unit_test(test_span_refused),
		cmocka_unit_test(test_span_accepted),
		cmocka_unit_test(test_span_accepted_then_freed),
		cmocka_unit_test(test_span_undone),
		cmocka_unit_test(test_preexisting_large_folio),
		cmocka_unit_test(test_random_spans),
	};

	return cmocka_run_group_tests_name("spans", tests, NULL, NULL);
}
