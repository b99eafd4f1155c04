/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP, as kselftest and CI runners read it: each rule is a test.  What the
 * text says are its diagnostics.
 */
#ifndef PGMAPTRACE_OUTPUT_KTAP_H
#define PGMAPTRACE_OUTPUT_KTAP_H

#include <stdio.h>

#include "verdict/summary.h"

void ktap_begin(FILE *to);
/* For lines_open(): what makes a line of text a diagnostic. */
const char *ktap_before(const char *line);
/* A line for each rule, and one for the rest if the verdict is due to none of them. */
void ktap_end(FILE *to, const struct summary *sum);

#endif /* PGMAPTRACE_OUTPUT_KTAP_H */
