/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef PGMAPTRACE_COMMAND_OPTIONS_H
#define PGMAPTRACE_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "output/outputs.h"
#include "verdict/policy.h"
#include "session/session.h"

#define MAX_SUPPRESSIONS 16 /* files */

enum command {
	COMMAND_TRACE,
	COMMAND_LEAKS,
	COMMAND_HOLDERS,
	COMMAND_PROBE,
	COMMAND_RULES,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct options {
	enum command command;
	char **run;	      /* tracing: COMMAND, NULL-terminated; NULL: none */
	const char *argument; /* of holders, a PFN; of rules, a name; NULL: none */
	const char *vmlinux;  /* file with debug info; NULL: in the standard places */
	struct session_options session;

	/* tracing */
	double duration; /* seconds; negative: until a signal */
	double timeout;	 /* seconds that COMMAND may take; negative: any time */
	double stall;	 /* seconds that a wait may last; 0: any time */
	double interval; /* seconds from table to table; 0: no tables */
	uint64_t tables; /* how many, then it ends; 0: no end */
	struct policy policy;
	const char *suppressions[MAX_SUPPRESSIONS]; /* files; behind the last is NULL */
	bool strict_suppressions;		    /* fail if one is not needed */
	int error_exitcode;

	struct output_settings output;

	/* tracing and leaks */
	double older;	   /* seconds; negative: tracing judges no leaks, leaks all */
	const char *pgmap; /* the one to show; NULL: all that are watched, or there */
	const char *save;  /* what is held, or known of requests; NULL: none */

	/* leaks */
	const char *baseline; /* file that an earlier leaks has written; NULL: none */
	const char *past;     /* file that a session has written, which has ended; NULL: none */
	uint64_t top;	      /* folios of a pgmap that are shown */
};

/*
 * options_parse - @o from the command line; strings of it are kept
 * Does nothing else: opens no file, looks at no kernel.
 * Return: 0; EXIT_USAGE, said on stderr.
 */
int options_parse(int argc, char **argv, struct options *o);
/* Does it ask for records on stdout?  For what goes wrong before all of it is understood. */
bool options_want_json(int argc, char **argv);
const char *options_help(void);

/* Say on stderr what is wrong with the command line.  Return: EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Return: false if @text is no number that makes sense. */
bool parse_seconds(const char *text, double *seconds);
bool parse_number(const char *text, uint64_t *number);

#endif /* PGMAPTRACE_COMMAND_OPTIONS_H */
