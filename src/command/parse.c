// SPDX-License-Identifier: GPL-2.0-only
#include "command/parse.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/say.h"
#include "command/environment.h"
#include "command/values.h"

#define MIN_INTERVAL 0.1 /* s */
#define DEFAULT_TOP  10

/* What getopt_long() returns for a long option: its place in the table after these. */
#define LAST_LETTER 255

/* The table as getopt_long() has it. */
struct getopt_table {
	struct option names[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 3];
};

/* @mode: "+": stop at the first word that is no option; "-": return these as option 1; or "" */
static void fill_getopt(struct getopt_table *g, const char *mode)
{
	char *letter;

	*g = (struct getopt_table){0};
	letter = stpcpy(stpcpy(g->letters, mode), ":");
	for (size_t i = 0; i < nr_option_specs; i++) {
		const struct option_spec *spec = &option_specs[i];

		g->names[i] = (struct option){
			.name = spec->name,
			.has_arg = spec->argument ? required_argument : no_argument,
			.val = LAST_LETTER + 1 + i,
		};
		if (!spec->letter)
			continue;
		*letter++ = spec->letter;
		if (spec->argument)
			*letter++ = ':';
	}
}

/* Return: the place in the table of what getopt_long() has returned; nr_option_specs: none. */
static size_t index_of(int c)
{
	size_t i = 0;

	if (c > LAST_LETTER)
		return c - LAST_LETTER - 1;
	while (i < nr_option_specs && option_specs[i].letter != c)
		i++;
	return i;
}

/* Nothing else counts then. */
static bool is_about(const struct options *o)
{
	return o->command == COMMAND_HELP || o->command == COMMAND_VERSION;
}

/* What getopt_long() stopped at. */
static int unknown_option(const char *text)
{
	size_t len = strcspn(text, "="), like = 0;

	/* an unknown letter may be one of several in a word */
	if (optopt && index_of(optopt) == nr_option_specs)
		return usage_error("unknown option -%c", optopt);
	if (optopt)
		return usage_error("%.*s takes no value", (int)len, text);
	for (size_t i = 0; i < nr_option_specs; i++)
		like += len > 2 && !strncmp(option_specs[i].name, text + 2, len - 2);
	if (like > 1)
		return usage_error("%s is ambiguous", text);
	return usage_error("unknown option %s", text);
}

/*
 * @mode: as fill_getopt() has it
 * @given: has a bit for each option in the table; those that were there are set.  NULL: none
 *	must be, and those that @o->command does not take are passed over.
 */
static int parse_options(int argc, char **argv, const char *mode, struct options *o,
			 uint64_t *given)
{
	struct getopt_table g;
	int c, err;

	fill_getopt(&g, mode);
	opterr = 0;
	optind = 0; /* start again, also for glibc's own state */
	while ((c = getopt_long(argc, argv, g.letters, g.names, NULL)) != -1) {
		const struct option_spec *spec;

		switch (c) {
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		case '?':
			return unknown_option(argv[optind - 1]);
		}
		spec = &option_specs[index_of(c)];
		if (given)
			*given |= 1ULL << index_of(c);
		else if (!(spec->commands & (1u << o->command)))
			continue;
		err = spec->set(o, spec, optarg);
		if (err || is_about(o))
			return err;
	}
	return 0;
}

/* Is it the INTERVAL of a table, valid or not, and no command? */
static bool is_interval(const char *text)
{
	return isdigit((unsigned char)text[text[0] == '.']);
}

/* INTERVAL [COUNT] */
static int parse_interval(int argc, char **argv, struct options *o)
{
	if (!parse_seconds(argv[0], &o->interval) || o->interval < MIN_INTERVAL)
		return usage_error("INTERVAL %s: give a number of seconds, at least %.1f", argv[0],
				   MIN_INTERVAL);
	if (argc > 1 && (!parse_number(argv[1], &o->tables) || !o->tables))
		return usage_error("COUNT %s: give a number of tables, at least 1", argv[1]);
	if (argc > 2)
		return usage_error("%s: too many arguments after INTERVAL and COUNT", argv[2]);
	return 0;
}

static int unknown_command(const char *name)
{
	char names[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < nr_command_specs && len < sizeof(names); i++)
		if (command_specs[i].name)
			len += snprintf(names + len, sizeof(names) - len, "%s, ",
					command_specs[i].name);
	return usage_error("unknown command %s: give %sor an INTERVAL", name, names);
}

