/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of model.h share: names for messages, a state that can be
 * read, and what is known of each type of pgmap.  Not here: what model.h says.
 */
#ifndef PGMAPTRACE_TESTS_FOLIO_STATE_H
#define PGMAPTRACE_TESTS_FOLIO_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/model.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

static const char *const rule_names[] = {"none",
#define RULE(id, name, text) name,
					 PGMT_RULES(RULE)
#undef RULE
};

static const char *const op_names[PGMT_NR_OPS] = {
	[PGMT_OP_NONE] = "none",
	[PGMT_OP_REQUEST] = "request",
	[PGMT_OP_ACCEPT] = "accept",
	[PGMT_OP_UNDO] = "undo",
	[PGMT_OP_MAP] = "map",
	[PGMT_OP_RELEASE] = "release",
	[PGMT_OP_RELEASED] = "released",
	[PGMT_OP_FREE] = "free",
	[PGMT_OP_FREE_REST] = "free-rest",
	[PGMT_OP_PART] = "part",
	[PGMT_OP_MISSED] = "missed",
	[PGMT_OP_STORE] = "store",
	[PGMT_OP_REMOVE] = "remove",
	[PGMT_OP_RESET] = "reset",
	[PGMT_OP_INITIAL] = "baseline",
	[PGMT_OP_TEARDOWN] = "teardown",
};

static inline const char *op_name(unsigned int op)
{
	return op < PGMT_NR_OPS ? op_names[op] : "unheard-of";
}

/* A state as a reader sees it. */
struct state {
	unsigned int life;
	unsigned int files;
	bool files_known;
	bool reported;
	unsigned int order;
};

static inline struct state unpack(unsigned int word)
{
	struct state s = {
		.life = pgmt_life(word),
		.files = pgmt_assoc(word),
		.files_known = pgmt_assoc_known(word),
		.reported = word & PGMT_REPORTED,
		.order = pgmt_order(word),
	};

	return s;
}

static inline unsigned int pack(struct state s)
{
	unsigned int life = s.order ? PGMT_LIFE_REQUESTED_AT(s.order) : s.life;

	return life | (s.files_known ? s.files + 1 : 0) << PGMT_ASSOC_SHIFT |
	       (s.reported ? PGMT_REPORTED : 0);
}

/* Contracts: what a folio of one pgmap type is on one kind of kernel. */
enum {
	DRIVER = 1 << 0,    /* private and coherent: requested, given back */
	FSDAX = 1 << 1,	    /* counted: every mapping is a reference */
	OLD_FSDAX = 1 << 2, /* classic */
	GENERIC = 1 << 3,   /* device-dax */
	P2PDMA = 1 << 4,
	NO_TYPE = 1 << 5,
	ASKED = 1 << 6,	      /* requested from the pgmap, which may refuse */
	ASKED_FSDAX = 1 << 7, /* and stored before a PMD is made */
	ANY_ASKED = ASKED | ASKED_FSDAX,
	GRANTED = (1 << 6) - 1, /* what is asked for is given */
	ANY_TYPE = (1 << 8) - 1,
};

static const struct {
	unsigned int contract;
	int idle;
} contracts[][PGMT_NR_TYPES] = {
	[PGMT_PROFILE_CLASSIC] =
		{
			[PGMT_TYPE_NONE] = {NO_TYPE, 0},
			[PGMT_TYPE_PRIVATE] = {DRIVER, 0},
			[PGMT_TYPE_COHERENT] = {DRIVER, 0},
			[PGMT_TYPE_FS_DAX] = {OLD_FSDAX, 1},
			[PGMT_TYPE_GENERIC] = {GENERIC, 1},
			[PGMT_TYPE_PCI_P2PDMA] = {P2PDMA, 1},
		},
	[PGMT_PROFILE_COUNTED] =
		{
			[PGMT_TYPE_NONE] = {NO_TYPE, 0},
			[PGMT_TYPE_PRIVATE] = {DRIVER, 0},
			[PGMT_TYPE_COHERENT] = {DRIVER, 0},
			[PGMT_TYPE_FS_DAX] = {FSDAX, 0},
			[PGMT_TYPE_GENERIC] = {GENERIC, 1},
			[PGMT_TYPE_PCI_P2PDMA] = {P2PDMA, 0},
		},
	[PGMT_PROFILE_REQUEST] =
		{
			[PGMT_TYPE_NONE] = {ASKED, 0},
			[PGMT_TYPE_PRIVATE] = {ASKED, 0},
			[PGMT_TYPE_COHERENT] = {ASKED, 0},
			[PGMT_TYPE_FS_DAX] = {ASKED_FSDAX, 0},
			[PGMT_TYPE_GENERIC] = {ASKED, 0},
			[PGMT_TYPE_PCI_P2PDMA] = {ASKED, 0},
		},
};

#endif /* PGMAPTRACE_TESTS_FOLIO_STATE_H */
