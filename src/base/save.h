/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are there whole or not at all, as that of --save is, or known not to be. */
#ifndef PGMAPTRACE_BASE_SAVE_H
#define PGMAPTRACE_BASE_SAVE_H

#include <stdbool.h>
#include <stdio.h>

#define BOOT_ID_LEN 64

/* Written beside the file, and renamed when it is whole. */
struct save {
	const char *file;
	FILE *to; /* NULL: it has not begun */
	char *temporary;
};

/*
 * save_beside - open a new file beside @file, so that one can be where the other is
 * @name: what it is called, to be freed; NULL if there is none
 * Return: a file descriptor; -1 and errno
 */
int save_beside(const char *file, char **name);
/*
 * Write what is buffered, and learn what a network file system tells only when a
 * descriptor is closed.  Return: false and errno
 */
bool save_settled(FILE *f);
/* The same for stdout.  Return: 0; EXIT_INTERNAL, said on stderr. */
int save_stdout(void);
/* Return: 0, or an exit status (said on stderr).  save_drop() is due all the same. */
int save_begin(struct save *s, const char *file);
/*
 * Put it where it was asked for.
 * @good: false: memory ran out for a part of it (ENOMEM)
 * Return as save_begin().
 */
int save_end(struct save *s, bool good);
/* What is not where it was asked for goes. */
void save_drop(struct save *s);

/* By this a file of another boot is told; "" if the kernel does not say it. */
void save_read_boot(char boot[BOOT_ID_LEN]);

#endif /* PGMAPTRACE_BASE_SAVE_H */
