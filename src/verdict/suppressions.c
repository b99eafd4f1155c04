// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/suppressions.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/rules.h"

#define MOST (4 << 20) /* bytes: a larger file is not one of suppressions */

/* ---- parsing */

struct parser {
	struct suppressions *all;
	const char *file;
	unsigned int line;
	struct suppression *now; /* of this paragraph; NULL: between paragraphs */
	char *error;
	size_t size;
};

static bool wrong(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool wrong(struct parser *p, const char *format, ...)
{
	va_list args;
	int n = snprintf(p->error, p->size, "%s:%u: ", p->file, p->line);

	if (n < 0 || n >= p->size)
		return false;
	va_start(args, format);
	vsnprintf(p->error + n, p->size - n, format, args);
	va_end(args);
	return false;
}

static void free_one(struct suppression *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < s->nr_frames; i++)
		free(s->frame[i]);
	free(s->reason);
	free(s->device);
	free(s->path);
	free(s);
}

static bool end_paragraph(struct parser *p)
{
	struct suppression *s = p->now;

	if (!s)
		return true;
	if (!s->reason || !s->nr_frames) {
		p->line = s->line;
		return wrong(p, "suppress %s has no %s", pgmt_rule_name(s->rule),
			     s->reason ? "frame" : "reason");
	}
	if (p->all->last)
		p->all->last->next = s;
	else
		p->all->first = s;
	p->all->last = s;
	p->now = NULL;
	return true;
}

static bool begin_paragraph(struct parser *p, const char *rule)
{
	char why[PGMT_NO_RULE_LEN];

	if (p->now)
		return wrong(p, "suppress needs an empty line before it");
	p->now = calloc(1, sizeof(*p->now));
	if (!p->now)
		return wrong(p, "out of memory");
	p->now->file = p->file;
	p->now->line = p->line;
	p->now->rule = pgmt_rule_by_name(rule, strlen(rule));
	if (!p->now->rule)
		return wrong(p, "%s", pgmt_no_rule(why, rule, strlen(rule)));
	return true;
}

static bool set_once(struct parser *p, char **to, const char *key, const char *value)
{
	if (*to)
		return wrong(p, "%s: given twice", key);
	*to = strdup(value);
	return *to || wrong(p, "out of memory");
}

static bool add_frame(struct parser *p, const char *value)
{
	struct suppression *s = p->now;

	if (s->nr_frames == SUPPRESSION_FRAMES)
		return wrong(p, "more than %d frames", SUPPRESSION_FRAMES);
	s->frame[s->nr_frames] = strdup(value);
	if (!s->frame[s->nr_frames])
		return wrong(p, "out of memory");
	s->nr_frames++;
	return true;
}

/* "KEY: VALUE" */
static bool parse_field(struct parser *p, char *line)
{
	char *value = strchr(line, ':');

	if (!value)
		return wrong(p, "neither \"suppress RULE\" nor \"KEY: VALUE\"");
	*value++ = '\0';
	value += strspn(value, " \t");
	if (!p->now)
		return wrong(p, "%s: comes before \"suppress RULE\"", line);
	if (!*value)
		return wrong(p, "%s: has no value", line);
	if (!strcmp(line, "reason"))
		return set_once(p, &p->now->reason, line, value);
	if (!strcmp(line, "device"))
		return set_once(p, &p->now->device, line, value);
	if (!strcmp(line, "file"))
		return set_once(p, &p->now->path, line, value);
	if (!strcmp(line, "frame"))
		return add_frame(p, value);
	return wrong(p, "%s: no such key (reason, frame, device, file)", line);
}

/* @line: without its newline; it is modified */
static bool parse_line(struct parser *p, char *line)
{
	size_t len = strlen(line);

	while (len && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, " \t");
	if (*line == '#')
		return true;
	if (!*line)
		return end_paragraph(p);
	if (!strncmp(line, "suppress", 8) && (isspace((unsigned char)line[8]) || !line[8]))
		return begin_paragraph(p, line + 8 + strspn(line + 8, " \t"));
	return parse_field(p, line);
}

bool suppressions_parse(struct suppressions *all, const char *text, size_t len, const char *file,
			char *error, size_t size)
{
	struct parser p = {.all = all, .file = file, .error = error, .size = size};
	char *copy = strndup(text, len), *next = copy, *line;
	bool good = copy || wrong(&p, "out of memory");

	if (good && memchr(text, '\0', len)) {
		p.line = 1;
		good = wrong(&p, "not a text file: it has a NUL byte");
	}
	while (good && (line = strsep(&next, "\n"))) {
		p.line++;
		good = parse_line(&p, line);
	}
	good = good && end_paragraph(&p);
	free_one(p.now);
	free(copy);
	return good;
}

