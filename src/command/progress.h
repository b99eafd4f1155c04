/* SPDX-License-Identifier: GPL-2.0-only */
/* A line on the terminal that shows how far a long scan is.  Not here: what is scanned. */
#ifndef PGMAPTRACE_COMMAND_PROGRESS_H
#define PGMAPTRACE_COMMAND_PROGRESS_H

#include <stdint.h>

struct progress {
	uint64_t began; /* ns of CLOCK_MONOTONIC */
	uint64_t shown; /* the same, of the last line; 0: there is none */
};

/* Call it often: it writes only after the first second, now and then, and to a terminal. */
void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t all);
/* Remove the line, if there is one. */
void progress_end(struct progress *p);

#endif /* PGMAPTRACE_COMMAND_PROGRESS_H */
