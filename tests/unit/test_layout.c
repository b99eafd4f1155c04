// SPDX-License-Identifier: GPL-2.0-only
/* Where the kernel's variables are, and what if a wait table has another size. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "symbols/ksyms.c"
#include "session/layout.c"

static char said[256];

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

#define FIRST                                                                                      \
	"ffffffff81000000 T _text\n"                                                               \
	"ffffffff82000000 D pgmap_array\n"                                                         \
	"ffffffff82000100 D vmemmap_base\n"                                                        \
	"ffffffff82001000 d bit_wait_table\n"

/* 256 queues of 24 bytes are 0x1800 bytes. */
#define FITTING	 "ffffffff82002800 d folio_wait_table\n"
#define PADDED	 "ffffffff82002840 d folio_wait_table\n"
#define TWICE	 "ffffffff82004000 d folio_wait_table\n"
#define SMALLER	 "ffffffff82001c00 d folio_wait_table\n"
#define LAST(at) "ffffffff8200" at " D last\n"

static void find(struct layout *l, const char *symbols)
{
	char file[] = "/tmp/kallsyms.XXXXXX";
	struct ksyms_files files = {file, "/dev/null", "/dev/null"};
	struct btf *btf = btf__new_empty();
	int fd = mkstemp(file);
	struct ksyms *k;

	assert_true(fd >= 0 && btf);
	assert_int_equal(write(fd, symbols, strlen(symbols)), strlen(symbols));
	close(fd);
	k = ksyms_load(&files);
	unlink(file);
	assert_non_null(k);
	assert_true(btf__add_struct(btf, "wait_queue_head", 24) > 0);
	said[0] = '\0';
	layout_find(l, k, btf);
	layout_check_waits(l, k, btf);
	btf__free(btf);
	ksyms_free(k);
}

static void found(void **state)
{
	struct layout l;

	(void)state;
	find(&l, FIRST FITTING LAST("4000"));
	assert_int_equal(l.pgmap_array, 0xffffffff82000000);
	assert_int_equal(l.variable[0], 0xffffffff82000100);
	assert_int_equal(l.variable[1], 0);
	assert_int_equal(l.bit_wait_table, 0xffffffff82001000);
	assert_int_equal(l.folio_wait_table, 0xffffffff82002800);
	assert_string_equal(said, "");
	find(&l, FIRST PADDED LAST("4040"));
	assert_int_equal(l.bit_wait_table, 0xffffffff82001000);
	assert_string_equal(said, "");
}

static void another_size(void **state)
{
	struct layout l;

	(void)state;
	find(&l, FIRST TWICE LAST("5800"));
	assert_int_equal(l.bit_wait_table, 0);
	assert_int_equal(l.folio_wait_table, 0xffffffff82004000);
	assert_non_null(strstr(said, "bit_wait_table does not have 256 wait queues"));
	find(&l, FIRST SMALLER LAST("3400"));
	assert_int_equal(l.bit_wait_table, 0);
	assert_int_equal(l.folio_wait_table, 0xffffffff82001c00);
}

/* Nothing bounds the last symbol: its size is not known. */
static void unknown_size(void **state)
{
	struct layout l;

	(void)state;
	find(&l, FIRST FITTING);
	assert_int_equal(l.bit_wait_table, 0xffffffff82001000);
	assert_int_equal(l.folio_wait_table, 0);
	assert_non_null(strstr(said, "folio_wait_table"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(another_size),
		cmocka_unit_test(unknown_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
