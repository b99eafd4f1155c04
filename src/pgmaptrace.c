// SPDX-License-Identifier: GPL-2.0-only
/* From the command line to the command. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "command/query.h"
#include "base/exit_status.h"
#include "base/save.h"
#include "base/say.h"
#include "command/help.h"
#include "command/leaks.h"
#include "command/parse.h"
#include "output/json.h"
#include "command/trace.h"
#include "command/version.h"
#include "symbols/inlines.h"

/* Without stdout, the next file that is opened would become it. */
static void take_standard_files(void)
{
	static const int unusable[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", unusable[fd]) != fd)
			_exit(EXIT_INTERNAL);
}

/* Return: 0; EXIT_USAGE, said on stderr. */
static int check_vmlinux(const char *file)
{
	const char *why = file ? inlines_refusal(file) : NULL;

	if (!why)
		return 0;
	say_error("--vmlinux: can't read %s: %s", file, why);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct json_out early = {.to = {stdout}};
	struct options o;
	int err;

	take_standard_files();
	if (options_want_json(argc, argv))
		json_tell_errors(&early);
	err = options_parse(argc, argv, &o);
	if (!err)
		err = check_vmlinux(o.vmlinux);
	if (err)
		return err;
	switch (o.command) {
	case COMMAND_TRACE:
	case COMMAND_RUN:
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
		help_print(stdout, o.argument);
		return save_stdout();
	case COMMAND_VERSION:
		version_print(stdout);
		return save_stdout();
	case NR_COMMANDS:
		break;
	}
	return EXIT_INTERNAL;
}
