// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks: one short program a kernel function, which decodes the
 * arguments and hands an event to observe().  hooks.c says which of them are
 * loaded on which kernel.
 */
#define __VMLINUX_H__
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "model/wire.h"
#include "bpf/kernel.bpf.h"
#include "bpf/file.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/state.bpf.h"
#include "bpf/fast_path.bpf.h"
#include "bpf/pgmap_table.bpf.h"
#include "bpf/whole_section.bpf.h"
#include "bpf/large_folio.bpf.h"
#include "bpf/scan_pages.bpf.h"
#include "bpf/scan_leaks.bpf.h"
#include "bpf/request.bpf.h"
#include "bpf/pgmap_refs.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline __u64 fentry_arg(void *ctx, __u32 n)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, n, &value);
	return value;
}

/*
 * HOOK - both ways to attach one body to @name: fentry where BTF has the function, and
 * kprobe where it has not or, if their misses are counted, the kernel preempts (hooks.c).
 */
#define HOOK(name)                                                                                 \
	static __always_inline int on_##name(const struct hook *h, __u64 a0, __u64 a1, __u64 a2,   \
					     __u64 a3, __u64 a4);                                  \
	SEC("fentry/" #name)                                                                       \
	int fentry_##name(void *ctx)                                                               \
	{                                                                                          \
		struct hook h = {.ctx = ctx, .fentry = true};                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_##name(&h, fentry_arg(ctx, 0), fentry_arg(ctx, 1), fentry_arg(ctx, 2),   \
				 fentry_arg(ctx, 3), fentry_arg(ctx, 4));                          \
	}                                                                                          \
	SEC("kprobe/" #name)                                                                       \
	int kprobe_##name(struct pt_regs *ctx)                                                     \
	{                                                                                          \
		struct hook h = {.ctx = ctx};                                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_##name(&h, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),   \
				 PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));                          \
	}                                                                                          \
	static __always_inline int on_##name(const struct hook *h, __u64 a0, __u64 a1, __u64 a2,   \
					     __u64 a3, __u64 a4)

/* Only functions whose result is needed: no kprobe can give both. */
#define HOOK_EXIT(name) SEC("fexit/" #name) int fexit_##name(void *ctx)

/*
 * HOOK_RETURN - both ways to attach one body to the return of @name: fexit, which
 * has the first argument, too, and kretprobe where entries are kprobes, which has
 * not: @a0 is 0 then
 */
