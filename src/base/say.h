/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool says of itself: lines on stderr that begin with "pgmaptrace: ".
 * Not here: what it finds.
 */
#ifndef PGMAPTRACE_BASE_SAY_H
#define PGMAPTRACE_BASE_SAY_H

/* A line for who is curious, or has to know. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What went wrong; it is handed to whoever say_errors_to() has named, too. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* @message: without "pgmaptrace: " and without its end; valid during the call */
typedef void (*say_fn)(void *arg, const char *message);
/* From here on, each error; @fn: NULL: no more. */
void say_errors_to(say_fn fn, void *arg);

#endif /* PGMAPTRACE_BASE_SAY_H */
