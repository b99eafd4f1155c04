// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fast path keeps, counts and sends what observe() does: the same random events, of
 * which many are no kernel's, twice through the BPF programs as ordinary code.
 * PGMAPTRACE_SEED=N in the environment chooses other events.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "device.h"
#include "kept.h"

#define HISTORIES 6000
#define NR_EVENTS 40
#define NR_USED	  8 /* pages; a large folio is half of them */

enum action { MAP, MAP_PFN, MAP_PMD, FREE, STORE, STORED, INIT, REQUEST, NR_ACTIONS };

static __u64 mapped_entry, iterator[8];

static bool one_in(int n)
{
	return rand() % n == 0;
}

/* The struct pages at this event: most often as those of a folio in use or just freed. */
static void make_used(__u64 pfn, enum action action)
{
	int idle = pgmt_idle_count(profile, device.type);
	int refcount = action == FREE || action == INIT || action == REQUEST ? idle : idle + 1;
	__u64 half = FIRST_PFN + (pfn - FIRST_PFN) / (NR_USED / 2) * (NR_USED / 2);

	/* what observe() shows of a page that is stored where that requests it is less */
	bool plain = action == STORED && watch;

	make_single(half, NR_USED / 2);
	if (!plain && one_in(8))
		make_folio(half, 2, refcount);
	if (one_in(8))
		refcount = rand() % 5 - 1;
	set_refcount(pfn, refcount);
	set_mapcount(pfn, plain ? 0 : action == FREE ? one_in(8) : rand() % 3);
}

static void call_map(__u64 pfn, enum action action)
{
	if (action == MAP)
		fentry_vmf_insert_page_mkwrite(call(0, (__u64)struct_page(pfn), 0));
	else if (action == MAP_PFN)
		fentry_vmf_insert_mixed(call(0, 0, pfn));
	else
		fentry_vmf_insert_pfn_pmd(call(0, pfn, 0));
}

/* dax_insert_entry(xas, vmf, iter, entry, pfn), or with &entry in place of iter */
static void call_store(__u64 pfn, bool returns)
{
	struct call_frame *frame = call(0, 0, returns ? (__u64)&mapped_entry : (__u64)iterator);

	mapped_entry = pfn << (1 + DAX_SHIFT) | 1;
	frame->argument[3] = returns ? pfn : DAX_EMPTY << 1 | 1;
	frame->argument[4] = pfn;
	if (returns)
		fexit_dax_insert_entry(frame);
	else
		fentry_dax_insert_entry(frame);
}

static void act(enum action action, __u64 pfn)
{
	bool granted = one_in(2);

	switch (action) {
	case FREE: /* no tail page comes here */
		call_free(page_to_pfn(page_head((__u64)struct_page(pfn))));
		break;
	case STORE:
		call_store(pfn, false);
		break;
	case STORED:
		call_store(pfn, true);
		break;
	case INIT:
		call_init(pfn, folio_order((__u64)struct_page(pfn)));
		break;
	case REQUEST:
		call_request(pfn, 1);
		call_request_returns(pfn, 1, granted);
		break;
	default:
		call_map(pfn, action);
	}
}

/* Those of another contract are never called. */
static bool is_called(enum action action)
{
	bool requests = profile == PGMT_PROFILE_REQUEST;
	unsigned int type = device.type;

	switch (action) {
	case MAP_PFN:
	case MAP_PMD:
		return type == PGMT_TYPE_GENERIC || (requests && type == PGMT_TYPE_FS_DAX);
	case STORE:
		return !requests && type == PGMT_TYPE_FS_DAX;
	case STORED:
		return requests && type == PGMT_TYPE_FS_DAX;
	case INIT:
		return !requests && type < PGMT_TYPE_FS_DAX;
	case REQUEST:
		return requests;
	default:
		return true;
	}
}

static void random_event(void)
{
	__u64 pfn = FIRST_PFN + rand() % NR_USED;
	enum action action;

	do
		action = rand() % NR_ACTIONS;
	while (!is_called(action));
	machine.clock += rand() % (4 << PGMT_TICK_SHIFT);
	machine.cpu = rand() % MACHINE_CPUS;
	machine.task.pid = 115 + one_in(8);
	/* by another name it is only known once some time has gone by: see record_task_fast() */
	machine.task.comm[0] = 'a' + machine.task.pid % 8;
	if (one_in(20))
		settled = 1;
	make_used(pfn, action);
	act(action, pfn);
}

/* Is the name of a task kept that only the fast path looks at? */
static bool took_fast_path(void)
{
	return map_digest(table_of(&named_task));
}

