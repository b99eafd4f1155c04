/* SPDX-License-Identifier: GPL-2.0-only */
/* A JUnit file, as CI systems show it: each rule is a test case. */
#ifndef PGMAPTRACE_OUTPUT_JUNIT_H
#define PGMAPTRACE_OUTPUT_JUNIT_H

#include <stdio.h>
#include <time.h>

#include "verdict/summary.h"

/* What the file says of the run as a whole. */
struct junit_run {
	const char *last; /* the summary line */
	const char *host;
	time_t began;
	double seconds; /* that tracing took */
};

/* @text: for each rule the text of its reports; NULL: none */
void junit_write(FILE *to, const struct summary *sum, char *const text[PGMT_NR_RULES],
		 const struct junit_run *run);

#endif /* PGMAPTRACE_OUTPUT_JUNIT_H */
