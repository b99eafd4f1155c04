/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs count: requests and frees of each pgmap, totals, and what is lost.
 * Not here: what a loss means for the verdict (verdict/ledger.c).
 */
#ifndef PGMAPTRACE_MODEL_COUNTS_H
#define PGMAPTRACE_MODEL_COUNTS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#include "model/compiler.h"
#include "model/profile.h"
#include "model/rules.h"

/*
 * What can get lost: a name, which is stable, words for it, and whether it hides state.  1: it
 * may hide findings of any rule; 0: it costs detail only.
 */
#define PGMT_LOSSES(LOSS)                                                                          \
	LOSS(FINDING, "records", "reports of findings or pgmaps: ring buffer full", 0)             \
	LOSS(GROUP, "groups", "findings counted by rule only: table of groups full", 0)            \
	LOSS(EVENT, "events", "events not shown: ring buffer full", 0)                             \
	LOSS(STACK, "stacks", "stacks not kept: stack table full or hash collision", 0)            \
	LOSS(UNWIND, "unwinder", "stacks not taken: the kernel's unwinder was busy", 0)            \
	LOSS(GONE, "gone", "leaks of torn-down pgmaps, by site: table full", 0)                    \
	LOSS(TASK, "tasks", "task names not kept: task table full", 0)                             \
	LOSS(HISTORY, "histories", "folio histories not kept: no memory, or beyond --max-memory",  \
	     0)                                                                                    \
	LOSS(SECTION, "sections", "2 MiB sections not tracked: no memory, or beyond --max-memory", \
	     1)                                                                                    \
	LOSS(CONTENDED, "contended", "events given up: too many CPUs on one folio", 1)             \
	LOSS(PGMAP, "pgmaps",                                                                      \
	     "pgmaps not wholly tracked: unknown, being created, table full, too many ranges, "    \
	     "or scratch in use",                                                                  \
	     1)                                                                                    \
	LOSS(ENTRY, "entries", "i_pages entries not understood", 1)                                \
	LOSS(CALL, "calls", "requests whose result was not seen", 1)                               \
	LOSS(SCAN, "scan", "pages not scanned: unreadable, or 2 TiB in one range", 1)              \
	LOSS(SCRATCH, "scratch", "folios not looked at: no scratch slot was free", 1)

enum pgmt_loss {
#define LOSS(id, name, text, hides_state) PGMT_LOSS_##id,
	PGMT_LOSSES(LOSS)
#undef LOSS
		PGMT_NR_LOSSES,
};

/*
 * Requests and frees are counted by pgmap, one copy a CPU.  Two pgmaps that are 1024 epochs
 * apart share a slot, and are counted as one.  The totals are the sum of all slots.
 */
#define PGMT_SLOTS	 1024
#define PGMT_SLOT(epoch) ((epoch) & (PGMT_SLOTS - 1))
PGMT_ASSERT_POWER_OF_2(PGMT_SLOTS);

struct pgmt_rates {
	__u64 requests;
	__u64 frees;
};

/* What was seen of the use of folios. */
struct pgmt_uses {
	__u64 requests;
	__u64 frees;
	__u64 preexisting_frees;
	__u64 stores;
	__u64 removals;
	__u64 mapped; /* as struct pgmt_counts has it */
};

/*
 * How many events that is: requests and frees, or what a kernel shows in their place.  Classic
 * kernels have no requests of fsdax folios; elsewhere a file entry is stored and removed
 * beside them.
 */
static __always_inline __u64 pgmt_nr_events(const struct pgmt_uses *u, unsigned char profile)
{
	return u->requests + u->frees + u->preexisting_frees + u->mapped +
	       (profile == PGMT_PROFILE_CLASSIC ? u->stores + u->removals : 0);
}

/* Totals of the session, one copy a CPU. */
struct pgmt_counts {
	__u64 requests; /* the tool sums these two up from struct pgmt_rates */
	__u64 frees;
	__u64 preexisting;
	__u64 preexisting_frees;
	__u64 stores;
	__u64 removals;
	__u64 mapped; /* where that is all that is seen of a use: pgmt_only_mapped() */
	__u64 rules[PGMT_NR_RULES];
	__u64 out_of_scope;	   /* broken rules that --pid or --cgroup leaves out */
	struct pgmt_uses in_scope; /* of all these, with --pid or --cgroup */
	__u64 matched;		   /* events of any kind that these two have in scope */
	__u64 lost[PGMT_NR_LOSSES];
};

#endif /* PGMAPTRACE_MODEL_COUNTS_H */
