// SPDX-License-Identifier: GPL-2.0-only
/* The command line, its help, and that the man page has the same options. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "command/options.c"
#include "command/parse.c"
#include "command/environment.c"
#include "command/help.c"
#include "command/wrap.c"
#include "command/values.c"
#include "verdict/policy.c"
#include "model/rules.c"

#define MAX_WORDS 16

static char message[1024]; /* the last error; "": none */

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
}

static struct options o;

/* @line: words with one space between */
static int parse(const char *line)
{
	/* the options point into both */
	static char words[256], *argv[MAX_WORDS + 1];
	char *rest = words;
	int argc = 1;

	message[0] = '\0';
	memset(argv, 0, sizeof(argv));
	argv[0] = "pgmaptrace";
	snprintf(words, sizeof(words), "%s", line);
	while (*line && rest) {
		assert_true(argc < MAX_WORDS);
		argv[argc++] = strsep(&rest, " ");
	}
	return options_parse(argc, argv, &o);
}

static void wrong(const char *line, const char *why)
{
	assert_int_equal(parse(line), EXIT_USAGE);
	if (!strstr(message, why))
		fail_msg("%s: %s, not %s", line, message, why);
}

static void is_command(const char *line, enum command command)
{
	if (parse(line))
		fail_msg("%s: %s", line, message);
	assert_int_equal(o.command, command);
}

static void commands(void **state)
{
	(void)state;
	is_command("", COMMAND_TRACE);
	is_command("-v 1 2 -T", COMMAND_TRACE);
	assert_true(o.output.verbose && o.output.timestamps && o.tables == 2);
	is_command("run -- --help", COMMAND_RUN);
	assert_string_equal(o.run[0], "--help");
	is_command("run ls -l", COMMAND_RUN);
	assert_string_equal(o.run[1], "-l");
	is_command("rules leak", COMMAND_RULES);
	assert_string_equal(o.argument, "leak");
	is_command("leaks -j --top 3", COMMAND_LEAKS);
	assert_int_equal(o.top, 3);
	is_command("holders", COMMAND_HOLDERS);
	assert_null(o.argument);
	wrong("walk", "unknown command walk: give run, leaks, holders, probe, rules, help, or an");
	wrong("leaks 1", "leaks: too many arguments");
	wrong("run --", "run: give a COMMAND");
}

static void is_help_of(const char *command, const char *line)
{
	is_command(line, COMMAND_HELP);
	assert_non_null(o.argument);
	assert_string_equal(o.argument, command);
}

static void asks_for_help(void **state)
{
	(void)state;
	is_command("help", COMMAND_HELP);
	assert_null(o.argument);
	is_command("--help", COMMAND_HELP);
	is_help_of("run", "run --help");
	is_help_of("run", "run -h");
	is_help_of("leaks", "-T leaks --help");
	is_help_of("leaks", "help leaks");
	is_help_of("holders", "holders 0x1 --help");
	is_command("1 --help", COMMAND_HELP);
	/* nothing else counts then */
	is_command("--timeout 1 leaks --pfn 3 -h", COMMAND_HELP);
	is_command("rules -V", COMMAND_VERSION);
	wrong("help leaks run", "help: too many arguments");
	wrong("help walk", "unknown command walk: give run, leaks,");
}

static void unknown_options(void **state)
{
	(void)state;
	wrong("--fast", "unknown option --fast");
	wrong("-vx", "unknown option -x");
	wrong("--ev=3", "--ev takes no value");
	wrong("--json-l=3", "--json-l takes no value");
	wrong("--s", "--s is ambiguous");
	wrong("--duration", "--duration needs a value");
}

static void not_valid_with(void **state)
{
	(void)state;
	wrong("leaks --stall 3", "--stall is not valid with leaks (use it with run)");
	wrong("rules leak --pfn 1", "--pfn is not valid with rules (use it with run)");
	wrong("--top 3", "--top is not valid with tracing (use it with leaks)");
	wrong("--timeout 1", "--timeout is not valid with tracing (use it with run)");
	wrong("--top 3 run ls", "--top is not valid with run (use it with leaks)");
	wrong("probe --older 1", "--older is not valid with probe (use it with run)");
	is_command("--timeout 1 run ls", COMMAND_RUN);
	is_command("--btf x probe -v", COMMAND_PROBE);
}

