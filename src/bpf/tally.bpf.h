/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tallies: what the states of a range of pages say, in numbers.
 * Not here: what their struct pages say (scan_pages.bpf.h).
 */
#ifndef PGMAPTRACE_BPF_TALLY_BPF_H
#define PGMAPTRACE_BPF_TALLY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"

struct tally_section {
	struct pgmt_section *section;
	struct pgmt_scratch *scratch;
	__u64 pfn; /* of its first page */
};

/* @pfn, of state @word, is outstanding while one task tears down its pgmap. */
__noinline int record_torn_down(__u64 epoch, __u64 pfn, __u32 word)
{
	struct pgmt_page_history *past = find_history(pfn, false);
	struct pgmt_torn_down_key key = {.epoch = epoch};
	struct pgmt_last_event request = {};
	struct pgmt_torn_down none = {};
	struct pgmt_torn_down *g;
	__u32 order;

	read_request(&request, past, find_known_section(pfn));
	key.site = request.site;
	g = bpf_map_lookup_elem(&torn_down, &key);
	if (!g) {
		bpf_map_update_elem(&torn_down, &key, &none, BPF_NOEXIST);
		g = bpf_map_lookup_elem(&torn_down, &key);
	}
	if (!g) {
		lose(PGMT_LOSS_GONE, 1);
		return 0;
	}
	if (g->folios < PGMT_EXAMPLES)
		g->pfn[g->folios & (PGMT_EXAMPLES - 1)] = pfn;
	g->folios++;
	order = pgmt_order(word);
	/* there fsdax is mapped, and not requested at an order */
	if (profile == PGMT_PROFILE_COUNTED && !order && pgmt_life(word) != PGMT_PART)
		order = folio_order(pfn_to_page(pfn));
	g->pages += 1ULL << (order & PGMT_ORDER_MASK);
	if (request.tick && (!g->oldest.tick || request.tick < g->oldest.tick))
		g->oldest = request;
	return 0;
}

static long tally_page(__u32 i, void *data)
{
	struct tally_section *in = data;
	struct tally *t = &in->scratch->tally;
	__u64 pfn = in->pfn + i;
	struct pgmt_page_history *past;
	__u32 word, life, tick;

	if (pfn < t->pfn || pfn >= t->end || pfn < t->covered)
		return 0;
	word = pgmt_normalise(pgmt_word(in->section, i & (PGMT_SECTION_PAGES - 1)),
			      in->section->fresh);
	life = pgmt_life(word);
	if (pgmt_known_idle(word)) {
		if (!t->idle++)
			t->first_idle = pfn;
		return 0;
	}
	if (life == PGMT_PREEXISTING) {
		if (!t->preexisting++)
			t->first_preexisting = pfn;
		if (t->all)
			t->preexisting_pages +=
				1ULL << (folio_order(pfn_to_page(pfn)) & PGMT_ORDER_MASK);
	}
	if (!pgmt_is_outstanding(word))
		return 0;
	if (!t->outstanding++)
		t->first_outstanding = pfn;
	/* fsdax of counted kernels: the free of an idle folio may still come */
	if (t->torn_down_epoch && is_in_scope(word) &&
	    (pgmt_is_requested(profile, in->section->type) ||
	     page_refcount(pfn_to_page(pfn)) > pgmt_idle_count(profile, in->section->type)))
		record_torn_down(t->torn_down_epoch, pfn, word);
	t->pages += 1ULL << pgmt_order(word);
	if (t->all) {
		past = find_history(pfn, false);
		tick = past ? past->tick[PGMT_LAST_REQUEST] : 0;
		if (tick <= in->section->section_request.tick)
			tick = in->section->section_request.tick;
		if (tick && (!t->oldest || tick < t->oldest))
			t->oldest = tick;
	}
	if (life == PGMT_PART)
		t->parts++;
	else if (pgmt_order(word))
		t->covered = pfn + (1ULL << pgmt_order(word));
	else if (page_head(pfn_to_page(pfn)) != pfn_to_page(pfn))
		t->merged++;
	return 0;
}

static long tally_section(__u32 i, void *data)
{
	struct tally_section in = {.scratch = *(struct pgmt_scratch **)data};
	__u64 key = (in.scratch->tally.pfn >> PGMT_SECTION_SHIFT) + i;

	in.section = bpf_map_lookup_elem(&sections, &key);
	in.pfn = key << PGMT_SECTION_SHIFT;
	/* what is owed there was perhaps freed */
	if (in.section && in.section->unsure && in.scratch->tally.torn_down_epoch)
		return 0;
	if (in.section)
		bpf_loop(PGMT_SECTION_PAGES, tally_page, &in, 0);
	return 0;
}

/* Add the pages from @pfn to before @end to @s->tally. */
static __noinline void tally_pages(struct pgmt_scratch *s, __u64 pfn, __u64 end)
{
	__u64 last = (end - 1) >> PGMT_SECTION_SHIFT;

	s->tally.pfn = pfn;
	s->tally.end = end;
	bpf_loop(last - (pfn >> PGMT_SECTION_SHIFT) + 1, tally_section, &s, 0);
}

static __always_inline void tally_range(struct pgmt_scratch *s, __u64 pfn, __u64 end)
{
	__builtin_memset(&s->tally, 0, sizeof(s->tally));
	tally_pages(s, pfn, end);
}

#endif /* PGMAPTRACE_BPF_TALLY_BPF_H */
