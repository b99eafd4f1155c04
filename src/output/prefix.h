/* SPDX-License-Identifier: GPL-2.0-only */
/* A stream that puts a prefix before each line. */
#ifndef PGMAPTRACE_OUTPUT_PREFIX_H
#define PGMAPTRACE_OUTPUT_PREFIX_H

#include <stdio.h>

/*
 * prefix_open - open a stream that writes to @to
 * @to: stays the caller's, and must outlive the stream
 * @before: the prefix of a line
 * A line is written when it is complete and flushed; errors of @to are errors of the stream.
 * Return: for fclose(); NULL without memory
 */
FILE *prefix_open(FILE *to, const char *(*before)(const char *line));

#endif /* PGMAPTRACE_OUTPUT_PREFIX_H */