#define HOOK_RETURN(name)                                                                          \
	static __always_inline int on_return_##name(const struct hook *h, __u64 a0, __u64 result); \
	SEC("fexit/" #name)                                                                        \
	int fexit_##name(void *ctx)                                                                \
	{                                                                                          \
		struct hook h = {.ctx = ctx, .fentry = true};                                      \
		__u64 result = 0;                                                                  \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		bpf_get_func_ret(ctx, &result);                                                    \
		return on_return_##name(&h, fentry_arg(ctx, 0), result);                           \
	}                                                                                          \
	SEC("kretprobe/" #name)                                                                    \
	int kretprobe_##name(struct pt_regs *ctx)                                                  \
	{                                                                                          \
		struct hook h = {.ctx = ctx};                                                      \
		if (!enabled)                                                                      \
			return 0;                                                                  \
		return on_return_##name(&h, 0, PT_REGS_RC(ctx));                                   \
	}                                                                                          \
	static __always_inline int on_return_##name(const struct hook *h, __u64 a0, __u64 result)

/* What a hook sees of the folio that @page belongs to. */
__noinline int read_folio(struct pgmt_transition *t, struct pgmt_event *e, __u64 page)
{
	if (!t || !e)
		return 0;
	e->page = page_head(page);
	e->pfn = page_to_pfn(e->page);
	e->order = folio_order(e->page);
	t->refcount = page_refcount(e->page);
	t->mapcount = folio_mapcount(e->page, e->order);
	return 0;
}

static __always_inline int observe_mapping(const struct hook *h, __u64 vmf, __u64 page)
{
	struct pgmt_transition t = {.op = PGMT_OP_MAP};
	struct pgmt_event e = {.vmf = vmf};

	read_folio(&t, &e, page);
	observe(h, &t, &e);
	return 0;
}

static __always_inline int on_map(const struct hook *h, __u64 vmf, __u64 page)
{
	return fast_path(h, PGMT_OP_MAP, false, page, vmf) ? 0 : observe_mapping(h, vmf, page);
}

/* As find_section(), of a page that the kernel itself takes for a device page. */
static __always_inline struct pgmt_section *find_device_section(__u64 pfn)
{
	struct pgmt_section *s = find_section(pfn);

	if (!s && !pfn_to_pgmap(pfn))
		lose(PGMT_LOSS_PGMAP, 1);
	return s;
}

const volatile bool init_names_pgmap;

/* Parts of a large folio that were not freed before all of it was requested are its again. */
static __noinline void forget_parts(const struct hook *h, __u64 pfn, __u32 order)
{
	struct pgmt_scratch *scratch = scratch_get();

	if (!scratch) {
		lose(PGMT_LOSS_SCAN, 1U << (order & PGMT_ORDER_MASK));
		return;
	}
	each_folio(scratch, call_site(h), PGMT_OP_UNDO, pfn, 1U << (order & PGMT_ORDER_MASK), 0,
		   false);
	scratch_put(scratch);
}

/* zone_device_page_init(page) to 6.18, (page, pgmap, order) after */
HOOK(zone_device_page_init)
{
	__u64 pgmap = init_names_pgmap ? a1 : pfn_to_pgmap(page_to_pfn(a0));
	struct pgmt_transition t = {.op = PGMT_OP_REQUEST, .profile = profile};
	struct call c = {.nr = 1, .pfn = page_to_pfn(a0)};
	struct pgmt_section *s = find_device_section(c.pfn);
	struct pgmt_scratch *scratch;
	struct pgmt_event e = {};
	__u8 rule;

	if (!s)
		return 0;
	if (init_names_pgmap)
		c.order = a2 & PGMT_ORDER_MASK;
	/* what the compound words say is left from the page's last life */
	e.page = a0;
	e.pfn = c.pfn;
	e.order = c.order;
	e.asked = 1;
	e.asked_order = c.order;
	t.order = c.order;
	t.refcount = page_refcount(a0);
	rule = pgmt_judge_call(pgmap_covers(pgmap, c.pfn, 1ULL << c.order), pgmap_is_dying(pgmap),
			       1);
	scratch = rule ? 0 : scratch_get();
	if (scratch) {
		rule = overlap_rule(scratch, &c);
		scratch_put(scratch);
	} else if (!rule) {
		lose(PGMT_LOSS_SCAN, 1);
	}
	if (rule) {
		t.type = s->type;
		e.pgmap = s->pgmap;
		e.named_pgmap = pgmap;
		broken_rule(h, &t, &e, rule);
	}
	if (rule == PGMT_RULE_PAGES_UNBALANCED) {
		forget_parts(h, c.pfn, c.order);
		/* and was told of */
		t.op = PGMT_OP_ACCEPT;
	}
	observe_in(h, s, &t, &e);
	if (c.order)
		s->large = 1;
	return 0;
}

/* A request function returns; @result: the bits of its value that say whether it granted */
static __always_inline int on_request_return(void *ctx, enum pgmt_form form, __u64 result)
{
	struct hook h = {.ctx = ctx, .fentry = true};
	__u64 value = 0;

	bpf_get_func_ret(ctx, &value);
	if (enabled)
		end_request(&h, form, fentry_arg(ctx, 0), value & result);
	return 0;
}

/* pgmap_request_folios(pgmap, folio, nr_folios): a bool */
HOOK(pgmap_request_folios)
{
	begin_request(h, FORM_REQUEST_FOLIOS, a0, page_to_pfn(a1),
		      pack_request(a2, folio_order(a1)));
	return 0;
}

HOOK_EXIT(pgmap_request_folios)
{
	return on_request_return(ctx, FORM_REQUEST_FOLIOS, 1);
}

/* pgmap_request_folio(pgmap, pgmap_offset, order) */
HOOK(pgmap_request_folio)
{
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &a0);
	__u64 pfn;

	if (!p) {
		lose(PGMT_LOSS_CALL, 1);
		return 0;
	}
	/* past the end is as good as the page behind the last range */
	pfn = pgmap_offset_pfn(p, a1);
	if (!pfn)
		pfn = p->range[(p->nr_range - 1) & (PGMT_MAX_RANGES - 1)].end + 1;
	begin_request(h, FORM_REQUEST_FOLIO, a0, pfn, pack_request(1, a2));
	return 0;
}

HOOK_EXIT(pgmap_request_folio)
{
	return on_request_return(ctx, FORM_REQUEST_FOLIO, ~0ULL);
}

/* pgmap_get_folio(pgmap, pfn) */
HOOK(pgmap_get_folio)
{
	__u64 head = page_head(pfn_to_page(a1));

	begin_request(h, FORM_GET_FOLIO, a0, page_to_pfn(head), pack_request(1, folio_order(head)));
	return 0;
}

HOOK_EXIT(pgmap_get_folio)
{
	return on_request_return(ctx, FORM_GET_FOLIO, ~0ULL);
}

/* pgmap_release_folios(folio, nr_folios) */
HOOK(pgmap_release_folios)
{
	release_folios(h, a0, (__u32)a1);
	return 0;
}

/*
 * The folio is free, but on counted fsdax a fault may take it again while we
 * look: a folio is only called mapped if it is so, at a count of 0, twice.
 */
static __always_inline int observe_free(const struct hook *h, __u64 page)
{
	struct pgmt_transition t = {.op = PGMT_OP_FREE};
	struct pgmt_event e = {};
	struct pgmt_section *s;
	__s32 again;

	read_folio(&t, &e, page);
	s = find_device_section(e.pfn);
	if (!s)
		return 0;
	if (t.refcount == 0 && t.mapcount > 0) {
		t.refcount = page_refcount(e.page);
		again = folio_mapcount(e.page, e.order);
		if (again < t.mapcount)
			t.mapcount = again;
		if (t.refcount > 0)
			t.mapcount = 0;
	}
	if (pgmt_is_requested(profile, s->type)) {
		t.order = e.order;
		free_folio(h, s, &t, &e);
	} else {
		observe_in(h, s, &t, &e);
	}
	return 0;
}

/*
 * A fault may have taken the folio after its count was read, and have found it
 * requested still: then that is told of here.  Or it comes to that yet, and finds it
 * freed.  Or all of that is over again, and its own free has told of it.
 */
static __noinline void taken_again(const struct hook *h, __u64 page)
{
	__u64 pfn = page_to_pfn(page);
	struct pgmt_transition t = {.op = PGMT_OP_MAP, .other = 1};
	struct pgmt_section *s = find_known_section(pfn);
	struct pgmt_event e = {};

	if (!s || s->type != PGMT_TYPE_FS_DAX ||
	    pgmt_life(pgmt_word(s, pfn & (PGMT_SECTION_PAGES - 1))) != PGMT_FREED)
		return;
	read_folio(&t, &e, page);
	if (t.refcount > 0)
		observe(h, &t, &e);
}

static __always_inline int on_free(const struct hook *h, __u64 page)
{
	if (!fast_path(h, PGMT_OP_FREE, false, page, 0))
		observe_free(h, page);
	if (profile == PGMT_PROFILE_COUNTED && page_refcount(page) > 0)
		taken_again(h, page);
	return 0;
}

/* 6.1 */
HOOK(free_zone_device_page)
{
	return on_free(h, a0);
}

/* 6.12 on */
HOOK(free_zone_device_folio)
{
	return on_free(h, a0);
}

/* vmf_insert_page_mkwrite(vmf, page, write), from 6.15 on; the page may be a tail */
HOOK(vmf_insert_page_mkwrite)
{
	return on_map(h, a0, a1);
}

/* vmf_insert_folio_pmd(vmf, folio, write), from 6.15 on */
HOOK(vmf_insert_folio_pmd)
{
	return on_map(h, a0, a1);
}

/*
 * Classic kernels: device-dax maps by pfn_t, and so does all DAX where folios
 * are requested.  Other drivers' pfns are no pgmap's.
 */
static __always_inline int on_map_pfn_t(const struct hook *h, __u64 pfn_t, bool huge)
{
	struct pgmt_transition t = {.op = PGMT_OP_MAP, .huge = huge};
	__u64 page = pfn_to_page(pfn_t & ~PFN_T_FLAGS);
	struct pgmt_event e = {};
	struct pgmt_section *s;

	if (fast_path(h, PGMT_OP_MAP, huge, page, 0))
		return 0;
	read_folio(&t, &e, page);
	s = find_section(e.pfn);
	if (s && (s->type == PGMT_TYPE_GENERIC ||
		  (profile == PGMT_PROFILE_REQUEST && s->type == PGMT_TYPE_FS_DAX)))
		observe_in(h, s, &t, &e);
	return 0;
}

HOOK(vmf_insert_mixed)
{
	return on_map_pfn_t(h, a2, false);
}

HOOK(vmf_insert_mixed_mkwrite)
{
	return on_map_pfn_t(h, a2, false);
}

HOOK(vmf_insert_pfn_pmd)
{
	return on_map_pfn_t(h, a1, true);
}

/* 6.1: what vmf_insert_pfn_pmd is a wrapper of */
HOOK(vmf_insert_pfn_pmd_prot)
{
	return on_map_pfn_t(h, a1, true);
}

static __always_inline int observe_store(const struct hook *h, __u64 vmf, __u64 pfn, bool shared)
{
	struct pgmt_transition t = {.op = PGMT_OP_STORE, .shared = shared};
	struct pgmt_event e = {.pfn = pfn, .page = pfn_to_page(pfn), .vmf = vmf};

	/* the zero page of a hole comes here too: it is no device page */
	t.refcount = page_refcount(e.page);
	t.associations = page_associations(e.page);
	observe(h, &t, &e);
	return 0;
}

/* dax_insert_entry(xas, vmf, iter, entry, pfn, flags); pfn is a pfn_t to 6.15 */
HOOK(dax_insert_entry)
{
	bool shared = iomap_is_shared(a2);

	if (!dax_entry_is_value(a3)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	/* an entry that names a folio is kept, unless the extent is shared */
	if (!shared && !dax_entry_names_no_folio(a3))
		return 0;
	return observe_store(h, a1, a4 & ~PFN_T_FLAGS, shared);
}

/*
 * dax_insert_entry(xas, vmf, &entry, pfn_t, flags), where it requests the folio:
 * when it returns 0 the entry is stored, and must name a folio that is in use.
 */
HOOK_EXIT(dax_insert_entry)
{
	struct hook h = {.ctx = ctx, .fentry = true};
	__u64 result = 1, entry = 0;

	bpf_get_func_ret(ctx, &result);
	if (!enabled || (__u32)result)
		return 0;
	bpf_probe_read_kernel(&entry, sizeof(entry), (void *)fentry_arg(ctx, 2));
	if (!dax_entry_is_value(entry)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	stored(&h, fentry_arg(ctx, 1), entry, fentry_arg(ctx, 3) & ~PFN_T_FLAGS);
	return 0;
}

const volatile bool disassociate_is_clone;

/* dax_disassociate_entry(entry, mapping, trunc); often a clone with (entry) only */
HOOK(dax_disassociate_entry)
{
	struct pgmt_transition t = {.op = PGMT_OP_REMOVE};
	struct pgmt_event e = {};
	__u8 of_busy;

	if (!dax_entry_is_value(a0)) {
		lose(PGMT_LOSS_ENTRY, 1);
		return 0;
	}
	if (dax_entry_names_no_folio(a0))
		return 0;
	e.pfn = dax_entry_pfn(a0);
	e.page = pfn_to_page(e.pfn);
	e.order = dax_entry_pages(a0) > 1 ? 9 : 0;
	if (!disassociate_is_clone)
		e.mapping = a1;
	t.refcount = highest_refcount(&e, dax_entry_pages(a0));
	t.mapcount = folio_mapcount(e.page, folio_order(e.page));
	t.associations = page_associations(e.page);
	/* where each page has a count of its own, another file may protect the busy one */
	if (e.busy) {
		of_busy = page_associations(pfn_to_page(e.busy));
		if (of_busy > t.associations)
			t.associations = of_busy;
	}
	observe(h, &t, &e);
	return 0;
}

/* dax_folio_reset_order(folio), from 7.1 on */
HOOK(dax_folio_reset_order)
{
	struct pgmt_transition t = {.op = PGMT_OP_RESET};
	struct pgmt_event e = {};

	e.page = a0;
	e.pfn = page_to_pfn(a0);
	e.order = folio_order(a0);
	t.refcount = highest_refcount(&e, e.order < 10 ? 1 << e.order : 1);
	/* drivers do that with each page of a device that nobody has used yet */
	if (!t.refcount && !find_known_section(e.pfn))
		return 0;
	t.mapcount = folio_mapcount(a0, e.order);
	observe(h, &t, &e);
	return 0;
}

/* dax_zap_mappings_range(mapping, start, end), where a layout break takes the entries first */
HOOK(dax_zap_mappings_range)
{
	__u32 tid = current_tid();

	bpf_map_update_elem(&breaks, &tid, &a0, BPF_ANY);
	return 0;
}

/* memremap_pages(pgmap, nid): at entry, before the kernel stores its range */
HOOK(memremap_pages)
{
	struct pgmt_transition t = {.profile = profile};
	struct pgmt_event e = {};
	struct pgmt_scratch *s = scratch_get();
	struct overlap o = {};
	__u32 i;

	if (!s) {
		lose(PGMT_LOSS_PGMAP, 1);
		return 0;
	}
	__builtin_memset(&s->pgmap, 0, sizeof(s->pgmap));
	pgmap_read(a0, &s->pgmap);
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= s->pgmap.nr_range)
			break;
		o.pfn = s->pgmap.range[i].start;
		o.last = s->pgmap.range[i].end;
		bpf_loop(1 << 16, overlap_step, &o, 0);
		if (o.found.pgmap)
			break;
	}
	if (o.found.pgmap) {
		e.pfn = o.pfn;
		e.page = pfn_to_page(o.pfn);
		t.type = PGMT_READ_SLOWLY(struct dev_pagemap, o.found.pgmap, type);
		e.pgmap = o.found.pgmap;
		broken_rule(h, &t, &e, PGMT_RULE_PGMAP_OVERLAP);
	}
	scratch_put(s);
	return 0;
}

/* It returns where the pages are, as the kernel maps them, or would. */
HOOK_RETURN(memremap_pages)
{
	/* IS_ERR */
	if (result >= (__u64)-4095)
		return 0;
	if (!a0)
		a0 = pfn_to_pgmap((result - direct_map) >> 12);
	if (a0)
		learn_pgmap(a0, bpf_ktime_get_ns(), site_for_finding(h));
	else
		lose(PGMT_LOSS_PGMAP, 1);
	return 0;
}

/* memunmap_pages(pgmap): it is killed first, and then waited for */
HOOK(memunmap_pages)
{
	/* what is not in the table after the baseline was never made, as memremap_pages failed */
	struct pgmt_pgmap *p = settled ? bpf_map_lookup_elem(&pgmaps, &a0) : known_pgmap(a0);
	__u32 tid = current_tid();

	if (!p)
		return 0;
	bpf_map_update_elem(&unmapping, &tid, &a0, BPF_ANY);
	p->killer_site = site_for_finding(h);
	p->killer = tid;
	p->killer_cpu = bpf_get_smp_processor_id();
	p->killer_in_scope = filter && filter_has_current();
	bpf_get_current_comm(p->comm, sizeof(p->comm));
	p->killed = bpf_ktime_get_ns();
	__sync_fetch_and_add(&killed, 1);
	return 0;
}

/* dev_pagemap_percpu_release(ref): the last reference is given back, and the wait ends */
HOOK(dev_pagemap_percpu_release)
{
	emit_release(a0 - bpf_core_field_offset(struct dev_pagemap, ref), 0, site_for_finding(h));
	return 0;
}

HOOK_RETURN(memunmap_pages)
{
	__u32 tid = current_tid();
	__u64 *entered = bpf_map_lookup_elem(&unmapping, &tid);
	struct pgmt_pgmap *p;

	if (!a0 && entered)
		a0 = *entered;
	bpf_map_delete_elem(&unmapping, &tid);
	p = bpf_map_lookup_elem(&pgmaps, &a0);
	if (!p)
		return 0;
	forget_pages(p, a0);
	bpf_map_delete_elem(&pgmaps, &a0);
	return 0;
}

/*
 * remove_pfn_range_from_zone(zone, start_pfn, nr_pages): memunmap_pages calls
 * it when it has waited for what it waits for, and struct pages still stand.
 */
HOOK(remove_pfn_range_from_zone)
{
	return on_teardown(h, a1, a2);
}

/* ---- run by the tool, not attached ---- */

/* Learns where things are: vmemmap_base is a variable of the kernel. */
SEC("syscall")
int read_word(struct pgmt_read *r)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)r->address);
	r->value = value;
	return 0;
}

