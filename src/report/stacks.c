// SPDX-License-Identifier: GPL-2.0-only
#include "report/stacks.h"

#include <string.h>

/* A function calls its trampoline within its first instructions. */
#define TRAMPOLINE_SITE 16

/*
 * Find the function that a frame is in.  A return address points behind the
 * call, where another function or line may begin.
 */
static bool find(const struct ksyms *k, uint64_t frame, bool is_return, struct ksyms_symbol *s)
{
	return ksyms_find(k, frame - is_return, s);
}

static bool is_bpf(const struct ksyms_symbol *s)
{
	return s->module && !strcmp(s->module, "bpf");
}

/* Is @frame where the function at @function calls its trampoline? */
static bool is_site(const struct ksyms *k, uint64_t frame, uint64_t function)
{
	struct ksyms_symbol s;

	return frame && find(k, frame, true, &s) && s.address == function &&
	       frame - function < TRAMPOLINE_SITE;
}

static void show(const struct stack_names *names, const struct ksyms_symbol *s, uint64_t frame,
		 bool is_return, stack_line_fn fn, void *arg)
{
	struct inline_frame frames[INLINE_DEPTH];
	int nr = names->inlines
			 ? inlines_find(names->inlines, names->ksyms, s, frame - is_return, frames)
			 : 0;
	struct stack_line l = {
		.address = frame,
		.module = s->module,
		.unloaded = s->unloaded,
		.inlined = true,
	};

	for (int i = 0; i + 1 < nr; i++) {
		l.function = frames[i].function;
		l.file = frames[i].file;
		l.line = frames[i].line;
		fn(arg, &l);
	}
	l.inlined = false;
	l.function = s->name;
	l.offset = frame - s->address;
	l.file = nr ? frames[nr - 1].file : NULL;
	l.line = nr ? frames[nr - 1].line : 0;
	fn(arg, &l);
}

void stack_lines(const struct pgmt_stack *st, const struct stack_names *names, stack_line_fn fn,
		 void *arg)
{
	const struct ksyms *k = names->ksyms;
	bool any = false, skipped = false;
	uint64_t function = 0; /* of the last frame that was shown; 0: not known */
	bool wrapped = false;  /* that function */

	for (int i = 0; i < PGMT_STACK_DEPTH && st->frame[i]; i++) {
		uint64_t frame = st->frame[i];
		uint64_t next = i + 1 < PGMT_STACK_DEPTH ? st->frame[i + 1] : 0;
		struct ksyms_symbol s;
		bool known = find(k, frame, any, &s);

		/* the hook's program and trampoline come first: all hooks are in the kernel */
		if (known ? is_bpf(&s) : !any) {
			skipped = true;
			continue;
		}
		/* a function with an exit hook is called by its trampoline, which it called */
		if (!known && function && (wrapped || is_site(k, next, function))) {
			skipped = true;
			wrapped = false;
			continue;
		}
		if (known && skipped && function && is_site(k, frame, function)) {
			skipped = false;
			continue;
		}
		skipped = false;
		if (known)
			show(names, &s, frame, any, fn, arg);
		else
			fn(arg, &(struct stack_line){.address = frame});
		function = known ? s.address : 0;
		wrapped = known && names->is_wrapped(s.name);
		any = true;
	}
}

static void note_unknown(void *arg, const struct stack_line *l)
{
	bool *known = arg;

	*known = *known && l->function;
}

bool stack_is_known(const struct pgmt_stack *st, const struct stack_names *names)
{
	struct stack_names symbols = *names;
	bool known = true;

	symbols.inlines = NULL;
	stack_lines(st, &symbols, note_unknown, &known);
	return known;
}

void stack_site(uint64_t address, const struct stack_names *names, stack_line_fn fn, void *arg)
{
	struct ksyms_symbol s;

	if (find(names->ksyms, address, true, &s))
		show(names, &s, address, true, fn, arg);
	else
		fn(arg, &(struct stack_line){.address = address});
}

void stack_print(FILE *to, const struct stack_line *l, bool offsets)
{
	if (!l->function && !offsets) {
		fputs("? (no symbol)\n", to);
		return;
	}
	if (!l->function) {
		fprintf(to, "0x%llx (no symbol)\n", (unsigned long long)l->address);
		return;
	}
	fputs(l->function, to);
	if (!l->inlined && offsets)
		fprintf(to, "+0x%llx", (unsigned long long)l->offset);
	if (l->module)
		fprintf(to, " [%s%s]", l->module, l->unloaded ? ", unloaded" : "");
	if (l->inlined && l->file)
		fprintf(to, " (inlined, %s:%u)", l->file, l->line);
	else if (l->inlined)
		fprintf(to, " (inlined)");
	else if (l->file)
		fprintf(to, " (%s:%u)", l->file, l->line);
	fputc('\n', to);
}
