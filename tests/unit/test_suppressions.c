// SPDX-License-Identifier: GPL-2.0-only
/* Suppressions: what is a file of them, what they match, and that one that is printed is one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "model/rules.c"
#include "verdict/suppressions.c"

static char error[256];

static bool parse(struct suppressions *all, const char *text)
{
	return suppressions_parse(all, text, strlen(text), "FILE", error, sizeof(error));
}

/* Is it refused, with these words? */
static void refused(const char *text, const char *words)
{
	struct suppressions all = {0};

	assert_false(parse(&all, text));
	if (!strstr(error, words))
		fail_msg("\"%s\" does not say \"%s\"", error, words);
	suppressions_free(&all);
}

static const char *const stack[] = {"lab_break", "lab_write", "full_proxy_write", "vfs_write",
				    "ksys_write"};

static const struct suppress_subject subject = {
	.rule = PGMT_RULE_DOUBLE_FREE,
	.frame = stack,
	.nr_frames = 5,
	.device = "namespace0.0",
	.block = "pmem0",
	.path = "/mnt/a",
};

/* Does "suppress double-free" with these fields match the subject? */
static bool matches(const char *fields)
{
	struct suppressions all = {0};
	char text[512];
	bool found;

	snprintf(text, sizeof(text), "suppress double-free\nreason: x\n%s\n", fields);
	assert_true(parse(&all, text));
	found = suppressions_match(&all, &subject);
	suppressions_free(&all);
	return found;
}

static void frames(void **state)
{
	(void)state;
	assert_true(matches("frame: lab_break"));
	assert_true(matches("frame: lab_*"));
	assert_true(matches("frame: lab_break\nframe: lab_write"));
	assert_false(matches("frame: lab_write"));
	assert_false(matches("frame: lab_break\nframe: vfs_write"));
	assert_true(matches("frame: ..."));
	assert_true(matches("frame: ...\nframe: vfs_write"));
	assert_true(matches("frame: ...\nframe: lab_break"));
	assert_true(matches("frame: lab_break\nframe: ...\nframe: vfs_write\nframe: ksys_write"));
	assert_true(matches("frame: ...\nframe: *_write\nframe: vfs_write"));
	assert_true(matches("frame: ...\nframe: ...\nframe: ksys_write\nframe: ..."));
	assert_false(matches("frame: ...\nframe: vfs_write\nframe: lab_write"));
	assert_false(matches("frame: ...\nframe: ksys_write\nframe: *"));
	assert_true(matches("frame: *\nframe: *\nframe: *\nframe: *\nframe: *"));
	assert_false(matches("frame: *\nframe: *\nframe: *\nframe: *\nframe: *\nframe: *"));
}

static void device_and_file(void **state)
{
	struct suppress_subject unknown = subject;
	struct suppressions all = {0};

	(void)state;
	assert_true(matches("frame: ...\ndevice: pmem*"));
	assert_true(matches("frame: ...\ndevice: namespace0.0"));
	assert_false(matches("frame: ...\ndevice: dax*"));
	assert_true(matches("frame: ...\nfile: /mnt/*\ndevice: pmem0"));
	assert_false(matches("frame: ...\nfile: /mnt"));
	/* what is not known is matched by nothing */
	unknown.device = unknown.block = unknown.path = NULL;
	assert_true(parse(&all, "suppress double-free\nreason: x\nframe: ...\nfile: *\n"));
	assert_null(suppressions_match(&all, &unknown));
	assert_true(suppression_is_narrow(all.first, false));
	assert_true(suppression_is_narrow(all.first, true));
	suppressions_free(&all);
}

