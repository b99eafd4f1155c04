/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line asks for, and the table of options from which parsing, help and
 * the check of the man page come.  Not here: the order of words on it (parse.h).
 */
#ifndef PGMAPTRACE_COMMAND_OPTIONS_H
#define PGMAPTRACE_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/outputs.h"
#include "verdict/policy.h"
#include "session/session.h"

#define MAX_SUPPRESSIONS 16 /* files */

enum command {
	COMMAND_TRACE,
	COMMAND_RUN, /* trace while COMMAND runs */
	COMMAND_LEAKS,
	COMMAND_HOLDERS,
	COMMAND_PROBE,
	COMMAND_RULES,
	COMMAND_HELP,
	COMMAND_VERSION,
	NR_COMMANDS,
};

struct options {
	enum command command;
	char **run;	      /* of run: COMMAND, NULL-terminated; else NULL */
	const char *argument; /* of holders: a PFN; of rules and help: a name; NULL: none */
	const char *vmlinux;  /* file with debug info; NULL: in the standard places */
	struct session_options session;

	/* tracing */
	double duration; /* seconds; negative: until a signal */
	double timeout;	 /* seconds that COMMAND may take; negative: no limit */
	double stall;	 /* seconds that a wait may last; 0: no limit */
	double interval; /* seconds between tables; 0: no tables */
	uint64_t tables; /* stop after so many; 0: never */
	struct policy policy;
	const char *suppressions[MAX_SUPPRESSIONS]; /* files; NULL-terminated */
	bool strict_suppressions;		    /* fail if one is not needed */
	int error_exitcode;
	uint64_t require_events; /* a session that saw fewer is inconclusive; 0: never */

	struct output_settings output;

	/* tracing and leaks */
	double older;	   /* seconds; negative: tracing judges no leaks, leaks shows all */
	const char *pgmap; /* show only this one; NULL: all */
	const char *save;  /* file for outstanding or unexplained folios; NULL: none */

	/* leaks */
	const char *baseline; /* file that an earlier leaks saved; NULL: none */
	const char *past;     /* file that an earlier session saved; NULL: none */
	uint64_t top;	      /* show so many folios of each pgmap */
};

enum option_group {
	GROUP_STOP,
	GROUP_CHECK,
	GROUP_SHOW,
	GROUP_VERDICT,
	GROUP_OUTPUT,
	GROUP_LEAKS,
	GROUP_COMMON,
	NR_GROUPS,
};

struct option_spec {
	const char *name;     /* without -- */
	char letter;	      /* 0: none */
	const char *argument; /* as help and man page call it; NULL: none */
	uint32_t commands;    /* that take it: bits (1 << enum command) */
	enum option_group group;
	const char *help; /* one paragraph, wrapped when it is shown */
	/*
	 * Store @value, which is NULL without an argument, at @field of @o.
	 * Return: 0; EXIT_USAGE with a line on stderr.
	 */
	int (*set)(struct options *o, const struct option_spec *spec, const char *value);
	size_t field; /* offset in struct options; 0 if @set needs none */
};

#define MAX_OPTIONS 64 /* so that a uint64_t has a bit for each */

/* By group, in the order of the help text. */
extern const struct option_spec option_specs[];
extern const size_t nr_option_specs;

struct command_spec {
	enum command command;
	const char *name;  /* NULL: it is given by none */
	const char *usage; /* what follows pgmaptrace */
	const char *help;
	int max_arguments; /* negative: the rest of the line is COMMAND's */
};

/* In the order of the help text. */
extern const struct command_spec command_specs[];
extern const size_t nr_command_specs;

/* Return: NULL if there is none of that name. */
const struct command_spec *command_find(const char *name);

#endif /* PGMAPTRACE_COMMAND_OPTIONS_H */
