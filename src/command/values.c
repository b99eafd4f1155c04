// SPDX-License-Identifier: GPL-2.0-only
#include "command/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/say.h"

#define MIN_MEMORY (64 << 10)

static const char *place = "", *note = "";

void usage_errors_are(const char *in, const char *remark)
{
	place = in;
	note = remark;
}

int usage_error(const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	say_error("%s%s%s (see pgmaptrace --help)", place, message, note);
	return EXIT_USAGE;
}

bool parse_seconds(const char *text, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return !errno && end != text && !*end && *value >= 0 && *value < 1e9;
}

bool parse_number(const char *text, uint64_t *value)
{
	/* a pid or a size with a leading 0 is not meant as octal */
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	return !errno && isdigit((unsigned char)*text) && !*end;
}

bool parse_memory(const char *text, uint64_t *value)
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
	if (!parse_number(number, value) || *value > UINT64_MAX >> 1 >> shift)
		return false;
	*value <<= shift;
	return *value >= MIN_MEMORY;
}

const char *stack_mode_name(int mode)
{
	static const char *const names[] = {
		[PGMT_STACK_NONE] = "none",
		[PGMT_STACK_FINDINGS] = "findings",
		[PGMT_STACK_ALL] = "all",
	};

	return mode < (int)(sizeof(names) / sizeof(names[0])) ? names[mode] : NULL;
}

bool parse_stack(const char *text, enum pgmt_stack_mode *value)
{
	for (int i = 0; stack_mode_name(i); i++) {
		if (!strcmp(text, stack_mode_name(i))) {
			*value = i;
			return true;
		}
	}
	return false;
}