/* The next pgmap at w->pfn or above; enters it in the table. */
SEC("syscall")
int pgmap_next(struct pgmt_walk *w)
{
	struct pgmt_lookup found = {};
	struct pgmt_pgmap *p;
	__u64 address;

	pgmap_array_load(w->pfn, &found);
	w->done = found.next <= w->pfn || found.next == ~0ULL;
	w->pfn = found.next;
	w->found = 0;
	w->unmade = 0;
	address = found.pgmap;
	if (!address)
		return 0;
	/* it is in the array before its first range counts */
	w->unmade = !PGMT_READ_SLOWLY(struct dev_pagemap, address, nr_range);
	if (w->unmade)
		return 0;
	p = known_pgmap(address);
	if (p) {
		w->pgmap = *p;
		w->dying = pgmap_is_dying(address);
		w->refs = pgmap_refs(address);
		w->found = 1;
	}
	return 0;
}

SEC("syscall")
int scan_initial(struct pgmt_scan *w)
{
	__u64 address = pfn_to_pgmap(w->pfn);
	struct pgmt_scratch *s = scratch_get();

	if (!s) {
		lose(PGMT_LOSS_SCAN, w->nr);
		return 0;
	}
	if (address) {
		scan_initially(s, w->pfn, w->nr,
			       PGMT_READ_SLOWLY(struct dev_pagemap, address, type));
		w->above_idle = s->scan.live;
	}
	scratch_put(s);
	return 0;
}

