// SPDX-License-Identifier: GPL-2.0-only
/* The command line. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "exit_status.h"
#include "leaks.h"
#include "options.h"
#include "trace.h"

#ifndef VERSION
#define VERSION "0"
#endif

#define LEAST_INTERVAL 0.1 /* s */
#define DEFAULT_TOP    10

static const char help[] =
	"Usage: pgmaptrace [OPTION]...                   trace until Ctrl-C\n"
	"       pgmaptrace [OPTION]... INTERVAL [COUNT]  the same, with a table of rates\n"
	"       pgmaptrace [OPTION]... run -- COMMAND    trace while COMMAND runs\n"
	"       pgmaptrace [OPTION]... leaks             what is held now, traced or not\n"
	"       pgmaptrace holders [PFN]                 who maps, pins or waits for it now;\n"
	"                                                without PFN: who waits for any\n"
	"       pgmaptrace probe                         what this kernel offers\n"
	"       pgmaptrace rules [RULE]                  the rules, and what breaks them\n"
	"\n"
	"Watch every request and every free of device pages (pmem, device-dax, GPU,\n"
	"P2P) in the running kernel, and name a broken rule the moment it breaks.\n"
	"\n"
	"  -d, --duration SECS   stop after SECS\n"
	"  -o, --older SECS      at the end, report folios requested more than SECS ago,\n"
	"                        never freed, not explained by mappings or files;\n"
	"                        with leaks, only those (wants a running session or --past)\n"
	"      --stall SECS      report an unbind, truncate or unmount that waits for device\n"
	"                        pages for longer (default 10; 0: never)\n"
	"  -p, --pid PID         judge only what process PID does, and folios it requested\n"
	"      --cgroup PATH     the same of all processes in a cgroup v2 and below it\n"
	"  -T, --timestamps      begin a finding with the seconds since boot\n"
	"      --stack WHEN      take kernel stacks at all requests and frees (all, the\n"
	"                        default), at findings only (findings), never (none);\n"
	"                        without a stack the call site is kept\n"
	"      --pfn PFN         show each transition of the folio at PFN\n"
	"      --inode INODE     the same, of all folios of a file\n"
	"      --pgmap DEVICE    the same, of all folios of a device, such as dax0.0;\n"
	"                        with leaks, look at that one only\n"
	"  -j, --json            leaks: JSON Lines\n"
	"      --top N           leaks: show N held folios of each pgmap (default 10)\n"
	"      --save FILE       at the end, write who requested what is out to FILE;\n"
	"                        with leaks, write what is held\n"
	"      --past FILE       leaks: take from FILE, which tracing with --save wrote, who\n"
	"                        requested what is held\n"
	"      --baseline FILE   leaks: leave out what FILE has, which leaks --save wrote\n"
	"      --btf FILE        read the kernel's types from FILE\n"
	"      --vmlinux FILE    take source lines from FILE, a vmlinux with debug info\n"
	"  -v, --verbose         say on stderr what is attached and when; show who made\n"
	"                        the pgmap of a finding\n"
	"  -V, --version         show the version\n"
	"  -h, --help            show this text\n"
	"\n"
	"Exit status: 0 clean (with run: COMMAND's own), 1 findings, 2 inconclusive,\n"
	"64 wrong usage, 69 this kernel can't be traced, 70 internal error or output\n"
	"that can't be written, 126 COMMAND can't be executed, 127 COMMAND not found.\n"
	"Of holders: 0 someone, 1 nobody, 2 nobody that could be looked for.\n"
	"Of leaks: 0 nothing is held, 1 something is, 2 not all could be seen.\n"
	"\n"
	"Examples:\n"
	"    pgmaptrace                          # trace until Ctrl-C\n"
	"    pgmaptrace run -- ./check dax       # a test run, with a verdict at the end\n"
	"    pgmaptrace 5 12                     # a table each 5 s, one minute\n"
	"    pgmaptrace -T -d 60                 # one minute, with times as in dmesg\n"
	"    pgmaptrace rules teardown-live      # what this finding means\n"
	"    pgmaptrace --pfn 0x40200            # the life of one page\n"
	"    pgmaptrace holders 0x40200          # who has to do with this page now\n"
	"    pgmaptrace leaks                    # an unbind hangs: what does it wait for\n";

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "pgmaptrace: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, " (see pgmaptrace --help)\n");
	va_end(args);
	return EXIT_USAGE;
}

bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	errno = 0;
	*seconds = strtod(text, &end);
	return !errno && end != text && !*end && *seconds >= 0 && *seconds < 1e9;
}

bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-';
}

/* Watch what @watch says, unless something else is watched already. */
static bool watch(struct options *o, enum pt_watch watch, const char *text)
{
	if (o->session.watch != PT_WATCH_NONE || (text && !parse_number(text, &o->session.watched)))
		return false;
	o->session.watch = watch;
	return true;
}

static bool parse_stack(const char *text, enum pt_stack_mode *mode)
{
	static const char *const names[] = {"none", "findings", "all"};

	for (int i = 0; i < 3; i++) {
		if (!strcmp(text, names[i])) {
			*mode = i;
			return true;
		}
	}
	return false;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{"baseline", required_argument, NULL, 'B'},
		{"btf", required_argument, NULL, 'b'},
		{"cgroup", required_argument, NULL, 'c'},
		{"duration", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{"inode", required_argument, NULL, 'i'},
		{"json", no_argument, NULL, 'j'},
		{"older", required_argument, NULL, 'o'},
		{"pfn", required_argument, NULL, 'f'},
		{"pid", required_argument, NULL, 'p'},
		{"past", required_argument, NULL, 'P'},
		{"pgmap", required_argument, NULL, 'g'},
		{"save", required_argument, NULL, 'S'},
		{"stall", required_argument, NULL, 'w'},
		{"stack", required_argument, NULL, 's'},
		{"timestamps", no_argument, NULL, 'T'},
		{"top", required_argument, NULL, 't'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"vmlinux", required_argument, NULL, 'l'},
		{0},
	};
	static const char bad_watch[] =
		"%s %s: give a number (0x for hexadecimal) or a device, and only one of --pfn, "
		"--inode and --pgmap";
	uint64_t number;
	char unknown[3];
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:d:hjo:p:TvV", names, NULL)) != -1) {
		switch (c) {
		case 'b':
			o->session.btf = optarg;
			break;
		case 'B':
			o->baseline = optarg;
			break;
		case 'P':
			o->past = optarg;
			break;
		case 'S':
			o->save = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 't':
			if (!parse_number(optarg, &o->top))
				return usage_error("--top %s: give a number", optarg);
			break;
		case 'd':
			if (!parse_seconds(optarg, &o->duration))
				return usage_error("--duration %s: give seconds", optarg);
			break;
		case 'h':
			fputs(help, stdout);
			exit(flush_output());
		case 'i':
			if (!watch(o, PT_WATCH_INODE, optarg))
				return usage_error(bad_watch, "--inode", optarg);
			break;
		case 'p':
			if (!parse_number(optarg, &number) || !number || number > INT32_MAX)
				return usage_error("--pid %s: give the number of a process",
						   optarg);
			o->session.pid = number;
			break;
		case 'c':
			if (!*optarg)
				return usage_error("--cgroup: give a directory of cgroup v2");
			o->session.cgroup = optarg;
			break;
		case 'f':
			if (!watch(o, PT_WATCH_PFN, optarg))
				return usage_error(bad_watch, "--pfn", optarg);
			break;
		case 'g':
			if (!watch(o, PT_WATCH_ALL, NULL))
				return usage_error(bad_watch, "--pgmap", optarg);
			o->pgmap = optarg;
			break;
		case 'o':
			if (!parse_seconds(optarg, &o->older))
				return usage_error("--older %s: give seconds", optarg);
			break;
		case 'w':
			if (!parse_seconds(optarg, &o->stall))
				return usage_error("--stall %s: give seconds", optarg);
			break;
		case 's':
			if (!parse_stack(optarg, &o->session.stack))
				return usage_error("--stack %s: give all, findings or none",
						   optarg);
			break;
		case 'T':
			o->timestamps = true;
			break;
		case 'l':
			o->vmlinux = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			puts("pgmaptrace " VERSION);
			exit(flush_output());
		case ':':
			return usage_error("%s wants a value", argv[optind - 1]);
		default:
			/* a short option may stand in a cluster that is not passed yet */
			snprintf(unknown, sizeof(unknown), "-%c", optopt);
			return usage_error("unknown option %s",
					   optopt ? unknown : argv[optind - 1]);
		}
	}
	return 0;
}