static void begin(void)
{
	start_session(PGMT_PROFILE_CLASSIC + rand() % 3, PGMT_TYPE_PRIVATE + rand() % 4, one_in(2));
	machine_maps(&mapped_entry, sizeof(mapped_entry));
	machine_maps(iterator, sizeof(iterator));
	SET(can_cast, one_in(2));
	SET(stack_mode, rand() % 3);
	SET(watch, one_in(3) ? PGMT_WATCH_ALL : PGMT_WATCH_NONE);
	settled = one_in(2);
}

static struct kept play(unsigned int seed, int events, bool slowly)
{
	srand(seed);
	begin();
	SET(slow, slowly);
	if (slowly)
		SET(takes_fast_path, false);
	while (events--)
		random_event();
	return all_kept();
}

static void compare(unsigned int seed, int events)
{
	struct kept fast = play(seed, events, false), kept = play(seed, events, true);
	const char *map = kept_differently(&fast, &kept);

	if (map)
		fail_msg("PGMAPTRACE_SEED=%u: after %d events the %s differ", seed, events, map);
}

static void test_fast_path_is_as_observe(void **unused)
{
	const char *given = getenv("PGMAPTRACE_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 0) : 1, taken = 0;
	struct kept fast, kept;

	(void)unused;
	for (unsigned int last = seed + HISTORIES; seed < last; seed++) {
		fast = play(seed, NR_EVENTS, false);
		taken += took_fast_path();
		kept = play(seed, NR_EVENTS, true);
		assert_false(took_fast_path());
		/* which event was it? */
		for (int n = 1; kept_differently(&fast, &kept) && n <= NR_EVENTS; n++)
			compare(seed, n);
	}
	print_message("# %u of %u histories had the fast path\n", taken, HISTORIES);
	assert_true(taken > HISTORIES / 10);
}

/* A folio that another CPU changes between the look at it and the swap is left to observe(). */
static int changes;

static void other_cpu_maps(volatile void *word)
{
	struct pgmt_section *s = section_of(FIRST_PFN);

	if (word != &s->cells[0] || !changes)
		return;
	changes--;
	*(volatile __u64 *)word ^= (__u64)PGMT_REPORTED << pgmt_cell_shift(64);
}

static void test_loses_against_another_cpu(void **unused)
{
	(void)unused;
	assert_int_equal(pgmt_cell_index(0), pgmt_cell_index(64));
	for (changes = 0; changes <= PGMT_CAS_TRIES + 1; changes++) {
		int want = changes;

		start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, false);
		find_section(FIRST_PFN);
		find_history(FIRST_PFN, true);
		set_refcount(FIRST_PFN, 1);
		machine.before_swap = other_cpu_maps;
		call_map(FIRST_PFN, MAP);
		assert_int_equal(all_counts().requests, want <= PGMT_CAS_TRIES);
		assert_int_equal(all_counts().lost[PGMT_LOSS_CONTENDED], want > PGMT_CAS_TRIES);
		assert_int_equal(took_fast_path(), !want);
		changes = want;
	}
}

/* The last put of a folio, while a fault on another CPU takes it again, maps it and zaps it. */
static int reads_while_mapped;

static void other_cpu_zaps(const void *at)
{
	const struct page *page = struct_page(FIRST_PFN);

	if (at == &page->_mapcount && reads_while_mapped && !--reads_while_mapped)
		set_mapcount(FIRST_PFN, 0);
}

/* @reads: how often its mapcount is read until it is 0; 0: it stays mapped */
static void free_while_mapped(int reads)
{
	start_session(PGMT_PROFILE_COUNTED, PGMT_TYPE_FS_DAX, false);
	set_refcount(FIRST_PFN, 1);
	call_map(FIRST_PFN, MAP);
	set_refcount(FIRST_PFN, 0);
	set_mapcount(FIRST_PFN, 1);
	reads_while_mapped = reads;
	machine.before_read = other_cpu_zaps;
	call_free(FIRST_PFN);
	machine.before_read = NULL;
	assert_int_equal(all_counts().requests, 1);
	assert_int_equal(all_counts().frees, 1);
}

static void test_freed_while_mapped(void **unused)
{
	(void)unused;
	free_while_mapped(0);
	assert_int_equal(all_counts().rules[PGMT_RULE_FREE_REFERENCED], 1);
	for (int reads = 1; reads <= 4; reads++) {
		free_while_mapped(reads);
		assert_int_equal(all_counts().rules[PGMT_RULE_FREE_REFERENCED], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast_path_is_as_observe),
		cmocka_unit_test(test_loses_against_another_cpu),
		cmocka_unit_test(test_freed_while_mapped),
	};

	return cmocka_run_group_tests_name("fast path", tests, NULL, NULL);
}
