// SPDX-License-Identifier: GPL-2.0-only
#include "command/options.h"

#include <string.h>

#include "base/exit_status.h"
#include "command/values.h"

static void *field_of(struct options *o, const struct option_spec *spec)
{
	return (char *)o + spec->field;
}

static int set_flag(struct options *o, const struct option_spec *spec, const char *value)
{
	(void)value;
	*(bool *)field_of(o, spec) = true;
	return 0;
}

/* Return: 0; EXIT_USAGE if no file is named so: elsewhere "-" is stdin or stdout. */
static int check_file(const struct option_spec *spec, const char *value)
{
	if (*value && strcmp(value, "-"))
		return 0;
	return usage_error("--%s '%s': give the name of a file%s", spec->name, value,
			   !strcmp(spec->name, "json")	   ? " (-j writes records to stdout)"
			   : !strcmp(spec->name, "output") ? " (without it, text goes to stdout)"
							   : "");
}

static int set_file(struct options *o, const struct option_spec *spec, const char *value)
{
	*(const char **)field_of(o, spec) = value;
	return check_file(spec, value);
}

static int set_seconds(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!parse_seconds(value, field_of(o, spec)))
		return usage_error("--%s %s: give a number of seconds", spec->name, value);
	return 0;
}

static int set_number(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!parse_number(value, field_of(o, spec)))
		return usage_error("--%s %s: give a number", spec->name, value);
	return 0;
}

static int set_memory(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!parse_memory(value, field_of(o, spec)))
		return usage_error("--%s %s: give 64K or more, such as 512M", spec->name, value);
	return 0;
}

static int set_stack(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!parse_stack(value, &o->session.stack))
		return usage_error("--%s %s: give all, findings or none", spec->name, value);
	return 0;
}

static int set_metrics(struct options *o, const struct option_spec *spec, const char *value)
{
	size_t len = strlen(value), suffix = strlen(METRICS_SUFFIX);

	if (len <= suffix || strcmp(value + len - suffix, METRICS_SUFFIX))
		return usage_error("--%s %s: give a file that ends in %s; node_exporter reads no "
				   "others",
				   spec->name, value, METRICS_SUFFIX);
	return set_file(o, spec, value);
}

static int set_exitcode(struct options *o, const struct option_spec *spec, const char *value)
{
	uint64_t number;

	if (!parse_number(value, &number) || !number || number > 255)
		return usage_error("--%s %s: give a number from 1 to 255", spec->name, value);
	o->error_exitcode = number;
	return 0;
}

static int set_required(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!parse_number(value, &o->require_events) || !o->require_events)
		return usage_error("--%s %s: give a number of events, at least 1", spec->name,
				   value);
	return 0;
}

static int set_pid(struct options *o, const struct option_spec *spec, const char *value)
{
	uint64_t number;

	if (!parse_number(value, &number) || !number || number > INT32_MAX)
		return usage_error("--%s %s: give the pid of a process", spec->name, value);
	o->session.pid = number;
	return 0;
}

static int set_cgroup(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!*value)
		return usage_error("--%s: give a directory of cgroup v2", spec->name);
	o->session.cgroup = value;
	return 0;
}

static int add_suppressions(struct options *o, const struct option_spec *spec, const char *value)
{
	int n = 0;

	if (check_file(spec, value))
		return EXIT_USAGE;
	while (o->suppressions[n])
		n++;
	if (n == MAX_SUPPRESSIONS - 1)
		return usage_error("--%s %s: at most %d files", spec->name, value, n);
	o->suppressions[n] = value;
	return 0;
}

static int set_watch(struct options *o, const struct option_spec *spec, enum pgmt_watch watch)
{
	if (o->session.watch != PGMT_WATCH_NONE)
		return usage_error("--%s: give only one of --events, --pfn, --inode and --pgmap",
				   spec->name);
	o->session.watch = watch;
	return 0;
}

static int watch_number(struct options *o, const struct option_spec *spec, enum pgmt_watch watch,
			const char *value)
{
	int err = set_watch(o, spec, watch);

	if (!err && !parse_number(value, &o->session.watched))
		return usage_error("--%s %s: give a number (0x for hexadecimal)", spec->name,
				   value);
	return err;
}

