/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels that can't be traced: the reason and the way out, in the same words for every
 * command.  Not here: the contract for device pages (hooks.c).
 */
#ifndef PGMAPTRACE_SESSION_REFUSAL_H
#define PGMAPTRACE_SESSION_REFUSAL_H

struct ksyms;

/* Why no command can do anything here; NULL: they can.  Valid until the next call. */
const char *refusal_to_look(const struct ksyms *k);

/* Why no hook would see anything; NULL: they would. */
const char *refusal_to_trace(const struct ksyms *k);

#endif /* PGMAPTRACE_SESSION_REFUSAL_H */
