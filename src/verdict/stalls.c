// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/stalls.h"

#include <stdlib.h>

static bool is_same(const struct pgmt_wait *a, const struct pgmt_wait *b)
{
	return a->how == b->how && a->task == b->task && a->tid == b->tid && a->pfn == b->pfn &&
	       a->pgmap == b->pgmap && a->switches == b->switches;
}

static struct stall *find(struct stalls *s, const struct pgmt_wait *w)
{
	struct stall *st;

	for (st = s->all; st; st = st->next)
		if (is_same(&st->wait, w))
			return st;
	return NULL;
}

static struct stall *add(struct stalls *s, const struct pgmt_wait *w, uint64_t now)
{
	struct stall *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->wait = *w;
	st->since = s->began ? s->began(s->arg, w) : 0;
	st->began_earlier = !st->since;
	if (!st->since)
		st->since = now;
	st->due = st->since + s->limit;
	st->next = s->all;
	s->all = st;
	return st;
}

#define MISSING_ENDS 2

/* Free the stalls that have ended, and waits that were never due and not seen for long. */
static void sweep(struct stalls *s, bool whole, uint64_t now)
{
	struct stall **i = &s->all;

	while (*i) {
		struct stall *st = *i;

		st->missing = st->seen ? 0 : st->missing + whole;
		if (st->missing < (st->release.time ? 1 : MISSING_ENDS) &&
		    (st->reports || now - st->last_seen <= s->limit)) {
			i = &st->next;
			continue;
		}
		if (st->reports)
			s->ended(s->arg, st);
		*i = st->next;
		free(st);
	}
}

bool stalls_look(struct stalls *s, const struct pgmt_waits *w, uint64_t now)
{
	bool whole = !w->more && w->looked == PGMT_LOOKED_WAITS, kept_all = true;
	struct stall *st;

	for (st = s->all; st; st = st->next)
		st->seen = false;
	for (uint32_t i = 0; i < w->nr && i < PGMT_MAX_WAITS; i++) {
		st = find(s, &w->wait[i]);
		if (!st)
			st = add(s, &w->wait[i], now);
		if (!st) {
			kept_all = false;
			continue;
		}
		st->seen = true;
		st->last_seen = now;
	}
	for (st = s->all; st; st = st->next) {
		if (!st->seen || now < st->due)
			continue;
		s->stalled(s->arg, st);
		st->reports++;
		/* at twice the time, or later if the tool was stopped meanwhile */
		while (st->due <= now)
			st->due = st->since + 2 * (st->due - st->since);
	}
	sweep(s, whole, now);
	return kept_all;
}

void stalls_release(struct stalls *s, const struct pgmt_release *r)
{
	for (struct stall *st = s->all; st; st = st->next)
		if (r->address ? st->wait.how == PGMT_HOW_PGMAP && st->wait.pgmap == r->address
			       : st->wait.how == PGMT_HOW_WAIT && st->wait.pfn == r->pfn)
			st->release = *r;
}

void stalls_free(struct stalls *s)
{
	while (s->all) {
		struct stall *next = s->all->next;

		free(s->all);
		s->all = next;
	}
}
