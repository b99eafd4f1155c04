// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/finding.h"

#include <stdlib.h>
#include <string.h>

/* As the programs group; findings of user space also by pgmap. */
static struct pgmt_group_key key_of(const struct pgmt_finding *f, bool own)
{
	return (struct pgmt_group_key){
		.rule = f->rule,
		.site = f->site,
		.epoch = f->site && !own ? 0 : f->pgmap.epoch,
	};
}

/* Return: the group of that key, new if there was none; NULL without memory. */
static struct finding_group *find_group(struct findings *all, const struct pgmt_group_key *key)
{
	struct finding_group **i = &all->groups;

	for (; *i; i = &(*i)->next)
		if (!memcmp(&(*i)->key, key, sizeof(*key)))
			return *i;
	*i = calloc(1, sizeof(**i));
	if (*i) {
		(*i)->key = *key;
		all->nr++;
	}
	return *i;
}

struct finding_group *findings_add(struct findings *all, const struct pgmt_finding *f, uint64_t own,
				   unsigned int *before)
{
	struct pgmt_group_key key = key_of(f, own);
	struct finding_group *g = find_group(all, &key);

	if (!g)
		return NULL;
	*before = g->nr_examples;
	if (g->nr_examples < PGMT_EXAMPLES)
		g->example[g->nr_examples++] = *f;
	if (own) {
		if (!g->count.times)
			g->count.first = f->time;
		g->count.times += own;
		g->count.last = f->time;
	}
	return g;
}

static void count(void *arg, const struct pgmt_group_key *key, const struct pgmt_group *group)
{
	struct finding_group *g = find_group(arg, key);

	if (g)
		g->count = *group;
}

void findings_count(struct findings *all, struct session *s)
{
	session_groups(s, count, all);
}

void findings_free(struct findings *all)
{
	while (all->groups) {
		struct finding_group *next = all->groups->next;

		free(all->groups);
		all->groups = next;
	}
}

bool findings_suppressed(const struct finding_group *g)
{
	if (!g->suppression || g->shown)
		return false;
	return !suppression_is_narrow(g->suppression, g->key.epoch) ||
	       g->count.times <= g->nr_examples;
}
