// SPDX-License-Identifier: GPL-2.0-only
/* From the command line to the command. */
#include <stdio.h>

#include "commands.h"
#include "exit_status.h"
#include "leaks.h"
#include "options.h"
#include "out_json.h"
#include "trace.h"

int main(int argc, char **argv)
{
	struct json_out early = {.to = {stdout}};
	struct options o;
	int err;

	if (options_want_json(argc, argv))
		json_tell_errors(&early);
	err = options_parse(argc, argv, &o);
	if (err)
		return err;
	switch (o.command) {
	case COMMAND_TRACE:
		return trace_run(&o);
	case COMMAND_LEAKS:
		return leaks_run(&o);
	case COMMAND_HOLDERS:
		return o.argument ? command_holders(&o, o.argument) : command_waiters(&o);
	case COMMAND_PROBE:
		return command_probe(&o);
	case COMMAND_RULES:
		return command_rules(o.argument);
	case COMMAND_HELP:
		fputs(options_help(), stdout);
		return flush_output();
	case COMMAND_VERSION:
		puts("pgmaptrace " VERSION);
		return flush_output();
	}
	return EXIT_INTERNAL;
}
