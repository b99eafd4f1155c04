/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a body becomes a program: fentry, fexit, kprobe and kretprobe of one kernel function.
 * Not here: the bodies, and which of the programs are loaded (session/hooks.c).
 */
#ifndef PGMAPTRACE_BPF_HOOK_BPF_H
#define PGMAPTRACE_BPF_HOOK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/maps.bpf.h"

/* Where a hook's program was called. */
struct hook {
	void *ctx;
	bool fentry; /* or fexit; else a kprobe, of whatever kind */
};

static __always_inline __u64 fentry_arg(void *ctx, __u32 n)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, n, &value);
	return value;
}

/*
 * HOOK - both ways to attach one body to @name: fentry where BTF has the function, and
 * kprobe where it has not or, if their misses are counted, the kernel preempts (hooks.c).
 */
#define HOOK(name)                                                                                 \
	static __always_inline int on_##name(const struct hook *h, __u64 a0, __u64 a1, __u64 a2,   \
					     __u64 a3, __u64 a4);                                  \
	SEC("fentry/" #name)                                                                       \
	int fentry_##name(void *ctx)                                                               \
	{                                                                                          \
		struct hook h = {.ctx = ctx, .fentry = true};                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_##name(&h, fentry_arg(ctx, 0), fentry_arg(ctx, 1), fentry_arg(ctx, 2),   \
				 fentry_arg(ctx, 3), fentry_arg(ctx, 4));                          \
	}                                                                                          \
	SEC("kprobe/" #name)                                                                       \
	int kprobe_##name(struct pt_regs *ctx)                                                     \
	{                                                                                          \
		struct hook h = {.ctx = ctx};                                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_##name(&h, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),   \
				 PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));                          \
	}                                                                                          \
	static __always_inline int on_##name(const struct hook *h, __u64 a0, __u64 a1, __u64 a2,   \
					     __u64 a3, __u64 a4)

/* Only functions whose result is needed: no kprobe can give both. */
#define HOOK_EXIT(name) SEC("fexit/" #name) int fexit_##name(void *ctx)

/*
 * HOOK_RETURN - both ways to attach one body to the return of @name: fexit, which
 * has the first argument, too, and kretprobe where entries are kprobes, which has
 * not: @a0 is 0 then
 */
#define HOOK_RETURN(name)                                                                          \
	static __always_inline int on_return_##name(const struct hook *h, __u64 a0, __u64 result); \
	SEC("fexit/" #name)                                                                        \
	int fexit_##name(void *ctx)                                                                \
	{                                                                                          \
		struct hook h = {.ctx = ctx, .fentry = true};                                      \
		__u64 result = 0;                                                                  \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		bpf_get_func_ret(ctx, &result);                                                    \
		return on_return_##name(&h, fentry_arg(ctx, 0), result);                           \
	}                                                                                          \
	SEC("kretprobe/" #name)                                                                    \
	int kretprobe_##name(struct pt_regs *ctx)                                                  \
	{                                                                                          \
		struct hook h = {.ctx = ctx};                                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_return_##name(&h, 0, PT_REGS_RC(ctx));                                   \
	}                                                                                          \
	static __always_inline int on_return_##name(const struct hook *h, __u64 a0, __u64 result)

#endif /* PGMAPTRACE_BPF_HOOK_BPF_H */
