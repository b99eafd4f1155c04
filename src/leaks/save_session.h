/* SPDX-License-Identifier: GPL-2.0-only */
/* What a session knows of the folios that are out, kept for leaks when it has ended. */
#ifndef PGMAPTRACE_LEAKS_SAVE_SESSION_H
#define PGMAPTRACE_LEAKS_SAVE_SESSION_H

#include "report/report.h"

/*
 * save_session - write all that is requested and not freed to @file, with its requests
 * @ended: when from->session was stopped, ns of CLOCK_MONOTONIC
 * @lost: it lost events, or could not see all
 * Return: 0; an exit status (said on stderr), and there is no such file, or the
 *	one that was there.  SIGINT and SIGTERM end it so, too.
 */
int save_session(const char *file, struct sources *from, uint64_t ended, bool lost);

#endif /* PGMAPTRACE_LEAKS_SAVE_SESSION_H */
