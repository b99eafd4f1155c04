/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel types of x86-64 alone.  Only for vmlinux.h, whose attributes they get.
 */
/* arch/x86/include/asm/ptrace.h */
struct pt_regs {
	unsigned long di, si, dx, cx, r8; /* the first five arguments */
	unsigned long ax;
	unsigned long orig_ax;
	unsigned long sp;
};

/* arch/x86/include/asm/thread_info.h */
struct thread_info {
	u32 status;
};
