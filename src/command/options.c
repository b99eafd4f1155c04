// SPDX-License-Identifier: GPL-2.0-only
#include "command/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/say.h"

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
	"Options may stand behind a command, too; behind run all is COMMAND's.\n"
	"\n"
	"Watch every request and every free of device pages (pmem, device-dax, GPU,\n"
	"P2P) in the running kernel, and name a broken rule the moment it breaks.\n"
	"\n"
	"When it ends\n"
	"  -d, --duration SECS   stop after SECS\n"
	"      --timeout SECS    run: end COMMAND after SECS, by SIGTERM, 10 s later by SIGKILL\n"
	"What is looked for\n"
	"  -o, --older SECS      at the end, report folios requested more than SECS ago,\n"
	"                        never freed, not explained by mappings or files;\n"
	"                        with leaks, only those (wants a running session or --past)\n"
	"      --stall SECS      report an unbind, truncate or unmount that waits for device\n"
	"                        pages for longer (default 10; 0: never)\n"
	"      --stack WHEN      take kernel stacks at findings, and keep the call site of\n"
	"                        each folio's last request and free (findings, the default);\n"
	"                        or stacks of these, too (all); or keep neither (none)\n"
	"      --max-memory SIZE keep what is known of folios in SIZE bytes, or with K, M, G\n"
	"                        (default a quarter of the memory); what does not fit makes\n"
	"                        the verdict inconclusive\n"
	"  -p, --pid PID         judge only what process PID does, and folios it requested\n"
	"      --cgroup PATH     the same of all processes in a cgroup v2 and below it\n"
	"What is shown\n"
	"      --events          show each transition of each folio\n"
	"      --pfn PFN         show each transition of the folio at PFN\n"
	"      --inode INODE     the same, of all folios of a file\n"
	"      --pgmap DEVICE    the same, of all folios of a device, such as dax0.0;\n"
	"                        with leaks, look at that one only\n"
	"  -T, --timestamps      begin a finding with the seconds since boot\n"
	"      --deterministic   leave out times, pids and addresses, for comparisons\n"
	"  -v, --verbose         say on stderr what is attached and when; show who made\n"
	"                        the pgmap of a finding\n"
	"The verdict (RULES: names with commas between, or all)\n"
	"      --fail-on RULES   only these make it FAIL; the others warn\n"
	"      --warn-on RULES   these warn\n"
	"      --ignore RULES    of these nothing is said\n"
	"      --expect RULE=N   fail unless there are exactly so many findings of RULE, and\n"
	"                        none of others; may be given for several\n"
	"      --error-exitcode N  exit status for findings (default 1)\n"
	"      --suppressions FILE  leave out findings that FILE describes\n"
	"      --gen-suppressions   print, for each finding, what would leave it out\n"
	"      --strict-suppressions  fail if a suppression was not needed\n"
	"Where to\n"
	"      --output FILE     the text, to FILE\n"
	"  -j, --json-lines      records to stdout, and no text there; of leaks, too\n"
	"      --json FILE       records to FILE, too\n"
	"      --ktap            KTAP to stdout, a line for each rule\n"
	"      --junit FILE      at the end, a JUnit file of all rules\n"
	"      --kmsg            headlines to the kernel log, too, as \"BUG: pgmaptrace: ...\"\n"
	"      --ready-file FILE write FILE when tracing is complete\n"
	"      --save FILE       at the end, write who requested what is out to FILE;\n"
	"                        with leaks, write what is held\n"
	"Of leaks\n"
	"      --top N           show N held folios of each pgmap (default 10)\n"
	"      --past FILE       take from FILE, which tracing with --save wrote, who\n"
	"                        requested what is held\n"
	"      --baseline FILE   leave out what FILE has, which leaks --save wrote\n"
	"Of all\n"
	"      --btf FILE        read the kernel's types from FILE\n"
	"      --vmlinux FILE    take source lines from FILE, a vmlinux with debug info\n"
	"  -V, --version         show the version\n"
	"  -h, --help            show this text\n"
	"\n"
	"Exit status: 0 clean (with run: COMMAND's own), 1 findings (or the number of\n"
	"--error-exitcode), 2 inconclusive, 64 wrong usage, 69 this kernel can't be traced,\n"
	"70 internal error or output that can't be written, 124 clean, but COMMAND took\n"
	"longer than --timeout, 126 COMMAND can't be executed, 127 COMMAND not found.\n"
	"Of holders: 0 someone, 1 nobody, 2 nobody that could be looked for.\n"
	"Of leaks: 0 nothing is held, 1 something is, 2 not all could be seen.\n"
	"\n"
	"Examples:\n"
	"    pgmaptrace                          # trace until Ctrl-C\n"
	"    pgmaptrace run -- ./check dax       # a test run, with a verdict at the end\n"
	"    pgmaptrace --json log run -- ./t    # the same, and records for a program\n"
	"    pgmaptrace 5 12                     # a table each 5 s, one minute\n"
	"    pgmaptrace -T -d 60                 # one minute, with times as in dmesg\n"
	"    pgmaptrace rules teardown-live      # what this finding means\n"
	"    pgmaptrace --pfn 0x40200            # the life of one page\n"
	"    pgmaptrace holders 0x40200          # who has to do with this page now\n"
	"    pgmaptrace leaks                    # an unbind hangs: what does it wait for\n";

