/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --pid and --cgroup: whose doing is judged.  Each event is stepped through the
 * model, whoever makes it; this decides about what is reported.  Without a filter
 * the verifier removes all of it.
 */
#ifndef PGMAPTRACE_BPF_FILTER_BPF_H
#define PGMAPTRACE_BPF_FILTER_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

/* Set by the tool. */
const volatile __u32 filter;	/* enum pgmt_filter */
const volatile __u64 filter_id; /* tgid, or id of the cgroup */

#define CGROUP_LEVELS 64 /* how deep it may lie */

/* Not by a map of cgroups: what the tool runs may sleep, and may have no such map. */
static __always_inline bool is_below_cgroup(void)
{
	__u64 id;
	int level;

	for (level = 0; level < CGROUP_LEVELS; level++) {
		id = bpf_get_current_ancestor_cgroup_id(level);
		if (!id || id == filter_id)
			return id;
	}
	return false;
}

/* Is the task that runs one of those?  In an interrupt it is the one that was interrupted. */
__noinline int filter_has_current(void)
{
	switch (filter) {
	case PGMT_FILTER_PID:
		return bpf_get_current_pid_tgid() >> 32 == filter_id;
	case PGMT_FILTER_CGROUP:
		return is_below_cgroup();
	}
	return 1;
}

/* Is it judged what the task that runs does to a folio of state @word? */
static __always_inline bool is_in_scope(__u32 word)
{
	return !filter || word & PGMT_IN_SCOPE || filter_has_current();
}

#endif /* PGMAPTRACE_BPF_FILTER_BPF_H */
