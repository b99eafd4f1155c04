// SPDX-License-Identifier: GPL-2.0-only
/* The input is a command line, a line an argument. */
#include "fuzz.h"

#include <stdarg.h>

#include "command/options.c"
#include "command/parse.c"
#include "command/environment.c"
#include "command/values.c"
#include "verdict/policy.c"
#include "model/rules.c"

#define ARGUMENTS 64

static unsigned int errors;

void say_error(const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	CHECK(vsnprintf(message, sizeof(message), format, args) > 0);
	va_end(args);
	errors++;
}

static void check_policy(const struct policy *p)
{
	uint32_t ignored = policy_ignored(p);

	for (unsigned int i = 1; i < PGMT_NR_RULES; i++) {
		enum policy_effect effect = policy_of(p, i);

		CHECK(effect != POLICY_DEFAULT && effect <= POLICY_IGNORE);
		CHECK(!(ignored & 1u << i) == (effect != POLICY_IGNORE));
		CHECK(!p->effect[i] || effect == p->effect[i]);
		CHECK(!p->expected[i] || p->expects);
	}
}

static void check(const struct options *o)
{
	CHECK(o->error_exitcode >= 1 && o->error_exitcode <= 255);
	CHECK(!!o->run == (o->command == COMMAND_RUN) && (!o->run || *o->run));
	CHECK(o->timeout < 0 || o->run || o->command == COMMAND_HELP ||
	      o->command == COMMAND_VERSION);
	CHECK(o->interval >= 0 && o->duration < 1e9 && o->stall >= 0);
	CHECK(!o->pgmap || o->session.watch == PGMT_WATCH_ALL);
	CHECK(!o->suppressions[MAX_SUPPRESSIONS - 1]);
	check_policy(&o->policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGUMENTS + 2] = {"pgmaptrace"}, *text = malloc(size + 1), *rest = text;
	struct options o;
	int argc = 1, status;

	CHECK(text);
	memcpy(text, data, size);
	text[size] = 0;
	while (argc <= ARGUMENTS && rest)
		argv[argc++] = strsep(&rest, "\n");
	argv[argc] = NULL;
	errors = 0;
	options_want_json(argc, argv);
	status = options_parse(argc, argv, &o);
	CHECK(status == (errors ? EXIT_USAGE : 0) && errors <= 1);
	if (!status)
		check(&o);
	free(text);
	return 0;
}
