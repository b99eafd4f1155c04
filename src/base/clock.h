/* SPDX-License-Identifier: GPL-2.0-only */
/* The two clocks: CLOCK_MONOTONIC, which everything is measured by, and the kernel log's. */
#ifndef PGMAPTRACE_BASE_CLOCK_H
#define PGMAPTRACE_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_S 1000000000ULL

/* CLOCK_MONOTONIC, ns: the clock of every time that the BPF programs hand over. */
uint64_t clock_now(void);
/* The same in seconds. */
double clock_seconds(void);

/*
 * How far the kernel log's clock is ahead of CLOCK_MONOTONIC, ns; 0 if the log can't be
 * had.  Both tick alike, begin apart, and drift.  Writes a line to the kernel log.
 */
int64_t clock_kernel_log_offset(void);

#endif /* PGMAPTRACE_BASE_CLOCK_H */
