/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that spin until a folio is idle: they ask again and again, and do not sleep, so no
 * wait queue has them.  Not here: how that is seen (bpf/spins.bpf.h).
 */
#ifndef PGMAPTRACE_SESSION_SPINS_H
#define PGMAPTRACE_SESSION_SPINS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"
#include "session/holders.h"

/* Who asks more rarely is said to wait, not to spin. */
#define SPINS_A_SECOND 2

/*
 * spins_add - those that spin at @now, beside those that @found has asleep
 * If there was no room for all of them, @found is not complete.
 */
void spins_add(const struct pgmt_spins *all, uint64_t now, struct pgmt_waits *found);
/* Those that spin at @now for the pages of @found. */
void spins_hold(const struct pgmt_spins *all, uint64_t now, struct holders_found *found);

#endif /* PGMAPTRACE_SESSION_SPINS_H */
