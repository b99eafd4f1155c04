/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arm64: pages, and addresses of kernel text.
 */
#ifndef PGMAPTRACE_ARCH_ARM64_H
#define PGMAPTRACE_ARCH_ARM64_H

#include "arch/types.h"

#define PGMT_MACHINE "aarch64" /* as uname has it */

/* 12, 14 or 16, as the kernel was built */
#ifdef __VMLINUX_H__
extern const volatile __u32 page_shift; /* bpf/kernel.bpf.h; the tool sets it */
#define PGMT_PAGE_SHIFT page_shift
#else
#include <sys/auxv.h>

static inline unsigned int pgmt_page_shift(void)
{
	return __builtin_ctzl(getauxval(AT_PAGESZ));
}
#define PGMT_PAGE_SHIFT pgmt_page_shift()
#endif

/* Where interrupts enter, up to a symbol, unless functions with the prefix lie between. */
#define PGMT_IRQ_TEXT	  "__irqentry_text_start"
#define PGMT_IRQ_TEXT_END "__irqentry_text_end"
#define PGMT_NO_IRQ_TEXT  "el1h_64_sync" /* what a task causes itself */

/*
 * Kernel and modules lie anywhere, but within 2 GiB of each other, and instructions have four
 * bytes: a site counts them from 4 GiB below the kernel's text on.
 */
#define PGMT_TEXT_REACH (1ULL << 32)

static __always_inline __u32 pgmt_site_of_address(__u64 address, const volatile __u64 *text)
{
	__u64 from = address - *text + PGMT_TEXT_REACH;

	return from < 2 * PGMT_TEXT_REACH ? PGMT_SITE_IS_ADDRESS | (__u32)(from >> 2) : 0;
}

static __always_inline __u64 pgmt_address_of_site(__u32 site, __u64 text)
{
	return text - PGMT_TEXT_REACH + ((__u64)(site & ~PGMT_SITE_IS_ADDRESS) << 2);
}

#ifndef __VMLINUX_H__
#include <unistd.h>

/* The processor does not say so; QEMU's fw_cfg device is in guests of QEMU and of libvirt. */
static inline bool pgmt_in_guest(void)
{
	return !access("/sys/bus/acpi/devices/QEMU0002:00", F_OK) ||
	       !access("/sys/firmware/devicetree/base/hypervisor", F_OK);
}
#endif

#endif /* PGMAPTRACE_ARCH_ARM64_H */
