/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folios that were requested and not freed, put together by pgmap and by the
 * place of their request: what a leak and a stalled teardown have in common.
 */
#ifndef PGMAPTRACE_VERDICT_OUTSTANDING_H
#define PGMAPTRACE_VERDICT_OUTSTANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct outstanding_group {
	uint32_t rule;	/* enum pgmt_rule that it breaks; NONE: just out */
	uint64_t epoch; /* of the pgmap */
	uint32_t site;	/* where in the kernel; 0: not known */
	bool gone;	/* the pgmap has gone away */
	uint64_t folios, pages;
	struct pgmt_last_event oldest; /* request; tick 0: not known */
	/* the first of them; of a pgmap that is gone, only the pfn is known */
	struct pgmt_finding example[PGMT_EXAMPLES];
	struct outstanding_group *next;
};

/* How many of g->example[] there are. */
unsigned int outstanding_examples(const struct outstanding_group *g);

struct outstanding {
	struct outstanding_group *groups; /* in order of appearance */
};

/* Are more examples wanted of the folios of a live pgmap that were requested at that place? */
bool outstanding_wants_example(const struct outstanding *all, uint64_t epoch, uint32_t site);
/* Add the folio of @f, of @pages pages.  Return: false if there was no memory. */
bool outstanding_add(struct outstanding *all, const struct pgmt_finding *f, uint64_t pages);
/* Add what the programs kept of a pgmap that went away.  Return as outstanding_add(). */
bool outstanding_add_torn_down(struct outstanding *all, const struct pgmt_torn_down_key *key,
			       const struct pgmt_torn_down *gone);
void outstanding_free(struct outstanding *all);

#endif /* PGMAPTRACE_VERDICT_OUTSTANDING_H */
