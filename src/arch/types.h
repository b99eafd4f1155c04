/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the headers of all architectures need.  Not here: anything about one of them.
 */
#ifndef PGMAPTRACE_ARCH_TYPES_H
#define PGMAPTRACE_ARCH_TYPES_H

#ifndef __VMLINUX_H__
#include <stdbool.h>
#include <linux/types.h>
#endif

/* bpf_helpers.h and some libcs have it */
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A call site that is an address and no key of a stack: model/kept.h. */
#define PGMT_SITE_IS_ADDRESS 0x80000000u

#endif /* PGMAPTRACE_ARCH_TYPES_H */
