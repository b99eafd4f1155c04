// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a map that programs change while it is walked; the map is made up. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "session/each_key.c"

#define MAP	1
#define ENTRIES 4096

/* In the order of the buckets. */
static struct {
	uint64_t key[ENTRIES];
	size_t nr;
	size_t steps;
	size_t delete_every; /* steps; 0: never */
	bool never_ends;     /* a new first key comes for each that goes */
} map;

static void delete_key(size_t i)
{
	memmove(map.key + i, map.key + i + 1, (map.nr - i - 1) * sizeof(*map.key));
	map.nr--;
}

/* As the kernel has it: after a key that is not there comes the first. */
int bpf_map_get_next_key(int fd, const void *key, void *next)
{
	size_t i = 0;
	uint64_t last;

	assert_int_equal(fd, MAP);
	map.steps++;
	if (key) {
		memcpy(&last, key, sizeof(last));
		for (i = 0; i < map.nr && map.key[i] != last; i++)
			;
		i = i < map.nr ? i + 1 : 0;
	}
	if (i == map.nr) {
		errno = ENOENT;
		return -ENOENT;
	}
	memcpy(next, &map.key[i], sizeof(*map.key));
	if (map.delete_every && map.steps % map.delete_every == 0) {
		if (map.never_ends)
			map.key[i] = map.steps << 32;
		else
			delete_key(i);
	}
	return 0;
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size)
{
	assert_int_equal(fd, MAP);
	memset(info, 0, *size);
	((struct bpf_map_info *)info)->max_entries = ENTRIES;
	return 0;
}

static uint64_t found[2 * ENTRIES];
static size_t nr_found, stop_after;

static bool on_key(void *arg, const void *key)
{
	assert_ptr_equal(arg, &map);
	memcpy(&found[nr_found++], key, sizeof(*found));
	return nr_found != stop_after;
}

static bool walk(void)
{
	nr_found = 0;
	return each_key(MAP, sizeof(uint64_t), on_key, &map);
}

/* Keys 1 to @nr, in no order. */
static int fill(size_t nr)
{
	memset(&map, 0, sizeof(map));
	stop_after = 0;
	map.nr = nr;
	for (size_t i = 0; i < nr; i++)
		map.key[i] = (i * 1021) % nr + 1;
	return 0;
}

static void quiet_map(void **state)
{
	(void)state;
	fill(0);
	assert_true(walk());
	assert_int_equal(nr_found, 0);
	fill(3000);
	assert_true(walk());
	assert_int_equal(nr_found, 3000);
	for (size_t i = 0; i < nr_found; i++)
		assert_int_equal(found[i], i + 1);
}

static void ended_by_caller(void **state)
{
	(void)state;
	fill(10);
	stop_after = 4;
	assert_false(walk());
	assert_int_equal(nr_found, 4);
}

/* Each time that the key at hand is deleted, the kernel starts over. */
static void starts_over(void **state)
{
	bool seen[ENTRIES] = {false};

	(void)state;
	fill(1500);
	map.delete_every = 1490;
	assert_true(walk());
	assert_true(map.steps > 2 * 1500);
	for (size_t i = 0; i < nr_found; i++) {
		assert_false(seen[found[i]]);
		seen[found[i]] = true;
	}
	/* what stayed was found */
	for (size_t i = 0; i < map.nr; i++)
		assert_true(seen[map.key[i]]);
}

static void gives_up(void **state)
{
	(void)state;
	fill(100);
	map.delete_every = 50;
	map.never_ends = true;
	assert_false(walk());
	for (size_t i = 1; i < nr_found; i++)
		assert_true(found[i - 1] < found[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_map),
		cmocka_unit_test(ended_by_caller),
		cmocka_unit_test(starts_over),
		cmocka_unit_test(gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
