/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals, and the COMMAND of run. */
#ifndef PGMAPTRACE_BASE_CHILD_H
#define PGMAPTRACE_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Take signals by a file descriptor, which is returned; -1 with errno set.
 * @reopens: SIGHUP does not ask us to stop, but for reopen_requested()
 */
int signals_open(bool reopens);
/* Did SIGHUP come since the last call? */
bool reopen_requested(void);
/* Did a signal ask us to stop?  SIGTERM is handed on to @child. */
bool stop_requested(pid_t child);
/*
 * The end has begun, and what came before asked for that; the next signal asks to hurry.
 * @of_command: by COMMAND's end, for which what comes next may still ask, as one that was
 * sent to all of a process group and is handed on by a wrapper, too
 */
void stop_handled(bool of_command);
/* As stop_requested(), without a child: for what asks between two steps. */
bool interrupted(void);

/* Return: 0 if execvp() would find @name, else the exit status of a shell. */
int command_look_up(const char *name);
/*
 * Return: its pid; negative with errno set.
 * @group: make it and its children a process group, which command_kill() reaches as one;
 * signals of the terminal reach it through us only
 */
pid_t command_start(char **command, bool group);
void command_kill(int signal);
/* Return: has @child ended?  *status is then what a shell would call its status. */
bool command_ended(pid_t child, int *status);

#endif /* PGMAPTRACE_BASE_CHILD_H */