static void not_together(void **state)
{
	(void)state;
	wrong("--stall 0 --expect break-stall=1",
	      "--stall 0 disables break-stall, but --expect names it");
	wrong("--stall 0 --fail-on leak,teardown-stall",
	      "--stall 0 disables teardown-stall, but --fail-on names it");
	wrong("--stall 0 --warn-on break-stall", "but --warn-on names it");
	is_command("--stall 0", COMMAND_TRACE);
	assert_int_equal(policy_of(&o.policy, PGMT_RULE_BREAK_STALL), POLICY_IGNORE);
	wrong("-j --ktap", "-j and --ktap both write to stdout");
	wrong("-p 1 --cgroup x", "--pid and --cgroup: give only one");
	wrong("--events --pfn 3", "--pfn: give only one of");
	wrong("--strict-suppressions", "needs --suppressions");
	wrong("--json nowhere --output ./nowhere", "./nowhere is given twice");
}

static void values(void **state)
{
	(void)state;
	is_command("-d .5 -o 3 --max-memory 2M --stack all --pfn 0x10 --pid 07", COMMAND_TRACE);
	assert_true(o.duration == .5 && o.older == 3);
	assert_int_equal(o.session.max_memory, 2 << 20);
	assert_int_equal(o.session.stack, PGMT_STACK_ALL);
	assert_int_equal(o.session.watched, 0x10);
	assert_int_equal(o.session.pid, 7);
	wrong("-d soon", "--duration soon: give a number of seconds");
	wrong("--max-memory 3K", "--max-memory 3K: give 64K or more");
	wrong("--stack some", "--stack some: give all, findings or none");
	wrong("--pid 0", "--pid 0: give the pid");
	wrong("--error-exitcode 256", "--error-exitcode 256: give a number from 1 to 255");
	wrong("leaks --top x", "--top x: give a number");
	is_command("--metrics /run/a.prom", COMMAND_TRACE);
	assert_string_equal(o.output.metrics, "/run/a.prom");
	wrong("--metrics a.txt", "--metrics a.txt: give a file that ends in .prom");
	wrong("--metrics .prom", "--metrics .prom: give a file");
	wrong("--metrics x.prom --json ./x.prom", "./x.prom is given twice");
	wrong("leaks --metrics x.prom", "--metrics is not valid with leaks");
	is_command("--require-events 0x10", COMMAND_TRACE);
	assert_int_equal(o.require_events, 16);
	wrong("--require-events 0", "--require-events 0: give a number of events, at least 1");
}

/* What other tools take for stdin and stdout. */
static void no_file(void **state)
{
	(void)state;
	wrong("--json -", "--json '-': give the name of a file (-j writes records to stdout)");
	wrong("--output -", "--output '-': give the name of a file (without it, text goes to");
	wrong("--save - leaks", "--save '-': give the name of a file");
	wrong("--suppressions -", "--suppressions '-': give the name of a file");
	wrong("--junit=", "--junit '': give the name of a file");
	is_command("--json ./-", COMMAND_TRACE);
}

/* For what goes wrong before all is parsed. */
static void wants_json(void **state)
{
	char *with[] = {"pgmaptrace", "--fast", "leaks", "-j", NULL};
	char *of_command[] = {"pgmaptrace", "run", "ls", "-j", NULL};

	(void)state;
	assert_true(options_want_json(4, with));
	assert_false(options_want_json(4, of_command));
}

/* @value: of PGMAPTRACE_OPTIONS; NULL: it is not set */
static void environment(const char *value)
{
	if (value)
		setenv(OPTIONS_VARIABLE, value, 1);
	else
		unsetenv(OPTIONS_VARIABLE);
}

static int without_environment(void **state)
{
	(void)state;
	environment(NULL);
	return 0;
}

