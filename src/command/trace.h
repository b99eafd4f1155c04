/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace until a signal, the end of the time, or the end of COMMAND; then the verdict.
 * Not here: what the parts of it share (tracing.h).
 */
#ifndef PGMAPTRACE_COMMAND_TRACE_H
#define PGMAPTRACE_COMMAND_TRACE_H

#include "command/options.h"

/* Return: the exit status. */
int trace_run(const struct options *o);

#endif /* PGMAPTRACE_COMMAND_TRACE_H */