static bool read_all(const char *file, char **text, size_t *len)
{
	FILE *f = fopen(file, "re");
	size_t n;

	*text = NULL;
	if (!f)
		return false;
	*text = malloc(MOST + 1);
	n = *text ? fread(*text, 1, MOST + 1, f) : 0;
	if (*text && n > MOST)
		errno = EFBIG;
	if (!*text || ferror(f) || n > MOST) {
		free(*text);
		*text = NULL;
	}
	*len = n;
	fclose(f);
	return *text;
}

bool suppressions_load(struct suppressions *all, const char *file, char *error, size_t size)
{
	size_t len;
	char *text;
	bool good;

	if (!read_all(file, &text, &len)) {
		snprintf(error, size, "%s: %s", file, strerror(errno));
		return false;
	}
	good = suppressions_parse(all, text, len, file, error, size);
	free(text);
	return good;
}

void suppressions_free(struct suppressions *all)
{
	while (all->first) {
		struct suppression *next = all->first->next;

		free_one(all->first);
		all->first = next;
	}
	all->last = NULL;
}

/* ---- matching */

/*
 * Do the globs match from the innermost frame on?  After "...", the first place where
 * the globs up to the next "..." match is good enough, so only the last "..." needs
 * backtracking.
 */
static bool frames_match(const struct suppression *s, const struct suppress_subject *subject)
{
	unsigned int glob = 0, frame = 0, again_glob = 0, again_frame = 0;
	bool any = false;

	while (glob < s->nr_frames) {
		if (!strcmp(s->frame[glob], "...")) {
			any = true;
			again_glob = ++glob;
			again_frame = frame;
		} else if (frame < subject->nr_frames &&
			   !fnmatch(s->frame[glob], subject->frame[frame], 0)) {
			glob++;
			frame++;
		} else if (any && again_frame < subject->nr_frames) {
			glob = again_glob;
			frame = ++again_frame;
		} else {
			return false;
		}
	}
	return true;
}

/* Nothing matches what is not known. */
static bool glob_matches(const char *glob, const char *text)
{
	return !glob || (text && !fnmatch(glob, text, 0));
}

struct suppression *suppressions_match(const struct suppressions *all,
				       const struct suppress_subject *subject)
{
	for (struct suppression *s = all->first; s; s = s->next)
		if (s->rule == subject->rule && frames_match(s, subject) &&
		    (glob_matches(s->device, subject->device) ||
		     glob_matches(s->device, subject->base) ||
		     glob_matches(s->device, subject->block)) &&
		    glob_matches(s->path, subject->path))
			return s;
	return NULL;
}

bool suppression_is_narrow(const struct suppression *s, bool one_pgmap)
{
	return (s->device && !one_pgmap) || s->path;
}

/* ---- writing */

/* Can it be a value: one line without blanks around it? */
static bool is_printable(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return len && text[0] != ' ' && text[len - 1] != ' ';
}

/* A glob that matches @text only; NULL: anything. */
static void print_glob(FILE *to, const char *text)
{
	if (!text) {
		fputc('*', to);
		return;
	}
	for (; *text; text++) {
		if (strchr("*?[]\\", *text))
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void print_field(FILE *to, const char *key, const char *text)
{
	if (!text)
		return;
	if (!is_printable(text)) {
		fprintf(to, "  # its %s has a name that can't be given here\n", key);
		return;
	}
	fprintf(to, "  %s: ", key);
	print_glob(to, text);
	fputc('\n', to);
}

void suppression_print(FILE *to, const struct suppress_subject *subject)
{
	fprintf(to, "suppress %s\n", pgmt_rule_name(subject->rule));
	fputs("  reason: not given yet (printed by --gen-suppressions)\n", to);
	for (unsigned int i = 0; i < subject->nr_frames && i < SUPPRESSION_FRAMES; i++) {
		fputs("  frame: ", to);
		print_glob(to, is_printable(subject->frame[i]) ? subject->frame[i] : NULL);
		fputc('\n', to);
	}
	/* no stack: match any */
	if (!subject->nr_frames)
		fputs("  frame: ...\n", to);
	/* an address would be that of one boot */
	print_field(to, "device", subject->base ? subject->base : subject->device);
	print_field(to, "file", subject->path);
}
