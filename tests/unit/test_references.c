// SPDX-License-Identifier: GPL-2.0-only
/* When the reference count of a live pgmap is wrong for certain; the kernel is made here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "leaks/references.c"

/* ---- the kernel, and time */

static struct pgmt_choice choice;
static struct pgmt_walk kernel;
static uint64_t folios, pages;
static int looks, scans;
/* what changes, at which look or scan; 0: never */
static int moves_at, dies_at, gone_at, takes_at;

int poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	(void)fds;
	(void)nr;
	(void)timeout;
	return 0;
}

const struct pgmt_choice *session_choice(const struct session *s)
{
	(void)s;
	return &choice;
}

bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w)
{
	(void)s;
	looks++;
	if (looks == gone_at)
		return false;
	*w = kernel;
	w->live += looks == moves_at;
	w->dying = looks == dies_at;
	return true;
}

const uint64_t *session_scan_leaks(struct session *s, struct pgmt_leak_scan *l)
{
	static const uint64_t none;

	(void)s;
	scans++;
	l->folios = folios + (scans == takes_at);
	l->pages = pages + (scans == takes_at);
	l->pfn = l->end;
	return &none;
}

int session_holders(struct session *s, const struct holders_query *q, struct holders_found *found)
{
	(void)s;
	(void)q;
	(void)found;
	return -1;
}

void holder_text(const struct pgmt_holder *h, char *buf, size_t size)
{
	(void)h;
	snprintf(buf, size, "?");
}

static bool never(void)
{
	return false;
}

/* ---- the pgmap */

static void begin(enum pgmt_profile profile, unsigned int type, uint64_t own, int64_t live)
{
	choice = (struct pgmt_choice){.profile = profile,
				      .init_names_pgmap = profile == PGMT_PROFILE_COUNTED};
	kernel = (struct pgmt_walk){.found = 1,
				    .live = live,
				    .own = own,
				    .live_known = 1,
				    .pgmap = {.type = type,
					      .address = 1,
					      .nr_range = 1,
					      .first = 0x100,
					      .range = {{0x100, 0x2ff}}}};
	folios = pages = 0;
	looks = scans = moves_at = dies_at = gone_at = takes_at = 0;
}

static struct record_pgmap check(void)
{
	struct record_pgmap r = {0};
	struct pgmt_walk now = kernel;

	references_explain(&choice, &now.pgmap, folios, pages, &r);
	assert_int_equal(references_check(NULL, never, &now, &r), 0);
	return r;
}

static void is_right(void)
{
	struct record_pgmap r = check();

	assert_true(r.live.known);
	assert_int_equal(r.live.excess, 0);
	/* at a glance */
	assert_int_equal(looks + scans, 0);
}

static void is_off(int64_t by)
{
	struct record_pgmap r = check();

	assert_true(r.live.known);
	assert_int_equal(r.live.excess, by);
	assert_int_equal(looks, LOOKS);
}

static void is_unclear(void)
{
	struct record_pgmap r = check();

	assert_false(r.live.known);
	assert_true(r.live.moves);
	assert_int_equal(r.live.excess, 0);
}

static void test_bulk(void **state)
{
	(void)state;
	for (enum pgmt_profile p = PGMT_PROFILE_CLASSIC; p <= PGMT_PROFILE_COUNTED; p++) {
		begin(p, PGMT_TYPE_FS_DAX, 513, 513);
		/* these hold none */
		folios = pages = 7;
		is_right();
		begin(p, PGMT_TYPE_GENERIC, 513, 514);
		is_off(1);
		assert_int_equal(scans, 0);
		begin(p, PGMT_TYPE_FS_DAX, 513, 512);
		is_off(-1);
	}
}

static void test_requested(void **state)
{
	(void)state;
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, 1, 9);
	folios = 1;
	pages = 8;
	is_right();
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, 1, 8);
	folios = 1;
	pages = 8;
	is_off(-1);
	begin(PGMT_PROFILE_CLASSIC, PGMT_TYPE_PRIVATE, 1, 4);
	folios = pages = 2;
	is_off(1);
	/* a folio that was built of single ones may hold one reference, or all of theirs */
	for (int64_t live = 2; live <= 9; live++) {
		begin(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, 1, live);
		folios = 1;
		pages = 8;
		is_right();
	}
	begin(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, 1, 10);
	folios = 1;
	pages = 8;
	is_off(1);
	begin(PGMT_PROFILE_REQUEST, PGMT_TYPE_FS_DAX, 1, 1);
	folios = 1;
	pages = 8;
	is_off(-1);
}

/* Nobody knows how many allocations there are, but each has a reference. */
static void test_p2pdma(void **state)
{
	(void)state;
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_PCI_P2PDMA, 513, 900);
	is_right();
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_PCI_P2PDMA, 513, 512);
	is_off(-1);
	begin(PGMT_PROFILE_REQUEST, PGMT_TYPE_PCI_P2PDMA, 1, 900);
	is_right();
}

/* Near misses: whatever moves meanwhile is not judged. */
static void test_traffic(void **state)
{
	(void)state;
	for (int at = 1; at <= LOOKS; at++) {
		begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 513, 514);
		moves_at = at;
		is_unclear();
	}
	for (int at = 1; at <= 2; at++) {
		begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, 1, 2);
		takes_at = at;
		is_unclear();
	}
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 513, 514);
	dies_at = LOOKS;
	is_unclear();
	/* what was read first was old: at the end all is well */
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_COHERENT, 1, 2);
	{
		struct record_pgmap r = {0};
		struct pgmt_walk now = kernel;

		references_explain(&choice, &now.pgmap, 0, 0, &r);
		folios = pages = 1;
		assert_int_equal(references_check(NULL, never, &now, &r), 0);
		assert_true(r.live.known);
		assert_int_equal(r.live.excess, 0);
		assert_int_equal(r.least, 1);
	}
}

static void test_unknown(void **state)
{
	struct record_pgmap r = {0};
	struct pgmt_walk now;

	(void)state;
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 513, 514);
	kernel.live_known = 0;
	r = check();
	assert_false(r.live.known || r.live.moves);
	begin(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, 513, 514);
	gone_at = 3;
	now = kernel;
	r = (struct record_pgmap){0};
	assert_int_equal(references_check(NULL, never, &now, &r), 0);
	assert_int_equal(now.found, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk),	cmocka_unit_test(test_requested),
		cmocka_unit_test(test_p2pdma),	cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
