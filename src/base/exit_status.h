/* SPDX-License-Identifier: GPL-2.0-only */
/* The exit statuses; documented in the man page. */
#ifndef PGMAPTRACE_BASE_EXIT_STATUS_H
#define PGMAPTRACE_BASE_EXIT_STATUS_H

enum {
	EXIT_CLEAN = 0,
	EXIT_FINDINGS = 1,
	EXIT_INCONCLUSIVE = 2,
	EXIT_USAGE = 64,
	EXIT_KERNEL = 69, /* this kernel can't be traced, or not by this user */
	EXIT_INTERNAL = 70,
	EXIT_TIMEOUT = 124, /* run: COMMAND took too long, and that is all, as timeout(1) has it */
	EXIT_NOT_EXECUTABLE = 126, /* run: as a shell has it */
	EXIT_NOT_FOUND = 127,
};

#endif /* PGMAPTRACE_BASE_EXIT_STATUS_H */
