/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loss ledger: all that a session could not see or keep, and which rules
 * that touches.  What touches none has cost detail, and no verdict.
 */
#ifndef PGMAPTRACE_VERDICT_LEDGER_H
#define PGMAPTRACE_VERDICT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

#define PGMT_ALL_RULES ((1u << PGMT_NR_RULES) - 2)

struct loss {
	char name[64];	  /* does not change from version to version */
	char text[192];	  /* without the number */
	uint64_t times;	  /* 0: it is no number */
	uint32_t touches; /* bit (1 << enum pgmt_rule): findings of it may be hidden */
	uint32_t breaks;  /* the same: findings of it may be there for want of an event */
};

#define LEDGER_MAX 96

struct ledger {
	struct loss loss[LEDGER_MAX];
	unsigned int nr;
	uint64_t lost;	  /* all times */
	uint32_t touches; /* and so on, of all */
	uint32_t breaks;
	uint32_t off; /* rules that this kernel could have, but for a hook */
};

/* What was judged in user space, and what could not be. */
struct own_findings {
	uint64_t rule[PGMT_NR_RULES]; /* no counter of the session holds these */
	uint64_t ageless;	      /* outstanding folios whose request was not kept */
	bool interrupted;	      /* stopped before tracing was complete */
	bool cut_short;		      /* or before all that is outstanding was judged */
	bool unsettled;		      /* or while the references of a pgmap were looked at */
	bool blind;		      /* waits could not be looked for */
};

void ledger_make(struct session *s, const struct own_findings *own, struct ledger *l);

#endif /* PGMAPTRACE_VERDICT_LEDGER_H */
