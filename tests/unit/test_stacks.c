// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which frames of a stack are shown, and what becomes of symbols when modules
 * come and go, with made-up /proc/kallsyms and /proc/modules.
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

#include "symbols/ksyms.c"
#include "report/stacks.c"

static bool is_wrapped(const char *function)
{
	return !strcmp(function, "behind");
}

/* The same two functions for every address. */
int inlines_find(struct inlines *in, const struct ksyms *k, const struct ksyms_symbol *s,
		 uint64_t address, struct inline_frame frames[INLINE_DEPTH])
{
	(void)in;
	(void)k;
	(void)s;
	(void)address;
	frames[0] = (struct inline_frame){"inner", "mm/inner.h", 7};
	frames[1] = (struct inline_frame){"outer", "mm/outer.c", 9};
	return 2;
}

#define KERNEL                                                                                     \
	"0000000000000000 D percpu_thing\n"                                                        \
	"ffffffff81000000 T _text\n"                                                               \
	"ffffffff81000000 T first\n"                                                               \
	"ffffffff81001000 T hooked\n"                                                              \
	"ffffffff81001100 t caller\n"                                                              \
	"ffffffff81001200 T does_not_return\n"                                                     \
	"ffffffff81001300 T behind\n"                                                              \
	"ffffffff81002000 T _etext\n"                                                              \
	"ffffffff82000000 D data\n"

#define LAB                                                                                        \
	"ffffffffc0100000 t lab_one\t[lab]\n"                                                      \
	"ffffffffc0100200 t lab_two\t[lab]\n"                                                      \
	"ffffffffc0102000 d lab_data\t[lab]\n"
#define LAB_MODULE "lab 16384 0 - Live 0xffffffffc0100000 (O)\n"

#define OTHER(at)                                                                                  \
	"ffffffffc0" at "00 t other_one\t[other]\n"                                                \
	"ffffffffc0" at "80 t other_two\t[other]\n"
#define OTHER_MODULE(at) "other 8192 0 - Live 0xffffffffc0" at "00\n"

#define BPF                                                                                        \
	"ffffffffc0300000 t bpf_prog_0123456789abcdef_fentry_hooked\t[bpf]\n"                      \
	"ffffffffc0400000 t bpf_trampoline_6442509\t[bpf]\n"

static char kallsyms[] = "/tmp/kallsyms.XXXXXX", modules[] = "/tmp/modules.XXXXXX";
static char sys_module[] = "/tmp/sys_module.XXXXXX";
static const struct ksyms_files files = {kallsyms, modules, sys_module};

static void put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void kernel_is(const char *symbols, const char *list)
{
	put(kallsyms, symbols);
	put(modules, list);
}

/* The addresses of @symbols are all zero now; the modules are those of @list. */
static void hide(const char *symbols, const char *list)
{
	char text[4096], *at;

	strcpy(text, symbols);
	for (at = text; *at; at = strchr(at, '\n') + 1)
		memset(at, '0', 16);
	put(kallsyms, text);
	strcpy(text, list);
	for (at = text; (at = strstr(at, "0xf")); at++)
		memset(at + 2, '0', 16);
	put(modules, text);
}

static struct ksyms *load(const char *symbols, const char *list)
{
	struct ksyms *k;

	kernel_is(symbols, list);
	k = ksyms_load(&files);
	assert_non_null(k);
	return k;
}

struct text {
	char line[2048];
	FILE *to;
};

static void add_line(void *arg, const struct stack_line *l)
{
	struct text *t = arg;

	stack_print(t->to, l, true);
}

/* The lines of a stack, with ; for the end of each. */
static void shows(const struct ksyms *k, struct inlines *in, const struct pgmt_stack *st,
		  const char *wanted)
{
	struct stack_names names = {k, in, is_wrapped};
	struct text t = {.line = ""};

	t.to = fmemopen(t.line, sizeof(t.line), "w");
	stack_lines(st, &names, add_line, &t);
	fclose(t.to);
	for (char *end = t.line; (end = strchr(end, '\n'));)
		*end = ';';
	assert_string_equal(t.line, wanted);
}

#define SHOWS(k, wanted, ...) shows(k, NULL, &(struct pgmt_stack){{__VA_ARGS__}}, wanted)

static void test_plain(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	SHOWS(k, "hooked+0x4;caller+0x10;lab_two+0x8 [lab];", 0xffffffff81001004,
	      0xffffffff81001110, 0xffffffffc0100208);
	ksyms_free(k);
}