static int watch_all(struct options *o, const struct option_spec *spec, const char *value)
{
	(void)value;
	return set_watch(o, spec, PGMT_WATCH_ALL);
}

static int watch_pfn(struct options *o, const struct option_spec *spec, const char *value)
{
	return watch_number(o, spec, PGMT_WATCH_PFN, value);
}

static int watch_inode(struct options *o, const struct option_spec *spec, const char *value)
{
	return watch_number(o, spec, PGMT_WATCH_INODE, value);
}

static int watch_pgmap(struct options *o, const struct option_spec *spec, const char *value)
{
	o->pgmap = value;
	return set_watch(o, spec, PGMT_WATCH_ALL);
}

static int set_policy(struct options *o, const struct option_spec *spec, const char *value,
		      bool (*set)(struct policy *p, const char *text, char *error, size_t size))
{
	char error[256];

	if (set(&o->policy, value, error, sizeof(error)))
		return 0;
	return usage_error("--%s: %s", spec->name, error);
}

static int set_expect(struct options *o, const struct option_spec *spec, const char *value)
{
	return set_policy(o, spec, value, policy_expect);
}

static int set_fail_on(struct options *o, const struct option_spec *spec, const char *value)
{
	return set_policy(o, spec, value, policy_fail_on);
}

static int set_warn_on(struct options *o, const struct option_spec *spec, const char *value)
{
	return set_policy(o, spec, value, policy_warn_on);
}

static int set_ignore(struct options *o, const struct option_spec *spec, const char *value)
{
	return set_policy(o, spec, value, policy_ignore);
}

static int set_help(struct options *o, const struct option_spec *spec, const char *value)
{
	(void)spec;
	(void)value;
	o->command = COMMAND_HELP;
	return 0;
}

static int set_version(struct options *o, const struct option_spec *spec, const char *value)
{
	(void)spec;
	(void)value;
	o->command = COMMAND_VERSION;
	return 0;
}

/* Which commands take an option. */
#define BIT(command) (1u << (command))
#define RUN	     BIT(COMMAND_RUN)
#define TRACE	     (BIT(COMMAND_TRACE) | RUN)
#define LEAKS	     BIT(COMMAND_LEAKS)
#define ANY	     (BIT(NR_COMMANDS) - 1)

_Static_assert(NR_COMMANDS < 32, "a bit of option_spec.commands for each command");

/* A field and how it is stored; the array of -1 elements means that it has another type. */
#define FIELD(member, type)                                                                        \
	(offsetof(struct options, member) +                                                        \
	 0 * sizeof(char[__builtin_types_compatible_p(                                             \
				 __typeof__(((struct options *)NULL)->member), type)               \
				 ? 1                                                               \
				 : -1]))
#define FLAG(member)	set_flag, FIELD(member, bool)
#define TEXT(member)	set_file, FIELD(member, const char *)
#define SECONDS(member) set_seconds, FIELD(member, double)
#define NUMBER(member)	set_number, FIELD(member, uint64_t)
#define MEMORY(member)	set_memory, FIELD(member, uint64_t)

