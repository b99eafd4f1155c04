// SPDX-License-Identifier: GPL-2.0-only
#include "command/environment.h"

#include <stdlib.h>
#include <string.h>

static char name[] = OPTIONS_VARIABLE;

int environment_words(char ***argv)
{
	static char *text, **words;
	const char *value = getenv(OPTIONS_VARIABLE);
	char *rest, *word, *state;
	int argc = 0;

	free(text);
	free(words);
	text = strdup(value ? value : "");
	/* a word takes two characters, but for the last */
	words = calloc((text ? strlen(text) : 0) / 2 + 3, sizeof(*words));
	*argv = words;
	if (!text || !words)
		return -1;
	words[argc++] = name;
	for (rest = text; (word = strtok_r(rest, " \t\r\n", &state)); rest = NULL)
		words[argc++] = word;
	return argc;
}
