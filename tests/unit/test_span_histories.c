// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios of many pages in long random histories: the BPF programs as ordinary code, against
 * an account that each page keeps by itself.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "requests.h"

#define NR_PAGES  16u
#define MAX_ORDER 3u
#define HISTORIES 20000

struct page_account {
	unsigned int life, order;
	unsigned int head; /* of the folio that it was requested with */
};

struct account {
	struct page_account page[NR_PAGES];
	unsigned int requests, frees;
};

static void account_request(struct account *a, unsigned int page, unsigned int nr,
			    unsigned int order)
{
	for (unsigned int i = 0; i < nr << order; i++)
		a->page[page + i].head = (page + i) >> order << order;
	for (unsigned int i = 0; i < nr; i++) {
		a->page[page + (i << order)].life = PGMT_REQUESTED;
		a->page[page + (i << order)].order = order;
	}
	a->requests += nr;
}

/* Nobody knows any more what the folios were before. */
static void account_in_vain(struct account *a, unsigned int page, unsigned int nr,
			    unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++)
		a->page[page + (i << order)].life = PGMT_IDLE;
}

/* Each page of the folio of @head is owed by itself from here on. */
static void account_parts(struct account *a, unsigned int head)
{
	unsigned int nr = 1u << a->page[head].order;

	for (unsigned int i = head; i < head + nr; i++)
		a->page[i] = (struct page_account){PGMT_PART, 0, i};
	a->requests += nr - 1;
}

static void account_free(struct account *a, unsigned int page, unsigned int order)
{
	unsigned int head = a->page[page].head;

	if (head != page || a->page[page].order > order)
		account_parts(a, head);
	for (unsigned int i = page; i < page + (1u << order); i++) {
		if (a->page[i].life == PGMT_REQUESTED || a->page[i].life == PGMT_PART) {
			a->page[i].life = PGMT_FREED;
			a->frees++;
		}
		a->page[i].order = 0;
		a->page[i].head = i;
	}
}

static void check_account(const struct account *a)
{
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		struct state s = state_of(i);

		/* the first event makes the section */
		if (!section_of(PFN(0)))
			s.life = PGMT_IDLE;
		assert_int_equal(s.life, a->page[i].life);
		assert_int_equal(s.order, a->page[i].order);
		assert_false(s.reported);
	}
	assert_counted(a->requests, a->frees);
}

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
static void random_request(struct account *a, struct owner *owners)
{
	unsigned int whole = rand() % (MAX_ORDER + 1), part = rand() % (whole + 1);
	unsigned int page = rand() % (NR_PAGES >> whole) << whole, nr = 1u << (whole - part);

	if (!all_idle(owners, page, 1u << whole))
		return;
	if (profile == PGMT_PROFILE_REQUEST && rand() % 4 == 0) {
		request_in_vain(page, nr, part);
		silent(new_finding());
		account_in_vain(a, page, nr, part);
		return;
	}
	silent(request(page, nr, part));
	account_request(a, page, nr, part);
	if (rand() % 2) {
		make_folio(PFN(page), whole, 1);
		add_owner(owners, page, whole);
	} else {
		for (unsigned int i = 0; i < nr; i++)
			add_owner(owners, page + (i << part), part);
	}
}

/* It comes back, or is cut in two of which each comes back on its own. */
static void random_free(struct account *a, struct owner *owners)
{
	struct owner *o = &owners[rand() % NR_PAGES];

	if (!o->out)
		return;
	if (o->order && rand() % 2) {
		take_apart(o->page);
		o->order--;
		add_owner(owners, o->page + (1u << o->order), o->order);
		return;
	}
	o->out = false;
	silent(give_back(o->page, o->order));
	account_free(a, o->page, o->order);
}

/* A page comes back that nobody has, or is asked for though someone has it. */
static void random_mistake(struct account *a)
{
	unsigned int page = rand() % NR_PAGES;
	struct page_account *p = &a->page[page];
	unsigned int rule;

	switch (p->life) {
	case PGMT_PART:
		breaks(PAGES_UNBALANCED, request(page, 1, 0));
		break;
	case PGMT_REQUESTED:
		breaks(DOUBLE_REQUEST, request(page, 1, 0));
		break;
	default:
		if (p->head != page) {
			breaks(DOUBLE_REQUEST, request(page, 1, 0));
			break;
		}
		rule = give_back(page, 0);
		assert_int_equal(rule, p->life == PGMT_IDLE ? PGMT_RULE_FREE_UNREQUESTED
							    : PGMT_RULE_DOUBLE_FREE);
		p->life = PGMT_FREED;
	}
}

static void begin_history(struct account *a, bool requests)
{
	begin(requests ? PGMT_PROFILE_REQUEST : PGMT_PROFILE_COUNTED);
	SET(slow, rand() % 2);
	SET(can_cast, rand() % 2);
	*a = (struct account){0};
	for (unsigned int i = 0; i < NR_PAGES; i++)
		a->page[i] = (struct page_account){PGMT_IDLE, 0, i};
}

static void test_random_spans(void **unused)
{
	struct account a;

	(void)unused;
	srand(1);
	for (int history = 0; history < HISTORIES; history++) {
		struct owner owners[NR_PAGES] = {0};

		begin_history(&a, history % 2);
		for (int n = rand() % 60; n; n--) {
			machine.cpu = rand() % MACHINE_CPUS;
			if (rand() % 2)
				random_request(&a, owners);
			else
				random_free(&a, owners);
			check_account(&a);
		}
		if (history % 4 == 1) {
			random_mistake(&a);
			check_account(&a);
		}
		for (unsigned int i = 0; i < NR_PAGES; i++) {
			if (!owners[i].out)
				continue;
			silent(give_back(owners[i].page, owners[i].order));
			account_free(&a, owners[i].page, owners[i].order);
			check_account(&a);
		}
		assert_balanced(a.requests);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_spans),
	};

	return cmocka_run_group_tests_name("span histories", tests, NULL, NULL);
}