static void first_that_matches(void **state)
{
	struct suppressions all = {0};

	(void)state;
	assert_true(parse(&all, "# known\n\nsuppress leak\n reason: a\n frame: ...\n\n\n"
				"suppress double-free\n reason: b c \n frame: *\r\n\n"
				"suppress double-free\n reason: d\n frame: *"));
	assert_string_equal(suppressions_match(&all, &subject)->reason, "b c");
	assert_int_equal(suppressions_match(&all, &subject)->line, 8);
	assert_false(suppression_is_narrow(all.first, false));
	suppressions_free(&all);
	assert_true(parse(&all, "suppress leak\nreason: x\nframe: ...\ndevice: pmem0\n"));
	assert_true(suppression_is_narrow(all.first, false));
	assert_false(suppression_is_narrow(all.first, true));
	suppressions_free(&all);
}

static void no_file_of_them(void **state)
{
	(void)state;
	refused("suppress nothing\n", "FILE:1: no such rule: nothing");
	refused("suppress\n", "a rule's name is missing");
	refused("suppress leak\nreason: x\n", "FILE:1: suppress leak has no frame");
	refused("suppress leak\nframe: x\n\nsuppress leak", "FILE:1: suppress leak has no reason");
	refused("suppress leak\nreason:  \nframe: x", "FILE:2: reason: has no value");
	refused("suppress leak\nreason: x\nreason: y", "FILE:3: reason: given twice");
	refused("suppress leak\nwhy: x", "FILE:2: why: no such key");
	refused("suppress leak\nreason", "neither");
	refused("reason: x", "FILE:1: reason: comes before \"suppress RULE\"");
	refused("suppress leak\nreason: x\nframe: y\nsuppress leak",
		"FILE:4: suppress needs an empty line");
}

static void no_text(void **state)
{
	static const char nul[] = "suppress leak\nreason: \0x\nframe: x\n";
	struct suppressions all = {0};

	(void)state;
	assert_false(suppressions_parse(&all, nul, sizeof(nul) - 1, "FILE", error, sizeof(error)));
	assert_non_null(strstr(error, "NUL"));
	suppressions_free(&all);
}

static void too_many_frames(void **state)
{
	struct suppressions all = {0};
	char text[1024] = "suppress leak\nreason: x\n";

	(void)state;
	for (int i = 0; i < SUPPRESSION_FRAMES; i++)
		strcat(text, "frame: f\n");
	assert_true(parse(&all, text));
	strcat(text, "frame: f\n");
	refused(text, "more than 32 frames");
	suppressions_free(&all);
}

/* What is printed for it matches it and, as far as is asked here, no other. */
static void round_trip(const struct suppress_subject *s)
{
	struct suppressions all = {0};
	struct suppress_subject other = *s;
	char text[8192] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");

	suppression_print(to, s);
	fclose(to);
	assert_true(parse(&all, text));
	assert_ptr_equal(all.first, all.last);
	assert_ptr_equal(suppressions_match(&all, s), all.first);
	other.rule = s->rule + 1;
	assert_null(suppressions_match(&all, &other));
	other = *s;
	other.device = "another";
	other.block = NULL;
	assert_int_equal(suppressions_match(&all, &other) != NULL, !all.first->device);
	suppressions_free(&all);
}

static void printed_ones(void **state)
{
	static const char *const odd[] = {"a*b", "[x]", "?", "..."};
	struct suppress_subject s = subject;

	(void)state;
	round_trip(&s);
	s.device = NULL;
	round_trip(&s);
	s.path = "/mnt/a b\\*[?]";
	round_trip(&s);
	s.path = "/mnt/x\n\nsuppress leak\nreason: y\nframe: ...";
	round_trip(&s);
	s.path = " /mnt ";
	round_trip(&s);
	s.frame = odd;
	s.nr_frames = 3;
	round_trip(&s);
	s.nr_frames = 0;
	round_trip(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(device_and_file),
		cmocka_unit_test(first_that_matches),
		cmocka_unit_test(no_file_of_them),
		cmocka_unit_test(no_text),
		cmocka_unit_test(too_many_frames),
		cmocka_unit_test(printed_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
