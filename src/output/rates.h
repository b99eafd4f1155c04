/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of INTERVAL, in the style of vmstat and iostat: a line for each live
 * pgmap.  Not here: when it is due (trace.c).
 */
#ifndef PGMAPTRACE_OUTPUT_RATES_H
#define PGMAPTRACE_OUTPUT_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "output/text.h"

struct rates_out {
	const struct text_out *text; /* where it is printed */
	bool terminal;		     /* repeat the header now and then */
	uint64_t since;		     /* when the last table was printed; 0: never */
	struct pgmt_rates last[PGMT_SLOTS];
	unsigned int lines;   /* since the header; 0: print it */
	unsigned int reports; /* text->reports at the last table */
};

/* Print a table of the time since the last one, or since tracing began. */
void rates_table(struct rates_out *o);

#endif /* PGMAPTRACE_OUTPUT_RATES_H */
