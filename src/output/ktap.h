/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP, as kselftest and CI runners read it: each rule is a test, and the text is its
 * diagnostics.
 */
#ifndef PGMAPTRACE_OUTPUT_KTAP_H
#define PGMAPTRACE_OUTPUT_KTAP_H

#include <stdio.h>

#include "verdict/summary.h"

void ktap_begin(FILE *to);
/* For prefix_open(): makes a line of text a diagnostic. */
const char *ktap_before(const char *line);
/* A line for each rule, then one for the verdict. */
void ktap_end(FILE *to, const struct summary *sum);

#endif /* PGMAPTRACE_OUTPUT_KTAP_H */
