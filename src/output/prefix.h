/* SPDX-License-Identifier: GPL-2.0-only */
/* A stream whose lines get something put before them on their way. */
#ifndef PGMAPTRACE_OUTPUT_PREFIX_H
#define PGMAPTRACE_OUTPUT_PREFIX_H

#include <stdio.h>

/*
 * lines_open - a stream that writes to @to, each line with what @before says of it
 * @to stays the caller's.  A line is written when its end is, and fflush() asks for it;
 * an error of @to is one of the stream.
 * Return: NULL without memory; else for fclose().
 */
FILE *lines_open(FILE *to, const char *(*before)(const char *line));

#endif /* PGMAPTRACE_OUTPUT_PREFIX_H */
