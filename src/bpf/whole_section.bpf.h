/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All pages of a section at once.  Those of a huge page are nearly always in the same state:
 * one compare-and-swap for five of them replaces a step for each.  If they are not, nothing
 * is done here, and the caller steps page by page.
 * Not here: their struct pages (scan_pages.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H
#define PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"

#define ONE_IN_EACH 0x1001001001001ULL /* of the five words of a cell */
#define LAST_PAGES  2		       /* that the last cell has */
_Static_assert(PGMT_SECTION_ROOM % PGMT_CELL_PAGES == LAST_PAGES, "the last cell has others");

/* @word for each page of the @i-th cell. */
static __always_inline __u64 repeat_word(__u32 word, int i)
{
	__u64 all = word * ONE_IN_EACH;

	return i < PGMT_SECTION_CELLS - 1 ? all : all & ((1ULL << LAST_PAGES * PGMT_WORD_BITS) - 1);
}

/* The bits of the @i-th cell, without the section's first page if @first is 1. */
static __always_inline __u64 but_first(int i, __u32 first)
{
	return i || !first ? ~0ULL : ~(__u64)PGMT_WORD_MASK;
}

/*
 * are_alike - are all pages from @first, 0 or 1, on in state @word?
 * @mask: which of its bits matter
 */
__noinline int are_alike(const struct pgmt_section *s, __u32 word, __u32 mask, __u32 first)
{
	__u64 others = 0;
	int i;

	/* the loop has no branches, since the verifier would follow each */
	if (!s)
		return 0;
#pragma clang loop unroll(full)
	for (i = 0; i < PGMT_SECTION_CELLS; i++) {
		others |= (s->cells[i] ^ repeat_word(word, i)) & but_first(i, first);
		/* one after the other: the compiler would load all to the stack first */
		asm volatile("" : "+r"(others));
	}
	return !(others & repeat_word(mask, 0));
}

struct swap {
	struct pgmt_section *section;
	__u32 old, new; /* the state of each page */
};

/* The cell behind the @i-th; true if there is none.  The first cell comes last: swap_all(). */
static __always_inline bool swap_cell(const struct swap *w, __u32 i, __u32 old, __u32 new)
{
	__u64 then = repeat_word(old, ++i);

	return i >= PGMT_SECTION_CELLS || __sync_val_compare_and_swap(&w->section->cells[i], then,
								      repeat_word(new, i)) == then;
}

static long swap_step(__u32 i, void *data)
{
	struct swap *w = data;

	return !swap_cell(w, i, w->old, w->new);
}

static long swap_back(__u32 i, void *data)
{
	struct swap *w = data;

	if (!swap_cell(w, i, w->new, w->old))
		lose(PGMT_LOSS_CONTENDED, 1);
	return 0;
}

/*
 * swap_all - change the state of all pages from @first on from @old to @new
 * Return: false if another CPU has changed one of them: then all stay as they were
 */
__noinline int swap_all(struct pgmt_section *s, __u32 old, __u32 new, __u32 first)
{
	struct swap w = {.section = s, .old = old, .new = new};
	__u64 mask = but_first(0, first), then, rest;
	long done;

	if (!s)
		return false;
	done = bpf_loop(PGMT_SECTION_CELLS, swap_step, &w, 0);
	if (done == PGMT_SECTION_CELLS) {
		rest = *(volatile __u64 *)s->cells & ~mask;
		then = (repeat_word(old, 0) & mask) | rest;
		if (__sync_val_compare_and_swap(s->cells, then,
						(repeat_word(new, 0) & mask) | rest) == then)
			return true;
	}
	/* all but the last, which failed */
	bpf_loop(done - 1, swap_back, &w, 0);
	return false;
}

/*
 * account_section - account_event(), for the same event of each page of a section
 * @t: as for account_event()
 * @first: 0; or 1, for all pages but the first
 * Return: false if the pages are not alike, or if there is more to do than to count: then
 *	nothing was done
 */
__noinline int account_section(struct pgmt_section *s, struct pgmt_transition *t, __u32 first)
{
	struct pgmt_outcome out = {};
	__u32 old, new;

	if (!s || !t)
		return false;
	/* a watcher wants an event of each page */
	if (slow || watch || PGMT_SECTION_PAGES != PGMT_SECTION_ROOM)
		return false;
	old = pgmt_word(s, first);
	if (pgmt_order(old) || !are_alike(s, old, PGMT_WORD_MASK, first))
		return false;
	fill_transition(t, s);
	new = step(old, t, &out);
	if (out.rule || out.preexisting || out.preexisting_free ||
	    (new != old && !swap_all(s, old, new, first)))
		return false;
	count_rates(s, &out, PGMT_SECTION_PAGES - first);
	if (filter && (t->in_scope || old & PGMT_IN_SCOPE))
		count_uses_in_scope(t, &out, PGMT_SECTION_PAGES - first);
	return true;
}

#endif /* PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H */
