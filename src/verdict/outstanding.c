// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/outstanding.h"

#include <stdlib.h>

/* Return: the group, made if there was none; NULL: out of memory. */
static struct outstanding_group *find_group(struct outstanding *all, uint32_t rule, uint64_t epoch,
					    uint32_t at, bool gone)
{
	struct outstanding_group **i = &all->groups;

	for (; *i; i = &(*i)->next)
		if ((*i)->rule == rule && (*i)->epoch == epoch && (*i)->at == at &&
		    (*i)->gone == gone)
			return *i;
	*i = calloc(1, sizeof(**i));
	if (*i) {
		(*i)->rule = rule;
		(*i)->epoch = epoch;
		(*i)->at = at;
		(*i)->gone = gone;
	}
	return *i;
}

unsigned int outstanding_examples(const struct outstanding_group *g)
{
	return g->folios < PT_EXAMPLES ? g->folios : PT_EXAMPLES;
}

bool outstanding_wants_example(const struct outstanding *all, uint64_t epoch, uint32_t at)
{
	for (const struct outstanding_group *g = all->groups; g; g = g->next)
		if (!g->gone && g->epoch == epoch && g->at == at)
			return g->folios < PT_EXAMPLES;
	return true;
}

bool outstanding_add(struct outstanding *all, const struct pt_finding *f, uint64_t pages)
{
	struct outstanding_group *g =
		find_group(all, f->rule, f->pgmap.epoch, f->request.at, false);

	if (!g)
		return false;
	if (g->folios < PT_EXAMPLES)
		g->example[g->folios] = *f;
	g->folios++;
	g->pages += pages;
	if (f->request.tick && (!g->oldest.tick || f->request.tick < g->oldest.tick))
		g->oldest = f->request;
	return true;
}

bool outstanding_add_gone(struct outstanding *all, const struct pt_gone_key *key,
			  const struct pt_gone *gone)
{
	struct outstanding_group *g = find_group(all, PT_RULE_NONE, key->epoch, key->at, true);

	if (!g)
		return false;
	g->folios = gone->folios;
	g->pages = gone->pages;
	g->oldest = gone->oldest;
	for (int i = 0; i < PT_EXAMPLES; i++)
		g->example[i].pfn = gone->pfn[i];
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
