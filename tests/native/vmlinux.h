/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmlinux.h for tests that run the BPF programs as ordinary code: the same types, beside
 * those of libc.  Where the members lie in the test's kernel: bpf/bpf_core_read.h.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_VMLINUX_H
#define PGMAPTRACE_TESTS_NATIVE_VMLINUX_H

/* libc's is a macro, and vmlinux.h makes it a type */
#undef bool
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wattributes"
#include "../../vmlinux/vmlinux.h"
#pragma GCC diagnostic pop

#endif /* PGMAPTRACE_TESTS_NATIVE_VMLINUX_H */
