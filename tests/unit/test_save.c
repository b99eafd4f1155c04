// SPDX-License-Identifier: GPL-2.0-only
/* Was all of a file written?  Some file systems say so only at write(), others at close(). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

static int refused; /* errno that close() fails with; 0: it succeeds */

static int closed(int fd);
#define close closed
#include "base/save.c"
#undef close

static int closed(int fd)
{
	close(fd);
	errno = refused;
	return refused ? -1 : 0;
}

void say_error(const char *format, ...)
{
	(void)format;
}

const char *error_text(int err)
{
	return strerror(err);
}

static void fails_at_write(void **state)
{
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	refused = 0;
	assert_non_null(f);
	fputs("x", f);
	assert_false(save_settled(f));
	assert_int_equal(errno, ENOSPC);
	fclose(f);
}

static void fails_at_close(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	fputs("x", f);
	refused = EDQUOT;
	assert_false(save_settled(f));
	assert_int_equal(errno, EDQUOT);
	refused = 0;
	/* the file is still open */
	fputs("y", f);
	assert_true(save_settled(f));
	assert_int_equal(ftell(f), 2);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_at_write),
		cmocka_unit_test(fails_at_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
