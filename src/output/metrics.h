/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of metrics, for the textfile collector of node_exporter: Prometheus' text format,
 * version 0.0.4.  It is never there in part: each time it is written anew and renamed.
 * Not here: when (command/trace_metrics.c).
 */
#ifndef PGMAPTRACE_OUTPUT_METRICS_H
#define PGMAPTRACE_OUTPUT_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/report.h"
#include "verdict/stalls.h"
#include "verdict/summary.h"

/* The collector reads no other files. */
#define METRICS_SUFFIX ".prom"

struct metrics_out {
	const char *file; /* NULL: none */
	struct sources *from;
	double began; /* when tracing began, clock_wall(); 0: not yet */
	/* as they were written last: a counter that falls would look like a new session */
	struct pgmt_rates all, slot[PGMT_SLOTS];
	__u64 lost[PGMT_NR_LOSSES];
};

/*
 * metrics_write - write what is known now
 * @sum: the verdict, or what it would be
 * @stalls: NULL: the session has ended
 * Return: false and errno; the file is then as it was
 */
bool metrics_write(struct metrics_out *o, const struct summary *sum, const struct stalls *stalls);

#endif /* PGMAPTRACE_OUTPUT_METRICS_H */
