// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/stalls.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * A task that was woken, by a signal or for another page, has other context switches, and
 * goes on to wait for the same thing; unless that was let go meanwhile, which would be a
 * new wait.  Of one that spins we know when that began.
 */
static bool is_same(const struct stall *st, const struct pgmt_wait *w)
{
	const struct pgmt_wait *was = &st->wait;

	if (was->since && w->since && was->since != w->since)
		return false;
	return was->how == w->how && was->task == w->task && was->tid == w->tid &&
	       was->pfn == w->pfn && was->pgmap == w->pgmap &&
	       (was->switches == w->switches || !st->over);
}

static struct stall *find(struct stalls *s, const struct pgmt_wait *w)
{
	struct stall *st;

	for (st = s->all; st; st = st->next)
		if (is_same(st, w))
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
	if (s->follow)
		s->follow(s->arg, w, true);
	return st;
}

/* No longer follow what @gone waited for, unless another task waits for it, too. */
static void unfollow(struct stalls *s, const struct stall *gone)
{
	for (const struct stall *st = s->all; st; st = st->next)
		if (st->wait.how == gone->wait.how && st->wait.pfn == gone->wait.pfn)
			return;
	if (s->follow)
		s->follow(s->arg, &gone->wait, false);
}

/* Free the stalls that have ended, and waits that were never due and not seen for long. */
static void sweep(struct stalls *s, bool whole, uint64_t now)
{
	struct stall **i = &s->all;

	while (*i) {
		struct stall *st = *i;

		st->missing = st->seen ? 0 : st->missing + whole;
		if (st->missing < (st->over ? 1 : STALLS_MISSING_ENDS) &&
		    (st->reports || now - st->last_seen <= s->limit)) {
			i = &st->next;
			continue;
		}
		if (st->reports)
			s->ended(s->arg, st);
		*i = st->next;
		unfollow(s, st);
		free(st);
	}
}

/* A stack is only there if the task has not been woken since. */
static void take_over(struct pgmt_wait *was, const struct pgmt_wait *now)
{
	__u64 frames[PGMT_STACK_DEPTH];

	memcpy(frames, was->frames, sizeof(frames));
	*was = *now;
	if (!now->frames[0])
		memcpy(was->frames, frames, sizeof(frames));
}

bool stalls_look(struct stalls *s, const struct pgmt_waits *w, uint64_t now)
{
	bool whole = !w->more && pgmt_looked_at_all(w), kept_all = true;
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
		take_over(&st->wait, &w->wait[i]);
		/* it may have stopped just now */
		st->last_seen = st->wait.since ? st->wait.last : now;
		/* it was let go, and is in use again before the task has seen that */
		if (st->over && st->wait.since && st->last_seen > st->release.time + NS_PER_S)
			st->over = false;
	}
	for (st = s->all; st; st = st->next) {
		if (!st->seen || st->over || st->last_seen < st->due)
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

static bool waits_for(const struct stall *st, const struct pgmt_release *r)
{
	if (r->address)
		return st->wait.how == PGMT_HOW_PGMAP && st->wait.pgmap == r->address;
	return st->wait.how == PGMT_HOW_WAIT && st->wait.pfn == r->pfn;
}

bool stalls_release(struct stalls *s, const struct pgmt_release *r)
{
	bool late =
		r->address && s->limit && r->pgmap.killed && r->time - r->pgmap.killed >= s->limit;

	for (struct stall *st = s->all; st; st = st->next) {
		if (!waits_for(st, r))
			continue;
		st->over = true;
		if (!r->removed)
			st->release = *r;
		if (st->reports)
			late = false;
		else if (late)
			/* the caller reports it: not once more by the next look */
			st->reports = 1;
	}
	return late;
}

void stalls_free(struct stalls *s)
{
	while (s->all) {
		struct stall *next = s->all->next;

		free(s->all);
		s->all = next;
	}
}
