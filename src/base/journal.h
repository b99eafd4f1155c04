/* SPDX-License-Identifier: GPL-2.0-only */
/* systemd: whether its journal reads a file, and telling it how far we are. */
#ifndef PGMAPTRACE_BASE_JOURNAL_H
#define PGMAPTRACE_BASE_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

/* A line of such a file may begin with "<N>", its level as the kernel log has them. */
bool journal_reads(FILE *f);

/*
 * Hand "READY=1" or its like to who has started the tool, where that is asked for
 * by NOTIFY_SOCKET, as sd_notify(3) has it.  @state: lines "KEY=VALUE"
 */
void notify(const char *state);

#endif /* PGMAPTRACE_BASE_JOURNAL_H */
