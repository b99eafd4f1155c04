// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines and inlined functions, from the debug info of this very program.
 * Not here: where files lie, and the kernel (tests/vm/cases/symbols.sh).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "symbols/inlines.c"
#include "base/journal.c"
#include "base/say.c"

#define SELF "/proc/self/exe"

uint64_t ksyms_address(const struct ksyms *k, const char *name)
{
	(void)k;
	(void)name;
	return 0;
}

extern volatile int sink;
volatile int sink;

enum { INNER_LINE = __LINE__ + 4, MIDDLE_LINE = __LINE__ + 9, OUTER_LINE = __LINE__ + 14 };

static inline __attribute__((always_inline, no_profile_instrument_function)) void inner(void)
{
	sink += sink * 3;
}

static inline __attribute__((always_inline, no_profile_instrument_function)) void middle(void)
{
	inner();
}

__attribute__((noinline, used, no_profile_instrument_function)) void outer(void)
{
	middle();
}

__attribute__((noinline, used)) void alone(void)
{
	sink--;
}

static struct object self;

static int open_self(void **state)
{
	const unsigned char *bits;
	Dwfl_Module *module;
	GElf_Addr unused;
	Dwfl *dwfl = dwfl_begin(&callbacks);

	(void)state;
	module = dwfl_report_offline(dwfl, "", SELF, -1);
	dwfl_report_end(dwfl, NULL, NULL);
	self.id.len = dwfl_module_build_id(module, &bits, &unused);
	memcpy(self.id.byte, bits, self.id.len);
	dwfl_end(dwfl);
	return !try_file(&self, SELF);
}

static int close_self(void **state)
{
	(void)state;
	dwfl_end(self.dwfl);
	return 0;
}

/* Look up each address of @function until one is in something inlined.  Return: how many frames. */
static int deepest(const char *function, const char *called, struct inline_frame *frames)
{
	uint64_t start = file_symbol(self.module, function);
	const struct ksyms_symbol s = {.name = called, .address = start};

	assert_int_not_equal(start, 0);
	for (uint64_t offset = 0; offset < 16; offset++) {
		int nr = look_up(self.module, &s, start, offset, frames);

		if (nr > 1)
			return nr;
	}
	return look_up(self.module, &s, start, 0, frames);
}

static void is(const struct inline_frame *f, const char *function, unsigned int line)
{
	assert_string_equal(f->function, function);
	assert_string_equal(f->file, "tests/unit/test_inlines.c");
	assert_int_equal(f->line, line);
}

static void test_inlined(void **state)
{
	struct inline_frame frames[INLINE_DEPTH];

	(void)state;
	assert_int_equal(deepest("outer", "outer", frames), 3);
	is(&frames[0], "inner", INNER_LINE);
	is(&frames[1], "middle", MIDDLE_LINE);
	is(&frames[2], "outer", OUTER_LINE);
}

static void test_not_inlined(void **state)
{
	struct inline_frame frames[INLINE_DEPTH];

	(void)state;
	assert_int_equal(deepest("alone", "alone", frames), 1);
	assert_string_equal(frames[0].function, "alone");
}

static void test_names(void **state)
{
	struct inline_frame frames[INLINE_DEPTH];
	uint64_t start = file_symbol(self.module, "outer");
	struct ksyms_symbol s = {.name = "outer.constprop.0"};

	(void)state;
	/* a clone, and a second name for the code */
	assert_int_equal(look_up(self.module, &s, start - 1, 2, frames) > 0, true);
	s.name = "alias";
	assert_int_equal(look_up(self.module, &s, start, 1, frames) > 0, true);
	/* neither name nor place: nothing is better than what is wrong */
	assert_int_equal(look_up(self.module, &s, start - 1, 2, frames), 0);
	s.name = "oute";
	assert_int_equal(look_up(self.module, &s, start - 1, 2, frames), 0);
	s.name = "outers";
	assert_int_equal(look_up(self.module, &s, start - 1, 2, frames), 0);
}

static void test_another_build(void **state)
{
	struct object o = self;

	(void)state;
	o.id.byte[0] ^= 1;
	assert_false(try_file(&o, SELF));
	assert_null(o.dwfl);
	o.id = self.id;
	assert_false(try_file(&o, "/nothere"));
	assert_false(try_file(&o, "/dev/null"));
	assert_true(try_file(&o, SELF));
	dwfl_end(o.dwfl);
}

static void test_module_files(void **state)
{
	(void)state;
	assert_true(is_module_file("dax_pmem.ko", "dax_pmem"));
	assert_true(is_module_file("dax-pmem.ko.debug", "dax_pmem"));
	assert_true(is_module_file("ext4.ko.xz", "ext4"));
	assert_false(is_module_file("ext4.ko.xz", "ext"));
	assert_false(is_module_file("ext4.kom", "ext4"));
	assert_false(is_module_file("ext4", "ext4"));
	assert_false(is_module_file("", "ext4"));
}

static void put_notes(const char *file, const void *notes, size_t len)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(notes, 1, len, f), len);
	fclose(f);
}

static void test_build_id(void **state)
{
	/* Linux's note comes first, as in /sys/kernel/notes */
	const struct {
		Elf64_Nhdr linux_note;
		char linux_name[8];
		uint32_t version;
		Elf64_Nhdr gnu;
		char gnu_name[4];
		uint8_t id[8];
	} notes = {
		{6, 4, 0}, "Linux", 1, {4, 7, NT_GNU_BUILD_ID}, "GNU", {1, 2, 3, 4, 5, 6, 7, 0},
	};
	char file[] = "/tmp/notes.XXXXXX";
	struct build_id id;

	(void)state;
	close(mkstemp(file));
	put_notes(file, &notes, sizeof(notes));
	assert_true(read_build_id(file, &id));
	assert_int_equal(id.len, 7);
	assert_memory_equal(id.byte, notes.id, 7);
	for (size_t len = 0; len < sizeof(notes); len++) {
		put_notes(file, &notes, len);
		assert_false(read_build_id(file, &id));
	}
	unlink(file);
	assert_false(read_build_id(file, &id));
}

static void test_refusal(void **state)
{
	(void)state;
	assert_null(inlines_refusal(SELF));
	assert_string_equal(inlines_refusal("/proc/self/status"),
			    "not an ELF file, as vmlinux is one");
	assert_string_equal(inlines_refusal("/nothere"), "No such file or directory");
	assert_string_equal(inlines_refusal("/"), "not a file");
	/* the shell has been stripped */
	assert_string_equal(inlines_refusal("/bin/sh"), "no debug info in it");
}

static void test_error_text(void **state)
{
	struct rlimit limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 77;
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_string_equal(error_text(EMFILE), "Too many open files (the limit is 77: ulimit -n, "
						"or LimitNOFILE= of a service)");
	assert_string_equal(error_text(ENOENT), "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal),	     cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_inlined),	     cmocka_unit_test(test_not_inlined),
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_another_build),
		cmocka_unit_test(test_module_files), cmocka_unit_test(test_build_id),
	};

	return cmocka_run_group_tests_name("inlines", tests, open_self, close_self);
}
