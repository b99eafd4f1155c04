/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86-64: pages, and addresses of kernel text.
 */
#ifndef PGMAPTRACE_ARCH_X86_H
#define PGMAPTRACE_ARCH_X86_H

#include "arch/types.h"

#define PGMT_MACHINE	"x86_64" /* as uname has it */
#define PGMT_PAGE_SHIFT 12

/* Where interrupts enter, up to a symbol, unless functions with the prefix lie between. */
#define PGMT_IRQ_TEXT	  "asm_common_interrupt"
#define PGMT_IRQ_TEXT_END "__irqentry_text_end"
#define PGMT_NO_IRQ_TEXT  "asm_exc_" /* what a task causes itself */

/* Kernel text lies in the last 2 GiB, where PGMT_SITE_IS_ADDRESS is set in the low half. */
static __always_inline __u32 pgmt_site_of_address(__u64 address, const volatile __u64 *text)
{
	__u32 site = address;

	(void)text;
	return site & PGMT_SITE_IS_ADDRESS ? site : 0;
}

static __always_inline __u64 pgmt_address_of_site(__u32 site, __u64 text)
{
	(void)text;
	return 0xffffffff00000000ULL | site;
}

#ifndef __VMLINUX_H__
#include <cpuid.h>

static inline bool pgmt_in_guest(void)
{
	unsigned int a, b, c = 0, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c >> 31;
}
#endif

#endif /* PGMAPTRACE_ARCH_X86_H */
