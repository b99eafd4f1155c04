/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page fault that the current task is in, for hooks that are not told: its struct vm_fault
 * lies on the kernel stack.  Only for what is reported, since it reads the whole stack.
 */
#ifndef PGMAPTRACE_BPF_FAULT_BPF_H
#define PGMAPTRACE_BPF_FAULT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf/kernel.bpf.h"
#include "bpf/stack.bpf.h"

struct fault_search {
	__u64 at; /* on the stack */
	__u64 end;
	__u64 mm;
	__u64 vmf; /* that was found; 0: none */
	__u64 vma;
	__u64 pgoff;
	__u64 unsure; /* a second one was found, of another place */
};

/* Is it a fault on this vma: does its place in the file follow from its address? */
static __always_inline bool is_fault(__u64 vmf, __u64 vma)
{
	__u64 address = PGMT_READ_SLOWLY(struct vm_fault, vmf, address);
	__u64 start = PGMT_READ_SLOWLY(struct vm_area_struct, vma, vm_start);

	return address >= start && address < PGMT_READ_SLOWLY(struct vm_area_struct, vma, vm_end) &&
	       PGMT_READ_SLOWLY(struct vm_fault, vmf, pgoff) ==
		       PGMT_READ_SLOWLY(struct vm_area_struct, vma, vm_pgoff) +
			       ((address - start) >> PGMT_PAGE_SHIFT);
}

static long fault_step(__u32 i, void *data)
{
	struct fault_search *s = data;
	__u64 vma, pgoff, vmf = s->at - bpf_core_field_offset(struct vm_fault, vma);

	if (s->at >= s->end)
		return 1;
	vma = read_by_helper(s->at, 8);
	s->at += 8;
	if (!vma || (__u64)PGMT_READ_SLOWLY(struct vm_area_struct, vma, vm_mm) != s->mm ||
	    !is_fault(vmf, vma))
		return 0;
	pgoff = PGMT_READ_SLOWLY(struct vm_fault, vmf, pgoff);
	s->unsure |= s->vmf && (s->vma != vma || s->pgoff != pgoff);
	s->vmf = vmf;
	s->vma = vma;
	s->pgoff = pgoff;
	return 0;
}

/*
 * find_fault - look for a struct vm_fault on the stack, from @base to before @end
 * What an earlier call has left there may look like one: if it is of another place, none is.
 */
__noinline int find_fault(__u64 base, __u64 end, __u64 *vmf)
{
	struct fault_search s = {.at = base, .end = end};

	if (!vmf)
		return 0;
	*vmf = 0;
	s.mm = (__u64)PGMT_READ_SLOWLY(struct task_struct, bpf_get_current_task(), mm);
	if (s.mm && base)
		bpf_loop(STACK_BYTES / 8, fault_step, &s, 0);
	if (!s.unsure)
		*vmf = s.vmf;
	return 0;
}

/* Is this the stack of a task that is in a fault? */
__noinline int is_of_fault(pgmt_site_t site)
{
	struct pgmt_stack *stack = bpf_map_lookup_elem(&stacks, &site);
	int i, found = 0;

	if (!stack)
		return 0;
	for (i = 0; i < PGMT_STACK_DEPTH; i++)
		found |= is_in(&fault_text, stack->frame[i]);
	return found;
}

/* The fault that led to the hooked function; 0: none, or not found. */
static __always_inline __u64 current_fault(const struct hook *h)
{
	pgmt_site_t site = site_for_finding(h);
	__u64 vmf = 0;

	if (!(site & PGMT_SITE_IS_ADDRESS) && is_of_fault(site))
		find_fault(stack_base(h), stack_end(), &vmf);
	return vmf;
}

#endif /* PGMAPTRACE_BPF_FAULT_BPF_H */
