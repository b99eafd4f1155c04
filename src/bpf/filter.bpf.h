/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --pid and --cgroup: who is in scope.  Every event is stepped through the model; this only
 * decides what is reported.  Without a filter the verifier drops all of this code.
 */
#ifndef PGMAPTRACE_BPF_FILTER_BPF_H
#define PGMAPTRACE_BPF_FILTER_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

/* Set by the tool. */
const volatile __u32 filter;	/* enum pgmt_filter */
const volatile __u64 filter_id; /* tgid, or id of the cgroup */

#define CGROUP_LEVELS 64 /* how deep it may be */

/* Not with a map of cgroups: programs that the tool runs may sleep, and can't use one. */
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

/* Is the current task in scope?  In an interrupt that is the interrupted one. */
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

/* Is what the current task does to a folio of state @word in scope? */
static __always_inline bool is_in_scope(__u32 word)
{
	return !filter || word & PGMT_IN_SCOPE || filter_has_current();
}

#endif /* PGMAPTRACE_BPF_FILTER_BPF_H */