const char *options_help(void)
{
	return help;
}

int usage_error(const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	say_error("%s (see pgmaptrace --help)", message);
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
	/* what begins with 0 is no octal number to who gives a pid or a size */
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	char *end;

	errno = 0;
	*number = strtoull(text, &end, base);
	return !errno && isdigit((unsigned char)*text) && !*end;
}

/* Which commands take an option. */
#define TRACE (1 << COMMAND_TRACE)
#define LEAKS (1 << COMMAND_LEAKS)
#define ANY   (~0u)

/* name, its argument, what getopt returns: the letter of those that have one */
#define OPTIONS(OPTION)                                                                            \
	OPTION("baseline", required_argument, OPT_BASELINE, LEAKS)                                 \
	OPTION("btf", required_argument, OPT_BTF, ANY)                                             \
	OPTION("cgroup", required_argument, OPT_CGROUP, TRACE)                                     \
	OPTION("deterministic", no_argument, OPT_DETERMINISTIC, TRACE)                             \
	OPTION("duration", required_argument, 'd', TRACE)                                          \
	OPTION("error-exitcode", required_argument, OPT_ERROR_EXITCODE, TRACE)                     \
	OPTION("events", no_argument, OPT_EVENTS, TRACE)                                           \
	OPTION("expect", required_argument, OPT_EXPECT, TRACE)                                     \
	OPTION("fail-on", required_argument, OPT_FAIL_ON, TRACE)                                   \
	OPTION("gen-suppressions", no_argument, OPT_GEN_SUPPRESSIONS, TRACE)                       \
	OPTION("help", no_argument, 'h', ANY)                                                      \
	OPTION("ignore", required_argument, OPT_IGNORE, TRACE)                                     \
	OPTION("inode", required_argument, OPT_INODE, TRACE)                                       \
	OPTION("json", required_argument, OPT_JSON, TRACE)                                         \
	OPTION("json-lines", no_argument, 'j', TRACE | LEAKS)                                      \
	OPTION("junit", required_argument, OPT_JUNIT, TRACE)                                       \
	OPTION("kmsg", no_argument, OPT_KMSG, TRACE)                                               \
	OPTION("ktap", no_argument, OPT_KTAP, TRACE)                                               \
	OPTION("max-memory", required_argument, OPT_MAX_MEMORY, TRACE)                             \
	OPTION("older", required_argument, 'o', TRACE | LEAKS)                                     \
	OPTION("output", required_argument, OPT_OUTPUT, TRACE)                                     \
	OPTION("past", required_argument, OPT_PAST, LEAKS)                                         \
	OPTION("pfn", required_argument, OPT_PFN, TRACE)                                           \
	OPTION("pgmap", required_argument, OPT_PGMAP, TRACE | LEAKS)                               \
	OPTION("pid", required_argument, 'p', TRACE)                                               \
	OPTION("ready-file", required_argument, OPT_READY_FILE, TRACE)                             \
	OPTION("save", required_argument, OPT_SAVE, TRACE | LEAKS)                                 \
	OPTION("stack", required_argument, OPT_STACK, TRACE)                                       \
	OPTION("stall", required_argument, OPT_STALL, TRACE)                                       \
	OPTION("strict-suppressions", no_argument, OPT_STRICT_SUPPRESSIONS, TRACE)                 \
	OPTION("suppressions", required_argument, OPT_SUPPRESSIONS, TRACE)                         \
	OPTION("timeout", required_argument, OPT_TIMEOUT, TRACE)                                   \
	OPTION("timestamps", no_argument, 'T', TRACE)                                              \
	OPTION("top", required_argument, OPT_TOP, LEAKS)                                           \
	OPTION("verbose", no_argument, 'v', ANY)                                                   \
	OPTION("version", no_argument, 'V', ANY)                                                   \
	OPTION("vmlinux", required_argument, OPT_VMLINUX, ANY)                                     \
	OPTION("warn-on", required_argument, OPT_WARN_ON, TRACE)