/* Is it the INTERVAL of a view, right or wrong, and no command? */
static bool is_interval(const char *text)
{
	return isdigit((unsigned char)text[text[0] == '.']);
}

/* INTERVAL [COUNT] */
static int parse_view(int argc, char **argv, struct options *o)
{
	if (!parse_seconds(argv[0], &o->interval) || o->interval < LEAST_INTERVAL)
		return usage_error("INTERVAL %s: give seconds, at least %.1f", argv[0],
				   LEAST_INTERVAL);
	if (argc > 1 && (!parse_number(argv[1], &o->tables) || !o->tables))
		return usage_error("COUNT %s: give how many tables, at least 1", argv[1]);
	if (argc > 2)
		return usage_error("%s: too many arguments after INTERVAL and COUNT", argv[2]);
	return 0;
}

/* Return: 0, or EXIT_USAGE: an option does not go with the command. */
static int check_options(const struct options *o, const char *command)
{
	bool leaks = command && !strcmp(command, "leaks");

	if (!leaks && (o->json || o->baseline || o->past || o->top != DEFAULT_TOP))
		return usage_error("--json, --baseline, --past and --top are options of leaks");
	if (o->save && command && !leaks && strcmp(command, "run") && !is_interval(command))
		return usage_error("%s: --save is an option of tracing and of leaks", command);
	if (o->session.pid && o->session.cgroup)
		return usage_error("--pid and --cgroup: give only one of them");
	if ((o->session.pid || o->session.cgroup) && command && strcmp(command, "run") &&
	    !is_interval(command))
		return usage_error("%s: --pid and --cgroup are options of tracing", command);
	if (leaks && (o->duration >= 0 || (o->session.watch != PT_WATCH_NONE && !o->pgmap)))
		return usage_error("leaks: --duration, --pfn and --inode are options of tracing");
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {
		.duration = -1,
		.older = -1,
		.stall = 10,
		.top = DEFAULT_TOP,
		.session.stack = PT_STACK_ALL,
	};
	int err = parse_options(argc, argv, &o);
	const char *command;

	if (err)
		return err;
	argc -= optind;
	argv += optind;
	command = argc ? argv[0] : NULL;
	err = check_options(&o, command);
	if (err)
		return err;
	if (!command)
		return trace_run(&o);
	if (is_interval(command)) {
		err = parse_view(argc, argv, &o);
		return err ? err : trace_run(&o);
	}
	if (!strcmp(command, "run")) {
		argv++;
		if (*argv && !strcmp(*argv, "--"))
			argv++;
		if (!*argv)
			return usage_error("%s: give a COMMAND after --", "run");
		o.command = argv;
		return trace_run(&o);
	}
	if (!strcmp(command, "probe") && argc == 1)
		return command_probe(&o);
	if (!strcmp(command, "rules") && argc <= 2)
		return command_rules(argv[1]);
	if (!strcmp(command, "holders") && argc == 1)
		return command_waiters(&o);
	if (!strcmp(command, "holders") && argc == 2)
		return command_holders(&o, argv[1]);
	if (!strcmp(command, "leaks") && argc == 1) {
		/* a pgmap is looked at, not watched */
		o.session.watch = PT_WATCH_NONE;
		return leaks_run(&o);
	}
	if (!strcmp(command, "probe") || !strcmp(command, "rules") || !strcmp(command, "holders") ||
	    !strcmp(command, "leaks"))
		return usage_error("%s: too many arguments", command);
	return usage_error(
		"unknown command %s: run, leaks, holders, probe or rules, or an INTERVAL", command);
}
