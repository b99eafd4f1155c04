// SPDX-License-Identifier: GPL-2.0-only
#include "command/rule_page.h"

#include <stdbool.h>
#include <string.h>

#include "command/wrap.h"
#include "model/rules.h"

static const struct {
	const char *rule, *text;
} pages[] = {
#include "rule_pages.h"
};

#define LINE_LEN 4096
#define REPORT	 "    " /* begins a line that stays as it is */
#define BULLET	 "- "

/* @line without its newline, in @to without marks: `code`, **bold**, [words](link). */
static void unmark(char *to, const char *line, size_t len)
{
	const char *end = line + len;

	while (line < end) {
		if (*line == '`' || *line == '[') {
			line++;
		} else if (!strncmp(line, "**", 2)) {
			line += 2;
		} else if (!strncmp(line, "](", 2)) {
			line += strcspn(line, ")\n");
			line += *line == ')';
		} else {
			*to++ = *line++;
		}
	}
	*to = '\0';
}

static void print_line(FILE *to, const char *line, size_t len)
{
	char text[LINE_LEN];
	bool bullet = !strncmp(line, BULLET, strlen(BULLET));

	if (!strncmp(line, REPORT, strlen(REPORT)) || len >= sizeof(text)) {
		fprintf(to, "%.*s\n", (int)len, line);
		return;
	}
	unmark(text, line, len);
	fputs(bullet ? BULLET : "", to);
	wrap(to, text + (bullet ? strlen(BULLET) : 0), bullet ? strlen(BULLET) : 0);
}

void print_rule_page(FILE *to, unsigned int rule)
{
	const char *line = NULL;
	char title[LINE_LEN];

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (!strcmp(pages[i].rule, pgmt_rule_name(rule)))
			line = pages[i].text;
	snprintf(title, sizeof(title), "%s: %s", pgmt_rule_name(rule), pgmt_rule_text(rule));
	wrap(to, title, 0);
	while (line && *line) {
		size_t len = strcspn(line, "\n");

		/* a section ends with an empty line */
		if (len || line[1])
			print_line(to, line, len);
		line += len + (line[len] == '\n');
	}
}
