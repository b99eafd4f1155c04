// SPDX-License-Identifier: GPL-2.0-only
#include "session/filter.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#include "base/exit_status.h"
#include "base/say.h"

#define CGROUPS	     "/sys/fs/cgroup"
#define INITIAL_PIDS 0xeffffffcU /* PROC_PID_INIT_INO: inode of the initial pid namespace */

/* Find the line in /proc/TID/FILE that begins with @key.  Return: its rest, in @line; or NULL. */
static const char *proc_line(uint32_t tid, const char *file, const char *key, char *line,
			     size_t size)
{
	const char *found = NULL;
	char path[64];
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%u/%s", tid, file);
	from = fopen(path, "re");
	while (from && !found && fgets(line, size, from))
		if (!strncmp(line, key, strlen(key)))
			found = line + strlen(key);
	if (from)
		fclose(from);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

bool in_pid_namespace(void)
{
	struct stat ns;

	return !stat("/proc/self/ns/pid", &ns) && ns.st_ino != INITIAL_PIDS;
}

static int open_pid(struct filter *f, uint32_t pid)
{
	char line[256];
	const char *tgid = proc_line(pid, "status", "Tgid:", line, sizeof(line));

	/* no event would match, and the verdict would be PASS */
	if (in_pid_namespace()) {
		say_error("--pid %u: not inside a pid namespace, whose numbers are not the "
			  "kernel's (run it outside, or give --cgroup)",
			  pid);
		return EXIT_USAGE;
	}
	if (!tgid) {
		say_error("--pid %u: no such process (see ps -e)", pid);
		return EXIT_USAGE;
	}
	/* nor would any event match a thread's number */
	if (strtoul(tgid, NULL, 10) != pid) {
		say_error("--pid %u: a thread of process %lu (give --pid %lu)", pid,
			  strtoul(tgid, NULL, 10), strtoul(tgid, NULL, 10));
		return EXIT_USAGE;
	}
	f->kind = PGMT_FILTER_PID;
	f->id = pid;
	snprintf(f->name, sizeof(f->name), "pid:%u", pid);
	return 0;
}

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Say why @cgroup can't be used, and where cgroups are. */
static int no_cgroup(const char *cgroup, const char *why)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m = NULL;

	while (mounts && (m = getmntent(mounts)) && strcmp(m->mnt_type, "cgroup2"))
		;
	if (m)
		say_error("--cgroup %s: %s (cgroup v2 is mounted on %s: give a directory "
			  "there)",
			  cgroup, why, m->mnt_dir);
	else
		say_error("--cgroup %s: cgroup v2 is not mounted (mount -t cgroup2 "
			  "none " CGROUPS ")",
			  cgroup);
	if (mounts)
		endmntent(mounts);
	return EXIT_USAGE;
}

/* Length of the part of @path that cgroup v2 is mounted on. */
static size_t mount_length(const char *path)
{
	char up[PATH_MAX];
	size_t length;

	snprintf(up, sizeof(up), "%s", path);
	do {
		length = strlen(up);
		*strrchr(up, '/') = '\0';
	} while (up[0] && is_cgroup2(up));
	return length;
}

static int open_cgroup(struct filter *f, const char *cgroup)
{
	char given[PATH_MAX], path[PATH_MAX];
	struct stat st;

	snprintf(given, sizeof(given), "%s%s", cgroup[0] == '/' ? "" : CGROUPS "/", cgroup);
	if (!realpath(given, path) || stat(path, &st))
		return no_cgroup(cgroup, strerror(errno));
	if (!is_cgroup2(path) || !S_ISDIR(st.st_mode))
		return no_cgroup(cgroup, "not a cgroup v2 directory");
	f->kind = PGMT_FILTER_CGROUP;
	f->id = st.st_ino;
	f->path = f->name + snprintf(f->name, sizeof(f->name), "cgroup:%s", path) - strlen(path) +
		  mount_length(path);
	return 0;
}

int filter_open(struct filter *f, uint32_t pid, const char *cgroup)
{
	*f = (struct filter){0};
	if (pid)
		return open_pid(f, pid);
	return cgroup ? open_cgroup(f, cgroup) : 0;
}

bool filter_has(const struct filter *f, uint32_t tgid, uint32_t tid)
{
	size_t length = f->path ? strlen(f->path) : 0;
	char line[PATH_MAX + 8];
	const char *of;

	switch (f->kind) {
	case PGMT_FILTER_NONE:
		return true;
	case PGMT_FILTER_PID:
		return tgid == f->id;
	case PGMT_FILTER_CGROUP:
		of = tid ? proc_line(tid, "cgroup", "0::", line, sizeof(line)) : NULL;
		return of && !strncmp(of, f->path, length) && (!of[length] || of[length] == '/');
	}
	return false;
}
