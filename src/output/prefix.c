// SPDX-License-Identifier: GPL-2.0-only
#include "output/prefix.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct prefixed {
	FILE *to;
	const char *(*before)(const char *line);
	char *line; /* what was written of it so far */
	size_t len, size;
};

static bool append(struct prefixed *l, const char *text, size_t len)
{
	if (l->len + len + 1 > l->size) {
		size_t size = 2 * (l->len + len + 1);
		char *more = realloc(l->line, size);

		if (!more)
			return false;
		l->line = more;
		l->size = size;
	}
	memcpy(l->line + l->len, text, len);
	l->len += len;
	l->line[l->len] = '\0';
	return true;
}

static ssize_t write_lines(void *cookie, const char *text, size_t size)
{
	struct prefixed *l = cookie;
	size_t left = size;

	while (left) {
		const char *end = memchr(text, '\n', left);
		size_t len = end ? end - text + 1 : left;

		if (!append(l, text, len))
			return -1;
		text += len;
		left -= len;
		if (!end)
			break;
		fputs(l->before(l->line), l->to);
		fwrite(l->line, 1, l->len, l->to);
		l->len = 0;
	}
	return fflush(l->to) ? -1 : (ssize_t)size;
}

static int close_lines(void *cookie)
{
	struct prefixed *l = cookie;

	free(l->line);
	free(l);
	return 0;
}

FILE *prefix_open(FILE *to, const char *(*before)(const char *line))
{
	cookie_io_functions_t io = {.write = write_lines, .close = close_lines};
	struct prefixed *l = calloc(1, sizeof(*l));
	FILE *f;

	if (!l)
		return NULL;
	*l = (struct prefixed){.to = to, .before = before};
	f = fopencookie(l, "w", io);
	if (!f)
		free(l);
	return f;
}