enum {
	OPT_FIRST = 255, /* above are no letters */
	OPT_BASELINE,
	OPT_BTF,
	OPT_CGROUP,
	OPT_DETERMINISTIC,
	OPT_ERROR_EXITCODE,
	OPT_EVENTS,
	OPT_EXPECT,
	OPT_FAIL_ON,
	OPT_GEN_SUPPRESSIONS,
	OPT_IGNORE,
	OPT_INODE,
	OPT_JSON,
	OPT_JUNIT,
	OPT_KMSG,
	OPT_KTAP,
	OPT_OUTPUT,
	OPT_PAST,
	OPT_PFN,
	OPT_PGMAP,
	OPT_READY_FILE,
	OPT_SAVE,
	OPT_STACK,
	OPT_STALL,
	OPT_MAX_MEMORY,
	OPT_STRICT_SUPPRESSIONS,
	OPT_SUPPRESSIONS,
	OPT_TIMEOUT,
	OPT_TOP,
	OPT_VMLINUX,
	OPT_WARN_ON,
};

static const struct option names[] = {
#define OPTION(name, argument, value, commands) {name, argument, NULL, value},
	OPTIONS(OPTION)
#undef OPTION
		{0},
};

#define NR_OPTIONS (sizeof(names) / sizeof(names[0]) - 1)

static const unsigned int commands_of[NR_OPTIONS] = {
#define OPTION(name, argument, value, commands) commands,
	OPTIONS(OPTION)
#undef OPTION
};

static const struct {
	const char *name;
	enum command command;
	int arguments; /* at most */
} commands[] = {
	{"run", COMMAND_TRACE, -1},  {"leaks", COMMAND_LEAKS, 0}, {"holders", COMMAND_HOLDERS, 1},
	{"probe", COMMAND_PROBE, 0}, {"rules", COMMAND_RULES, 1},
};

/*
 * Watch what @watch says, unless something else is watched already.
 * @number: a pfn or an inode; NULL: there is none
 */
static int watch(struct options *o, enum pgmt_watch watch, const char *option, const char *number)
{
	if (o->session.watch != PGMT_WATCH_NONE)
		return usage_error("%s: give only one of --events, --pfn, --inode and --pgmap",
				   option);
	if (number && !parse_number(number, &o->session.watched))
		return usage_error("%s %s: give a number (0x for hexadecimal)", option, number);
	o->session.watch = watch;
	return 0;
}

static bool parse_stack(const char *text, enum pgmt_stack_mode *mode)
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

#define MIN_MEMORY (64 << 10)

/* A number of bytes, or of K, M or G.  Return: false if @text is none, or too small. */
static bool parse_memory(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	char number[20];

	if (digits >= sizeof(number) || (text[digits] && (!unit || text[digits + 1])))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!parse_number(number, bytes) || *bytes > UINT64_MAX >> 1 >> shift)
		return false;
	*bytes <<= shift;
	return *bytes >= MIN_MEMORY;
}

static bool parse_exitcode(const char *text, int *status)
{
	uint64_t number;

	if (!parse_number(text, &number) || !number || number > 255)
		return false;
	*status = number;
	return true;
}

static bool parse_pid(const char *text, uint32_t *pid)
{
	uint64_t number;

	if (!parse_number(text, &number) || !number || number > INT32_MAX)
		return false;
	*pid = number;
	return true;
}

static int add_suppressions(struct options *o, const char *file)
{
	int n = 0;

	while (o->suppressions[n])
		n++;
	if (n == MAX_SUPPRESSIONS - 1)
		return usage_error("--suppressions %s: at most %d files", file, n);
	o->suppressions[n] = file;
	return 0;
}

