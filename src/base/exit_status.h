/* SPDX-License-Identifier: GPL-2.0-only */
/* The exit statuses of pgmaptrace, as the man page has them. */
#ifndef PGMAPTRACE_BASE_EXIT_STATUS_H
#define PGMAPTRACE_BASE_EXIT_STATUS_H

enum {
	EXIT_CLEAN = 0,
	EXIT_FINDINGS = 1,
	EXIT_INCONCLUSIVE = 2,
	EXIT_USAGE = 64,
	EXIT_KERNEL = 69, /* this kernel can't be traced, or not by this user */
	EXIT_INTERNAL = 70,
	EXIT_TIMEOUT = 124, /* run: COMMAND took too long and nothing else is wrong: timeout(1) */
	EXIT_NOT_EXECUTABLE = 126, /* run: as in a shell */
	EXIT_NOT_FOUND = 127,
};

#endif /* PGMAPTRACE_BASE_EXIT_STATUS_H */
