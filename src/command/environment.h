/* SPDX-License-Identifier: GPL-2.0-only */
/* Options that come from the environment.  Not here: what they mean (parse.h). */
#ifndef PGMAPTRACE_COMMAND_ENVIRONMENT_H
#define PGMAPTRACE_COMMAND_ENVIRONMENT_H

#define OPTIONS_VARIABLE "PGMAPTRACE_OPTIONS"

/*
 * The words of PGMAPTRACE_OPTIONS, separated by white space, as a command line whose first
 * word is the name of the variable.  They last until the next call.
 * Return: argc, and @argv NULL-terminated; 1 if there are none; -1: out of memory.
 */
int environment_words(char ***argv);

#endif /* PGMAPTRACE_COMMAND_ENVIRONMENT_H */
