// SPDX-License-Identifier: GPL-2.0-only
#include "command/help.h"

#include <string.h>

#include "command/options.h"
#include "command/wrap.h"

#define USAGE_COLUMN 48
#define HELP_COLUMN  27

static const char *const headings[NR_GROUPS] = {
	[GROUP_STOP] = "When to stop",
	[GROUP_CHECK] = "What to check",
	[GROUP_SHOW] = "What to show",
	[GROUP_VERDICT] = "Verdict (RULES are names separated by commas, or all)",
	[GROUP_OUTPUT] = "Output",
	[GROUP_LEAKS] = "Only with leaks",
	[GROUP_COMMON] = "Common options",
};

static void print_command(FILE *to, const struct command_spec *spec, bool first)
{
	int at = fprintf(to, "%s pgmaptrace %s", first ? "Usage:" : "      ", spec->usage);

	wrap_go_to(to, at, USAGE_COLUMN);
	wrap(to, spec->help, USAGE_COLUMN);
}

static void print_option(FILE *to, const struct option_spec *spec)
{
	int at;

	if (spec->letter)
		at = fprintf(to, "  -%c, --%s", spec->letter, spec->name);
	else
		at = fprintf(to, "      --%s", spec->name);
	if (spec->argument)
		at += fprintf(to, " %s", spec->argument);
	wrap_go_to(to, at, HELP_COLUMN);
	wrap(to, spec->help, HELP_COLUMN);
}

static const char about[] =
	"Options may also follow a command; everything after run is COMMAND.\n"
	"Those in the environment, in PGMAPTRACE_OPTIONS, come first.\n"
	"\n"
	"Check every request and free of device pages (pmem, device-dax, GPU, P2P) in\n"
	"the running kernel, and report a broken rule the moment it breaks.\n";

static const char status[] = "\n"
			     "Exit status:\n"
			     "  0    clean (with run: the status of COMMAND)\n"
			     "  1    findings (or the status that --error-exitcode gives)\n"
			     "  2    inconclusive\n"
			     "  64   wrong usage\n"
			     "  69   this kernel can't be traced\n"
			     "  70   internal error, or output that can't be written\n"
			     "  124  clean, but COMMAND took longer than --timeout\n"
			     "  126  COMMAND can't be executed\n"
			     "  127  COMMAND not found\n";

static const char status_of_holders[] =
	"With holders: 0 found someone, 1 nobody, 2 nobody, but could not check all.\n";
static const char status_of_leaks[] =
	"With leaks: 0 found nothing, 1 something, 2 could not check all.\n";

static const char examples[] =
	"\n"
	"Examples:\n"
	"  pgmaptrace                         trace until Ctrl-C\n"
	"  pgmaptrace run -- ./check dax      a test run, with a verdict at the end\n"
	"  pgmaptrace --json log run -- ./t   the same, with records for a program\n"
	"  pgmaptrace 5 12                    a table every 5 s for one minute\n"
	"  pgmaptrace -T -d 60                one minute, with times as in dmesg\n"
	"  pgmaptrace rules teardown-live     what this finding means\n"
	"  pgmaptrace --pfn 0x40200           the life of one page\n"
	"  pgmaptrace holders 0x40200         who maps, pins or waits for this page now\n"
	"  pgmaptrace holders                 who waits for any device page now\n"
	"  pgmaptrace leaks                   an unbind hangs: what is it waiting for?\n";

static void print_options(FILE *to, uint32_t commands)
{
	enum option_group last = NR_GROUPS;

	for (size_t i = 0; i < nr_option_specs; i++) {
		const struct option_spec *spec = &option_specs[i];

		if (!(spec->commands & commands))
			continue;
		if (spec->group != last)
			fprintf(to, "\n%s:\n", headings[spec->group]);
		last = spec->group;
		print_option(to, spec);
	}
}

static void print_one(FILE *to, const struct command_spec *spec)
{
	print_command(to, spec, true);
	print_options(to, 1u << spec->command);
	switch (spec->command) {
	case COMMAND_RUN:
		fputs(status, to);
		break;
	case COMMAND_HOLDERS:
		fprintf(to, "\n%s", status_of_holders);
		break;
	case COMMAND_LEAKS:
		fprintf(to, "\n%s", status_of_leaks);
		break;
	default:
		break;
	}
	fputs("\npgmaptrace help shows all commands.\n", to);
}

void help_print(FILE *to, const char *command)
{
	const struct command_spec *spec = command ? command_find(command) : NULL;

	if (spec) {
		print_one(to, spec);
		return;
	}
	for (size_t i = 0; i < nr_command_specs; i++)
		print_command(to, &command_specs[i], i == 0);
	fputs(about, to);
	print_options(to, ~0u);
	fputs(status, to);
	fputs(status_of_holders, to);
	fputs(status_of_leaks, to);
	fputs(examples, to);
}