/* clang-format off */
const struct option_spec option_specs[] = {
	{"duration", 'd', "SECS", TRACE, GROUP_STOP,
	 "stop after SECS seconds",
	 SECONDS(duration)},
	{"timeout", 0, "SECS", RUN, GROUP_STOP,
	 "with run: after SECS seconds send COMMAND SIGTERM, and SIGKILL 10 s later",
	 SECONDS(timeout)},

	{"older", 'o', "SECS", TRACE | LEAKS, GROUP_CHECK,
	 "at the end, report folios that were requested more than SECS seconds ago, were not "
	 "freed, and are not accounted for by mappings or files; with leaks, show only folios "
	 "requested that long ago (needs a running session or --past)",
	 SECONDS(older)},
	{"stall", 0, "SECS", TRACE, GROUP_CHECK,
	 "report an unbind, truncate or unmount that waits longer than SECS seconds for device "
	 "pages (default 10; 0 disables this)",
	 SECONDS(stall)},
	{"stack", 0, "WHEN", TRACE, GROUP_CHECK,
	 "findings (default): record the kernel stack of a finding, and the call site of each "
	 "folio's last request and free; all: stacks of those, too; none: neither",
	 set_stack, 0},
	{"max-memory", 0, "SIZE", TRACE, GROUP_CHECK,
	 "use at most SIZE bytes (or K, M, G) for the states of folios (default: a quarter of "
	 "memory); if that is too little, the verdict is inconclusive",
	 MEMORY(session.max_memory)},
	{"pid", 'p', "PID", TRACE, GROUP_CHECK,
	 "judge only what process PID does, and the folios that it requested",
	 set_pid, 0},
	{"cgroup", 0, "PATH", TRACE, GROUP_CHECK,
	 "the same for all processes of a cgroup v2 and those below it",
	 set_cgroup, 0},

	{"events", 0, NULL, TRACE, GROUP_SHOW,
	 "show each event of each folio",
	 watch_all, 0},
	{"pfn", 0, "PFN", TRACE, GROUP_SHOW,
	 "show each event of the folio at PFN",
	 watch_pfn, 0},
	{"inode", 0, "INODE", TRACE, GROUP_SHOW,
	 "show each event of the folios of one file",
	 watch_inode, 0},
	{"pgmap", 0, "DEVICE", TRACE | LEAKS, GROUP_SHOW,
	 "show each event of the folios of one device, such as dax0.0; with leaks, look at "
	 "that device only",
	 watch_pgmap, 0},
	{"timestamps", 'T', NULL, TRACE, GROUP_SHOW,
	 "start findings with the time since boot, as in dmesg",
	 FLAG(output.timestamps)},
	{"deterministic", 0, NULL, TRACE, GROUP_SHOW,
	 "leave out times, pids and addresses, so that two runs can be compared",
	 FLAG(output.deterministic)},
	{"verbose", 'v', NULL, ANY, GROUP_SHOW,
	 "log to stderr what is attached and how long that took; show who created the pgmap "
	 "of a finding",
	 FLAG(output.verbose)},

	{"fail-on", 0, "RULES", TRACE, GROUP_VERDICT,
	 "fail only on these rules; the others warn",
	 set_fail_on, 0},
	{"warn-on", 0, "RULES", TRACE, GROUP_VERDICT,
	 "only warn on these rules",
	 set_warn_on, 0},
	{"ignore", 0, "RULES", TRACE, GROUP_VERDICT,
	 "suppress these rules entirely",
	 set_ignore, 0},
	{"expect", 0, "RULE=N", TRACE, GROUP_VERDICT,
	 "fail unless there are exactly N findings of RULE, and none of rules that are not "
	 "listed (RULE=N,RULE=N lists two)",
	 set_expect, 0},
	{"require-events", 0, "N", TRACE, GROUP_VERDICT,
	 "inconclusive if fewer than N requests and frees were seen (where the kernel shows "
	 "none: mappings, or entries stored in files and removed), or if --pid, --cgroup, --pfn, "
	 "--inode or --pgmap matched nothing",
	 set_required, 0},
	{"error-exitcode", 0, "N", TRACE, GROUP_VERDICT,
	 "exit status for findings (default 1)",
	 set_exitcode, 0},
	{"suppressions", 0, "FILE", TRACE, GROUP_VERDICT,
	 "silence the known findings that FILE describes",
	 add_suppressions, 0},
	{"gen-suppressions", 0, NULL, TRACE, GROUP_VERDICT,
	 "print a suppression for each finding",
	 FLAG(output.gen_suppressions)},
	{"strict-suppressions", 0, NULL, TRACE, GROUP_VERDICT,
	 "fail if a suppression matched no finding",
	 FLAG(strict_suppressions)},

	{"output", 0, "FILE", TRACE, GROUP_OUTPUT,
	 "write text to FILE instead of stdout",
	 TEXT(output.text)},
	{"json-lines", 'j', NULL, TRACE | LEAKS, GROUP_OUTPUT,
	 "write JSON records instead of text to stdout; also with leaks",
	 FLAG(output.json)},
	{"json", 0, "FILE", TRACE, GROUP_OUTPUT,
	 "also write JSON records to FILE",
	 TEXT(output.json_file)},
	{"ktap", 0, NULL, TRACE, GROUP_OUTPUT,
	 "write KTAP to stdout, one test per rule",
	 FLAG(output.ktap)},
	{"junit", 0, "FILE", TRACE, GROUP_OUTPUT,
	 "at the end, write a JUnit file with one test case per rule",
	 TEXT(output.junit)},
	{"metrics", 0, "FILE", TRACE, GROUP_OUTPUT,
	 "every 10 s and at the end, write metrics to FILE, which ends in .prom, for the "
	 "textfile collector of Prometheus' node_exporter",
	 set_metrics, FIELD(output.metrics, const char *)},
	{"kmsg", 0, NULL, TRACE, GROUP_OUTPUT,
	 "also write headlines to the kernel log, as \"BUG: pgmaptrace: ...\"",
	 FLAG(output.kmsg)},
	{"ready-file", 0, "FILE", TRACE, GROUP_OUTPUT,
	 "write the tool's pid to FILE once everything is traced",
	 TEXT(output.ready_file)},
	{"save", 0, "FILE", TRACE | LEAKS, GROUP_OUTPUT,
	 "at the end, save to FILE who requested the outstanding folios; with leaks, save "
	 "the unexplained folios",
	 TEXT(save)},

	{"top", 0, "N", LEAKS, GROUP_LEAKS,
	 "show N unexplained folios of each pgmap (default 10)",
	 NUMBER(top)},
	{"past", 0, "FILE", LEAKS, GROUP_LEAKS,
	 "look up requests in FILE, which tracing with --save wrote",
	 TEXT(past)},
	{"baseline", 0, "FILE", LEAKS, GROUP_LEAKS,
	 "leave out the folios in FILE, which leaks --save wrote",
	 TEXT(baseline)},

	{"btf", 0, "FILE", ANY, GROUP_COMMON,
	 "read the kernel's types from FILE",
	 TEXT(session.btf)},
	{"vmlinux", 0, "FILE", ANY, GROUP_COMMON,
	 "read source lines from FILE, a vmlinux with debug info",
	 TEXT(vmlinux)},
	{"version", 'V', NULL, ANY, GROUP_COMMON,
	 "show the version and exit",
	 set_version, 0},
	{"help", 'h', NULL, ANY, GROUP_COMMON,
	 "show this text and exit",
	 set_help, 0},
};
/* clang-format on */

