/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals, and the COMMAND of run: start it, signal it, learn its status.
 * Not here: how long it may take.
 */
#ifndef PGMAPTRACE_BASE_CHILD_H
#define PGMAPTRACE_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Receive signals through a file descriptor, which is returned; -1 with errno set.
 * Call it once.
 * @reopens: SIGHUP asks to reopen files (reopen_requested()), not to stop
 */
int signals_open(bool reopens);
/* Did SIGHUP arrive since the last call? */
bool reopen_requested(void);
/* Did a signal ask us to stop?  SIGTERM is passed on to @child. */
bool stop_requested(pid_t child);
/*
 * We are stopping: forget the signals that asked for it.  The next one asks us to hurry.
 * @of_command: because COMMAND ended.  Then one more signal may mean just that end, such
 * as one that a wrapper passes on after its whole process group got it.
 */
void stop_handled(bool of_command);
/* As stop_requested(), without a child; to be asked between two steps. */
bool interrupted(void);

/* How COMMAND ended. */
struct command_result {
	bool started;
	bool ended;	/* else it still runs, or was not started */
	bool timed_out; /* it took too long, and was signalled */
	int status;	/* as a shell would have it */
};

/* Return: 0 if execvp() would find @name, else the exit status of a shell. */
int command_look_up(const char *name);
/*
 * Start it with the signal mask and dispositions that we were started with.
 * @group: in a process group of its own, all of which command_kill() signals; signals of
 *	the terminal then reach it only through us
 * Return: its pid; negative with errno set.
 */
pid_t command_start(char **command, bool group);
void command_kill(int signal);
/* Return: has @child ended?  *@status is then the status that a shell would give it. */
bool command_ended(pid_t child, int *status);

#endif /* PGMAPTRACE_BASE_CHILD_H */
