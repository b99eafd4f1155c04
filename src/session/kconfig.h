/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel was built without.  Not here: which hook needs what (hooks.c), and what
 * a kernel must have to be traced (refusal.c).
 */
#ifndef PGMAPTRACE_SESSION_KCONFIG_H
#define PGMAPTRACE_SESSION_KCONFIG_H

#include <stdbool.h>

struct ksyms;

enum kconfig {
	KCONFIG_NONE, /* nothing in particular */
	KCONFIG_THP,
	KCONFIG_FS_DAX,
	KCONFIG_BPF_EVENTS,
	KCONFIG_DIRECT_CALLS,
	KCONFIG_NR,
};

/* "CONFIG_TRANSPARENT_HUGEPAGE" */
const char *kconfig_name(enum kconfig option);

/*
 * kconfig_lacks - was the kernel built without @option?
 * A configuration may be missing, or another kernel's, so the symbols decide: with the option
 * the kernel has certain functions and variables, and it lacks all of them.  A configuration
 * that says otherwise makes the answer no.
 */
bool kconfig_lacks(const struct ksyms *k, enum kconfig option);

#endif /* PGMAPTRACE_SESSION_KCONFIG_H */
