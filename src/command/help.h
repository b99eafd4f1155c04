/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of --help, made from the tables of options.h. */
#ifndef PGMAPTRACE_COMMAND_HELP_H
#define PGMAPTRACE_COMMAND_HELP_H

#include <stdio.h>

/* @command: the name of one, to show only what that takes; NULL: of all */
void help_print(FILE *to, const char *command);

#endif /* PGMAPTRACE_COMMAND_HELP_H */