/* What is to become of some rules; @set says why not. */
static int parse_policy(const char *option, const char *text, struct policy *p,
			bool (*set)(struct policy *p, const char *text, char *error, size_t size))
{
	char error[256];

	if (set(p, text, error, sizeof(error)))
		return 0;
	return usage_error("%s: %s", option, error);
}

static int parse_option(int c, struct options *o)
{
	switch (c) {
	case OPT_BASELINE:
		o->baseline = optarg;
		break;
	case OPT_BTF:
		o->session.btf = optarg;
		break;
	case OPT_CGROUP:
		if (!*optarg)
			return usage_error("--cgroup: give a directory of cgroup v2");
		o->session.cgroup = optarg;
		break;
	case OPT_DETERMINISTIC:
		o->output.deterministic = true;
		break;
	case 'd':
		if (!parse_seconds(optarg, &o->duration))
			return usage_error("--duration %s: give seconds", optarg);
		break;
	case OPT_ERROR_EXITCODE:
		if (!parse_exitcode(optarg, &o->error_exitcode))
			return usage_error("--error-exitcode %s: give a number from 1 to 255",
					   optarg);
		break;
	case OPT_EVENTS:
		return watch(o, PGMT_WATCH_ALL, "--events", NULL);
	case OPT_EXPECT:
		return parse_policy("--expect", optarg, &o->policy, policy_expect);
	case OPT_FAIL_ON:
		return parse_policy("--fail-on", optarg, &o->policy, policy_fail_on);
	case OPT_GEN_SUPPRESSIONS:
		o->output.gen_suppressions = true;
		break;
	case 'h':
		o->command = COMMAND_HELP;
		break;
	case OPT_IGNORE:
		return parse_policy("--ignore", optarg, &o->policy, policy_ignore);
	case OPT_INODE:
		return watch(o, PGMT_WATCH_INODE, "--inode", optarg);
	case OPT_JSON:
		o->output.json_file = optarg;
		break;
	case 'j':
		o->output.json = true;
		break;
	case OPT_JUNIT:
		o->output.junit = optarg;
		break;
	case OPT_KMSG:
		o->output.kmsg = true;
		break;
	case OPT_KTAP:
		o->output.ktap = true;
		break;
	case 'o':
		if (!parse_seconds(optarg, &o->older))
			return usage_error("--older %s: give seconds", optarg);
		break;
	case OPT_OUTPUT:
		o->output.text = optarg;
		break;
	case OPT_PAST:
		o->past = optarg;
		break;
	case OPT_PFN:
		return watch(o, PGMT_WATCH_PFN, "--pfn", optarg);
	case OPT_PGMAP:
		o->pgmap = optarg;
		return watch(o, PGMT_WATCH_ALL, "--pgmap", NULL);
	case 'p':
		if (!parse_pid(optarg, &o->session.pid))
			return usage_error("--pid %s: give the number of a process", optarg);
		break;
	case OPT_READY_FILE:
		o->output.ready_file = optarg;
		break;
	case OPT_SAVE:
		o->save = optarg;
		break;
	case OPT_STACK:
		if (!parse_stack(optarg, &o->session.stack))
			return usage_error("--stack %s: give all, findings or none", optarg);
		break;
	case OPT_MAX_MEMORY:
		if (!parse_memory(optarg, &o->session.max_memory))
			return usage_error("--max-memory %s: give 64K or more, such as 512M",
					   optarg);
		break;
	case OPT_STALL:
		if (!parse_seconds(optarg, &o->stall))
			return usage_error("--stall %s: give seconds", optarg);
		break;
	case OPT_STRICT_SUPPRESSIONS:
		o->strict_suppressions = true;
		break;
	case OPT_SUPPRESSIONS:
		return add_suppressions(o, optarg);
	case OPT_TIMEOUT:
		if (!parse_seconds(optarg, &o->timeout))
			return usage_error("--timeout %s: give seconds", optarg);
		break;
	case 'T':
		o->output.timestamps = true;
		break;
	case OPT_TOP:
		if (!parse_number(optarg, &o->top))
			return usage_error("--top %s: give a number", optarg);
		break;
	case 'v':
		o->output.verbose = true;
		break;
	case 'V':
		o->command = COMMAND_VERSION;
		break;
	case OPT_VMLINUX:
		o->vmlinux = optarg;
		break;
	case OPT_WARN_ON:
		return parse_policy("--warn-on", optarg, &o->policy, policy_warn_on);
	}
	return 0;
}