static void test_return_addresses(void **state)
{
	struct ksyms *k = load(KERNEL, "");

	(void)state;
	/* the first frame is where it is; the call at the very end of a function returns behind it
	 */
	SHOWS(k, "hooked+0x0;does_not_return+0x100;", 0xffffffff81001000, 0xffffffff81001300);
	ksyms_free(k);
}

static void test_own_frames_lead(void **state)
{
	struct ksyms *k = load(KERNEL, "");

	(void)state;
	SHOWS(k, "hooked+0x5;caller+0x10;", 0xffffffffc0300010, 0xffffffffc0400020,
	      0xffffffff81001005, 0xffffffff81001110);
	ksyms_free(k);
	k = load(KERNEL BPF, "");
	SHOWS(k, "hooked+0x5;caller+0x10;", 0xffffffffc0300010, 0xffffffffc0400020,
	      0xffffffff81001005, 0xffffffff81001110);
	ksyms_free(k);
}

static void test_trampoline_between(void **state)
{
	struct ksyms *k = load(KERNEL, "");

	(void)state;
	SHOWS(k, "hooked+0x5;caller+0x80;does_not_return+0x10;", 0xffffffff81001005,
	      0xffffffff81001180, 0xffffffffc0400020, 0xffffffff81001109, 0xffffffff81001210);
	ksyms_free(k);
	k = load(KERNEL BPF, "");
	SHOWS(k, "hooked+0x5;caller+0x80;does_not_return+0x10;", 0xffffffff81001005,
	      0xffffffff81001180, 0xffffffffc0400020, 0xffffffff81001109, 0xffffffff81001210);
	ksyms_free(k);
}

/* The stack of a task that sleeps in such a function has no frame of the call to the hook. */
static void test_exit_hook(void **state)
{
	struct ksyms *k = load(KERNEL, "");

	(void)state;
	SHOWS(k, "hooked+0x5;behind+0x20;caller+0x10;", 0xffffffff81001005, 0xffffffff81001320,
	      0xffffffffc0400020, 0xffffffff81001110);
	SHOWS(k, "hooked+0x5;behind+0x20;0xffffffffc0500020 (no symbol);caller+0x10;",
	      0xffffffff81001005, 0xffffffff81001320, 0xffffffffc0400020, 0xffffffffc0500020,
	      0xffffffff81001110);
	SHOWS(k, "hooked+0x5;0xffffffffc0400020 (no symbol);caller+0x10;", 0xffffffff81001005,
	      0xffffffffc0400020, 0xffffffff81001110);
	ksyms_free(k);
}

static void test_what_is_not_bpf_stays(void **state)
{
	struct ksyms *k = load(KERNEL, "");

	(void)state;
	/* between two functions */
	SHOWS(k, "hooked+0x5;0xffffffffc0a01234 (no symbol);caller+0x10;", 0xffffffff81001005,
	      0xffffffffc0a01234, 0xffffffff81001110);
	/* a recursion through unknown code: the second frame is no call of a trampoline */
	SHOWS(k, "caller+0x80;0xffffffffc0a01234 (no symbol);caller+0x40;", 0xffffffff81001180,
	      0xffffffffc0a01234, 0xffffffff81001140);
	/* nothing unknown in between */
	SHOWS(k, "caller+0x80;caller+0x9;", 0xffffffff81001180, 0xffffffff81001109);
	/* last, and more than one */
	SHOWS(k, "hooked+0x5;0xffffffffc0a01234 (no symbol);0xffffffffc0a01300 (no symbol);",
	      0xffffffff81001005, 0xffffffffc0a01234, 0xffffffffc0a01300);
	/* the kernel's data is no function */
	SHOWS(k, "hooked+0x5;0xffffffff82000010 (no symbol);", 0xffffffff81001005,
	      0xffffffff82000010);
	ksyms_free(k);
}

static void test_full_stack(void **state)
{
	struct ksyms *k = load(KERNEL, "");
	struct pgmt_stack st;
	char wanted[1024] = "";

	(void)state;
	for (int i = 0; i < PGMT_STACK_DEPTH; i++) {
		st.frame[i] = 0xffffffff81001110;
		strcat(wanted, "caller+0x10;");
	}
	shows(k, NULL, &st, wanted);
	st.frame[PGMT_STACK_DEPTH - 1] = 0xffffffffc0a01234;
	strcpy(wanted + 12 * (PGMT_STACK_DEPTH - 1), "0xffffffffc0a01234 (no symbol);");
	shows(k, NULL, &st, wanted);
	ksyms_free(k);
}

