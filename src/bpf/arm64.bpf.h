/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arm64: frames of traced functions, page tables, system calls.
 * Not here: what is done with them.
 */
#ifndef PGMAPTRACE_BPF_ARM64_BPF_H
#define PGMAPTRACE_BPF_ARM64_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/kernel.bpf.h"

/* ---- frames ---- */

/*
 * Return addresses on the stack are signed, differently for each task, so that a stack has no
 * shape that another task has, too.  The unwinder follows frame pointers, and is fast.
 */
#define STACKS_HAVE_SHAPES false
#define STACK_BYTES	   (16 << 10)

#define BEHIND_ARGS 8 /* words of a trampoline's stack that are looked at */

/*
 * What the traced function returns to.  Behind the arguments that a trampoline saves come the
 * result, saved registers and padding, in different numbers; then two frame records, with where
 * in the function the trampoline returns to, and where that function does.
 */
__attribute__((unused)) static __noinline __u64 fentry_site(void *ctx)
{
	/* the mask is for the verifier */
	__u64 entry = bpf_get_func_ip(ctx), args = bpf_get_func_arg_cnt(ctx) & 15, site = 0;
	__u64 word[BEHIND_ARGS + 2] = {};
	int i;

	bpf_probe_read_kernel(word, sizeof(word), (void *)((__u64)ctx + args * 8));
#pragma unroll
	for (i = BEHIND_ARGS - 1; i >= 0; i--)
		if (word[i] - entry < 32)
			site = word[i + 2];
	return site;
}

/*
 * At the entry of a function there is no frame of its own yet, and the unwinder begins with
 * that of its caller, in which is who called that.  At the return of a function most registers
 * are not known.
 */
#define UNWIND_FINDS_CALLER false
#define RETURNS_HAVE_STACKS false

/* The same at the entry of a function, by its registers: it is in the link register. */
static __always_inline __u64 probe_site(struct pt_regs *regs)
{
	return PT_REGS_RET(regs);
}

/*
 * Later loads through the pointer come after that of @value, on whose value their address
 * seems to depend.
 */
static __always_inline void *load_after(void *pointer, __u64 value)
{
	asm volatile("%0 &= 0" : "+r"(value));
	return (char *)pointer + value;
}

/* ---- page tables: arch/arm64/include/asm/pgtable-hwdef.h, pgtable.h ---- */

#define ENTRY_VALID (1ULL << 0)
#define ENTRY_TABLE (1ULL << 1) /* above the last level; else it is a leaf */
/* if it is not valid: mapped without any right, from 6.11 on */
#define ENTRY_PRESENT (1ULL << 11)

static __always_inline bool entry_is_table(__u64 entry, __u32 shift)
{
	return shift > PGMT_PAGE_SHIFT && entry & ENTRY_VALID && entry & ENTRY_TABLE;
}

/* Physical address of that table, or of the page that is mapped: 52 bits. */
static __always_inline __u64 entry_address(__u64 entry)
{
	__u64 address = entry & ((1ULL << 50) - 1) & ~((1ULL << PGMT_PAGE_SHIFT) - 1);

	if (PGMT_PAGE_SHIFT == 16)
		return (address & ((1ULL << 48) - 1)) | (entry >> 12 & 15) << 48;
	/* without 52 bits, these two mean something else, and physical_mask is without them */
	return address | (entry >> 8 & 3) << 50;
}

static __always_inline bool entry_maps(__u64 entry, __u32 shift)
{
	return entry & (ENTRY_VALID | ENTRY_PRESENT);
}

/* A swap entry, from 6.11 on: six bits of flags, type (5 bits), a flag, offset (50 bits). */
static __always_inline __u32 swap_type(__u64 entry)
{
	return entry >> 6 & 31;
}

static __always_inline __u64 swap_offset(__u64 entry)
{
	return entry << 2 >> 14;
}

/* ---- system calls, by the registers of user space ---- */

#define TIF_32BIT 22	  /* arch/arm64/include/asm/thread_info.h */
#define O_DIRECT  0200000 /* arch/arm64/include/uapi/asm/fcntl.h */

/* include/uapi/asm-generic/unistd.h */
enum {
	NR_READ = 63,
	NR_WRITE,
	NR_READV,
	NR_WRITEV,
	NR_PREAD64,
	NR_PWRITE64,
	NR_PREADV,
	NR_PWRITEV,
	NR_PREADV2 = 286,
	NR_PWRITEV2
};

/* 32-bit calls have other numbers and arguments. */
static __always_inline bool task_is_compat(__u64 task)
{
	return PGMT_READ(struct task_struct, task, thread_info.flags) >> TIF_32BIT & 1;
}

/* Is it in a call?  A worker of io_uring has no user stack. */
static __always_inline bool is_in_call(__u64 regs)
{
	return PGMT_READ(struct pt_regs, regs, syscallno) >= 0 &&
	       PGMT_READ(struct pt_regs, regs, sp);
}

static __always_inline __u64 call_number(__u64 regs)
{
	return PGMT_READ(struct pt_regs, regs, syscallno);
}

/* the first register gets the result */
#define CALL_ARG_1(regs) PGMT_READ(struct pt_regs, regs, orig_x0)
#define CALL_ARG_2(regs) PGMT_READ(struct pt_regs, regs, regs[1])
#define CALL_ARG_3(regs) PGMT_READ(struct pt_regs, regs, regs[2])

#endif /* PGMAPTRACE_BPF_ARM64_BPF_H */
