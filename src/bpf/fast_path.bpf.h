/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plain case, which nearly all events are: a folio is mapped, stored or freed,
 * in a section that is known, and no rule is broken.  It takes the same
 * pt_step() as every other event, but what its answer can't depend on is neither
 * read nor kept.  Whatever is not plain is left to observe(), with nothing done.
 * Not here: what is done with a finding, and all that is rare.
 */
#ifndef PGMAPTRACE_BPF_FAST_PATH_BPF_H
#define PGMAPTRACE_BPF_FAST_PATH_BPF_H

/* The task whose name this CPU looked at last, so that not each event does. */
struct pt_named {
	__u32 tid;
	__u32 tick;
	__u64 comm[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pt_named);
} named SEC(".maps");

/*
 * For as long a name that was seen is not looked up again, ticks: the table forgets the
 * oldest, and another CPU may have seen the task under another name meanwhile.
 */
#define NAMED_FOR 32

static __always_inline void remember_task_plainly(__u32 tid, __u32 tick)
{
	__u32 zero = 0;
	struct pt_named *last = bpf_map_lookup_elem(&named, &zero);
	__u64 comm[2];

	read_current_comm(comm);
	if (last && last->tid == tid && last->comm[0] == comm[0] && last->comm[1] == comm[1] &&
	    tick - last->tick < (tick < PT_TICK_COARSE ? NAMED_FOR : 1))
		return;
	remember_task(tid, tick);
	if (!last)
		return;
	last->tid = tid;
	last->tick = tick;
	last->comm[0] = comm[0];
	last->comm[1] = comm[1];
}

static __always_inline void touch_plainly(const struct hook *h, const struct pt_section *s,
					  struct pt_past *past, bool free)
{
	__u32 tid = current_tid(), tick = tick_after(s);

	write_touch(past, free ? PT_LAST_FREE : PT_LAST_REQUEST, tid, tick, where_for_history(h));
	remember_task_plainly(tid, tick);
}

/* A BPF function takes five arguments: where in the kernel, what, and the states around it. */
static __always_inline __u64 pack_told(__u32 at, __u8 op, __u32 old, __u32 new)
{
	return (__u64)at << 32 | op << 2 * PT_WORD_BITS | new << PT_WORD_BITS | old;
}

/* Not inline, and with no pointer to the transition: both would cost where nothing is told. */
static __noinline void tell_plainly(const struct pt_section *s, __u64 page, __u64 vmf, __u64 counts,
				    __u64 told)
{
	struct pt_transition t = {.op = told >> 2 * PT_WORD_BITS,
				  .type = s->type,
				  .refcount = counts,
				  .mapcount = counts >> 32};
	struct pt_event e = {
		.pfn = page_to_pfn(page),
		.page = page,
		.vmf = vmf,
		.pgmap = s->pgmap,
		.epoch = s->epoch,
		.word = told & PT_WORD_MASK,
		.after = told >> PT_WORD_BITS & PT_WORD_MASK,
		.order = folio_order(page),
		.at = told >> 32,
	};

	tell(&t, &e, PT_RULE_NONE);
}

/*
 * plain - take in one event, if it is a plain one
 * @op: PT_OP_MAP, PT_OP_FREE; or PT_OP_STORE, where a store is no request
 * @huge: PT_OP_MAP by a PMD
 * @page: any page
 * @vmf: the fault that it is part of; 0: none
 * Return: false if it is not: then nothing was done
 */
static __always_inline bool plain(const struct hook *h, __u8 op, bool huge, __u64 page, __u64 vmf)
{
	struct pt_transition t = {.op = op, .profile = profile, .huge = huge};
	const bool free = op == PT_OP_FREE, told = watch;
	struct pt_past *past = 0;
	struct pt_outcome out = {};
	__u64 pfn, i, five;
	__u32 old, new;
	struct pt_section *s;
	struct pt_look look;
	enum pt_keep keep;

	/* these want to know more of each event; and on a classic kernel few come this way */
	if (filter || (told && watch != PT_WATCH_ALL) || nr_waited ||
	    t.profile == PT_PROFILE_CLASSIC)
		return false;
	pfn = page_to_pfn(page);
	s = find_known_section(pfn);
	if (!s || !s->pgmap)
		return false;
	/* of a folio that was requested as a large one it may be a part, or of a huge entry's */
	if (free && (s->large | s->judged))
		return false;
	i = pfn & (PT_SECTION_PAGES - 1);
	five = *(volatile __u64 *)&s->words[pt_word_index(i)];
	old = five >> pt_word_shift(i) & PT_WORD_MASK;
	/* a folio is freed, but any page of it may be mapped */
	look = look_at_page(page, (free ? 0 : LOOK_FOR_TAIL) | (free || told ? LOOK_FOR_LARGE : 0));
	if (look.tail)
		return false;
	if (look.large)
		look.mapcount = folio_mapcount(page, 1);
	if (free) {
		/* what was requested page by page comes back as one; fsdax is only mapped there */
		if (look.large && (t.profile != PT_PROFILE_COUNTED || s->type != PT_TYPE_FS_DAX))
			return false;
		if (look.refcount || look.mapcount > 0 || pt_order(old))
			return false;
	}
	t.refcount = look.refcount;
	t.type = s->type;
	t.fresh = s->fresh;
	t.settled = settled;
	new = pt_step(old, &t, &out);
	keep = pt_kept_as(&t, &out);
	if (out.rule || out.preexisting || out.preexisting_free)
		return false;
	if (keep && keeps_history()) {
		past = find_past(pfn, false);
		if (!past)
			return false;
	}
	if (new != old && !swap_word(s, i, five, new))
		return false;
	count_rates(s, &out, 1);
	if (op == PT_OP_STORE)
		count_rest(&out);
	if (told)
		tell_plainly(s, page, vmf, (__u64)look.mapcount << 32 | (__u32)look.refcount,
			     pack_told(call_site(h), op, old, new));
	if (past)
		touch_plainly(h, s, past, keep == PT_KEEP_FREE);
	return true;
}

#endif /* PGMAPTRACE_BPF_FAST_PATH_BPF_H */