static void test_bpf_text_is_bounded(void **state)
{
	struct ksyms *k = load(KERNEL BPF, "");

	(void)state;
	SHOWS(k, "hooked+0x5;0xffffffffc0401010 (no symbol);caller+0x10;", 0xffffffff81001005,
	      0xffffffffc0401010, 0xffffffff81001110);
	SHOWS(k, "hooked+0x5;0xffffffffc0320000 (no symbol);caller+0x10;", 0xffffffff81001005,
	      0xffffffffc0320000, 0xffffffff81001110);
	ksyms_free(k);
}

static void test_inlined(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);
	struct pgmt_stack st = {{0xffffffff81001004}};

	(void)state;
	/* the symbol's own name is shown, not the one in the debug info */
	shows(k, (struct inlines *)kallsyms, &st,
	      "inner (inlined, mm/inner.h:7);hooked+0x4 (mm/outer.c:9);");
	st.frame[0] = 0xffffffffc0100208;
	shows(k, (struct inlines *)kallsyms, &st,
	      "inner [lab] (inlined, mm/inner.h:7);lab_two+0x8 [lab] (mm/outer.c:9);");
	ksyms_free(k);
}

/* Whose first frame is @address */
static void is(const struct ksyms *k, uint64_t address, const char *wanted)
{
	shows(k, NULL, &(struct pgmt_stack){{0xffffffff81001000, address + 1}}, wanted);
}

static void test_end_of_module(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	is(k, 0xffffffffc0100ff0, "hooked+0x0;lab_two+0xdf1 [lab];");
	is(k, 0xffffffffc0101000, "hooked+0x0;0xffffffffc0101001 (no symbol);");
	is(k, 0xffffffffc00ffff0, "hooked+0x0;0xffffffffc00ffff1 (no symbol);");
	ksyms_free(k);
}

static void test_init_code(void **state)
{
	struct ksyms *k = load(KERNEL LAB "ffffffffc0900000 t lab_init\t[lab]\n", LAB_MODULE);

	(void)state;
	is(k, 0xffffffffc0900010, "hooked+0x0;lab_init+0x11 [lab];");
	kernel_is(KERNEL, "");
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab, unloaded];");
	is(k, 0xffffffffc0900010, "hooked+0x0;0xffffffffc0900011 (no symbol);");
	ksyms_free(k);
}

