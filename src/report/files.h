/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of files.  A finding has a path from the root of a file system, and device
 * numbers.  Here are mount points and names of devices, remembered, since they may be
 * gone when a finding is reported.
 */
#ifndef PGMAPTRACE_REPORT_FILES_H
#define PGMAPTRACE_REPORT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/wire.h"

#define FILE_LINE_LEN 8192

struct files;

/* @root: prefix of /proc and /sys: "" except in tests.  Return: NULL without memory. */
struct files *files_new(const char *root);
void files_free(struct files *fs);

/* File descriptor that polls POLLPRI when something was mounted or unmounted; -1: none. */
int files_fd(const struct files *fs);

/* Remember what is mounted and which DAX devices there are, now. */
void files_learn(struct files *fs);

/*
 * files_describe - one line, without its newline, that names the file of a finding
 * Mounts and devices are those of the last files_learn().
 * Return: false if the finding is not about a file
 */
bool files_describe(struct files *fs, const struct pgmt_finding *f, char *line, size_t size);

/* The same of another file that has the folio stored, too. */
bool files_describe_other(struct files *fs, const struct pgmt_finding *f, char *line, size_t size);

/*
 * files_path - its path, as a process would give it now
 * Return: false, with @path as it was, if it is not about a file, or the whole path is not known
 */
bool files_path(struct files *fs, const struct pgmt_finding *f, char *path, size_t size);

#endif /* PGMAPTRACE_REPORT_FILES_H */
