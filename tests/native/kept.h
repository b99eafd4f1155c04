/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a session keeps and sends, so that two sessions can be compared.  What only makes
 * the programs faster is not of it.  The includer brings cmocka.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_KEPT_H
#define PGMAPTRACE_TESTS_NATIVE_KEPT_H

#include "device.h"

#define KEPT_MAPS(MAP)                                                                             \
	MAP(sections)                                                                              \
	MAP(histories)                                                                             \
	MAP(sites)                                                                                 \
	MAP(stacks)                                                                                \
	MAP(tasks)                                                                                 \
	MAP(groups)                                                                                \
	MAP(pgmaps)                                                                                \
	MAP(torn_down)                                                                             \
	MAP(counts)                                                                                \
	MAP(rates)

#define SENT_BY(RING)                                                                              \
	RING(records)                                                                              \
	RING(events)

#define NAME(map) KEPT_##map,
enum { KEPT_MAPS(NAME) SENT_BY(NAME) NR_KEPT };
#undef NAME

struct kept {
	__u64 digest[NR_KEPT];
};

static inline struct kept all_kept(void)
{
#define MAP(map)   [KEPT_##map] = map_digest(table_of(&map)),
#define RING(ring) [KEPT_##ring] = ring_digest(ring_of(&ring)),
	return (struct kept){{KEPT_MAPS(MAP) SENT_BY(RING)}};
#undef MAP
#undef RING
}

/* Return: the name of the first map that differs; NULL: none does. */
static inline const char *kept_differently(const struct kept *one, const struct kept *other)
{
#define NAME(map) #map,
	static const char *const names[] = {KEPT_MAPS(NAME) SENT_BY(NAME)};
#undef NAME

	for (int i = 0; i < NR_KEPT; i++)
		if (one->digest[i] != other->digest[i])
			return names[i];
	return NULL;
}

#endif /* PGMAPTRACE_TESTS_NATIVE_KEPT_H */
