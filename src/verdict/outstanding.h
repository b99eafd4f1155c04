/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outstanding folios, grouped by pgmap and by the site of their request, for leaks
 * and stalled teardowns.
 */
#ifndef PGMAPTRACE_VERDICT_OUTSTANDING_H
#define PGMAPTRACE_VERDICT_OUTSTANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct outstanding_group {
	uint32_t rule;	/* enum pgmt_rule that it breaks; NONE: just outstanding */
	uint64_t epoch; /* of the pgmap */
	uint32_t site;	/* of the request; 0: not known */
	bool torn_down; /* the pgmap is */
	uint64_t folios, pages;
	struct pgmt_last_event oldest; /* request; tick 0: not known */
	/* the first of them; only the pfn is known if the pgmap is torn down */
	struct pgmt_finding example[PGMT_EXAMPLES];
	struct outstanding_group *next;
};

/* How many of g->example[] there are. */
unsigned int outstanding_examples(const struct outstanding_group *g);

struct outstanding {
	struct outstanding_group *groups; /* in order of appearance */
};

/* Does the group of that site, on a live pgmap, want more examples? */
bool outstanding_wants_example(const struct outstanding *all, uint64_t epoch, uint32_t site);
/* Add the folio of @f, of @pages pages.  Return: false if there was no memory. */
bool outstanding_add(struct outstanding *all, const struct pgmt_finding *f, uint64_t pages);
/* Add what the programs kept of a torn down pgmap.  Return as outstanding_add(). */
bool outstanding_add_torn_down(struct outstanding *all, const struct pgmt_torn_down_key *key,
			       const struct pgmt_torn_down *of);
void outstanding_free(struct outstanding *all);

#endif /* PGMAPTRACE_VERDICT_OUTSTANDING_H */
