/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of tasks and files, made safe to print: they may hold newlines and escape
 * sequences.  Not here: how each format escapes them.
 */
#ifndef PGMAPTRACE_BASE_PRINTABLE_H
#define PGMAPTRACE_BASE_PRINTABLE_H

#include <stdio.h>
#include <string.h>

#include "model/wire.h"

/*
 * The length of a control character at @s, which is not empty.
 * Return: 1: C0 or DEL; 2: C1, in UTF-8; 0: it is none
 */
static inline int control_len(const char *s)
{
	unsigned char c = *s;

	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && ((unsigned char)s[1] & 0xe0) == 0x80 ? 2 : 0;
}

struct comm_text {
	char text[PGMT_COMM_LEN + 1];
};

/* The name of a task.  @comm: the kernel's, of PGMT_COMM_LEN bytes or up to a NUL */
static inline struct comm_text comm_text(const char *comm)
{
	struct comm_text t = {""};

	snprintf(t.text, sizeof(t.text), "%.*s", PGMT_COMM_LEN, comm);
	for (char *c = t.text; *c;) {
		int len = control_len(c);

		memset(c, '?', len);
		c += len ? len : 1;
	}
	return t;
}

#endif /* PGMAPTRACE_BASE_PRINTABLE_H */
