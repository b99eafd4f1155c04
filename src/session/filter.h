/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --pid and --cgroup in user space: what they name, and whether a task belongs to
 * it that no event tells of.  At events filter.bpf.h decides.
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
	const char *path;	 /* PGMT_FILTER_CGROUP: in name, from where cgroup v2 is mounted */
	char name[PATH_MAX + 8]; /* "pid:123", "cgroup:/sys/fs/cgroup/build" */
};

/*
 * filter_open - by a process, or a cgroup v2 and all below it
 * @pid: 0: none; @cgroup: absolute, or below /sys/fs/cgroup; NULL: none
 * Return: 0, or EXIT_USAGE if there is no such thing, said on stderr.
 */
int filter_open(struct filter *f, uint32_t pid, const char *cgroup);

/* Do we see but some of the processes, under numbers of their own? */
bool in_pid_namespace(void);

/* Without a filter all have it; with one, a task that is not known (0) has not. */
bool filter_has(const struct filter *f, uint32_t tgid, uint32_t tid);

#endif /* PGMAPTRACE_SESSION_FILTER_H */
