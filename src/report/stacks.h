/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks in words: which frames are shown, and how.  Not here: where stacks come
 * from, and which functions are hooked.
 */
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
	uint64_t offset;      /* in the function; of no use if it is inlined */
	const char *file;     /* NULL: not known */
	unsigned int line;
	bool unloaded; /* the module */
	bool inlined;  /* into the function of the next line */
};

/* Where names of frames come from. */
struct stack_names {
	const struct ksyms *ksyms;
	struct inlines *inlines; /* NULL: leave out functions that were inlined */
	/* Has @function an exit hook of ours?  Then its trampoline is part of the stack. */
	bool (*is_wrapped)(const char *function);
};

/* @l is valid during the call. */
typedef void (*stack_line_fn)(void *arg, const struct stack_line *l);

/* Call @fn for each line of @st, innermost first, without the frames of BPF's own. */
void stack_lines(const struct pgmt_stack *st, const struct stack_names *names, stack_line_fn fn,
		 void *arg);

/* The same for one return address. */
void stack_site(uint64_t address, const struct stack_names *names, stack_line_fn fn, void *arg);

/* Is there a symbol for each line of @st? */
bool stack_is_known(const struct pgmt_stack *st, const struct stack_names *names);

/* Print a line; @offsets: with the offset in the function. */
void stack_print(FILE *to, const struct stack_line *l, bool offsets);

#endif /* PGMAPTRACE_REPORT_STACKS_H */
