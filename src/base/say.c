// SPDX-License-Identifier: GPL-2.0-only
#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/journal.h"

static say_fn also;
static void *also_arg;

static void say_line(int level, const char *message)
{
	if (journal_reads(stderr))
		fprintf(stderr, "<%d>", level);
	fprintf(stderr, "pgmaptrace: %s\n", message);
}

void say(const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	say_line(LOG_INFO, message);
}

void say_error(const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	say_line(LOG_ERR, message);
	if (also)
		also(also_arg, message);
}

void say_errors_to(say_fn fn, void *arg)
{
	also = fn;
	also_arg = arg;
}
