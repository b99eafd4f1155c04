// SPDX-License-Identifier: GPL-2.0-only
#include "command/wrap.h"

#include <string.h>

#define WIDTH 79

void wrap_go_to(FILE *to, int at, int column)
{
	if (at > column - 2) {
		fputc('\n', to);
		at = 0;
	}
	fprintf(to, "%*s", column - at, "");
}

void wrap(FILE *to, const char *text, int column)
{
	int at = column;

	while (*text) {
		int len = strcspn(text, " ");

		if (at > column && at + 1 + len > WIDTH) {
			fprintf(to, "\n%*s", column, "");
			at = column;
		}
		at += fprintf(to, "%s%.*s", at > column ? " " : "", len, text);
		text += len + (text[len] == ' ');
	}
	fputc('\n', to);
}
