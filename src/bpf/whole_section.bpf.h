/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of a section all at once.  Those of a huge page are nearly always in
 * the same state, and then one comparison and one swap for five of them do for
 * what is a step each otherwise.  Whatever is not so is left to the steps of
 * single pages, with nothing done.  Not here: their struct pages (scan.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H
#define PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/observe.bpf.h"

/* @word for each page that the @i-th of words[] has: the last has fewer. */
static __always_inline __u64 repeat_word(__u32 word, int i)
{
	__u64 all = word * 0x1001001001001ULL;

	return i < PGMT_SECTION_CELLS - 1 ? all : all & ((1ULL << 2 * PGMT_WORD_BITS) - 1);
}

/* Which bits of the @i-th are not those of the section's first page, if it is left out. */
static __always_inline __u64 but_first(int i, __u32 first)
{
	return i || !first ? ~0ULL : ~(__u64)PGMT_WORD_MASK;
}

/*
 * are_alike - are the pages from @first, 0 or 1, on in state @word?
 * @mask: of the bits that matter
 */
__noinline int are_alike(const struct pgmt_section *s, __u32 word, __u32 mask, __u32 first)
{
	__u64 others = 0;
	int i;

	/* below without branches, which the verifier would follow each */
	if (!s)
		return 0;
#pragma clang loop unroll(full)
	for (i = 0; i < PGMT_SECTION_CELLS; i++) {
		others |= (s->cells[i] ^ repeat_word(word, i)) & but_first(i, first);
		/* one after the other, or they are all loaded to the stack first */
		asm volatile("" : "+r"(others));
	}
	return !(others & repeat_word(mask, 0));
}

struct swap {
	struct pgmt_section *section;
	__u32 old, new; /* the state of each page */
};

/* One of words[], as swap_step() counts them: not the first, and behind the last there is none. */
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
 * swap_all - the pages from @first on go from state @old to @new
 * Return: false if another CPU has changed one of them: then none does
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
	/* the last one was not */
	bpf_loop(done - 1, swap_back, &w, 0);
	return false;
}

/*
 * account_section - one event of each page of a section through the model
 * @t: as account_event() wants it, the same for each
 * @first: 0; or 1, for all pages but the first
 * Return: false if they are not alike, or if there is more to do than to count:
 *	then nothing was done
 */
__noinline int account_section(struct pgmt_section *s, struct pgmt_transition *t, __u32 first)
{
	struct pgmt_outcome out = {};
	__u32 old, new;

	if (!s || !t)
		return false;
	/* who reads all events wants one of each page */
	if (watch)
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
	return true;
}

#endif /* PGMAPTRACE_BPF_WHOLE_SECTION_BPF_H */
