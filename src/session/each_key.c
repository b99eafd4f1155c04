// SPDX-License-Identifier: GPL-2.0-only
#include "session/each_key.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

/*
 * BPF_MAP_GET_NEXT_KEY starts over if the key that it is given was deleted.  So
 * collect all keys first, and drop those that came twice.  BPF_MAP_LOOKUP_BATCH
 * never starts over, but no kprobe program runs on its CPU while it looks for the
 * next bucket that is not empty: that would lose events.
 */
#define STEPS_PER_ENTRY 16 /* a walk that needs more has started over too often */

struct keys {
	char *key;
	size_t size; /* of one */
	size_t nr, room;
};

static int compare(const void *a, const void *b, void *size)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = *(size_t *)size; i-- > 0;)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static void sort(struct keys *k)
{
	size_t kept = 0;

	if (!k->nr)
		return;
	qsort_r(k->key, k->nr, k->size, compare, &k->size);
	for (size_t i = 1; i < k->nr; i++) {
		if (!memcmp(k->key + kept * k->size, k->key + i * k->size, k->size))
			continue;
		kept++;
		memmove(k->key + kept * k->size, k->key + i * k->size, k->size);
	}
	k->nr = kept + 1;
}

/* Return: room for one more key; NULL: no memory */
static char *next_room(struct keys *k)
{
	char *more;
	size_t room;

	if (k->nr == k->room) {
		/* after a restart half of them may have come twice */
		sort(k);
		if (k->nr >= k->room / 2) {
			room = k->room ? k->room * 2 : 1024;
			more = reallocarray(k->key, room, k->size);
			if (!more)
				return NULL;
			k->key = more;
			k->room = room;
		}
	}
	return k->key + k->nr * k->size;
}

/* Return: after how many steps a walk gives up */
static uint64_t most_steps(int map)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	/* some more, for maps that hold hardly anything */
	return (bpf_obj_get_info_by_fd(map, &info, &size) ? 0 : info.max_entries + 64ULL) *
	       STEPS_PER_ENTRY;
}

/* Return: did it come to the end of the map? */
static bool collect(int map, struct keys *k)
{
	uint64_t steps = most_steps(map);
	const void *last = NULL;
	char *previous = malloc(k->size), *key;
	bool end = false;

	while (previous && steps--) {
		key = next_room(k);
		if (!key)
			break;
		if (bpf_map_get_next_key(map, last, key)) {
			end = errno == ENOENT;
			break;
		}
		k->nr++;
		/* sorting moves the keys */
		last = memcpy(previous, key, k->size);
	}
	free(previous);
	sort(k);
	return end;
}

bool each_key(int map, size_t size, key_fn fn, void *arg)
{
	struct keys k = {.size = size};
	bool all = collect(map, &k);

	for (size_t i = 0; i < k.nr; i++) {
		if (fn(arg, k.key + i * size))
			continue;
		all = false;
		break;
	}
	free(k.key);
	return all;
}
