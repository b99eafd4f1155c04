/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a hook waits for another CPU that splits a large folio: split_enclosing() of
 * bpf/large_folio.bpf.h.
 */
#ifndef PGMAPTRACE_SESSION_SPLIT_WAIT_H
#define PGMAPTRACE_SESSION_SPLIT_WAIT_H

#include <stdbool.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

/* To split 2 MiB is 512 short steps.  Interrupts may be off meanwhile. */
#define SPLIT_WAIT 300000ULL /* ns */

/*
 * The host may emulate the other CPU, or take it away for some time slices.  Whoever waits
 * for a spinlock in a guest waits as long.
 */
#define SPLIT_WAIT_IN_GUEST 50000000ULL /* ns */

static inline bool in_guest(void)
{
#ifdef __x86_64__
	unsigned int a, b, c = 0, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c >> 31;
#else
	return false;
#endif
}

#endif /* PGMAPTRACE_SESSION_SPLIT_WAIT_H */
