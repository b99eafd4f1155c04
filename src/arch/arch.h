/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both sides, BPF programs and tool, must know of the architecture.  For another one, add
 * src/arch/NAME.h (this), src/bpf/NAME.bpf.h (frames, page tables, system calls),
 * src/session/layout_NAME.h (where memory lies), vmlinux/NAME.h (types of its own), and for
 * the tests tests/vm/arch/NAME.
 */
#ifndef PGMAPTRACE_ARCH_ARCH_H
#define PGMAPTRACE_ARCH_ARCH_H

/* BPF programs do not know what they are compiled for: the Makefile says so */
#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
#include "arch/x86.h"
#elif defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#include "arch/arm64.h"
#else
#error "not an architecture that pgmaptrace knows: see src/arch/arch.h"
#endif

/* A huge page is what one table of the last level maps: 2 MiB with pages of 4 KiB. */
#define PGMT_PMD_ORDER (PGMT_PAGE_SHIFT - 3)
#define PGMT_PMD_PAGES (1 << PGMT_PMD_ORDER)

/*
 * A section is 2 MiB: memremap_pages maps nothing smaller.  Sections are a unit of our own,
 * and with pages of more than 4 KiB a huge page has many.
 */
#define PGMT_SECTION_SHIFT (21 - PGMT_PAGE_SHIFT)
#define PGMT_SECTION_PAGES (1 << PGMT_SECTION_SHIFT)

#endif /* PGMAPTRACE_ARCH_ARCH_H */
