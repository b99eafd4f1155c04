/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86-64: frames of traced functions, page tables, system calls.
 * Not here: what is done with them.
 */
#ifndef PGMAPTRACE_BPF_X86_BPF_H
#define PGMAPTRACE_BPF_X86_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/kernel.bpf.h"

/* ---- frames ---- */

/* The ORC unwinder takes long, and its frames have fixed places: stack.bpf.h. */
#define STACKS_HAVE_SHAPES true
#define STACK_BYTES	   (16 << 10) /* THREAD_SIZE; a kernel with larger stacks gets no shapes */

/*
 * What the traced function returns to.  Behind the arguments that a trampoline saves there may
 * be a word for the result; then come the frame pointer, where in the function the trampoline
 * returns to, and where that function does.
 */
__attribute__((unused)) static __noinline __u64 fentry_site(void *ctx)
{
	/* the mask is for the verifier */
	__u64 entry = bpf_get_func_ip(ctx), args = bpf_get_func_arg_cnt(ctx) & 15, word[4] = {};

	bpf_probe_read_kernel(word, sizeof(word), (void *)((__u64)ctx + args * 8));
	if (word[1] - entry < 16)
		return word[2];
	return word[2] - entry < 16 ? word[3] : 0;
}

/* By its registers, the unwinder finds who called a function, and a return has a stack. */
#define UNWIND_FINDS_CALLER true
#define RETURNS_HAVE_STACKS true

/* The same at the entry of a function, by its registers. */
static __always_inline __u64 probe_site(struct pt_regs *regs)
{
	return read_u64(PT_REGS_SP(regs));
}

/* Later loads through the pointer come after that of @value: loads are not reordered. */
static __always_inline void *load_after(void *pointer, __u64 value)
{
	return pointer;
}

/* ---- page tables: arch/x86/include/asm/page_64_types.h, pgtable_types.h ---- */

#define ENTRY_PRESENT  (1ULL << 0)
#define ENTRY_LEAF     (1ULL << 7) /* above the last level */
#define ENTRY_PROTNONE (1ULL << 8)
#define ENTRY_ADDRESS  0x000ffffffffff000ULL

/* Does the entry lead to another table?  @shift: of the addresses that it is for */
static __always_inline bool entry_is_table(__u64 entry, __u32 shift)
{
	return shift > PGMT_PAGE_SHIFT && entry & ENTRY_PRESENT &&
	       (shift > 30 || !(entry & ENTRY_LEAF));
}

/* Physical address of that table, or of the page that is mapped. */
static __always_inline __u64 entry_address(__u64 entry)
{
	/* inverted if it is not present, against speculation (L1TF) */
	return (entry & ENTRY_PRESENT ? entry : ~entry) & ENTRY_ADDRESS;
}

/* Is a page mapped, perhaps without any right? */
static __always_inline bool entry_maps(__u64 entry, __u32 shift)
{
	return entry & (ENTRY_PRESENT | ENTRY_PROTNONE) ||
	       (shift > PGMT_PAGE_SHIFT && entry & ENTRY_LEAF);
}

/* A swap entry: type (5 bits), inverted offset, and 9 bits of flags. */
static __always_inline __u32 swap_type(__u64 entry)
{
	return entry >> 59;
}

static __always_inline __u64 swap_offset(__u64 entry)
{
	return ~entry << 5 >> 14;
}

/* ---- system calls, by the registers of user space ---- */

#define TS_COMPAT 0x0002 /* arch/x86/include/asm/thread_info.h */
#define NO_RESULT (-38)	 /* ENOSYS: ax until a call has a result */
#define O_DIRECT  040000 /* include/uapi/asm-generic/fcntl.h */

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NR_READ,
	NR_WRITE,
	NR_PREAD64 = 17,
	NR_PWRITE64,
	NR_READV,
	NR_WRITEV,
	NR_PREADV = 295,
	NR_PWRITEV,
	NR_PREADV2 = 327,
	NR_PWRITEV2
};

/* 32-bit calls have other numbers and arguments. */
static __always_inline bool task_is_compat(__u64 task)
{
	return PGMT_READ(struct task_struct, task, thread_info.status) & TS_COMPAT;
}

/* Is it in a call?  A worker of io_uring has no user stack. */
static __always_inline bool is_in_call(__u64 regs)
{
	return (__s64)PGMT_READ(struct pt_regs, regs, ax) == NO_RESULT &&
	       PGMT_READ(struct pt_regs, regs, sp);
}

static __always_inline __u64 call_number(__u64 regs)
{
	return PGMT_READ(struct pt_regs, regs, orig_ax);
}

#define CALL_ARG_1(regs) PGMT_READ(struct pt_regs, regs, di)
#define CALL_ARG_2(regs) PGMT_READ(struct pt_regs, regs, si)
#define CALL_ARG_3(regs) PGMT_READ(struct pt_regs, regs, dx)

#endif /* PGMAPTRACE_BPF_X86_BPF_H */
