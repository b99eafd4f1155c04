// SPDX-License-Identifier: GPL-2.0-only
#include "base/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

const char *error_text(int err)
{
	static char text[160];
	struct rlimit limit = {0};

	if (err == ENFILE)
		return "Too many open files in the whole system (sysctl fs.file-max)";
	if (err != EMFILE)
		return strerror(err);
	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(text, sizeof(text),
		 "Too many open files (the limit is %llu: ulimit -n, or LimitNOFILE= of a service)",
		 (unsigned long long)limit.rlim_cur);
	return text;
}

void say_errors_to(say_fn fn, void *arg)
{
	also = fn;
	also_arg = arg;
}
