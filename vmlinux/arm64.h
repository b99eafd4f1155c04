/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel types of arm64 alone.  Only for vmlinux.h, whose attributes they get.
 */
/* arch/arm64/include/uapi/asm/ptrace.h: what a kprobe program is called with */
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
};

/* arch/arm64/include/asm/ptrace.h */
struct pt_regs {
	u64 regs[31];
	u64 sp;
	u64 orig_x0;
	s32 syscallno;
};

/* arch/arm64/include/asm/thread_info.h */
struct thread_info {
	unsigned long flags;
};