static void test_refresh(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	assert_int_equal(ksyms_refresh(k, false), KSYMS_SAME);
	assert_int_equal(ksyms_refresh(k, true), KSYMS_RELOADED);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab];");
	/* came */
	kernel_is(KERNEL LAB OTHER("2000"), LAB_MODULE OTHER_MODULE("2000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0200010, "hooked+0x0;other_one+0x11 [other];");
	/* gone, and gone for long */
	kernel_is(KERNEL OTHER("2000"), OTHER_MODULE("2000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	kernel_is(KERNEL, "");
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	assert_int_equal(ksyms_refresh(k, false), KSYMS_SAME);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab, unloaded];");
	is(k, 0xffffffffc0200010, "hooked+0x0;other_one+0x11 [other, unloaded];");
	/* back, elsewhere and then where it was */
	kernel_is(KERNEL OTHER("5000"), OTHER_MODULE("5000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0500010, "hooked+0x0;other_one+0x11 [other];");
	is(k, 0xffffffffc0200010, "hooked+0x0;other_one+0x11 [other, unloaded];");
	kernel_is(KERNEL OTHER("2000"), OTHER_MODULE("2000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0500010, "hooked+0x0;other_one+0x11 [other, unloaded];");
	is(k, 0xffffffffc0200010, "hooked+0x0;other_one+0x11 [other];");
	ksyms_free(k);
}

static void test_addresses_taken(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	kernel_is(KERNEL OTHER("1001"), OTHER_MODULE("1001"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0100110, "hooked+0x0;other_one+0x11 [other];");
	is(k, 0xffffffffc0100010, "hooked+0x0;0xffffffffc0100011 (no symbol);");
	/* the one before does not come back */
	kernel_is(KERNEL, "");
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0100110, "hooked+0x0;other_one+0x11 [other, unloaded];");
	is(k, 0xffffffffc0100010, "hooked+0x0;0xffffffffc0100011 (no symbol);");
	ksyms_free(k);
}

static void test_hidden_later(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	assert_false(ksyms_hidden(k));
	hide(KERNEL LAB, LAB_MODULE);
	assert_int_equal(ksyms_refresh(k, false), KSYMS_HIDDEN);
	assert_int_equal(ksyms_refresh(k, true), KSYMS_HIDDEN);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab];");
	/* gone: that its name tells */
	hide(KERNEL, "");
	assert_int_equal(ksyms_refresh(k, false), KSYMS_HIDDEN);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab, unloaded];");
	/* one that came may have its addresses */
	hide(KERNEL OTHER("1000"), OTHER_MODULE("1000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_HIDDEN);
	is(k, 0xffffffffc0100210, "hooked+0x0;0xffffffffc0100211 (no symbol);");
	is(k, 0xffffffff81001110, "hooked+0x0;caller+0x11;");
	/* seen again */
	kernel_is(KERNEL OTHER("1000"), OTHER_MODULE("1000"));
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0100010, "hooked+0x0;other_one+0x11 [other];");
	ksyms_free(k);
}

/* One module after the other, of the same name at the same place. */
static void test_loaded_again(void **state)
{
	char before[64], after[64];
	struct ksyms *k;

	(void)state;
	snprintf(before, sizeof(before), "%s/lab", sys_module);
	snprintf(after, sizeof(after), "%s/next", sys_module);
	mkdir(before, 0700);
	mkdir(after, 0700);
	k = load(KERNEL LAB, LAB_MODULE);
	assert_int_equal(ksyms_refresh(k, false), KSYMS_SAME);
	rename(after, before);
	kernel_is(KERNEL "ffffffffc0100000 t lab_new\t[lab]\n", LAB_MODULE);
	assert_int_equal(ksyms_refresh(k, false), KSYMS_RELOADED);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_new+0x211 [lab];");
	/* while the addresses are hidden, it could be anywhere */
	mkdir(after, 0700);
	rename(after, before);
	hide(KERNEL LAB, LAB_MODULE);
	assert_int_equal(ksyms_refresh(k, false), KSYMS_HIDDEN);
	is(k, 0xffffffffc0100210, "hooked+0x0;0xffffffffc0100211 (no symbol);");
	rmdir(before);
	ksyms_free(k);
}

static void test_hidden_at_start(void **state)
{
	struct ksyms *k;

	(void)state;
	hide(KERNEL LAB, LAB_MODULE);
	k = ksyms_load(&files);
	assert_non_null(k);
	assert_true(ksyms_hidden(k));
	ksyms_free(k);
}

static void test_files_gone(void **state)
{
	struct ksyms *k = load(KERNEL LAB, LAB_MODULE);

	(void)state;
	assert_null(ksyms_load(&(struct ksyms_files){"/nothere", modules, sys_module}));
	/* what can't be read, or is empty, does not replace the table */
	put(kallsyms, "");
	assert_int_equal(ksyms_refresh(k, true), KSYMS_FAILED);
	unlink(kallsyms);
	assert_int_equal(ksyms_refresh(k, true), KSYMS_FAILED);
	is(k, 0xffffffffc0100210, "hooked+0x0;lab_two+0x11 [lab];");
	assert_int_equal(ksyms_address(k, "hooked"), 0xffffffff81001000);
	ksyms_free(k);
}

static int make_files(void **state)
{
	(void)state;
	close(mkstemp(kallsyms));
	close(mkstemp(modules));
	assert_non_null(mkdtemp(sys_module));
	return 0;
}

static int drop_files(void **state)
{
	(void)state;
	unlink(kallsyms);
	unlink(modules);
	rmdir(sys_module);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_return_addresses),
		cmocka_unit_test(test_own_frames_lead),
		cmocka_unit_test(test_trampoline_between),
		cmocka_unit_test(test_exit_hook),
		cmocka_unit_test(test_what_is_not_bpf_stays),
		cmocka_unit_test(test_full_stack),
		cmocka_unit_test(test_bpf_text_is_bounded),
		cmocka_unit_test(test_inlined),
		cmocka_unit_test(test_end_of_module),
		cmocka_unit_test(test_init_code),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_addresses_taken),
		cmocka_unit_test(test_hidden_later),
		cmocka_unit_test(test_loaded_again),
		cmocka_unit_test(test_hidden_at_start),
		cmocka_unit_test(test_files_gone),
	};

	return cmocka_run_group_tests_name("stacks", tests, make_files, drop_files);
}
