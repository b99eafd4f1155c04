/* SPDX-License-Identifier: GPL-2.0-only */
/* From the command line to struct options.  Not here: single values (values.h). */
#ifndef PGMAPTRACE_COMMAND_PARSE_H
#define PGMAPTRACE_COMMAND_PARSE_H

#include "command/options.h"

/*
 * Fill in @o from the command line, whose strings it keeps.  Opens no file and does not
 * look at the kernel.
 * Return: 0; EXIT_USAGE with a line on stderr.
 */
int options_parse(int argc, char **argv, struct options *o);
/* Does it ask for records on stdout?  For errors that come before all of it is parsed. */
bool options_want_json(int argc, char **argv);

#endif /* PGMAPTRACE_COMMAND_PARSE_H */
