/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks in words: which frames are shown, and what a line of one says. */
#ifndef PGMAPTRACE_REPORT_STACKS_H
#define PGMAPTRACE_REPORT_STACKS_H

#include <stdio.h>

#include "symbols/inlines.h"
#include "symbols/ksyms.h"
#include "model/wire.h"

struct stack_line {
	uint64_t address;     /* the frame's */
	const char *function; /* NULL: no symbol covers the address */
	const char *module;   /* NULL: the kernel itself */
	uint64_t offset;      /* in the function; means nothing if it is inlined */
	const char *file;     /* NULL: not known */
	unsigned int line;
	bool unloaded; /* the module is gone */
	bool inlined;  /* into the function of the next line */
};

/* @l is valid during the call. */
typedef void (*stack_line_fn)(void *arg, const struct stack_line *l);

/*
 * stack_lines - each line of @st, innermost first
 * Frames of BPF's own are left out, and no others.
 * @in: may be NULL
 */
void stack_lines(const struct pgmt_stack *st, const struct ksyms *k, struct inlines *in,
		 stack_line_fn fn, void *arg);

/* The same of one return address. */
void stack_site(uint64_t address, const struct ksyms *k, struct inlines *in, stack_line_fn fn,
		void *arg);

/* Has each line of @st a symbol? */
bool stack_is_known(const struct pgmt_stack *st, const struct ksyms *k);

/* One line, with its newline; @offsets: with how far into the function it is. */
void stack_print(FILE *to, const struct stack_line *l, bool offsets);

#endif /* PGMAPTRACE_REPORT_STACKS_H */
