/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inlined functions and source lines, from debug info of the running kernel if
 * this machine has any.  None is needed, and none is opened before the first
 * look-up.
 */
#ifndef PGMAPTRACE_SYMBOLS_INLINES_H
#define PGMAPTRACE_SYMBOLS_INLINES_H

#include <stdint.h>

#include "symbols/ksyms.h"

#define INLINE_DEPTH 32

struct inlines;

/* Strings are valid until inlines_free(). */
struct inline_frame {
	const char *function;
	const char *file; /* NULL: not known */
	unsigned int line;
};

/*
 * Can lines be read from @file, an ELF file with debug info?  Whether it is the running kernel's
 * is seen at the first look-up.
 * Return: NULL; why not
 */
const char *inlines_refusal(const char *file);

/*
 * @vmlinux: a file with debug info of the kernel; NULL: look in the usual places
 * Return: NULL if there is no memory.
 */
struct inlines *inlines_new(const char *vmlinux);
void inlines_free(struct inlines *in);

/*
 * inlines_find - what is inlined at @address, which is in function @s of @k
 * Innermost first; the last one is @s itself.
 * Return: how many frames; 0 if there is no debug info, or it does not match.
 */
int inlines_find(struct inlines *in, const struct ksyms *k, const struct ksyms_symbol *s,
		 uint64_t address, struct inline_frame frames[INLINE_DEPTH]);

#endif /* PGMAPTRACE_SYMBOLS_INLINES_H */
