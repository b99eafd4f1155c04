/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records for the tool: of findings, events, new pgmaps and last references.
 * Not here: what a finding is (observe.bpf.h), and the records' layout (wire.h).
 */
#ifndef PGMAPTRACE_BPF_RECORDS_BPF_H
#define PGMAPTRACE_BPF_RECORDS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/counters.bpf.h"
#include "bpf/file.bpf.h"
#include "bpf/file_entry.bpf.h"
#include "bpf/history.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scratch.bpf.h"
#include "bpf/sections.bpf.h"

/* In two parts, which stay two: there is no call for one so large. */
#define FINDING_FIRST __builtin_offsetof(struct pgmt_finding, other)
#define FINDING_REST  (sizeof(struct pgmt_finding) - FINDING_FIRST)

static __always_inline void clear_finding(struct pgmt_finding *f)
{
	__builtin_memset(f, 0, FINDING_FIRST);
	asm volatile("" ::: "memory");
	__builtin_memset(&f->other, 0, FINDING_REST);
}

static __always_inline void copy_finding(struct pgmt_finding *to, const struct pgmt_finding *from)
{
	__builtin_memcpy(to, from, FINDING_FIRST);
	asm volatile("" ::: "memory");
	__builtin_memcpy(&to->other, &from->other, FINDING_REST);
}

/* Fill in the folio, its file, pgmap and history. */
static __always_inline void describe(struct pgmt_finding *f, const struct pgmt_transition *t,
				     const struct pgmt_event *e)
{
	struct pgmt_page_history *past = find_history(e->pfn, false);
	struct pgmt_pgmap *known;
	__u64 pgmap = e->pgmap;

	f->pfn = e->pfn;
	f->busy = e->busy;
	f->order = e->order;
	f->refcount = t->refcount;
	f->mapcount = t->mapcount;
	f->pincount = folio_pincount(
		e->page, pgmt_mappings_hold(profile, t->type) && t->mapcount > 0 ? t->mapcount : 0);
	f->flags = page_flags(e->page);
	if (past)
		read_history(&f->last_free, past, PGMT_LAST_FREE);
	read_request(&f->last_request, past, find_known_section(e->pfn));
	known = bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		f->pgmap = *known;
	f->pgmap.type = t->type;
	if (t->type == PGMT_TYPE_FS_DAX || t->type == PGMT_TYPE_GENERIC)
		describe_file(f, e->page, e->mapping, e->vmf);
	if (pgmt_files_hold(profile, t->type))
		describe_entry(f, e->page);
	if (t->type == PGMT_TYPE_FS_DAX)
		describe_other(f, e->page);
	pgmap = e->named_pgmap;
	known = pgmap ? bpf_map_lookup_elem(&pgmaps, &pgmap) : 0;
	if (known)
		f->named = known->range[0];
}

/* Return: how many findings of its group there were before; 0 also if the table is full. */
static __always_inline __u64 count_in_group(const struct pgmt_event *e, __u32 rule)
{
	struct pgmt_group_key key = {.rule = rule, .site = e->site};
	__u64 now = bpf_ktime_get_ns();
	struct pgmt_group none = {.first = now};
	struct pgmt_pgmap *known;
	struct pgmt_group *g;
	__u64 pgmap = e->pgmap;

	known = e->site ? 0 : bpf_map_lookup_elem(&pgmaps, &pgmap);
	if (known)
		key.epoch = known->epoch;
	g = bpf_map_lookup_elem(&groups, &key);
	if (!g) {
		bpf_map_update_elem(&groups, &key, &none, BPF_NOEXIST);
		g = bpf_map_lookup_elem(&groups, &key);
	}
	if (!g) {
		lose(PGMT_LOSS_GROUP, 1);
		return 0;
	}
	if (g->last < now)
		g->last = now;
	return __sync_fetch_and_add(&g->times, 1);
}

__noinline int emit_finding(const struct pgmt_transition *t, const struct pgmt_event *e, __u32 rule)
{
	struct pgmt_finding *f;
	__u64 id;

	if (!t || !e || rule >= PGMT_NR_RULES)
		return 0;
	COUNT(rules[rule], 1);
	if (count_in_group(e, rule) >= PGMT_EXAMPLES)
		return 0;
	f = bpf_ringbuf_reserve(&records, sizeof(*f), 0);
	if (!f) {
		lose(PGMT_LOSS_FINDING, 1);
		return 0;
	}
	clear_finding(f);
	f->kind = PGMT_RECORD_FINDING;
	f->rule = rule;
	f->time = bpf_ktime_get_ns();
	f->folios = e->folios;
	f->asked = e->asked;
	f->asked_order = e->asked_order;
	f->op = t->op;
	f->state = pgmt_normalise(e->word, t->fresh);
	f->cpu = bpf_get_smp_processor_id();
	id = bpf_get_current_pid_tgid();
	f->tgid = id >> 32;
	f->tid = id;
	bpf_get_current_comm(f->comm, sizeof(f->comm));
	f->site = e->site;
	describe(f, t, e);
	bpf_ringbuf_submit(f, 0);
	return 0;
}

