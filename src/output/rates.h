/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table that INTERVAL asks for, in the habit of vmstat and iostat: a line
 * for each live pgmap.  Not here: when it is due (trace.c).
 */
#ifndef PGMAPTRACE_OUTPUT_RATES_H
#define PGMAPTRACE_OUTPUT_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "output/text.h"

struct rates_out {
	const struct text_out *text; /* where to, and whether with times */
	bool terminal;		     /* the header comes again now and then */
	uint64_t since;		     /* when the last table was made; 0: there was none */
	struct pgmt_rates last[PGMT_SLOTS];
	unsigned int lines;   /* since the header; 0: it is due */
	unsigned int reports; /* that had been shown by then */
};

/* One table, of the time since the one before, at first since tracing began. */
void rates_table(struct rates_out *o);

#endif /* PGMAPTRACE_OUTPUT_RATES_H */