static void from_environment(void **state)
{
	(void)state;
	environment(" -T\t--stall 3  --suppressions=a\n");
	is_command("--stall 5 --suppressions b", COMMAND_TRACE);
	assert_true(o.output.timestamps);
	/* the command line comes later */
	assert_true(o.stall > 4 && o.stall < 6);
	assert_string_equal(o.suppressions[0], "a");
	assert_string_equal(o.suppressions[1], "b");
	is_command("run -- ls -T", COMMAND_RUN);
	assert_true(o.output.timestamps && o.stall > 2 && o.stall < 4);
	assert_string_equal(o.run[1], "-T");
	is_command("1 -v 2", COMMAND_TRACE);
	assert_true(o.output.timestamps && o.output.verbose && o.tables == 2);
	/* what an option needs may come from either */
	is_command("--strict-suppressions", COMMAND_TRACE);
	environment("");
	is_command("", COMMAND_TRACE);
	assert_false(o.output.timestamps);
	environment(" \t");
	is_command("holders 0x3", COMMAND_HOLDERS);
}

/* A variable for sessions must not end other commands. */
static void for_other_commands(void **state)
{
	(void)state;
	environment("-T --pfn 3 --timeout 4 --top 5 -v");
	is_command("probe", COMMAND_PROBE);
	assert_true(o.output.verbose && !o.output.timestamps);
	assert_int_equal(o.session.watch, PGMT_WATCH_NONE);
	is_command("leaks", COMMAND_LEAKS);
	assert_int_equal(o.top, 5);
	is_command("", COMMAND_TRACE);
	assert_true(o.timeout < 0);
	assert_int_equal(o.session.watch, PGMT_WATCH_PFN);
	is_command("run ls", COMMAND_RUN);
	assert_true(o.timeout > 3);
	/* who gives it on the command line means it */
	wrong("probe -T", "--timestamps is not valid with probe");
}

static void wrong_environment(void **state)
{
	(void)state;
	environment("-T --fast");
	wrong("", "PGMAPTRACE_OPTIONS: unknown option --fast (see");
	wrong("rules", "PGMAPTRACE_OPTIONS: unknown option --fast");
	is_command("--version", COMMAND_VERSION);
	is_command("help", COMMAND_HELP);
	environment("--stall");
	wrong("", "PGMAPTRACE_OPTIONS: --stall needs a value");
	environment("--stall x");
	wrong("", "PGMAPTRACE_OPTIONS: --stall x: give a number of seconds");
	environment("-T leaks");
	wrong("", "PGMAPTRACE_OPTIONS: leaks is no option, and commands do not belong here");
	environment("--pfn 3");
	wrong("--inode 4", "--pgmap (options in PGMAPTRACE_OPTIONS count, too)");
	environment("--pid 3");
	wrong("--cgroup /x", "only one of them (options in PGMAPTRACE_OPTIONS count, too)");
	wrong("--slow", "unknown option --slow");
	assert_null(strstr(message, OPTIONS_VARIABLE));
	environment(NULL);
	wrong("--pid 3 --cgroup /x", "only one of them (see");
}

static void environment_wants_json(void **state)
{
	char *session[] = {"pgmaptrace", "--fast", NULL}, *leaks[] = {"pgmaptrace", "leaks", NULL};
	char *probe[] = {"pgmaptrace", "-v", "probe", NULL};

	(void)state;
	environment("-T -j");
	assert_true(options_want_json(2, session));
	assert_true(options_want_json(2, leaks));
	assert_false(options_want_json(3, probe));
}

static void spec_text(const struct option_spec *spec, char *text, size_t size)
{
	int len = 0;

	if (spec->letter)
		len = snprintf(text, size, "-%c, ", spec->letter);
	snprintf(text + len, size - len, "--%s%s%s", spec->name, spec->argument ? " " : "",
		 spec->argument ? spec->argument : "");
}

static void fits(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") < 80);
}

