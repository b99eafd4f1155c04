/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What --pid and --cgroup put in scope, and whether a task that user space came
 * upon is.  Not here: events, for which filter.bpf.h decides in the kernel.
 */
#ifndef PGMAPTRACE_SESSION_FILTER_H
#define PGMAPTRACE_SESSION_FILTER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct filter {
	enum pgmt_filter kind;
	uint64_t id;		 /* tgid; of a cgroup, the inode number of its directory */
	const char *path;	 /* PGMT_FILTER_CGROUP: in name[], below the mount of cgroup v2 */
	char name[PATH_MAX + 8]; /* "pid:123", "cgroup:/sys/fs/cgroup/build" */
};

/*
 * filter_open - put a process in scope, or a cgroup v2 and all below it
 * @pid: 0: none; @cgroup: absolute, or below /sys/fs/cgroup; NULL: none
 * Return: 0, or EXIT_USAGE if there is no such thing, said on stderr.
 */
int filter_open(struct filter *f, uint32_t pid, const char *cgroup);

/* Are we in a pid namespace, where we see only some processes, by other numbers? */
bool in_pid_namespace(void);

/* Is the task in scope?  Without a filter all are; with one, an unknown task (0) is not. */
bool filter_has(const struct filter *f, uint32_t tgid, uint32_t tid);

#endif /* PGMAPTRACE_SESSION_FILTER_H */
