/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Suppressions: findings that are known, and left out with a reason.
 * docs/suppressions.md has the format.  Not here: which findings are asked for.
 */
#ifndef PGMAPTRACE_VERDICT_SUPPRESSIONS_H
#define PGMAPTRACE_VERDICT_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SUPPRESSION_FRAMES 32 /* at most, of one */

struct suppression {
	unsigned int rule; /* enum pgmt_rule */
	char *reason;
	char *frame[SUPPRESSION_FRAMES]; /* globs; "...": any number of frames */
	unsigned int nr_frames;
	char *device, *path; /* globs; NULL: any */
	const char *file;    /* where it stands */
	unsigned int line;
	uint64_t used; /* how many findings it has left out */
	struct suppression *next;
};

struct suppressions {
	struct suppression *first, *last;
};

/* A finding, as far as suppressions look at it. */
struct suppress_subject {
	unsigned int rule;
	const char *const *frame; /* functions of the event's stack, innermost first */
	unsigned int nr_frames;
	const char *device; /* NULL: not known */
	const char *block;  /* its block device; NULL: none is known */
	const char *path;   /* of the file; NULL: not known */
};

/*
 * suppressions_parse - add what @text has to @all
 * @file: what it is called, which is kept
 * @error: "FILE:LINE: ..." if it is wrong
 * Return: false if it is wrong, or without memory; @all has what came before, then.
 */
bool suppressions_parse(struct suppressions *all, const char *text, size_t len, const char *file,
			char *error, size_t size);
/* The same of a file. */
bool suppressions_load(struct suppressions *all, const char *file, char *error, size_t size);
void suppressions_free(struct suppressions *all);

/* Return: the first that matches, or NULL. */
struct suppression *suppressions_match(const struct suppressions *all,
				       const struct suppress_subject *subject);
/* Does it look at more than the rule and the place?  @one_pgmap: all is on one, and its device */
bool suppression_is_narrow(const struct suppression *s, bool one_pgmap);

/* Write the one that matches @subject and what is like it, ready to be put into a file. */
void suppression_print(FILE *to, const struct suppress_subject *subject);

#endif /* PGMAPTRACE_VERDICT_SUPPRESSIONS_H */