#define NR(array) (sizeof(array) / sizeof((array)[0]))

const size_t nr_option_specs = NR(option_specs);
_Static_assert(NR(option_specs) <= MAX_OPTIONS, "a bit for each option");

const struct command_spec command_specs[] = {
	{COMMAND_TRACE, NULL, "[OPTION]...", "trace until Ctrl-C", 0},
	{COMMAND_TRACE, NULL, "[OPTION]... INTERVAL [COUNT]", "the same, with a table of rates", 0},
	{COMMAND_RUN, "run", "[OPTION]... run -- COMMAND", "trace while COMMAND runs", -1},
	{COMMAND_LEAKS, "leaks", "[OPTION]... leaks", "find unexplained references now", 0},
	{COMMAND_HOLDERS, "holders", "holders [PFN]", "who holds or waits for a page", 1},
	{COMMAND_PROBE, "probe", "probe", "what this kernel supports", 0},
	{COMMAND_RULES, "rules", "rules [RULE]", "the rules, or all about one", 1},
	{COMMAND_HELP, "help", "help [COMMAND]", "show this text, or what one takes", 1},
};

const size_t nr_command_specs = NR(command_specs);

const struct command_spec *command_find(const char *name)
{
	for (size_t i = 0; i < nr_command_specs; i++)
		if (command_specs[i].name && !strcmp(command_specs[i].name, name))
			return &command_specs[i];
	return NULL;
}
