/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two clocks: CLOCK_MONOTONIC, which times everything that pgmaptrace sees, and the
 * kernel log's.  Not here: when to read them.
 */
#ifndef PGMAPTRACE_BASE_CLOCK_H
#define PGMAPTRACE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S 1000000000ULL

/* CLOCK_MONOTONIC, ns: also the clock of every time that the BPF programs report. */
uint64_t clock_now(void);
/* The same in seconds. */
double clock_seconds(void);
/* The time of day: seconds since 1970, UTC. */
double clock_wall(void);

/* A line written to the kernel log and read back; ns. */
struct clock_sample {
	int64_t before, after; /* CLOCK_MONOTONIC around the write */
	int64_t stamp;	       /* the log's */
};

/*
 * How far the kernel log's clock is ahead of CLOCK_MONOTONIC, by the sample that was
 * stamped soonest after its write began.
 * Return: false, and *@offset unchanged, if there are no samples.
 */
bool clock_offset_of(const struct clock_sample *samples, unsigned int nr, int64_t *offset);

/*
 * Measure that offset, ns.  The clocks start at different times and drift slowly.
 * Writes a line to the kernel log, and up to four more if that takes long.
 * Return: false, and *@offset unchanged, if the log can't be written or read.
 */
bool clock_kernel_log_offset(int64_t *offset);

#endif /* PGMAPTRACE_BASE_CLOCK_H */
