/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine that BPF programs run on when a test runs them as ordinary code: a clock, a
 * CPU, a task, the arguments of the hooked function, and which memory can be read.
 * Not here: maps (maps.h), and what lies in that memory (device.h).
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_MACHINE_H
#define PGMAPTRACE_TESTS_NATIVE_MACHINE_H

#include <errno.h>
#include <string.h>
#include "vmlinux.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define MACHINE_CPUS	2
#define MACHINE_REGIONS 12

/* What differs between kernels: the forms of a struct in vmlinux.h. */
enum kernel_form {
	FORM_MEMDESC = 1 << 0,
	FORM_INFO = 1 << 1,
	FORM_ORDER = 1 << 2,
	FORM_MAPCOUNT = 1 << 3,
	FORM_PINCOUNT = 1 << 4,
	FORM_FOLIO_SHARE = 1 << 5,
	FORM_PAGE_SHARE = 1 << 6,
	FORM_PAGE_FREE = 1 << 7,
	FORM_FOLIO_FREE = 1 << 8,
	FORM_RETURNS = 1 << 9,
	FORM_OTHER = 1 << 10, /* no kernel of a test has it */
	FORMS_6_1 = FORM_ORDER | FORM_PAGE_FREE,
	FORMS_7_1 = FORM_MEMDESC | FORM_INFO | FORM_MAPCOUNT | FORM_PINCOUNT | FORM_FOLIO_SHARE |
		    FORM_PAGE_SHARE | FORM_FOLIO_FREE,
};

/* What fentry and fexit find on the stack: see fentry_site(). */
struct call_frame {
	__u64 argument[6];
	__u64 result;
	__u64 frame_pointer;
	__u64 inside; /* the hooked function, behind its call of the trampoline */
	__u64 caller; /* what it returns to */
};

struct machine {
	__u64 clock; /* ns */
	__u64 step;  /* by which it goes on at each look */
	__u32 cpu;
	unsigned int forms; /* enum kernel_form */
	struct task_struct task;
	struct call_frame frame; /* of the hooked function that was called last */
	struct {
		__u64 start, size;
	} region[MACHINE_REGIONS]; /* memory that can be read */
	/* called before each compare-and-swap; 0: nobody is in the way */
	void (*before_swap)(volatile void *word);
	void (*before_read)(const void *at); /* the same of the kernel's memory */
};

static struct machine machine;

#define HOOKED_FUNCTION 0xffffffff81000000ULL
#define HOOKED_INSIDE	(HOOKED_FUNCTION + 5)
#define STACK_BELOW	0xffffffff82000000ULL /* the outermost frame */

static inline void machine_maps(const void *start, __u64 size)
{
	int i = 0;

	while (machine.region[i].size)
		i++;
	machine.region[i].start = (__u64)start;
	machine.region[i].size = size;
}

static inline bool machine_can_read(__u64 address, __u64 size)
{
	int i;

	for (i = 0; i < MACHINE_REGIONS; i++)
		if (address - machine.region[i].start < machine.region[i].size &&
		    size <= machine.region[i].start + machine.region[i].size - address)
			return true;
	return false;
}

static inline long bpf_probe_read_kernel(void *to, __u32 size, const void *from)
{
	if (machine.before_read)
		machine.before_read(from);
	if (!machine_can_read((__u64)from, size)) {
		memset(to, 0, size);
		return -EFAULT;
	}
	memcpy(to, from, size);
	return 0;
}

static inline long bpf_probe_read_kernel_str(void *to, __u32 size, const void *from)
{
	char *at = to;
	__u32 i;

	for (i = 0; i < size; i++) {
		/* NULL is an address like others here */
		if (bpf_probe_read_kernel(at + i, 1, (const void *)((__u64)from + i)))
			return -EFAULT;
		if (!at[i])
			return i + 1;
	}
	at[size - 1] = 0;
	return size;
}

/* What can't be read is 0. */
void *bpf_rdonly_cast(const void *address, __u32 btf_id)
{
	static const __u64 nothing;

	(void)btf_id;
	if (machine.before_read)
		machine.before_read(address);
	return (void *)(machine_can_read((__u64)address, 4) ? address : &nothing);
}

static inline __u64 bpf_ktime_get_ns(void)
{
	return machine.clock += machine.step;
}

static inline __u32 bpf_get_smp_processor_id(void)
{
	return machine.cpu;
}

static inline struct task_struct *bpf_get_current_task_btf(void)
{
	return &machine.task;
}

static inline __u64 bpf_get_current_task(void)
{
	return (__u64)&machine.task;
}

static inline __u64 bpf_get_current_pid_tgid(void)
{
	return (__u64)machine.task.tgid << 32 | (__u32)machine.task.pid;
}

static inline long bpf_get_current_comm(void *to, __u32 size)
{
	memcpy(to, machine.task.comm, size < 16 ? size : 16);
	return 0;
}

static inline __u64 bpf_get_current_ancestor_cgroup_id(int level)
{
	(void)level;
	return 0;
}

static inline long bpf_get_func_arg(void *ctx, __u32 n, __u64 *value)
{
	*value = n < 6 ? ((struct call_frame *)ctx)->argument[n] : 0;
	return n < 6 ? 0 : -EINVAL;
}

static inline long bpf_get_func_arg_cnt(void *ctx)
{
	(void)ctx;
	return 6;
}

static inline long bpf_get_func_ret(void *ctx, __u64 *value)
{
	*value = ((struct call_frame *)ctx)->result;
	return 0;
}

static inline __u64 bpf_get_func_ip(void *ctx)
{
	(void)ctx;
	return HOOKED_FUNCTION;
}

static inline long bpf_get_stack(void *ctx, void *to, __u32 size, __u64 flags)
{
	__u64 frames[] = {HOOKED_INSIDE, ((struct call_frame *)ctx)->caller, STACK_BELOW};

	(void)flags;
	memset(to, 0, size);
	memcpy(to, frames, sizeof(frames));
	return sizeof(frames);
}

#endif /* PGMAPTRACE_TESTS_NATIVE_MACHINE_H */
