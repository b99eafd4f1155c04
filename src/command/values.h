/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words of the command line as values, and the message if they make no sense.
 * Not here: which option or command takes which.
 */
#ifndef PGMAPTRACE_COMMAND_VALUES_H
#define PGMAPTRACE_COMMAND_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

/* Print what is wrong with the command line to stderr.  Return: EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From now on: @in comes before what is wrong, and @remark after it.  Both are kept. */
void usage_errors_are(const char *in, const char *remark);

/* Return: false if @text is not a valid value; *@value may have changed then. */
bool parse_seconds(const char *text, double *value);
/* Decimal, or hexadecimal after 0x. */
bool parse_number(const char *text, uint64_t *value);
/* Bytes, or K, M or G; 64K or more. */
bool parse_memory(const char *text, uint64_t *value);
/* "none", "findings", "all", from 0 on; NULL: there are no more */
const char *stack_mode_name(int mode);
/* one of these */
bool parse_stack(const char *text, enum pgmt_stack_mode *value);

#endif /* PGMAPTRACE_COMMAND_VALUES_H */
