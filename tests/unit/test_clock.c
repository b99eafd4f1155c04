// SPDX-License-Identifier: GPL-2.0-only
/* The offset of the kernel log's clock, read from a log that is made here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_RECORDS 32
#define SECOND	    1000000000LL

/* As the kernel's: a record without a newline can be read once another follows. */
static struct {
	char text[MAX_RECORDS][128];
	unsigned int nr, complete, read;
	unsigned int take; /* writes that are kept; others are dropped, as by a rate limit */
	int64_t offset;
	bool closed;
} kmsg;

static int fake_open(const char *path, int flags);
static off_t fake_lseek(int fd, off_t offset, int whence);
static ssize_t fake_write(int fd, const void *text, size_t size);
static ssize_t fake_read(int fd, void *buf, size_t size);
static int fake_close(int fd);

#define open  fake_open
#define lseek fake_lseek
#define write fake_write
#define read  fake_read
#define close fake_close
#include "base/clock.c"
#undef open
#undef lseek
#undef write
#undef read
#undef close

static int fake_open(const char *path, int flags)
{
	assert_string_equal(path, "/dev/kmsg");
	assert_true(flags & O_NONBLOCK);
	return kmsg.closed ? -1 : 7;
}

static off_t fake_lseek(int fd, off_t offset, int whence)
{
	assert_int_equal(fd, 7);
	assert_int_equal(offset, 0);
	assert_int_equal(whence, SEEK_END);
	kmsg.read = kmsg.complete;
	return 0;
}

static ssize_t fake_write(int fd, const void *text, size_t size)
{
	bool newline = ((const char *)text)[size - 1] == '\n';

	(void)fd;
	if (!kmsg.take)
		return size;
	kmsg.take--;
	assert_true(kmsg.nr < MAX_RECORDS);
	snprintf(kmsg.text[kmsg.nr], sizeof(kmsg.text[0]), "7,%u,%lld,-;%.*s", kmsg.nr,
		 (long long)(clock_now() + kmsg.offset) / 1000, (int)(size - 3 - newline),
		 (const char *)text + 3);
	kmsg.complete = kmsg.nr++;
	kmsg.complete += newline;
	return size;
}

static ssize_t fake_read(int fd, void *buf, size_t size)
{
	(void)fd;
	if (kmsg.read == kmsg.complete)
		return -1;
	return snprintf(buf, size, "%s", kmsg.text[kmsg.read++]);
}

static int fake_close(int fd)
{
	(void)fd;
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(&kmsg, 0, sizeof(kmsg));
	kmsg.take = MAX_RECORDS;
	return 0;
}

static void is_about(int64_t offset, int64_t wanted)
{
	/* the test may be preempted, but not for long five times in a row */
	assert_true(llabs(offset - wanted) <= SECOND / 20);
}

static void least_of_samples(void **state)
{
	const struct clock_sample samples[] = {
		{.before = 100, .stamp = 170},
		{.before = 200, .stamp = 230},
		{.before = 300, .stamp = 390},
	};
	int64_t offset = 5;

	(void)state;
	assert_false(clock_offset_of(samples, 0, &offset));
	assert_int_equal(offset, 5);
	assert_true(clock_offset_of(samples, 3, &offset));
	assert_int_equal(offset, 30);
	assert_true(clock_offset_of(samples, 1, &offset));
	assert_int_equal(offset, 70);
}

static void one_line(void **state)
{
	int64_t offset = 0;

	(void)state;
	kmsg.offset = 3 * SECOND;
	assert_true(clock_kernel_log_offset(&offset));
	is_about(offset, 3 * SECOND);
	assert_true(kmsg.nr >= 1 && kmsg.nr <= 5);
	assert_null(strchr(kmsg.text[0], '\n'));
	kmsg.offset = -3 * SECOND;
	assert_true(clock_kernel_log_offset(&offset));
	is_about(offset, -3 * SECOND);
}

/* The last line of an earlier look may be shown only now. */
static void earlier_lines(void **state)
{
	int64_t offset = 0;

	(void)state;
	kmsg.offset = 3 * SECOND;
	strcpy(kmsg.text[kmsg.nr++], "7,0,5,-;pgmaptrace: reading the log's clock");
	strcpy(kmsg.text[kmsg.nr++], "6,1,6,-;pgmaptrace: reading the log's clock, 0");
	assert_true(clock_kernel_log_offset(&offset));
	is_about(offset, 3 * SECOND);
}

static void no_log(void **state)
{
	int64_t offset = 42;

	(void)state;
	kmsg.closed = true;
	assert_false(clock_kernel_log_offset(&offset));
	kmsg.closed = false;
	kmsg.take = 0;
	assert_false(clock_kernel_log_offset(&offset));
	assert_int_equal(offset, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_of_samples),
		cmocka_unit_test_setup(one_line, begin),
		cmocka_unit_test_setup(earlier_lines, begin),
		cmocka_unit_test_setup(no_log, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
