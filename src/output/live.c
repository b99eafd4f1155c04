// SPDX-License-Identifier: GPL-2.0-only
#include "output/live.h"

#include <stdlib.h>

static void add_live(void *arg, const struct pgmt_pgmap *p)
{
	struct live *l = arg;
	struct pgmt_pgmap *more = realloc(l->pgmap, (l->nr + 1) * sizeof(*more));

	if (!more)
		return;
	l->pgmap = more;
	l->pgmap[l->nr++] = *p;
}

static int by_epoch(const void *a, const void *b)
{
	const struct pgmt_pgmap *one = a, *other = b;

	return one->epoch < other->epoch ? -1 : one->epoch > other->epoch;
}

struct live live_pgmaps(struct session *s)
{
	struct live l = {0};
	size_t nr = 0;

	session_pgmaps(s, add_live, &l);
	if (l.nr)
		qsort(l.pgmap, l.nr, sizeof(*l.pgmap), by_epoch);
	/* a teardown during the walk may start it over */
	for (size_t i = 0; i < l.nr; i++)
		if (!i || l.pgmap[i].epoch != l.pgmap[nr - 1].epoch)
			l.pgmap[nr++] = l.pgmap[i];
	l.nr = nr;
	return l;
}

void live_free(struct live *l)
{
	free(l->pgmap);
	*l = (struct live){0};
}
