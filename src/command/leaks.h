/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The leaks command: which folios have unexplained references now, and which killed
 * pgmaps keep references.  Attaches nothing.  Not here: how it is printed (leaks/).
 */
#ifndef PGMAPTRACE_COMMAND_LEAKS_H
#define PGMAPTRACE_COMMAND_LEAKS_H

#include "command/options.h"

/* Return: the exit status. */
int leaks_run(const struct options *o);

#endif /* PGMAPTRACE_COMMAND_LEAKS_H */
