// SPDX-License-Identifier: GPL-2.0-only
#include "finding.h"

#include <stdlib.h>
#include <string.h>

/* As the programs group; what is found here is told apart by its pgmap, too. */
static struct pt_group_key key_of(const struct pt_finding *f, bool own)
{
	return (struct pt_group_key){
		.rule = f->rule,
		.at = f->at,
		.epoch = f->at && !own ? 0 : f->pgmap.epoch,
	};
}

/* Return: the group of that key, made if there was none; NULL: out of memory. */
static struct finding_group *find_group(struct findings *all, const struct pt_group_key *key)
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

struct finding_group *findings_add(struct findings *all, const struct pt_finding *f, uint64_t own)
{
	struct pt_group_key key = key_of(f, own);
	struct finding_group *g = find_group(all, &key);

	if (!g)
		return NULL;
	if (g->nr_examples < PT_EXAMPLES)
		g->example[g->nr_examples++] = *f;
	if (own) {
		if (!g->count.times)
			g->count.first = f->time;
		g->count.times += own;
		g->count.last = f->time;
	}
	return g;
}

static void count(void *arg, const struct pt_group_key *key, const struct pt_group *group)
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

/* Rules that compare an event with an earlier one: a missed event breaks them. */
static bool pairs_events(unsigned int rule)
{
	switch (rule) {
	case PT_RULE_DOUBLE_REQUEST:
	case PT_RULE_ORDER_MISMATCH:
	case PT_RULE_PARTIAL_REQUEST:
	case PT_RULE_RELEASE_UNREQUESTED:
	case PT_RULE_FREE_UNREQUESTED:
	case PT_RULE_DOUBLE_FREE:
	case PT_RULE_PAGES_UNBALANCED:
	case PT_RULE_MAP_UNREQUESTED:
	case PT_RULE_FLOW_ORDER:
	case PT_RULE_REF_IMBALANCE:
	case PT_RULE_ASSOCIATION_CONFLICT:
	case PT_RULE_LEAK:
		return true;
	}
	return false;
}

void summarise(struct session *s, const struct own_findings *own, struct summary *sum)
{
	static const bool hides[PT_NR_LOSSES] = {
#define LOSS(id, text, state) state,
		PT_LOSSES(LOSS)
#undef LOSS
	};
	const struct pt_counts *c = session_counts(s);

	memset(sum, 0, sizeof(*sum));
	sum->counts = c;
	sum->own = own;
	sum->judged = session_judged(s);
	sum->missed = session_missed(s);
	sum->lost = sum->missed + own->ageless;
	sum->state_lost = sum->missed || own->ageless || session_choice(s)->missing;
	for (int i = 0; i < PT_NR_LOSSES; i++) {
		sum->lost += c->lost[i];
		if (hides[i] && c->lost[i])
			sum->state_lost = true;
	}
	for (int i = 1; i < PT_NR_RULES; i++) {
		uint64_t n = c->rules[i] + own->rule[i];

		if (pt_rule_is_warning(i)) {
			sum->warnings += n;
			continue;
		}
		if (sum->state_lost && pairs_events(i)) {
			sum->unverified += n;
			continue;
		}
		sum->rule[i] = n;
		sum->findings += n;
	}
	sum->outstanding = c->requests > c->frees ? c->requests - c->frees : 0;
	if (sum->findings)
		sum->verdict = VERDICT_FAIL;
	else if (sum->state_lost || sum->unverified || own->interrupted || own->cut_short ||
		 own->blind)
		sum->verdict = VERDICT_INCONCLUSIVE;
	else
		sum->verdict = VERDICT_PASS;
}
