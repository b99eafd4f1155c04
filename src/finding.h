/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings in user space: the same rule at the same stack is one group, shown
 * once and counted.  And the verdict, from the counters that the BPF programs
 * keep, so that a finding whose record got lost still counts.
 */
#ifndef PGMAPTRACE_FINDING_H
#define PGMAPTRACE_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"
#include "wire.h"

struct finding_group {
	struct pt_finding first;
	uint64_t times;
	struct finding_group *next;
};

struct findings {
	struct finding_group *groups; /* in order of appearance */
};

/* Return: the group; times is 1 if it is new.  NULL: out of memory. */
struct finding_group *findings_add(struct findings *all, const struct pt_finding *f);
void findings_free(struct findings *all);

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
};

struct summary {
	enum verdict verdict;
	uint64_t findings;
	uint64_t rule[PT_NR_RULES];
	uint64_t unverified; /* violations that a missed event would explain */
	uint64_t outstanding;
	uint64_t lost;
	uint64_t missed;
	uint64_t ageless;
	bool state_lost;  /* something was lost that could hide a finding */
	bool interrupted; /* stopped before tracing was complete */
	const struct pt_counts *counts;
};

/*
 * @own: by rule, findings made in user space, that no counter of @s holds
 * @ageless: outstanding folios that could not be judged, their request being lost
 */
void summarise(struct session *s, const uint64_t own[PT_NR_RULES], uint64_t ageless,
	       bool interrupted, struct summary *sum);

#endif /* PGMAPTRACE_FINDING_H */
