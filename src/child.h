/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals, and the COMMAND of run. */
#ifndef PGMAPTRACE_CHILD_H
#define PGMAPTRACE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Take signals by a file descriptor, which is returned; -1 with errno set. */
int signals_open(void);
/* Did a signal ask us to stop?  SIGTERM is handed on to @child. */
bool stop_requested(pid_t child);
/* A signal that came is dealt with: the next one asks anew. */
void stop_handled(void);
/* As stop_requested(), without a child: for what asks between two steps. */
bool interrupted(void);

/* Return: 0 if execvp() would find @name, else the exit status of a shell. */
int command_look_up(const char *name);
/* Return: its pid; negative with errno set. */
pid_t command_start(char **command);
/* Return: has @child ended?  *status is then what a shell would call its status. */
bool command_ended(pid_t child, int *status);

#endif /* PGMAPTRACE_CHILD_H */