/*
 * Is it a folio of the file that is watched?  A folio that the file has given up still is,
 * until it is freed.  Of a request before the file has the folio nobody can tell.
 */
static __always_inline bool is_inodes(const struct pgmt_transition *t, const struct pgmt_event *e,
				      __u64 inode)
{
	__u64 pfn = e->pfn;
	bool known = bpf_map_lookup_elem(&inode_folios, &pfn);

	if (inode != watched && !known)
		return false;
	if (inode == watched && !known)
		bpf_map_update_elem(&inode_folios, &pfn, &inode, BPF_ANY);
	/* now it is another file's, or nobody's */
	if ((inode && inode != watched) || t->op == PGMT_OP_FREE)
		bpf_map_delete_elem(&inode_folios, &pfn);
	return !inode || inode == watched;
}

static __always_inline bool is_watched(const struct pgmt_transition *t, const struct pgmt_event *e,
				       __u64 inode)
{
	switch (watch) {
	case PGMT_WATCH_PFN:
		return watched >= e->pfn &&
		       watched < e->pfn + (1ULL << (e->order & PGMT_ORDER_MASK));
	case PGMT_WATCH_INODE:
		return is_inodes(t, e, inode);
	}
	return watch == PGMT_WATCH_ALL;
}

#define EVENTS_PER_WAKEUP (1 << 18) /* bytes */

__noinline int emit_event(const struct pgmt_transition *t, const struct pgmt_event *e, __u32 rule)
{
	__u64 mapping, inode, waiting;
	struct pgmt_event_record *r;

	if (!t || !e)
		return 0;
	mapping = event_mapping(e->page, e->mapping, e->vmf);
	inode = mapping_inode(mapping);
	if (!is_watched(t, e, inode))
		return 0;
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		lose(PGMT_LOSS_EVENT, 1);
		return 0;
	}
	r->time = bpf_ktime_get_ns();
	r->pfn = e->pfn;
	r->epoch = e->epoch;
	r->inode = inode;
	r->offset =
		event_offset(e->page, mapping, e->vmf, t->op == PGMT_OP_STORE ? e->asked_order : 0);
	r->op = t->op;
	r->rule = rule;
	r->before = e->word;
	r->after = e->after;
	r->refcount = t->refcount;
	r->mapcount = t->mapcount;
	r->order = e->order;
	r->type = t->type;
	r->cpu = bpf_get_smp_processor_id();
	r->tid = current_tid();
	r->site = e->site;
	r->unused = 0;
	read_current_comm((__u64 *)r->comm);
	/*
	 * Waking the tool for each event would cost more than all the rest: it looks by
	 * itself.  Since other CPUs reserve meanwhile, some bytes past the mark must do.
	 */
	waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(r, waiting >= EVENTS_PER_WAKEUP && waiting % EVENTS_PER_WAKEUP < 1024
				      ? BPF_RB_FORCE_WAKEUP
				      : BPF_RB_NO_WAKEUP);
	return 0;
}

/* The current task gives back the last reference of a pgmap (@address), or of a folio (@pfn). */
__noinline int emit_release(__u64 address, __u64 pfn, pgmt_site_t site)
{
	struct pgmt_release *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	struct pgmt_pgmap *known;

	if (!r) {
		lose(PGMT_LOSS_FINDING, 1);
		return 0;
	}
	r->kind = PGMT_RECORD_RELEASE;
	r->site = site;
	r->time = bpf_ktime_get_ns();
	r->address = address;
	r->pfn = pfn;
	r->cpu = bpf_get_smp_processor_id();
	r->tid = current_tid();
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	/* there, a folio's last reference is not seen, but its removal from the file is */
	r->removed = pfn && profile == PGMT_PROFILE_CLASSIC;
	known = address ? bpf_map_lookup_elem(&pgmaps, &address) : NULL;
	if (known)
		r->pgmap = *known;
	else
		r->pgmap.address = 0;
	bpf_ringbuf_submit(r, 0);
	return 0;
}

static __always_inline void emit_pgmap(const struct pgmt_pgmap *p)
{
	struct pgmt_pgmap_record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	if (!r) {
		lose(PGMT_LOSS_FINDING, 1);
		return;
	}
	r->kind = PGMT_RECORD_PGMAP_NEW;
	r->pgmap = *p;
	bpf_ringbuf_submit(r, 0);
}

#endif /* PGMAPTRACE_BPF_RECORDS_BPF_H */
