/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the tool: lines on stderr that begin with "pgmaptrace: ".  Not
 * here: findings and the verdict.
 */
#ifndef PGMAPTRACE_BASE_SAY_H
#define PGMAPTRACE_BASE_SAY_H

/* A notice. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* An error, which is also passed to the function that say_errors_to() set. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* strerror(), and what can be done about it if the user can do something. */
const char *error_text(int err);

/* @message: without "pgmaptrace: " and newline; valid during the call */
typedef void (*say_fn)(void *arg, const char *message);
/* Pass each error to @fn from now on; NULL: to none. */
void say_errors_to(say_fn fn, void *arg);

#endif /* PGMAPTRACE_BASE_SAY_H */
