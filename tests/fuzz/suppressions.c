// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a subject and a file of suppressions: up to the first empty
 * line the rule, the device, the path and the frames, one a line, with \v for
 * a newline of the name.
 */
#include "fuzz.h"

#include "model/rules.c"
#include "verdict/suppressions.c"

#define FRAMES 16

static char error[256];

/* What frames_match() says, for each pair of a rest of the globs and a rest of the stack. */
static bool slow_match(const struct suppression *s, const struct suppress_subject *x)
{
	bool fits[SUPPRESSION_FRAMES + 1][FRAMES + 1];

	for (unsigned int g = s->nr_frames + 1; g-- > 0;)
		for (unsigned int f = x->nr_frames + 1; f-- > 0;) {
			if (g == s->nr_frames)
				fits[g][f] = true;
			else if (!strcmp(s->frame[g], "..."))
				fits[g][f] = fits[g + 1][f] || (f < x->nr_frames && fits[g][f + 1]);
			else
				fits[g][f] = f < x->nr_frames &&
					     !fnmatch(s->frame[g], x->frame[f], 0) &&
					     fits[g + 1][f + 1];
		}
	return fits[0][0];
}

static void check_round_trip(const struct suppress_subject *x)
{
	struct suppressions all = {0};
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	suppression_print(to, x);
	fclose(to);
	CHECK(suppressions_parse(&all, text, size, "printed", error, sizeof(error)));
	CHECK(all.first && all.first == all.last);
	CHECK(suppressions_match(&all, x) == all.first);
	suppressions_free(&all);
	free(text);
}

static void check_file(const char *text, size_t len, const struct suppress_subject *x)
{
	struct suppressions all = {0};

	if (!suppressions_parse(&all, text, len, "file", error, sizeof(error)))
		CHECK(!strncmp(error, "file:", 5));
	for (struct suppression *s = all.first; s; s = s->next) {
		CHECK(s->rule && s->rule < PGMT_NR_RULES && s->nr_frames && *s->reason && s->line);
		CHECK(frames_match(s, x) == slow_match(s, x));
		CHECK(s->next || s == all.last);
	}
	suppressions_match(&all, x);
	suppressions_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *frame[FRAMES], *field[3] = {"", "", ""};
	struct suppress_subject x = {.frame = frame};
	unsigned int nr = 0;
	char *text, *at, *end;

	/* no name may reach PATH_MAX; and more only makes it slow */
	if (size >= 4096)
		return 0;
	text = malloc(size + 1);
	CHECK(text);
	memcpy(text, data, size);
	text[size] = 0;
	for (at = text; nr < 3 + FRAMES && at < text + size; nr++) {
		end = memchr(at, '\n', text + size - at);
		if (!end || end == at)
			break;
		*end = 0;
		/* so that a name can have a newline */
		for (char *c = at; c < end; c++)
			if (*c == '\v')
				*c = '\n';
		if (nr < 3)
			field[nr] = at;
		else
			frame[x.nr_frames++] = at;
		at = end + 1;
	}
	x.rule = pgmt_rule_by_name(field[0], strlen(field[0]));
	if (!x.rule)
		x.rule = PGMT_RULE_LEAK;
	x.device = *field[1] ? field[1] : NULL;
	x.path = *field[2] ? field[2] : NULL;
	check_round_trip(&x);
	check_file(at, text + size - at, &x);
	free(text);
	return 0;
}
