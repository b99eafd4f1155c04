/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a hook waits for another CPU that splits a large folio: split_enclosing() of
 * bpf/large_folio.bpf.h.
 */
#ifndef PGMAPTRACE_SESSION_SPLIT_WAIT_H
#define PGMAPTRACE_SESSION_SPLIT_WAIT_H

/* To split 2 MiB is 512 short steps.  Interrupts may be off meanwhile. */
#define SPLIT_WAIT 300000ULL /* ns */

/*
 * The host may emulate the other CPU, or take it away for many time slices if it is busy.
 * Whoever waits for a spinlock in a guest waits as long.
 */
#define SPLIT_WAIT_IN_GUEST 1000000000ULL /* ns */

#endif /* PGMAPTRACE_SESSION_SPLIT_WAIT_H */
