/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May this process trace, and does the kernel let anybody?  Not here: what each part of the
 * tool does without a privilege that is not required.
 */
#ifndef PGMAPTRACE_SESSION_PRIVILEGES_H
#define PGMAPTRACE_SESSION_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * privileges_missing - name the capabilities that tracing needs and @effective lacks
 * @effective: set of capabilities, bit (1 << CAP_*)
 * @hidden: /proc/kallsyms hides addresses
 * @old: a kernel that lacks a function which our programs call if it is there (6.2): libbpf
 *	looks for that in modules, too, and only CAP_SYS_ADMIN may list their types
 * Return: false if there are none; else "CAP_BPF, CAP_PERFMON" in @buf.
 */
bool privileges_missing(uint64_t effective, bool hidden, bool old, char *buf, size_t size);

/* Return: true; false, said on stderr, if no command that looks into the kernel can work. */
bool privileges_check(bool hidden, bool old);

/* Say which capabilities are missing for the names of pgmaps; nothing if none are. */
void privileges_note_names(void);

/*
 * The file with types for libbpf.  It looks into the modules' types for what the kernel's own
 * do not have, and gives up if it may not list them; with a file, it does not look.
 * @given: with --btf; NULL: none.  Return: it, or the kernel's own file if CAP_SYS_ADMIN is
 * missing; NULL: none.
 */
const char *privileges_btf(const char *given);

/* Why a call is not permitted, where privileges_check() did not foresee it. */
#define PRIVILEGES_HINT                                                                            \
	" (capabilities count in the initial user namespace only, and a security module may "      \
	"forbid it)"

#endif /* PGMAPTRACE_SESSION_PRIVILEGES_H */
