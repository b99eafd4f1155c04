/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sessions of other pgmaptraces that run now: what they keep can be read
 * by the ids of their maps, which they say in a map called pgmaptrace.
 */
#ifndef PGMAPTRACE_SESSION_PEERS_H
#define PGMAPTRACE_SESSION_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

/* Where the past of folios is kept: file descriptors of maps, -1 for none. */
struct kept {
	int sections;
	int histories;
	int sites;
	int stacks;
	int tasks;
	uint64_t began; /* touch times count from here */
	uint32_t pid;
	bool history; /* last requests and frees are kept */
};

#define KEPT_NOTHING                                                                               \
	(struct kept)                                                                              \
	{                                                                                          \
		-1, -1, -1, -1, -1, 0, 0, false                                                    \
	}

/*
 * peers_find - the session that began first, of those that are complete
 * @k: its maps, to be given back with peers_close()
 * @other: pid of a session that can't be read, being of another version; 0: none
 * Return: false if there is none.
 */
bool peers_find(struct kept *k, uint32_t *other);
void peers_close(struct kept *k);

#endif /* PGMAPTRACE_SESSION_PEERS_H */
