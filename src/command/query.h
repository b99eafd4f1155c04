/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The small commands: ask once, print, done.  Each returns the exit status.
 * Not here: leaks.
 */
#ifndef PGMAPTRACE_COMMAND_QUERY_H
#define PGMAPTRACE_COMMAND_QUERY_H

#include "command/options.h"

/* The profile, the hooks and the rules of this kernel. */
int command_probe(const struct options *o);
/* @name: the page of one rule; NULL: all of them, a line each */
int command_rules(const char *name);
/* Who holds the folio at @pfn, or waits for it.  @pfn: as the user gave it */
int command_holders(const struct options *o, const char *pfn);
/* Who waits for any device page or pgmap, with stacks. */
int command_waiters(const struct options *o);

#endif /* PGMAPTRACE_COMMAND_QUERY_H */
