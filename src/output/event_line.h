/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line of one event, for who watches folios (--pfn, --events ...).  It must
 * be fast: the tool has to keep up with the kernel.
 */
#ifndef PGMAPTRACE_OUTPUT_EVENT_LINE_H
#define PGMAPTRACE_OUTPUT_EVENT_LINE_H

#include "output/text.h"

void text_event(struct text_out *o, const struct pgmt_event_record *t);

#endif /* PGMAPTRACE_OUTPUT_EVENT_LINE_H */
