/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that others chose, made safe to print.  Any task can give itself a name that ends
 * a line or moves a terminal's cursor, and so can whoever names a file.
 */
#ifndef PGMAPTRACE_BASE_PRINTABLE_H
#define PGMAPTRACE_BASE_PRINTABLE_H

#include <stdio.h>
#include <string.h>

#include "model/wire.h"

/*
 * Return: how many bytes at @s, of which there is one at least, are one control character:
 * 1: C0 or DEL, 2: C1 as UTF-8 has it, 0: none
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

/* The name of a task.  @comm: as the kernel has it, of PGMT_COMM_LEN bytes or up to its NUL */
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
