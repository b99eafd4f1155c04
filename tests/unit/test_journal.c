// SPDX-License-Identifier: GPL-2.0-only
/* What a service manager is told, and that nobody waits for one that does not listen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/journal.c"

#include <errno.h>
#include <stdio.h>

static char path[] = "/tmp/pgmaptrace.notify.XXXXXX"; /* a directory */
static char file[sizeof(path) + 8], in_abstract[sizeof(path) + 8];

/* A manager at @name, as NOTIFY_SOCKET has it. */
static int listen_at(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(at.sun_path, name, strlen(name));
	if (*name == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      offsetof(struct sockaddr_un, sun_path) + strlen(name)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void hears(int fd, const char *wanted)
{
	char message[1024] = "";
	ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

	assert_true(n >= 0);
	assert_string_equal(message, wanted);
}

static void hears_nothing(int fd)
{
	char message[16];

	assert_int_equal(recv(fd, message, sizeof(message), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void tells(const char *name)
{
	int fd = listen_at(name);

	assert_true(notify_is_wanted());
	notify("READY=1\nSTATUS=tracing");
	hears(fd, "READY=1\nSTATUS=tracing");
	notify_status("%d findings", 3);
	hears(fd, "STATUS=3 findings");
	notify_status("one\nREADY=1");
	hears(fd, "STATUS=one");
	hears_nothing(fd);
	close(fd);
}

static void told_at_a_path(void **state)
{
	(void)state;
	tells(file);
	unlink(file);
}

static void told_in_the_abstract(void **state)
{
	(void)state;
	tells(in_abstract);
}

/* A status is cut, and never more than what was asked for is sent. */
static void long_status(void **state)
{
	int fd = listen_at(in_abstract);
	char text[2000], message[4000];
	ssize_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	notify_status("%s", text);
	n = recv(fd, message, sizeof(message), 0);
	assert_true(n > 100 && n < 512);
	assert_memory_equal(message, "STATUS=xxx", 10);
	close(fd);
}

/* systemd does not read while it executes itself anew. */
static void does_not_wait(void **state)
{
	int fd = listen_at(in_abstract);

	(void)state;
	alarm(20);
	for (int i = 0; i < 10000; i++)
		notify_status("%d", i);
	alarm(0);
	hears(fd, "STATUS=0");
	close(fd);
}

static void nobody_to_tell(void **state)
{
	static const char *const names[] = {"", "@", "relative", "/nowhere/at/all", "vsock:2:1"};

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_is_wanted());
	notify("READY=1");
	notify_status("on");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify("READY=1");
		notify_status("on");
	}
}

static void who_reads(void **state)
{
	struct stat st;
	char text[64];
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	unsetenv("JOURNAL_STREAM");
	assert_false(journal_reads(f));
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	assert_true(journal_reads(f));
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", text, 1);
	assert_false(journal_reads(f));
	fclose(f);
}

static int make_names(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;
	snprintf(file, sizeof(file), "%s/socket", path);
	snprintf(in_abstract, sizeof(in_abstract), "@%s", path + 1);
	return 0;
}

static int remove_names(void **state)
{
	(void)state;
	return rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_at_a_path), cmocka_unit_test(told_in_the_abstract),
		cmocka_unit_test(long_status),	  cmocka_unit_test(does_not_wait),
		cmocka_unit_test(nobody_to_tell), cmocka_unit_test(who_reads),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
