// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/references.h"

#include <poll.h>

#include "base/exit_status.h"

#define LOOKS	      100
#define LOOK_EVERY_MS 10

void references_explain(const struct pgmt_choice *c, const struct pgmt_pgmap *p, uint64_t folios,
			uint64_t pages, struct record_pgmap *r)
{
	r->least = folios;
	r->most = pages;
	if (p->type == PGMT_TYPE_PCI_P2PDMA) {
		/* allocations hold references that can't be counted */
		r->least = 0;
		r->most = PGMT_REFS_ANY;
	} else if (!pgmt_is_requested(c->profile, p->type)) {
		r->least = r->most = 0;
	} else if (c->profile != PGMT_PROFILE_REQUEST) {
		r->least = r->most = c->init_names_pgmap ? pages : folios;
	}
}

/* Those that are too many; below zero: too few. */
static int64_t excess(const struct pgmt_walk *now, const struct record_pgmap *r)
{
	int64_t theirs = now->live - (int64_t)now->own;

	if (theirs < (int64_t)r->least)
		return theirs - (int64_t)r->least;
	return r->most != PGMT_REFS_ANY && theirs > (int64_t)r->most ? theirs - (int64_t)r->most
								     : 0;
}

/* Count the folios again.  Return: as references_check(). */
static int count(struct session *s, bool (*interrupted)(void), struct pgmt_walk *now,
		 uint64_t *folios, uint64_t *pages)
{
	const struct pgmt_pgmap *p = &now->pgmap;

	*folios = *pages = 0;
	for (uint32_t i = 0; i < p->nr_range; i++) {
		uint64_t pfn = p->range[i].start, end = p->range[i].end + 1;

		if (i == 0 && p->first > pfn)
			pfn = p->first;
		while (pfn < end && !interrupted()) {
			struct pgmt_leak_scan step = {
				.pgmap = p->address,
				.pfn = pfn,
				.end = end - pfn > PGMT_LEAKS_PAGES ? pfn + PGMT_LEAKS_PAGES : end,
				.type = p->type,
			};

			if (!session_scan_leaks(s, &step))
				return EXIT_INTERNAL;
			now->found = step.pgmap != 0;
			if (!now->found)
				return 0;
			/* what can't be read is not known to be idle: no two counts are the same */
			*folios +=
				step.unreadable || step.pfn <= pfn ? UINT64_MAX / 2 : step.folios;
			*pages += step.pages;
			pfn = step.pfn > pfn ? step.pfn : end;
		}
	}
	return 0;
}

/* Does it have that many references, and does that stay so? */
static bool is_still(struct session *s, bool (*interrupted)(void), struct pgmt_walk *now,
		     int64_t live)
{
	for (int i = 0; i < LOOKS && !interrupted(); i++) {
		poll(NULL, 0, LOOK_EVERY_MS);
		if (!session_look_at_pgmap(s, now)) {
			now->found = 0;
			return false;
		}
		if (now->dying || !now->live_known || now->live != live)
			return false;
	}
	return !interrupted();
}

int references_check(struct session *s, bool (*interrupted)(void), struct pgmt_walk *now,
		     struct record_pgmap *r)
{
	const struct pgmt_choice *c = session_choice(s);
	uint64_t folios = 0, pages = 0, folios_then, pages_then;
	struct record_live *live = &r->live;
	/* of other types folios hold none, or any number */
	bool counts = pgmt_is_requested(c->profile, now->pgmap.type);
	int64_t before = now->live;
	int err;

	*live = (struct record_live){
		.known = now->live_known, .references = now->live, .own = now->own};
	if (!live->known || !excess(now, r))
		return 0;
	live->known = false;
	live->moves = true;
	err = counts ? count(s, interrupted, now, &folios, &pages) : 0;
	if (err || !now->found || !is_still(s, interrupted, now, before))
		return err;
	folios_then = folios;
	pages_then = pages;
	err = counts ? count(s, interrupted, now, &folios, &pages) : 0;
	if (err || !now->found || folios != folios_then || pages != pages_then)
		return err;
	references_explain(c, &now->pgmap, folios, pages, r);
	live->known = true;
	live->moves = false;
	live->excess = excess(now, r);
	return 0;
}

void references_find_waiters(struct session *s, uint64_t pfn, struct record_pgmap *r)
{
	struct holders_query q = {.pfn = pfn, .pages = 1};
	struct holders_found found;

	if (session_holders(s, &q, &found))
		return;
	for (uint32_t i = 0; i < found.nr && r->nr_waiters < RECORD_WAITERS; i++)
		if (found.holder[i].how == PGMT_HOW_PGMAP)
			holder_text(&found.holder[i], r->waiter[r->nr_waiters++],
				    RECORD_HOLDER_LEN);
}
