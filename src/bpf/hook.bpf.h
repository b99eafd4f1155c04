/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs for a kernel function from one body: fentry and kprobe, or fexit and kretprobe.
 * Not here: the bodies, and which of the programs are loaded (session/hooks.c).
 */
#ifndef PGMAPTRACE_BPF_HOOK_BPF_H
#define PGMAPTRACE_BPF_HOOK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/maps.bpf.h"

/* The context that a program was called with. */
struct hook {
	void *ctx;
	/*
	 * A bool: is it a fentry or fexit, and no kprobe, kretprobe or fprobe?  As wide as a
	 * register: 6.1 forgets what a program keeps in less than that on its stack.
	 */
	__u64 fentry;
};

static __always_inline __u64 fentry_arg(void *ctx, __u32 n)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, n, &value);
	return value;
}

/*
 * Where the kernel does not count what a kprobe program misses, its runs are compared with the
 * hits of the kprobe.  No other kprobe program can come in between on this CPU.
 */
static __always_inline void count_run(void *ctx)
{
	__u32 number;
	__u64 *count;

	if (!counts_runs)
		return;
	number = bpf_get_attach_cookie(ctx);
	count = bpf_map_lookup_elem(&runs, &number);
	if (count)
		++*count;
}

/*
 * HOOK - at the entry of @name.  The tool attaches a fentry if BTF has the function; else, or
 * if the kernel preempts and counts what kprobes miss, a kprobe (session/hooks.c).
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
		count_run(ctx);                                                                    \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_##name(&h, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),   \
				 PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));                          \
	}                                                                                          \
	static __always_inline int on_##name(const struct hook *h, __u64 a0, __u64 a1, __u64 a2,   \
					     __u64 a3, __u64 a4)

/* At the return, with arguments and result: only fexit has both. */
#define HOOK_EXIT(name) SEC("fexit/" #name) int fexit_##name(void *ctx)

/*
 * HOOK_RETURN - at the return of @name: fexit, or kretprobe where entries are kprobes.  The
 * latter does not have the first argument: @a0 is 0 then.
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
		count_run(ctx);                                                                    \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_return_##name(&h, 0, PT_REGS_RC(ctx));                                   \
	}                                                                                          \
	static __always_inline int on_return_##name(const struct hook *h, __u64 a0, __u64 result)

#endif /* PGMAPTRACE_BPF_HOOK_BPF_H */
