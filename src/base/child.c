// SPDX-License-Identifier: GPL-2.0-only
#include "base/child.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit_status.h"

static int signals = -1; /* signalfd of SIGINT, SIGTERM, SIGHUP and SIGCHLD */
static bool stop, reopens, reopen;
static bool late;    /* one more signal may come that asks for the end that has begun */
static pid_t target; /* gets COMMAND's signals: its pid, or negative its process group */

/* What we were started with, for COMMAND. */
static struct {
	sigset_t mask;
	struct sigaction pipe, child;
} inherited;

int signals_open(bool hup_reopens)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, by_default = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &inherited.mask);
	/* a closed pipe is an error of write() */
	sigaction(SIGPIPE, &ignore, &inherited.pipe);
	/* while it is ignored, waitpid() gets no status */
	sigaction(SIGCHLD, &by_default, &inherited.child);
	reopens = hup_reopens;
	signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return signals;
}

bool stop_requested(pid_t child)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (info.ssi_signo == SIGHUP && reopens) {
			reopen = true;
			continue;
		}
		/* we end when COMMAND ends; the terminal's Ctrl-C reached it, too */
		if (child > 0) {
			if (info.ssi_signo == SIGTERM || info.ssi_pid || target < 0)
				command_kill(info.ssi_signo);
			continue;
		}
		stop = !late;
		late = false;
	}
	return stop;
}

bool reopen_requested(void)
{
	bool asked = reopen;

	reopen = false;
	return asked;
}

void stop_handled(bool of_command)
{
	late = false;
	stop_requested(0);
	stop = false;
	late = of_command;
}

bool interrupted(void)
{
	return stop_requested(0);
}

/* Return: 0 if @file can be executed, else the exit status of a shell. */
static int executable(const char *file)
{
	struct stat st;

	if (stat(file, &st))
		return errno == EACCES ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
	return S_ISREG(st.st_mode) && !access(file, X_OK) ? 0 : EXIT_NOT_EXECUTABLE;
}

int command_look_up(const char *name)
{
	const char *path = getenv("PATH");
	int status = EXIT_NOT_FOUND;
	char file[PATH_MAX];
	size_t len;

	if (strchr(name, '/'))
		return executable(name);
	for (path = path ? path : "/bin:/usr/bin"; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", len ? (int)len : 1, len ? path : ".", name);
		switch (executable(file)) {
		case 0:
			return 0;
		case EXIT_NOT_EXECUTABLE:
			status = EXIT_NOT_EXECUTABLE;
		}
	}
	return status;
}

pid_t command_start(char **command, bool group)
{
	pid_t child = fork();

	/* in both, since either may run first */
	if (group && child >= 0)
		setpgid(child, 0);
	if (child) {
		target = group ? -child : child;
		return child;
	}
	sigaction(SIGPIPE, &inherited.pipe, NULL);
	sigaction(SIGCHLD, &inherited.child, NULL);
	sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "pgmaptrace: can't execute %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

void command_kill(int signal)
{
	kill(target, signal);
}

bool command_ended(pid_t child, int *status)
{
	int wait_status;

	if (child <= 0 || waitpid(child, &wait_status, WNOHANG) != child)
		return false;
	*status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
	return true;
}
