/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbpf's bpf_tracing.h for tests that run the BPF programs as ordinary code: arguments of
 * a kprobe.  Those of fentry are in machine.h.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_BPF_TRACING_H
#define PGMAPTRACE_TESTS_NATIVE_BPF_TRACING_H

#define PT_REGS_PARM1(regs) ((regs)->di)
#define PT_REGS_PARM2(regs) ((regs)->si)
#define PT_REGS_PARM3(regs) ((regs)->dx)
#define PT_REGS_PARM4(regs) ((regs)->cx)
#define PT_REGS_PARM5(regs) ((regs)->r8)
#define PT_REGS_RC(regs)    ((regs)->ax)
#define PT_REGS_SP(regs)    ((regs)->sp)

#endif /* PGMAPTRACE_TESTS_NATIVE_BPF_TRACING_H */
