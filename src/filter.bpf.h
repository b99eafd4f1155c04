/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --pid and --cgroup: whose doing is judged.  Each event is stepped through the
 * model, whoever makes it; this decides about what is reported.  Without a filter
 * the verifier removes all of it.
 */
#ifndef PGMAPTRACE_FILTER_BPF_H
#define PGMAPTRACE_FILTER_BPF_H

/* Set by the tool. */
const volatile __u32 filter;	 /* enum pt_filter */
const volatile __u32 filter_pid; /* PT_FILTER_PID: the tgid */

/* PT_FILTER_CGROUP: the one; the tool makes no such map without it. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} filter_cgroup SEC(".maps");

/* Is the task that runs one of those?  In an interrupt it is the one that was interrupted. */
__noinline int filter_has_current(void)
{
	switch (filter) {
	case PT_FILTER_PID:
		return bpf_get_current_pid_tgid() >> 32 == filter_pid;
	case PT_FILTER_CGROUP:
		return bpf_current_task_under_cgroup(&filter_cgroup, 0) == 1;
	}
	return 1;
}

/* Is it judged what the task that runs does to a folio of state @word? */
static __always_inline bool is_judged(__u32 word)
{
	return !filter || word & PT_JUDGED || filter_has_current();
}

#endif /* PGMAPTRACE_FILTER_BPF_H */
