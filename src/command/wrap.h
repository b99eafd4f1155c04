/* SPDX-License-Identifier: GPL-2.0-only */
/* Text in lines of a width. */
#ifndef PGMAPTRACE_COMMAND_WRAP_H
#define PGMAPTRACE_COMMAND_WRAP_H

#include <stdio.h>

/* Start a new line unless @at, where this one has got to, is left of @column; go to @column. */
void wrap_go_to(FILE *to, int at, int column);
/* The words of @text from @column on, where the line has got to, and a newline. */
void wrap(FILE *to, const char *text, int column);

#endif /* PGMAPTRACE_COMMAND_WRAP_H */
