/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Suppressions: known findings that are not reported, each with a reason.
 * docs/suppressions.md has the format.  Not here: what happens to a suppressed finding.
 */
#ifndef PGMAPTRACE_VERDICT_SUPPRESSIONS_H
#define PGMAPTRACE_VERDICT_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SUPPRESSION_FRAMES 32

struct suppression {
	unsigned int rule; /* enum pgmt_rule */
	char *reason;
	char *frame[SUPPRESSION_FRAMES]; /* globs; "...": any number of frames */
	unsigned int nr_frames;
	char *device, *path; /* globs; NULL: any */
	const char *file;    /* that it was read from */
	unsigned int line;
	uint64_t used; /* findings that it has suppressed */
	struct suppression *next;
};

struct suppressions {
	struct suppression *first, *last;
};

/* What suppressions look at in a finding. */
struct suppress_subject {
	unsigned int rule;
	const char *const *frame; /* functions of the event's stack, innermost first */
	unsigned int nr_frames;
	const char *device; /* NULL: not known */
	const char *base;   /* the same without the address that makes it unique; NULL */
	const char *block;  /* its block device; NULL: none is known */
	const char *path;   /* of the file; NULL: not known */
};

/*
 * suppressions_parse - add the suppressions in @text to @all
 * @file: its name, kept and not copied
 * @error: "FILE:LINE: ..."
 * Return: false on an error or without memory; @all then has those before it
 */
bool suppressions_parse(struct suppressions *all, const char *text, size_t len, const char *file,
			char *error, size_t size);
/* The same of a file. */
bool suppressions_load(struct suppressions *all, const char *file, char *error, size_t size);
void suppressions_free(struct suppressions *all);

/* Return: the first match, or NULL. */
struct suppression *suppressions_match(const struct suppressions *all,
				       const struct suppress_subject *subject);
/*
 * Does it look at more than the rule and the stack?  @one_pgmap: all findings of the group
 * are of one pgmap, so the device is the same.
 */
bool suppression_is_narrow(const struct suppression *s, bool one_pgmap);

/* Write a suppression that matches @subject and its like, ready for a file. */
void suppression_print(FILE *to, const struct suppress_subject *subject);

#endif /* PGMAPTRACE_VERDICT_SUPPRESSIONS_H */