/* run [--] COMMAND [ARGUMENT]... */
static int parse_run(char **argv, struct options *o)
{
	o->command = COMMAND_RUN;
	o->run = argv + 1;
	if (*o->run && (!strcmp(*o->run, "--help") || !strcmp(*o->run, "-h"))) {
		o->run = NULL;
		o->command = COMMAND_HELP;
		o->argument = argv[0];
		return 0;
	}
	if (*o->run && !strcmp(*o->run, "--"))
		o->run++;
	if (!*o->run || !**o->run)
		return usage_error("%s: give a COMMAND after --", argv[0]);
	return 0;
}

/* The first word that is no option, and all that follows. */
static int parse_command(int argc, char **argv, struct options *o, uint64_t *given)
{
	const struct command_spec *spec = NULL;
	int err;

	if (!argc)
		return 0;
	if (is_interval(argv[0])) {
		/* it may follow options, too, as if there were a command before */
		argc++;
		argv--;
	} else {
		spec = command_find(argv[0]);
		if (!spec)
			return unknown_command(argv[0]);
		if (spec->max_arguments < 0)
			return parse_run(argv, o);
		o->command = spec->command;
	}
	err = parse_options(argc, argv, "", o, given);
	if (err || (is_about(o) && (!spec || spec->command != o->command))) {
		o->argument = spec ? spec->name : NULL;
		return err;
	}
	argc -= optind;
	argv += optind;
	if (!spec)
		return parse_interval(argc, argv, o);
	if (argc > spec->max_arguments)
		return usage_error("%s: too many arguments", spec->name);
	o->argument = argv[0];
	if (o->command == COMMAND_HELP && o->argument && !command_find(o->argument))
		return unknown_command(o->argument);
	return 0;
}

/* Return: the name of @path in its directory, which is @dir; NULL if that is not there. */
static const char *name_in_dir(const char *path, struct stat *dir)
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

/* Character devices, such as /dev/null, may be written for two reasons. */
static bool is_same_file(const char *a, const char *b)
{
	const char *name_a, *name_b;
	struct stat x, y;

	if (!a || !b)
		return false;
	if (!stat(a, &x) && !stat(b, &y))
		return !S_ISCHR(x.st_mode) && is_same(&x, &y);
	name_a = name_in_dir(a, &x);
	name_b = name_in_dir(b, &y);
	return name_a && name_b && !strcmp(name_a, name_b) && is_same(&x, &y);
}

/* Return: a file to be written that is given for something else, too; NULL: none. */
static const char *file_given_twice(const struct options *o, const char *const *written, size_t n)
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

/* Return: a file to be written that stdout goes to, too; NULL: none. */
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

/* Return: 0, or EXIT_USAGE.  Before any of them is opened. */
static int check_written(const struct options *o)
{
	const char *const written[] = {o->output.text, o->output.json_file, o->output.junit,
				       o->output.ready_file, o->save};
	const size_t n = sizeof(written) / sizeof(written[0]);
	const char *file = file_given_twice(o, written, n);

	if (file)
		return usage_error("%s is given twice: use a different file for each", file);
	file = file_of_stdout(written, n);
	if (file)
		return usage_error("%s is also where stdout goes, which would overwrite it: use "
				   "a different file",
				   file);
	return 0;
}

static const char *command_name(enum command command)
{
	for (size_t i = 0; i < nr_command_specs; i++)
		if (command_specs[i].command == command && command_specs[i].name)
			return command_specs[i].name;
	return "tracing";
}

/* Return: the command to name to who has given @spec with another. */
static const char *command_for(const struct option_spec *spec)
{
	enum command command = COMMAND_RUN;

	while (command < NR_COMMANDS - 1 && !(spec->commands & (1u << command)))
		command++;
	return command_name(command);
}

/* Return: 0, or EXIT_USAGE: an option does not go with the command. */
static int check_given(const struct options *o, uint64_t given)
{
	for (size_t i = 0; i < nr_option_specs; i++) {
		const struct option_spec *spec = &option_specs[i];

		if (given & (1ULL << i) && !(spec->commands & (1u << o->command)))
			return usage_error("--%s is not valid with %s (use it with %s)", spec->name,
					   command_name(o->command), command_for(spec));
	}
	return 0;
}

/* Return: the option that asks for @rule to be looked for; NULL: none. */
static const char *option_naming(const struct policy *p, enum pgmt_rule rule)
{
	if (p->numbered[rule])
		return "--expect";
	switch (p->effect[rule]) {
	case POLICY_FAIL:
		return "--fail-on";
	case POLICY_WARN:
		return "--warn-on";
	default:
		return NULL;
	}
}

