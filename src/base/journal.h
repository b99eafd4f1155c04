/* SPDX-License-Identifier: GPL-2.0-only */
/* systemd: is its journal at the other end of a file, and sd_notify(3) without the library. */
#ifndef PGMAPTRACE_BASE_JOURNAL_H
#define PGMAPTRACE_BASE_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

/* Does the journal read it?  Then a line may begin with "<N>", its syslog level. */
bool journal_reads(FILE *f);

/*
 * Tell the service manager, if NOTIFY_SOCKET is set.
 * @state: lines "KEY=VALUE", as "READY=1"
 */
void notify(const char *state);

#endif /* PGMAPTRACE_BASE_JOURNAL_H */