/* Of a command: its options, and no other. */
static void help_of_one(void **state)
{
	(void)state;
	for (size_t c = 0; c < nr_command_specs; c++) {
		const struct command_spec *spec = &command_specs[c];
		char *text = NULL, wanted[512];
		size_t size;
		FILE *f;

		if (!spec->name)
			continue;
		f = open_memstream(&text, &size);
		help_print(f, spec->name);
		fclose(f);
		fits(text);
		assert_non_null(strstr(text, spec->usage));
		for (size_t i = 0; i < nr_option_specs; i++) {
			snprintf(wanted, sizeof(wanted), " --%s%s", option_specs[i].name,
				 option_specs[i].argument ? " " : "\n");
			if (!option_specs[i].argument && !strstr(text, wanted))
				snprintf(wanted, sizeof(wanted), " --%s ", option_specs[i].name);
			if (!strstr(text, wanted) !=
			    !(option_specs[i].commands >> spec->command & 1))
				fail_msg("help %s: --%s", spec->name, option_specs[i].name);
		}
		free(text);
	}
}

static void help(void **state)
{
	char *text = NULL, wanted[512];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	help_print(f, NULL);
	fclose(f);
	fits(text);
	for (size_t i = 0; i < nr_option_specs; i++) {
		spec_text(&option_specs[i], wanted, sizeof(wanted));
		if (!strstr(text, wanted))
			fail_msg("the help does not have %s", wanted);
	}
	free(text);
}

/* ---- the man page ---- */

static FILE *open_man_page(void)
{
	static const char this[] = "tests/unit/test_options.c";
	int root = strlen(__FILE__) - strlen(this);
	char path[512];
	FILE *f;

	assert_string_equal(&__FILE__[root], this);
	snprintf(path, sizeof(path), "%.*sdocs/pgmaptrace.8", root, __FILE__);
	f = fopen(path, "r");
	if (!f)
		fail_msg("can't read %s: run this where it was built", path);
	return f;
}

/* What ".It Fl d , Fl \-duration Ar SECS" shows: "-d, --duration SECS". */
static void item_text(char *line, char *text, size_t size)
{
	bool is_joined = true; /* to what is before */
	size_t len = 0;
	char *word;

	text[0] = '\0';
	strtok(line, " ");
	while ((word = strtok(NULL, " \n")) && strcmp(word, "Op")) {
		if (!strcmp(word, "Ns")) {
			is_joined = true;
			continue;
		}
		if (!strcmp(word, "Ar"))
			continue;
		if (!is_joined && strcmp(word, ","))
			len += snprintf(text + len, size - len, " ");
		is_joined = !strcmp(word, "Fl");
		if (is_joined)
			word = "-";
		for (; *word; word++)
			if (*word != '\\')
				len += snprintf(text + len, size - len, "%c", *word);
	}
}

static void man_page(void **state)
{
	FILE *f = open_man_page();
	bool in_options = false;
	uint64_t named = 0;
	char line[512], text[512], wanted[512];

	(void)state;
	while (fgets(line, sizeof(line), f)) {
		size_t i = 0;

		if (!strncmp(line, ".Sh ", 4))
			in_options = !strcmp(line, ".Sh OPTIONS\n");
		if (!in_options || strncmp(line, ".It Fl ", 7))
			continue;
		item_text(line, text, sizeof(text));
		for (; i < nr_option_specs; i++) {
			spec_text(&option_specs[i], wanted, sizeof(wanted));
			if (!strcmp(text, wanted))
				break;
		}
		if (i == nr_option_specs)
			fail_msg("the man page has %s, and the table has not", text);
		named |= 1ULL << i;
	}
	fclose(f);
	for (size_t i = 0; i < nr_option_specs; i++) {
		spec_text(&option_specs[i], wanted, sizeof(wanted));
		if (!(named & 1ULL << i))
			fail_msg("the man page does not have %s", wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(asks_for_help),
		cmocka_unit_test(unknown_options),
		cmocka_unit_test(not_valid_with),
		cmocka_unit_test(not_together),
		cmocka_unit_test(values),
		cmocka_unit_test(no_file),
		cmocka_unit_test(wants_json),
		cmocka_unit_test(help),
		cmocka_unit_test(help_of_one),
		cmocka_unit_test(man_page),
		cmocka_unit_test_teardown(from_environment, without_environment),
		cmocka_unit_test_teardown(for_other_commands, without_environment),
		cmocka_unit_test_teardown(wrong_environment, without_environment),
		cmocka_unit_test_teardown(environment_wants_json, without_environment),
	};

	return cmocka_run_group_tests(tests, without_environment, NULL);
}
