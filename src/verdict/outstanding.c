// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/outstanding.h"

#include <stdlib.h>

/* Return: the group, new if there was none; NULL without memory. */
static struct outstanding_group *find_group(struct outstanding *all, uint32_t rule, uint64_t epoch,
					    uint32_t site, bool torn_down)
{
	struct outstanding_group **i = &all->groups;

	for (; *i; i = &(*i)->next)
		if ((*i)->rule == rule && (*i)->epoch == epoch && (*i)->site == site &&
		    (*i)->torn_down == torn_down)
			return *i;
	*i = calloc(1, sizeof(**i));
	if (*i) {
		(*i)->rule = rule;
		(*i)->epoch = epoch;
		(*i)->site = site;
		(*i)->torn_down = torn_down;
	}
	return *i;
}

unsigned int outstanding_examples(const struct outstanding_group *g)
{
	return g->folios < PGMT_EXAMPLES ? g->folios : PGMT_EXAMPLES;
}

bool outstanding_wants_example(const struct outstanding *all, uint64_t epoch, uint32_t site)
{
	for (const struct outstanding_group *g = all->groups; g; g = g->next)
		if (!g->torn_down && g->epoch == epoch && g->site == site)
			return g->folios < PGMT_EXAMPLES;
	return true;
}

bool outstanding_add(struct outstanding *all, const struct pgmt_finding *f, uint64_t pages)
{
	struct outstanding_group *g =
		find_group(all, f->rule, f->pgmap.epoch, f->last_request.site, false);

	if (!g)
		return false;
	if (g->folios < PGMT_EXAMPLES)
		g->example[g->folios] = *f;
	g->folios++;
	g->pages += pages;
	if (f->last_request.tick && (!g->oldest.tick || f->last_request.tick < g->oldest.tick))
		g->oldest = f->last_request;
	return true;
}

bool outstanding_add_torn_down(struct outstanding *all, const struct pgmt_torn_down_key *key,
			       const struct pgmt_torn_down *of)
{
	struct outstanding_group *g = find_group(all, PGMT_RULE_NONE, key->epoch, key->site, true);

	if (!g)
		return false;
	g->folios = of->folios;
	g->pages = of->pages;
	g->oldest = of->oldest;
	for (int i = 0; i < PGMT_EXAMPLES; i++)
		g->example[i].pfn = of->pfn[i];
	return true;
}

void outstanding_free(struct outstanding *all)
{
	while (all->groups) {
		struct outstanding_group *next = all->groups->next;

		free(all->groups);
		all->groups = next;
	}
}
