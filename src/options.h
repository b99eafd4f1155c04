/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef PGMAPTRACE_OPTIONS_H
#define PGMAPTRACE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

struct options {
	struct session_options session;
	bool verbose;
	bool timestamps;
	double duration;     /* seconds; negative: until a signal */
	double stall;	     /* seconds that a wait may last; 0: any time */
	double older;	     /* seconds; negative: leaks are not judged */
	double interval;     /* seconds from table to table; 0: no tables */
	uint64_t tables;     /* how many, then it ends; 0: no end */
	const char *pgmap;   /* whose transitions are shown; NULL: of all that are watched */
	const char *vmlinux; /* file with debug info; NULL: in the standard places */
	char **command;	     /* run: NULL-terminated */
	const char *save;    /* file to write what is held, or known of requests, to; NULL: none */
	/* leaks */
	bool json;	      /* records, not text */
	const char *baseline; /* file that an earlier leaks has written; NULL: none */
	const char *past;     /* file that a session has written, which has ended; NULL: none */
	uint64_t top;	      /* folios of a pgmap that are shown */
};

/* Say on stderr what is wrong with the command line.  Return: EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Return: false if @text is no number that makes sense. */
bool parse_seconds(const char *text, double *seconds);
bool parse_number(const char *text, uint64_t *number);

#endif /* PGMAPTRACE_OPTIONS_H */
