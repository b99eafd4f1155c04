/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The name of a task, for a person to read.  Any task can give itself one that
 * ends a line or moves a terminal's cursor: what does that is shown as ?.
 */
#ifndef PGMAPTRACE_BASE_COMM_H
#define PGMAPTRACE_BASE_COMM_H

#include <stdio.h>
#include <string.h>

#include "base/controls.h"
#include "model/wire.h"

struct comm_text {
	char text[PGMT_COMM_LEN + 1];
};

/* @comm: as the kernel has it, of PGMT_COMM_LEN bytes or up to its NUL */
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

#endif /* PGMAPTRACE_BASE_COMM_H */
