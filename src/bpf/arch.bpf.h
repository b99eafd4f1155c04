/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What BPF programs must know of the architecture: see arch/arch.h.
 */
#ifndef PGMAPTRACE_BPF_ARCH_BPF_H
#define PGMAPTRACE_BPF_ARCH_BPF_H

#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
#include "bpf/x86.bpf.h"
#else
#include "bpf/arm64.bpf.h"
#endif

#define SWAP_DISKS 16 /* include/linux/swap.h: at least so many types of swap entries are disks */

#endif /* PGMAPTRACE_BPF_ARCH_BPF_H */