SEC("syscall")
int scan_leaks(struct pgmt_leak_scan *l)
{
	struct pgmt_scratch *s = scratch_get();

	if (!s)
		return 0;
	s->leak_scan.of = *l;
	scan_for_leaks(s);
	*l = s->leak_scan.of;
	scratch_put(s);
	return 0;
}

/* What is f->pfn now?  For folios that are still out when tracing ends. */
SEC("syscall")
int look(struct pgmt_finding *f)
{
	struct pgmt_scratch *s = scratch_get();
	struct pgmt_transition t = {};
	struct pgmt_section *section;
	struct pgmt_event e = {};

	if (!s)
		return 0;
	__builtin_memset(&s->finding, 0, sizeof(s->finding));
	e.pfn = f->pfn;
	e.page = pfn_to_page(e.pfn);
	e.pgmap = pfn_to_pgmap(e.pfn);
	e.mapping = f->mapping;
	if (!e.pgmap)
		goto out;
	e.order = folio_order(e.page);
	t.type = PGMT_READ_SLOWLY(struct dev_pagemap, e.pgmap, type);
	t.refcount = page_refcount(e.page);
	t.mapcount = folio_mapcount(e.page, e.order);
	describe(&s->finding, &t, &e);
	section = find_known_section(e.pfn);
	if (section)
		s->finding.state = pgmt_normalise(
			pgmt_word(section, e.pfn & (PGMT_SECTION_PAGES - 1)), section->fresh);
	if (profile == PGMT_PROFILE_REQUEST)
		s->finding.accounted = folio_associations(e.page);
	else if (t.type == PGMT_TYPE_FS_DAX)
		s->finding.accounted = t.mapcount;
	*f = s->finding;
out:
	scratch_put(s);
	return 0;
}

