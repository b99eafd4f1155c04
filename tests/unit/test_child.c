// SPDX-License-Identifier: GPL-2.0-only
/* COMMAND gets the signal mask and the dispositions that the tool was started with. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/child.c"

struct signal_state {
	unsigned long long blocked, ignored;
};

static struct signal_state read_state(FILE *f)
{
	struct signal_state st = {~0ULL, ~0ULL};
	char line[256];

	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "SigBlk: %llx", &st.blocked);
		sscanf(line, "SigIgn: %llx", &st.ignored);
	}
	fclose(f);
	return st;
}

static struct signal_state own_state(void)
{
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	return read_state(f);
}

static struct signal_state state_of_command(bool group)
{
	char *command[] = {"cat", "/proc/self/status", NULL};
	int out = dup(STDOUT_FILENO), status = -1;
	FILE *f = tmpfile();
	pid_t child;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	child = command_start(command, group);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_true(child > 0);
	while (!command_ended(child, &status))
		usleep(1000);
	assert_int_equal(status, 0);
	return read_state(f);
}

static void dispose(void (*pipe)(int), void (*child)(int))
{
	signal(SIGPIPE, pipe);
	signal(SIGCHLD, child);
}

static void block(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(how, &set, NULL);
}

static void check_inherited(bool group)
{
	struct signal_state before = own_state(), command;

	assert_int_not_equal(signals_open(false), -1);
	assert_int_not_equal(own_state().blocked, before.blocked);
	command = state_of_command(group);
	assert_int_equal(command.blocked, before.blocked);
	assert_int_equal(command.ignored, before.ignored);
}

static int restore(void **state)
{
	(void)state;
	sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
	dispose(SIG_DFL, SIG_DFL);
	block(SIG_UNBLOCK, SIGUSR1);
	close(signals);
	return 0;
}

static void defaults(void **state)
{
	(void)state;
	dispose(SIG_DFL, SIG_DFL);
	check_inherited(false);
}

static void ignored_and_blocked(void **state)
{
	(void)state;
	dispose(SIG_IGN, SIG_IGN);
	block(SIG_BLOCK, SIGUSR1);
	block(SIG_BLOCK, SIGTERM);
	check_inherited(true);
	block(SIG_UNBLOCK, SIGTERM);
}

/* Even if SIGCHLD was ignored, which would reap COMMAND unseen. */
static void status_is_known(void **state)
{
	char *command[] = {"sh", "-c", "exit 7", NULL};
	int status = 0;
	pid_t child;

	(void)state;
	dispose(SIG_DFL, SIG_IGN);
	assert_int_not_equal(signals_open(false), -1);
	child = command_start(command, false);
	while (!command_ended(child, &status))
		usleep(1000);
	assert_int_equal(status, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(defaults, restore),
		cmocka_unit_test_teardown(ignored_and_blocked, restore),
		cmocka_unit_test_teardown(status_is_known, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
