/* SPDX-License-Identifier: GPL-2.0-only */
/* The small commands: ask once, print, done.  Each returns the exit status. */
#ifndef PGMAPTRACE_COMMAND_QUERY_H
#define PGMAPTRACE_COMMAND_QUERY_H

#include "command/options.h"

/* What this kernel offers. */
int command_probe(const struct options *o);
/* The catalogue, or one rule of it; @name may be NULL. */
int command_rules(const char *name);
/* Who has to do with the folio at @pfn, as the user gave it. */
int command_holders(const struct options *o, const char *pfn);
/* Who waits for any device page or pgmap now, with stacks. */
int command_waiters(const struct options *o);

#endif /* PGMAPTRACE_COMMAND_QUERY_H */
