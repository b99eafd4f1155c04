/* SPDX-License-Identifier: GPL-2.0-only */
/* The pgmaps that the programs know now, in an order that stays. */
#ifndef PGMAPTRACE_OUTPUT_LIVE_H
#define PGMAPTRACE_OUTPUT_LIVE_H

#include <stddef.h>

#include "session/session.h"

/* Oldest first, each once. */
struct live {
	struct pgmt_pgmap *pgmap;
	size_t nr;
};

/* Without memory, some are left out.  For live_free(). */
struct live live_pgmaps(struct session *s);
void live_free(struct live *l);

#endif /* PGMAPTRACE_OUTPUT_LIVE_H */
