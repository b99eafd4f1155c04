/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a session knows of outstanding folios, written to a file for a later leaks.  Not
 * here: how that file is read (saved.h).
 */
#ifndef PGMAPTRACE_LEAKS_SAVE_SESSION_H
#define PGMAPTRACE_LEAKS_SAVE_SESSION_H

#include "report/report.h"

/*
 * save_session - write all outstanding folios to @file, with their requests
 * @ended: when from->session ended, ns of CLOCK_MONOTONIC
 * @lost: it lost events, or could not see all
 * Return: 0, or an exit status; the reason is then on stderr and @file is as it was.
 *	SIGINT and SIGTERM interrupt it, which is an error too.
 */
int save_session(const char *file, struct sources *from, uint64_t ended, bool lost);

#endif /* PGMAPTRACE_LEAKS_SAVE_SESSION_H */
