/* SPDX-License-Identifier: GPL-2.0-only */
/* systemd: is its journal at the other end of a file, and sd_notify(3) without the library. */
#ifndef PGMAPTRACE_BASE_JOURNAL_H
#define PGMAPTRACE_BASE_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

/* Does the journal read it?  Then a line may begin with "<N>", its syslog level. */
bool journal_reads(FILE *f);

/* Is there a service manager to tell? */
bool notify_is_wanted(void);
/*
 * Tell the service manager, if there is one.
 * @state: lines "KEY=VALUE", as "READY=1"
 */
void notify(const char *state);
/* One line that says how it goes; lost rather than waited for. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* PGMAPTRACE_BASE_JOURNAL_H */
