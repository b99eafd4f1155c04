// SPDX-License-Identifier: GPL-2.0-only
#include "session/spins.h"

#include <string.h>

#include "base/clock.h"

static bool is_fast(const struct pgmt_spin *s)
{
	return s->times * NS_PER_S >= SPINS_A_SECOND * (s->last - s->first);
}

/*
 * One that spins leaves the table once nothing is in use, and may wait long for a CPU until
 * then.  One that asks rarely may sleep, and a signal that woke it may have ended it.
 */
static uint64_t patience(const struct pgmt_spin *s)
{
	uint64_t usual = (s->last - s->first) / (s->times - 1);

	return is_fast(s) || 2 * usual > PGMT_SPIN_GAP ? PGMT_SPIN_GAP : 2 * usual;
}

/* Once may be the first time; and who is done with it has stopped asking. */
static bool spins_at(const struct pgmt_spin *s, uint64_t now)
{
	return s->task && s->times > 1 && (now <= s->last || now - s->last <= patience(s));
}

/* Was it found asleep? */
static bool sleeps(const struct pgmt_waits *found, const struct pgmt_spin *s)
{
	for (uint32_t i = 0; i < found->nr && i < PGMT_MAX_WAITS; i++)
		if (found->wait[i].task == s->task && found->wait[i].how == PGMT_HOW_WAIT)
			return true;
	return false;
}

static void add(struct pgmt_waits *found, const struct pgmt_spin *s)
{
	struct pgmt_wait *w;

	if (found->nr >= PGMT_MAX_WAITS) {
		found->more++;
		return;
	}
	w = &found->wait[found->nr++];
	*w = (struct pgmt_wait){
		.how = PGMT_HOW_WAIT,
		.tgid = s->tgid,
		.tid = s->tid,
		.refcount = s->refcount,
		.task = s->task,
		.pfn = s->pfn,
		.pgmap = s->pgmap,
		/* the same as long as it goes on, as during one sleep */
		.switches = s->first,
		.since = s->first,
		.last = s->last,
		.asked = is_fast(s) ? s->times : 0,
		.mapping = s->mapping,
		.site = s->site,
	};
	memcpy(w->comm, s->comm, sizeof(w->comm));
}

void spins_add(const struct pgmt_spins *all, uint64_t now, struct pgmt_waits *found)
{
	for (int i = 0; i < PGMT_SPINS; i++)
		if (spins_at(&all->spin[i], now) && !sleeps(found, &all->spin[i]))
			add(found, &all->spin[i]);
	if (all->full && now - all->full <= NS_PER_S)
		found->more++;
}

static bool waits_too(const struct holders_found *found, const struct pgmt_spin *s)
{
	for (uint32_t i = 0; i < found->nr; i++)
		if (found->holder[i].object == s->task && holder_waits(&found->holder[i]))
			return true;
	return false;
}

void spins_hold(const struct pgmt_spins *all, uint64_t now, struct holders_found *found)
{
	for (int i = 0; i < PGMT_SPINS; i++) {
		const struct pgmt_spin *s = &all->spin[i];
		struct pgmt_holder *h;

		if (!spins_at(s, now) || s->pfn - found->pfn >= found->pages || waits_too(found, s))
			continue;
		if (found->nr >= HOLDERS_MAX) {
			found->more++;
			continue;
		}
		h = &found->holder[found->nr++];
		*h = (struct pgmt_holder){
			.how = is_fast(s) ? PGMT_HOW_SPIN : PGMT_HOW_WAIT,
			.tgid = s->tgid,
			.tid = s->tid,
			.fd = -1,
			.object = s->task,
		};
		memcpy(h->comm, s->comm, sizeof(h->comm));
	}
}
