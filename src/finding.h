/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings in user space: the same rule at the same place is one group, shown
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
	struct pt_group_key key;
	struct pt_group count;
	struct pt_finding example[PT_EXAMPLES]; /* the first of them */
	unsigned int nr_examples;		/* 0: no record of it came through */
	uint64_t said;				/* how many there were when it was last told of */
	struct finding_group *next;
};

struct findings {
	struct finding_group *groups; /* in order of appearance */
	unsigned int nr;
};

/*
 * findings_add - keep a finding as an example of its group
 * @own: how many were made in user space, where nobody else counts them; 0: by the programs
 * Return: the group; nr_examples is 1 if it is new.  NULL: out of memory.
 */
struct finding_group *findings_add(struct findings *all, const struct pt_finding *f, uint64_t own);
/* Take over what the programs have counted. */
void findings_count(struct findings *all, struct session *s);
void findings_free(struct findings *all);

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
};

/* What was judged in user space, and what could not be. */
struct own_findings {
	uint64_t rule[PT_NR_RULES]; /* no counter of the session holds these */
	uint64_t ageless;	    /* outstanding folios whose request was not kept */
	bool interrupted;	    /* stopped before tracing was complete */
	bool cut_short;		    /* or before all that is outstanding was judged */
	bool blind;		    /* waits could not be looked for */
};

struct summary {
	enum verdict verdict;
	uint64_t findings;
	uint64_t rule[PT_NR_RULES];
	uint64_t warnings;
	uint64_t unverified; /* violations that a missed event would explain */
	uint64_t outstanding;
	uint64_t lost;
	uint64_t missed;
	bool state_lost; /* something was lost that could hide a finding */
	const struct own_findings *own;
	const struct pt_counts *counts;
	const char *judged; /* whose doing; NULL: everyone's */
};

void summarise(struct session *s, const struct own_findings *own, struct summary *sum);

#endif /* PGMAPTRACE_FINDING_H */
