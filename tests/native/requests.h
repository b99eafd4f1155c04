/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests and frees of folios on the device of device.h, as kernels do them, and what the
 * BPF programs make of that.  The includer brings cmocka.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_REQUESTS_H
#define PGMAPTRACE_TESTS_NATIVE_REQUESTS_H

#include "device.h"
#include "../unit/folio_state.h"

/* Pages are counted from the second section's first on. */
#define PFN(page) (FIRST_PFN + PGMT_SECTION_PAGES + (page))

static struct pgmt_counts seen; /* what new_finding() has reported */

static inline void begin(unsigned char kernel)
{
	start_session(kernel, PGMT_TYPE_COHERENT, false);
	seen = all_counts();
}

/* Return: the rule that was broken since the last call; there may be only one. */
static inline unsigned int new_finding(void)
{
	struct pgmt_counts now = all_counts();
	unsigned int rule, found = PGMT_RULE_NONE;

	for (rule = PGMT_RULE_NONE + 1; rule < PGMT_NR_RULES; rule++) {
		if (now.rules[rule] == seen.rules[rule])
			continue;
		assert_int_equal(now.rules[rule], seen.rules[rule] + 1);
		assert_int_equal(found, PGMT_RULE_NONE);
		found = rule;
	}
	seen = now;
	return found;
}

/* The last record of a finding. */
static inline const struct pgmt_finding *last_finding(void)
{
	const struct ring_table *ring = ring_of(&records);
	const struct ring_record *record;
	const struct pgmt_finding *f = NULL;

	for (record = ring->first; record; record = record->next)
		f = (const void *)record->data;
	assert_non_null(f);
	assert_int_equal(f->kind, PGMT_RECORD_FINDING);
	return f;
}

/* One by one where folios are initialised, all at once where they are requested. */
static inline unsigned int request_as(unsigned int page, unsigned int nr, unsigned int order,
				      bool always_granted)
{
	unsigned int i, rule;

	for (i = 0; i < nr && order; i++)
		make_folio(PFN(page + (i << order)), order, 0);
	if (profile == PGMT_PROFILE_REQUEST)
		call_request(PFN(page), nr);
	for (i = 0; i < nr && profile != PGMT_PROFILE_REQUEST; i++)
		call_init(PFN(page + (i << order)), order);
	rule = new_finding();
	for (i = 0; i < nr && (!rule || always_granted); i++)
		set_refcount(PFN(page + (i << order)), 1);
	if (profile == PGMT_PROFILE_REQUEST)
		call_request_returns(PFN(page), nr, !rule || always_granted);
	return rule;
}

/* Return: the rule that made the kernel refuse. */
static inline unsigned int request(unsigned int page, unsigned int nr, unsigned int order)
{
	return request_as(page, nr, order, false);
}

/* It is refused for a reason that only the kernel knows. */
static inline void request_in_vain(unsigned int page, unsigned int nr, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr && order; i++)
		make_folio(PFN(page + (i << order)), order, 0);
	call_request(PFN(page), nr);
	call_request_returns(PFN(page), nr, false);
	make_single(PFN(page), nr << order);
}

/* Each page of the folio that @page lies in has a reference of its own then. */
static inline void take_apart(unsigned int page)
{
	__u64 head = page_to_pfn(page_head((__u64)struct_page(PFN(page))));
	unsigned int i, order = folio_order((__u64)struct_page(head));

	make_single(head, 1u << order);
	for (i = 0; order && i < 1u << order; i++)
		set_refcount(head + i, 1);
}

/* A folio of @order comes back, whatever its pages were before. */
static inline void come_back(unsigned int page, unsigned int order)
{
	__u64 head = page_to_pfn(page_head((__u64)struct_page(PFN(page))));

	if (head != PFN(page) || folio_order((__u64)struct_page(head)) > order)
		take_apart(page);
	make_folio(PFN(page), order, 0);
	call_free(PFN(page));
	make_single(PFN(page), 1u << order);
}

static inline unsigned int give_back(unsigned int page, unsigned int order)
{
	come_back(page, order);
	return new_finding();
}

static inline unsigned int teardown(void)
{
	call_teardown(PFN(0), PGMT_SECTION_PAGES);
	return new_finding();
}

static inline struct state state_of(unsigned int page)
{
	return unpack(word_of(PFN(page)));
}

#define breaks(rule, step) assert_string_equal(rule_names[step], rule_names[PGMT_RULE_##rule])
#define silent(step)	   assert_string_equal(rule_names[step], rule_names[PGMT_RULE_NONE])

static inline void assert_counted(unsigned int requests, unsigned int frees)
{
	struct pgmt_counts now = all_counts();

	assert_int_equal(now.requests, requests);
	assert_int_equal(now.frees, frees);
	for (int i = 0; i < PGMT_NR_LOSSES; i++)
		assert_int_equal(now.lost[i], 0);
}

static inline void assert_balanced(unsigned int requests)
{
	silent(teardown());
	assert_counted(requests, requests);
}

#endif /* PGMAPTRACE_TESTS_NATIVE_REQUESTS_H */
