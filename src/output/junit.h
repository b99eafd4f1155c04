/* SPDX-License-Identifier: GPL-2.0-only */
/* A JUnit file, as CI systems show it: each rule is a test case. */
#ifndef PGMAPTRACE_OUTPUT_JUNIT_H
#define PGMAPTRACE_OUTPUT_JUNIT_H

#include <stdio.h>

#include "verdict/summary.h"

/*
 * @text: for each rule the text of its reports; NULL: none
 * @last: the summary line
 * @seconds: how long tracing took
 */
void junit_write(FILE *to, const struct summary *sum, char *const text[PGMT_NR_RULES],
		 const char *last, double seconds);

#endif /* PGMAPTRACE_OUTPUT_JUNIT_H */
