/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loss ledger: all that a session could not see or keep, and which rules that may
 * hide.  A loss that hides no rule has cost detail only, and does not change the verdict.
 */
#ifndef PGMAPTRACE_VERDICT_LEDGER_H
#define PGMAPTRACE_VERDICT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

#define PGMT_ALL_RULES ((1u << PGMT_NR_RULES) - 2)

struct loss {
	char name[64];	  /* stable */
	char text[192];	  /* without the number */
	uint64_t times;	  /* 0: it can't be counted */
	uint32_t touches; /* bit (1 << enum pgmt_rule): findings of it may be hidden */
	uint32_t breaks;  /* the same: findings of it may be wrong, since an event is missing */
};

#define LEDGER_MAX 96

struct ledger {
	struct loss loss[LEDGER_MAX];
	unsigned int nr;
	uint64_t lost; /* sums of all losses */
	uint32_t touches;
	uint32_t breaks;
	uint32_t off; /* rules that this kernel could have, but a hook is missing */
	bool unmet;   /* what --require-events asks for was not seen */
};

#define UNMATCHED_LEN 160

/* What was judged in user space, and what could not be judged. */
struct own_findings {
	uint64_t rule[PGMT_NR_RULES]; /* findings that the programs do not count */
	uint64_t ageless;	      /* outstanding folios whose request was not recorded */
	bool interrupted;	      /* stopped before tracing was complete */
	bool cut_short;		      /* stopped before all outstanding folios were judged */
	bool unsettled;		      /* stopped while the references of a pgmap were checked */
	bool blind;		      /* not all waiting tasks could be found or followed */
	uint64_t required;	      /* --require-events; 0: no such number */
	/* what was asked for and matched nothing, as "--pid 7 matched no event"; "" */
	char unmatched_scope[UNMATCHED_LEN], unmatched_watch[UNMATCHED_LEN];
};

void ledger_make(struct session *s, const struct own_findings *own, struct ledger *l);

#endif /* PGMAPTRACE_VERDICT_LEDGER_H */
