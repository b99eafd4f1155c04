/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings in user space: the same rule at the same place is one group, shown
 * once and counted, unless a suppression leaves it out.
 */
#ifndef PGMAPTRACE_VERDICT_FINDING_H
#define PGMAPTRACE_VERDICT_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"
#include "verdict/suppressions.h"
#include "model/wire.h"

struct finding_group {
	struct pgmt_group_key key;
	struct pgmt_group count;
	struct pgmt_finding example[PGMT_EXAMPLES]; /* the first of them */
	unsigned int nr_examples;		    /* 0: no record of it came through */
	uint64_t said; /* how many there were when it was last told of */
	bool shown;
	struct suppression *suppression; /* that each example matches; NULL: none */
	struct finding_group *next;
};

struct findings {
	struct finding_group *groups; /* in order of appearance */
	unsigned int nr;
};

/*
 * findings_add - keep a finding as an example of its group
 * @own: how many were made in user space, where nobody else counts them; 0: by the programs
 * @before: how many examples there were of it
 * Return: the group.  NULL: out of memory.
 */
struct finding_group *findings_add(struct findings *all, const struct pgmt_finding *f, uint64_t own,
				   unsigned int *before);
/* Take over what the programs have counted. */
void findings_count(struct findings *all, struct session *s);
void findings_free(struct findings *all);

/*
 * Is the whole group left out?  One that looks at the file, or at the device of more than
 * one pgmap, must have seen each finding of the group, and no more than PGMT_EXAMPLES can be.
 */
bool findings_suppressed(const struct finding_group *g);

#endif /* PGMAPTRACE_VERDICT_FINDING_H */