static size_t index_of(int c)
{
	size_t i = 0;

	while (i < NR_OPTIONS - 1 && names[i].val != c)
		i++;
	return i;
}

/* Nothing else counts then. */
static bool is_about(const struct options *o)
{
	return o->command == COMMAND_HELP || o->command == COMMAND_VERSION;
}

#define LETTERS ":d:hjo:p:TvV"

/* What getopt_long() stopped at. */
static int unknown_option(const char *text)
{
	size_t len = strcspn(text, "="), like = 0;
	char letter[3];

	/* a short option may stand in a cluster that is not passed yet */
	snprintf(letter, sizeof(letter), "-%c", optopt);
	if (optopt && optopt < OPT_FIRST && !strchr(LETTERS, optopt))
		return usage_error("unknown option %s", letter);
	if (optopt)
		return usage_error("%.*s takes no value", (int)len, text);
	for (size_t i = 0; i < NR_OPTIONS; i++)
		like += len > 2 && !strncmp(names[i].name, text + 2, len - 2);
	return usage_error(like > 1 ? "%s could be more than one option" : "unknown option %s",
			   text);
}

/*
 * @letters: as getopt_long() has them: with + before them to stop at what is no option
 * @given: one bit an option that was there, by its place in names[]
 */
static int parse_options(int argc, char **argv, const char *letters, struct options *o,
			 uint64_t *given)
{
	int c, err;

	opterr = 0;
	optind = 0; /* anew: also for glibc's own state */
	while ((c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		switch (c) {
		case ':':
			return usage_error("%s wants a value", argv[optind - 1]);
		case '?':
			return unknown_option(argv[optind - 1]);
		}
		*given |= 1ULL << index_of(c);
		err = parse_option(c, o);
		if (err || is_about(o))
			return err;
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

/* Return: false if there is none of that name; *@i is its place in commands[]. */
static bool find_command(const char *name, size_t *i)
{
	for (*i = 0; *i < sizeof(commands) / sizeof(commands[0]); ++*i)
		if (!strcmp(commands[*i].name, name))
			return true;
	return false;
}

/* run [--] COMMAND [ARGUMENT]... */
static int parse_run(char **argv, struct options *o)
{
	o->run = argv + 1;
	if (*o->run && !strcmp(*o->run, "--"))
		o->run++;
	if (!*o->run || !**o->run)
		return usage_error("%s: give a COMMAND after --", argv[0]);
	return 0;
}

/* What comes behind the options; but for run's COMMAND there may be more of them. */
static int parse_command(int argc, char **argv, struct options *o, uint64_t *given)
{
	bool view = argc && is_interval(argv[0]);
	size_t i = 0;
	int err;

	if (!argc)
		return 0;
	if (!view && !find_command(argv[0], &i))
		return usage_error("unknown command %s: run, leaks, holders, probe or rules, or "
				   "an INTERVAL",
				   argv[0]);
	if (!view)
		o->command = commands[i].command;
	if (!view && commands[i].arguments < 0)
		return parse_run(argv, o);
	/* as if INTERVAL were behind them */
	argc += view;
	argv -= view;
	err = parse_options(argc, argv, LETTERS, o, given);
	if (err || is_about(o))
		return err;
	argc -= optind;
	argv += optind;
	if (view)
		return parse_view(argc, argv, o);
	if (argc > commands[i].arguments)
		return usage_error("%s: too many arguments", commands[i].name);
	o->argument = argv[0];
	return 0;
}

/* Where a file is or would be: its directory, and its name in that. */
static const char *site_index_of(const char *path, struct stat *dir)
{
	const char *slash = strrchr(path, '/');
	char *to_slash = slash ? strndup(path, slash - path + 1) : strdup(".");
	bool there = to_slash && !stat(to_slash, dir);

	free(to_slash);
	if (!there)
		return NULL;
	return slash ? slash + 1 : path;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Character devices, as /dev/null, take what two of them write. */
static bool is_same_file(const char *a, const char *b)
{
	const char *name_a, *name_b;
	struct stat x, y;

	if (!a || !b)
		return false;
	if (!stat(a, &x) && !stat(b, &y))
		return !S_ISCHR(x.st_mode) && is_same(&x, &y);
	name_a = site_index_of(a, &x);
	name_b = site_index_of(b, &y);
	return name_a && name_b && !strcmp(name_a, name_b) && is_same(&x, &y);
}

/* A file that is to be written, and has another use, too.  NULL: there is none. */
static const char *file_of_two(const struct options *o, const char *const *written, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++)
			if (is_same_file(written[i], written[j]))
				return written[i];
		for (int j = 0; o->suppressions[j]; j++)
			if (is_same_file(written[i], o->suppressions[j]))
				return written[i];
	}
	return NULL;
}

/* One that stdout goes to, too. */
static const char *file_of_stdout(const char *const *written, size_t n)
{
	struct stat out, st;

	if (fstat(STDOUT_FILENO, &out) || !S_ISREG(out.st_mode))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (written[i] && !stat(written[i], &st) && is_same(&st, &out))
			return written[i];
	return NULL;
}

/* Return: 0, or EXIT_USAGE.  None of them is opened before. */
static int check_written(const struct options *o)
{
	const char *const written[] = {o->output.text, o->output.json_file, o->output.junit,
				       o->output.ready_file, o->save};
	const size_t n = sizeof(written) / sizeof(written[0]);
	const char *file = file_of_two(o, written, n);

	if (file)
		return usage_error("%s is given for two files: give each a name of its own", file);
	file = file_of_stdout(written, n);
	if (file)
		return usage_error("%s is where stdout goes to, which would write over it: give "
				   "another name",
				   file);
	return 0;
}

static const char *command_name(enum command command)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == command && command != COMMAND_TRACE)
			return commands[i].name;
	return "tracing";
}

