/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing files so that the user knows: whole or not at all, and every error is
 * noticed.  Not here: what is in them.
 */
#ifndef PGMAPTRACE_BASE_SAVE_H
#define PGMAPTRACE_BASE_SAVE_H

#include <stdbool.h>
#include <stdio.h>

#define BOOT_ID_LEN 64

/* A file that is written beside the one asked for, and renamed when it is whole. */
struct save {
	const char *file;
	FILE *to; /* NULL: save_begin() was not called or has failed */
	char *temporary;
};

/*
 * save_beside - open a new file in the directory of @file, which rename() can put there
 * @name: its name, for free(); NULL on failure
 * Return: a file descriptor; -1 and errno
 */
int save_beside(const char *file, char **name);
/*
 * Write what is buffered, and get the errors that a network file system reports
 * only when a descriptor is closed.  Return: false and errno
 */
bool save_settled(FILE *f);
/*
 * save_rename - rename a file that save_beside() has opened to the one that was asked for
 * @to: its stream; what is buffered is written, and the caller closes it
 * @durable: it survives a crash of the machine right after
 * Return: false and errno
 */
bool save_rename(FILE *to, const char *beside, const char *file, bool durable);
/* The same as save_settled() for stdout.  Return: 0; EXIT_INTERNAL, said on stderr. */
int save_stdout(void);
/* Return: 0, or an exit status (said on stderr).  Call save_drop() in either case. */
int save_begin(struct save *s, const char *file);
/*
 * Rename it to the file that was asked for.
 * @good: false: memory ran out for a part of it (ENOMEM)
 * Return as save_begin().
 */
int save_end(struct save *s, bool good);
/* Close it; remove what was not renamed. */
void save_drop(struct save *s);

/* The kernel's id of this boot, to know a file of another one; "" if it has none. */
void save_read_boot(char boot[BOOT_ID_LEN]);

#endif /* PGMAPTRACE_BASE_SAVE_H */
