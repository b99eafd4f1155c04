// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program of the build: the tables of the completion files of contrib/completion, from the
 * tables of options, commands and rules.  make completion puts them there.
 * Not here: what the shells do with them.
 */
#include <stdio.h>
#include <string.h>

#include "command/options.h"
#include "command/values.h"
#include "model/rules.h"

struct mode {
	const char *name;
	uint32_t commands;
};

/* What may be completed: nothing yet, tracing with INTERVAL, or each command but run. */
static size_t modes(struct mode *mode)
{
	size_t n = 0;

	mode[n++] = (struct mode){"any", ~0u};
	mode[n++] = (struct mode){"trace", 1u << COMMAND_TRACE};
	for (size_t i = 0; i < nr_command_specs; i++) {
		const struct command_spec *spec = &command_specs[i];

		if (spec->name && spec->max_arguments >= 0)
			mode[n++] = (struct mode){spec->name, 1u << spec->command};
	}
	return n;
}

static void bash_options(uint32_t commands)
{
	const char *before = "";

	for (size_t i = 0; i < nr_option_specs; i++) {
		const struct option_spec *spec = &option_specs[i];

		if (!(spec->commands & commands))
			continue;
		if (spec->letter)
			printf("%s-%c --%s", before, spec->letter, spec->name);
		else
			printf("%s--%s", before, spec->name);
		before = " ";
	}
}

static void bash_values(void)
{
	printf("__pgmaptrace_value() {\n\tcase $1 in\n");
	for (size_t i = 0; i < nr_option_specs; i++) {
		const struct option_spec *spec = &option_specs[i];

		if (!spec->argument)
			continue;
		fputs("\t", stdout);
		if (spec->letter)
			printf("-%c | ", spec->letter);
		printf("--%s) echo %s ;;\n", spec->name, spec->argument);
	}
	printf("\t*) return 1 ;;\n\tesac\n}\n");
}

static void bash_tables(void)
{
	struct mode mode[NR_COMMANDS + 2];
	size_t n = modes(mode);

	printf("__pgmaptrace_commands='");
	for (size_t i = 0; i < nr_command_specs; i++)
		if (command_specs[i].name)
			printf(" %s", command_specs[i].name);
	printf("'\n__pgmaptrace_rules='");
	for (int i = 1; i < PGMT_NR_RULES; i++)
		printf(" %s", pgmt_rule_name(i));
	printf("'\n__pgmaptrace_stacks='");
	for (int i = 0; stack_mode_name(i); i++)
		printf(" %s", stack_mode_name(i));
	printf("'\n__pgmaptrace_options() {\n\tcase $1 in\n");
	for (size_t i = 0; i < n; i++) {
		printf("\t'%s') echo '", mode[i].name);
		bash_options(mode[i].commands);
		printf("' ;;\n");
	}
	printf("\tesac\n}\n");
	bash_values();
}

static void put_quoted(char c)
{
	if (c == '\'')
		fputs("'\\'", stdout);
	putchar(c);
}

static void zsh_pair(const char *name, const char *text)
{
	printf("\t'%s:", name);
	for (; *text; text++)
		put_quoted(*text);
	puts("'");
}

/* A help text up to its first ; and without what is in brackets.  : and ] mean something. */
static void zsh_help(const char *text)
{
	int depth = 0;

	for (; *text && (depth || *text != ';'); text++) {
		if (text[*text == ' '] == '(')
			depth++;
		if (!depth && strchr(":[]", *text))
			putchar('\\');
		if (!depth)
			put_quoted(*text);
		if (*text == ' ' && text[1] == '(')
			text++;
		if (*text == ')')
			depth--;
	}
}

/* What completes the value that help calls @argument. */
static const char *zsh_action(const char *argument)
{
	static const char *const actions[][2] = {
		{"FILE", "_files"},
		{"PID", " __pgmaptrace_pids"},
		{"PATH", " __pgmaptrace_cgroups"},
		{"DEVICE", " __pgmaptrace_devices"},
		{"RULES", " __pgmaptrace_rules all"},
		{"RULE=N", " __pgmaptrace_rules ="},
		{"WHEN", " __pgmaptrace_stacks"},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i][0], argument))
			return actions[i][1];
	return " ";
}

static void zsh_option(const struct option_spec *spec)
{
	const char *takes = spec->argument ? "=" : "";

	if (spec->letter)
		printf("'(-%c --%s)'{-%c%s,--%s%s}'[", spec->letter, spec->name, spec->letter,
		       spec->argument ? "+" : "", spec->name, takes);
	else
		printf("'--%s%s[", spec->name, takes);
	zsh_help(spec->help);
	putchar(']');
	if (spec->argument)
		printf(":%s:%s", spec->argument, zsh_action(spec->argument));
	puts("')");
}

static void zsh_tables(void)
{
	struct mode mode[NR_COMMANDS + 2];
	size_t n = modes(mode);

	/* "commands" is a word of zsh itself */
	printf("local -a tool_commands=(\n");
	for (size_t i = 0; i < nr_command_specs; i++)
		if (command_specs[i].name)
			zsh_pair(command_specs[i].name, command_specs[i].help);
	printf(")\nlocal -a tool_rules=(\n");
	for (int i = 1; i < PGMT_NR_RULES; i++)
		zsh_pair(pgmt_rule_name(i), pgmt_rule_text(i));
	printf(")\nlocal -a tool_stacks=(");
	for (int i = 0; stack_mode_name(i); i++)
		printf("%s%s", i ? " " : "", stack_mode_name(i));
	printf(")\n__pgmaptrace_options() {\n");
	for (size_t i = 0; i < nr_option_specs; i++) {
		const char *before = "";

		printf("\t[[ $1 != (");
		for (size_t m = 0; m < n; m++) {
			if (!(option_specs[i].commands & mode[m].commands))
				continue;
			printf("%s%s", before, mode[m].name);
			before = "|";
		}
		printf(") ]] || specs+=(");
		zsh_option(&option_specs[i]);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "bash"))
		bash_tables();
	else if (argc == 2 && !strcmp(argv[1], "zsh"))
		zsh_tables();
	else
		return 1;
	return ferror(stdout) || fflush(stdout);
}
