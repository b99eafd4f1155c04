/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sessions of other pgmaptraces that run now.  Each has a map called
 * pgmaptrace with the ids of the maps that others may read.  Not here: reading them.
 */
#ifndef PGMAPTRACE_SESSION_PEERS_H
#define PGMAPTRACE_SESSION_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

/* What a session keeps of folios: file descriptors of its maps, -1 for none. */
struct kept {
	int sections;
	int histories;
	int sites;
	int stacks;
	int tasks;
	int spins;
	uint64_t began; /* ticks count from here */
	uint32_t pid;
	bool history; /* last requests and frees are kept */
};

#define KEPT_NOTHING                                                                               \
	(struct kept)                                                                              \
	{                                                                                          \
		-1, -1, -1, -1, -1, -1, 0, 0, false                                                \
	}

#define PEERS_NOT_PERMITTED (UINT32_MAX - 1) /* no pid is that large */

/*
 * peers_find - the session that began first, of those that are complete
 * @k: its maps, for peers_close()
 * @other: pid of a session of another version, which can't be read; UINT32_MAX if it
 * does not say; PEERS_NOT_PERMITTED if this process may not look; 0: none
 * Return: false if there is none.
 */
bool peers_find(struct kept *k, uint32_t *other);
void peers_close(struct kept *k);

#endif /* PGMAPTRACE_SESSION_PEERS_H */