/* How many references should a pgmap have, and how many has it? */
SEC("syscall")
int explain(struct pgmt_refs *r)
{
	__u64 address = r->address;
	struct pgmt_pgmap *p = bpf_map_lookup_elem(&pgmaps, &address);
	struct pgmt_scratch *s;
	__s64 live = 0;
	__u32 i;

	r->refs = -1;
	r->known = 0;
	s = p ? scratch_get() : 0;
	if (!s)
		return 0;
	r->known = 1;
	__builtin_memset(&s->tally, 0, sizeof(s->tally));
	s->tally.all = 1;
	for (i = 0; i < PGMT_MAX_RANGES; i++) {
		if (i >= p->nr_range)
			break;
		tally_pages(s, p->range[i].start, p->range[i].end + 1);
	}
	r->outstanding = s->tally.outstanding;
	r->preexisting = s->tally.preexisting;
	r->oldest = s->tally.oldest;
	r->pfn = s->tally.outstanding ? s->tally.first_outstanding : s->tally.first_preexisting;
	r->own = own_refs(p);
	/* with an order to ask for comes a reference for each page */
	folio_refs(p, &s->tally, init_names_pgmap, r);
	r->refs = pgmap_refs(address);
	r->live_known = pgmap_live_refs(address, &live);
	r->live = live;
	scratch_put(s);
	return 0;
}
