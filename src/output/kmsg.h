/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headlines in the kernel log, beside the kernel's own reports; scanners of the log
 * look for "BUG:".
 */
#ifndef PGMAPTRACE_OUTPUT_KMSG_H
#define PGMAPTRACE_OUTPUT_KMSG_H

#include <stdint.h>

#include "report/report.h"

struct kmsg_out {
	int fd; /* -1: none */
	struct sources *from;
	uint64_t since;	      /* begin of the interval, ns */
	unsigned int logged;  /* in this interval */
	unsigned int dropped; /* too many in this interval, or not written */
};

/* Return: false with errno set. */
bool kmsg_open(struct kmsg_out *o, struct sources *from);
void kmsg_finding(struct kmsg_out *o, const struct report *r);
/* Log how many were dropped, and close it. */
void kmsg_close(struct kmsg_out *o);

#endif /* PGMAPTRACE_OUTPUT_KMSG_H */