/* Return: 0, or EXIT_USAGE: an option does not go with the command, or with another. */
static int check_options(const struct options *o, uint64_t given)
{
	char error[256];

	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (given & (1ULL << i) && !(commands_of[i] & (1u << o->command)))
			return usage_error("--%s is no option of %s, but of %s", names[i].name,
					   command_name(o->command),
					   command_name(commands_of[i] & TRACE ? COMMAND_TRACE
									       : COMMAND_LEAKS));
	if (!policy_is_one(&o->policy, error, sizeof(error)))
		return usage_error("%s", error);
	if (check_written(o))
		return EXIT_USAGE;
	if (o->session.pid && o->session.cgroup)
		return usage_error("--pid and --cgroup: give only one of them");
	if (o->output.json && o->output.ktap)
		return usage_error("-j and --ktap: stdout has room for one of them (--json FILE "
				   "writes records to a file)");
	if (o->timeout >= 0 && !o->run)
		return usage_error("--timeout is for run (--duration ends the rest)");
	if (o->strict_suppressions && !o->suppressions[0])
		return usage_error("--strict-suppressions: there are none: give --suppressions");
	return 0;
}

/* --stall 0: what is not looked for is not found good. */
static int look_for_no_stall(struct policy *p)
{
	static const enum pgmt_rule rules[] = {PGMT_RULE_TEARDOWN_STALL, PGMT_RULE_BREAK_STALL};

	for (int i = 0; i < 2; i++) {
		enum policy_effect *effect = &p->effect[rules[i]];

		if (p->numbered[rules[i]] || *effect == POLICY_FAIL || *effect == POLICY_WARN)
			return usage_error("--stall 0: %s is looked for by no one, and named by "
					   "another option",
					   pgmt_rule_name(rules[i]));
		*effect = POLICY_IGNORE;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *o)
{
	uint64_t given = 0;
	int err;

	*o = (struct options){
		.duration = -1,
		.timeout = -1,
		.older = -1,
		.stall = 10,
		.top = DEFAULT_TOP,
		.error_exitcode = EXIT_FINDINGS,
		.session.stack = PGMT_STACK_FINDINGS,
	};
	err = parse_options(argc, argv, "+" LETTERS, o, &given);
	if (err || is_about(o))
		return err;
	err = parse_command(argc - optind, argv + optind, o, &given);
	if (!err && !is_about(o))
		err = check_options(o, given);
	if (!err && !is_about(o) && o->stall < 1e-9)
		err = look_for_no_stall(&o->policy);
	return err;
}

bool options_want_json(int argc, char **argv)
{
	int c;

	opterr = 0;
	optind = 0;
	/* - : what is no option is told as one of number 1, in its place */
	while ((c = getopt_long(argc, argv, "-" LETTERS, names, NULL)) != -1) {
		if (c == 'j')
			return true;
		if (c == 1 && !strcmp(optarg, "run"))
			break;
	}
	return false;
}
