// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <stdlib.h>
#include <string.h>

#include "session/each_key.h"
#include "pgmaptrace.skel.h"

/*
 * The element of a per-CPU array, whose value is @size bytes of counters:
 * their sums.  Return: false if it can't be read; @sum is as it was.
 */
static bool sum_cpus(const struct bpf_map *map, __u32 key, void *sum, size_t size)
{
	int cpus = libbpf_num_possible_cpus();
	size_t counters = size / sizeof(uint64_t);
	uint64_t *each = cpus > 0 ? calloc(cpus, size) : NULL;
	bool known = each && !bpf_map_lookup_elem(bpf_map__fd(map), &key, each);

	if (known)
		memset(sum, 0, size);
	for (size_t i = 0; known && i < cpus * counters; i++)
		((uint64_t *)sum)[i % counters] += each[i];
	free(each);
	return known;
}

void session_rates(struct session *s, uint64_t epoch, struct pgmt_rates *r)
{
	sum_cpus(s->skel->maps.rates, PGMT_SLOT(epoch), r, sizeof(*r));
}

const struct pgmt_counts *session_counts(struct session *s)
{
	uint64_t slots;

	if (!s->skel || !sum_cpus(s->skel->maps.counts, 0, &s->counts, sizeof(s->counts)))
		return &s->counts;
	/* the slots behind were never used */
	slots = s->skel->bss->epochs < PGMT_SLOTS ? s->skel->bss->epochs + 1 : PGMT_SLOTS;
	for (uint64_t slot = 0; slot < slots; slot++) {
		struct pgmt_rates r = {0};

		session_rates(s, slot, &r);
		s->counts.requests += r.requests;
		s->counts.frees += r.frees;
	}
	s->counts.out_of_scope += s->out_of_scope;
	s->counts.lost[PGMT_LOSS_PGMAP] += s->unmade;
	s->counts.lost[PGMT_LOSS_STACK] += s->lost_stacks;
	return &s->counts;
}

uint64_t session_events(struct session *s)
{
	const struct pgmt_counts *c = session_counts(s);
	const struct pgmt_uses all = {
		.requests = c->requests,
		.frees = c->frees,
		.preexisting_frees = c->preexisting_frees,
		.stores = c->stores,
		.removals = c->removals,
		.mapped = c->mapped,
	};

	return pgmt_nr_events(s->filter.kind ? &c->in_scope : &all, s->choice.profile);
}

bool count_in_scope(struct session *s, bool task_in_scope, uint32_t word)
{
	if (task_in_scope || word & PGMT_IN_SCOPE)
		return true;
	s->out_of_scope++;
	return false;
}

bool session_is_in_scope(struct session *s, const struct pgmt_finding *f)
{
	return count_in_scope(s, filter_has(&s->filter, f->tgid, f->tid), f->state);
}

struct of_groups {
	int map;
	session_group_fn fn;
	void *arg;
};

static bool read_group(void *arg, const void *key)
{
	const struct of_groups *of = arg;
	struct pgmt_group group;

	if (!bpf_map_lookup_elem(of->map, key, &group))
		of->fn(of->arg, key, &group);
	return true;
}

void session_groups(struct session *s, session_group_fn fn, void *arg)
{
	struct of_groups of = {.fn = fn, .arg = arg};

	/* if it was stopped before anything was loaded, there are none */
	if (!s->skel)
		return;
	of.map = bpf_map__fd(s->skel->maps.groups);
	each_key(of.map, sizeof(struct pgmt_group_key), read_group, &of);
}