/* --stall 0: a rule that is not checked must not count as kept. */
static int ignore_stalls(struct policy *p)
{
	static const enum pgmt_rule rules[] = {PGMT_RULE_TEARDOWN_STALL, PGMT_RULE_BREAK_STALL};

	for (int i = 0; i < 2; i++) {
		const char *option = option_naming(p, rules[i]);

		if (option)
			return usage_error("--stall 0 disables %s, but %s names it",
					   pgmt_rule_name(rules[i]), option);
		p->effect[rules[i]] = POLICY_IGNORE;
	}
	return 0;
}

/* Return: 0, or EXIT_USAGE: options do not go together. */
static int check_options(struct options *o, uint64_t given)
{
	char error[256];

	if (check_given(o, given))
		return EXIT_USAGE;
	if (!policy_is_one(&o->policy, error, sizeof(error)))
		return usage_error("%s", error);
	if (check_written(o))
		return EXIT_USAGE;
	if (o->session.pid && o->session.cgroup)
		return usage_error("--pid and --cgroup: give only one of them");
	if (o->output.json && o->output.ktap)
		return usage_error("-j and --ktap both write to stdout: give only one of them "
				   "(--json FILE writes records to a file)");
	if (o->strict_suppressions && !o->suppressions[0])
		return usage_error("--strict-suppressions needs --suppressions");
	if (o->stall < 1e-9)
		return ignore_stalls(&o->policy);
	return 0;
}

static const struct options defaults = {
	.duration = -1,
	.timeout = -1,
	.older = -1,
	.stall = 10,
	.top = DEFAULT_TOP,
	.error_exitcode = EXIT_FINDINGS,
	.session.stack = PGMT_STACK_FINDINGS,
};

static int parse_line(int argc, char **argv, struct options *o, uint64_t *given)
{
	int err = parse_options(argc, argv, "+", o, given);

	if (err || is_about(o))
		return err;
	return parse_command(argc - optind, argv + optind, o, given);
}

/* The options of PGMAPTRACE_OPTIONS that @o->command takes. */
static int parse_environment(int argc, char **argv, struct options *o)
{
	int err = parse_options(argc, argv, "+", o, NULL);

	if (!err && !is_about(o) && optind < argc)
		err = usage_error("%s is no option, and commands do not belong here", argv[optind]);
	return err;
}

int options_parse(int argc, char **argv, struct options *o)
{
	uint64_t given = 0;
	char **words;
	int nr, err;

	usage_errors_are("", "");
	*o = defaults;
	err = parse_line(argc, argv, o, &given);
	if (err || is_about(o))
		return err;
	nr = environment_words(&words);
	if (nr < 0) {
		say_error("out of memory");
		return EXIT_INTERNAL;
	}
	if (nr > 1) {
		/* these come first; so begin again, now that the command is known */
		enum command command = o->command;

		*o = defaults;
		o->command = command;
		usage_errors_are(OPTIONS_VARIABLE ": ", "");
		err = parse_environment(nr, words, o);
		if (err || is_about(o))
			return err;
		usage_errors_are("", " (options in " OPTIONS_VARIABLE " count, too)");
		err = parse_line(argc, argv, o, &given);
	}
	err = err ? err : check_options(o, given);
	usage_errors_are("", "");
	return err;
}

/*
 * Return: -j, if it is among these words; NULL if not
 * @command: what they name; stays if they name none
 */
static const struct option_spec *find_json(int argc, char **argv, enum command *command)
{
	struct getopt_table g;
	bool named = false;
	int c;

	fill_getopt(&g, "-");
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, g.letters, g.names, NULL)) != -1) {
		const struct command_spec *spec = c == 1 && !named ? command_find(optarg) : NULL;
		size_t i = index_of(c);

		if (i < nr_option_specs && option_specs[i].letter == 'j')
			return &option_specs[i];
		named |= c == 1;
		if (!spec)
			continue;
		*command = spec->command;
		/* all that follows is COMMAND's */
		if (spec->max_arguments < 0)
			break;
	}
	return NULL;
}

bool options_want_json(int argc, char **argv)
{
	enum command command = COMMAND_TRACE, none;
	const struct option_spec *json = find_json(argc, argv, &command);
	char **words;
	int nr;

	if (json)
		return true;
	nr = environment_words(&words);
	json = nr > 1 ? find_json(nr, words, &none) : NULL;
	return json && json->commands & (1u << command);
}
