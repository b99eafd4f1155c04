/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headlines in the kernel log, where those look who look for the kernel's own
 * reports: scanners take "BUG:" for one.
 */
#ifndef PGMAPTRACE_OUTPUT_KMSG_H
#define PGMAPTRACE_OUTPUT_KMSG_H

#include <stdint.h>

#include "report/report.h"

struct kmsg_out {
	int fd; /* -1: none */
	struct sources *from;
	uint64_t since;	     /* of the time that is counted for, ns */
	unsigned int said;   /* in that time */
	unsigned int unsaid; /* for they were too many */
};

/* Return: false with errno set. */
bool kmsg_open(struct kmsg_out *o, struct sources *from);
void kmsg_finding(struct kmsg_out *o, const struct report *r);
/* Say what is left to say, and close it. */
void kmsg_close(struct kmsg_out *o);

#endif /* PGMAPTRACE_OUTPUT_KMSG_H */
