/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command leaks: which folios have references now that nothing accounts
 * for, and which pgmaps can't go.  Looks, and attaches nothing.
 */
#ifndef PGMAPTRACE_COMMAND_LEAKS_H
#define PGMAPTRACE_COMMAND_LEAKS_H

#include "command/options.h"

/* Return: the exit status. */
int leaks_run(const struct options *o);

#endif /* PGMAPTRACE_COMMAND_LEAKS_H */
