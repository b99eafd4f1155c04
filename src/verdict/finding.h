/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings in user space: those of one rule at one site are a group, shown once and
 * counted, unless a suppression suppresses it.
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
	unsigned int nr_examples;		    /* 0: all its records were lost */
	uint64_t counted; /* how many there were when text_progress() last printed it */
	bool shown;
	struct suppression *suppression; /* matches each example; NULL: none does */
	struct finding_group *next;
};

struct findings {
	struct finding_group *groups; /* in order of appearance */
	unsigned int nr;
};

/*
 * findings_add - keep a finding as an example of its group
 * @own: how many were found in user space, which counts them; 0: the programs count it
 * @before: how many examples the group had before
 * Return: the group; NULL without memory
 */
struct finding_group *findings_add(struct findings *all, const struct pgmt_finding *f, uint64_t own,
				   unsigned int *before);
/* Update groups with what the programs have counted. */
void findings_count(struct findings *all, struct session *s);
void findings_free(struct findings *all);

/*
 * Is the whole group suppressed?  If the suppression looks at the file, or at the device of
 * more than one pgmap, it must match each finding, and the tool sees PGMT_EXAMPLES of them.
 */
bool findings_suppressed(const struct finding_group *g);

#endif /* PGMAPTRACE_VERDICT_FINDING_H */
