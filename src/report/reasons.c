// SPDX-License-Identifier: GPL-2.0-only
#include "report/reasons.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "report/folio.h"
#include "report/reason_cases.h"

/* ---- what is said of each rule */

#define MOST_CASES 7

/* In @why, {name} stands for one of fields[] below. */
struct words {
	const char *why;
	bool (*when)(const struct pgmt_finding *f); /* NULL: in all other cases */
	const char *headline;			    /* NULL: the rule's */
};

/* The first of @words that fits is taken. */
static const struct {
	const char *headline;
	struct words words[MOST_CASES];
	const char *cause;
} reasons[PGMT_NR_RULES] = {
	[PGMT_RULE_REQUEST_NOT_IDLE] =
		{
			"requested while in use",
			{{"requested while it has {references}: when the old ones are "
			  "dropped, the folio is freed under its new owner"}},
			"a driver puts a page back on its free list before the last reference is "
			"dropped, or a pfn walker or a racing fault still holds one",
		},
	[PGMT_RULE_DOUBLE_REQUEST] =
		{
			"requested twice",
			{{"requested again ({asked} of order {asked_order}) {since_request}, "
			  "and not freed in between: unless the kernel refuses the request, "
			  "the folio has two owners and only one free to come"}},
			"a driver's free list has the page twice; in fsdax, a fault on a second "
			"file that shares the extent requests the folio instead of taking a "
			"reference",
		},
	[PGMT_RULE_REQUEST_DYING] =
		{
			"requested after its pgmap was killed",
			{{"the reference count of {device} is dead: memunmap_pages may "
			  "remove the struct page while the new owner uses it"}},
			"the driver unmaps before it has stopped its allocator, or a fault races "
			"with the unbind",
		},
	[PGMT_RULE_REQUEST_OUTSIDE] =
		{
			"requested from a pgmap that does not cover it",
			{{"the request is for {pages_asked} from pfn {pfn} on, but "
			  "the pgmap ends at {named_last}: {pages_past_end} too many",
			  is_past_end},
			 {"no known pgmap that has pfn {pfn} is at the "
			  "address that the request names",
			  names_unknown_pgmap},
			 {"pfn {pfn} is in the altmap of the pgmap that the request names "
			  "({named_first}-{named_last}), which has no folio there",
			  is_in_named_range},
			 {"pfn {pfn} is not in the pgmap that the request names "
			  "({named_first}-{named_last}): the reference is taken on one "
			  "pgmap and will be dropped on another"}},
			"an allocator with several pgmaps mixes them up, or a length or offset is "
			"in the wrong unit",
		},
	[PGMT_RULE_ORDER_MISMATCH] =
		{
			"freed at another order than requested",
			{{"mapped as order {asked_order}, but the struct page of pfn {busy} says "
			  "order {order}: the kernel counts and frees other pages than are mapped",
			  is_map, "mapped at another order than it has"},
			 {"requested at order {asked_order}, but the folio is of order {order}: "
			  "the caller will use fewer pages than it frees",
			  is_smaller_request, "requested at another order than it has"},
			 {"requested at order {asked_order}, but the folio is of order {order}: "
			  "the caller will use more pages than it frees",
			  is_larger_request, "requested at another order than it has"},
			 {"{asked} requested at once, and not all of them have order {order}, "
			  "which the first has",
			  is_request, "requested with folios of another order"},
			 {"freed at order {order}, but its head was requested at order "
			  "{asked_order}: pfn {busy}, which is freed with it, was never "
			  "requested"}},
			"the order is kept in two places, or compound state is left over from the "
			"page's previous use",
		},
	[PGMT_RULE_PARTIAL_REQUEST] =
		{
			"left out of a request",
			{{"a request for {asked} was granted, but pfn {pfn} among them has no "
			  "reference",
			  is_request_of_many},
			 {"a huge entry of {section_pages} pages was stored, but pfn {pfn} "
			  "in it was never requested: it will be freed without a request"}},
			"a loop over the folios of a request stops early or visits one twice, or "
			"an error path goes on",
		},
	[PGMT_RULE_RELEASE_UNREQUESTED] =
		{
			"released without a request",
			{{"released at a reference count of {refcount}; state: {life}"}},
			"an entry or folio is released twice, or on a path that never requested "
			"it",
		},
	[PGMT_RULE_FREE_UNREQUESTED] =
		{
			"freed without a request",
			{{"page_free is called, but the folio was never requested since its "
			  "pgmap was created"}},
			"one put too many, or the driver frees a page that it never handed out",
		},
	[PGMT_RULE_DOUBLE_FREE] =
		{
			"freed twice",
			{{"page_free is called again {since_free}, with no request in "
			  "between: the page may get two owners"}},
			"one put too many, on an error path that drops what its caller drops as "
			"well",
		},
	[PGMT_RULE_FREE_REFERENCED] =
		{
			"freed while in use",
			{{"page_free is called at a reference count of {refcount} and a "
			  "mapcount of {mapcount}; both must be 0. Whoever still holds the "
			  "folio will free it again"}},
			"page_free is called by hand, or the page is unmapped too late",
		},
	[PGMT_RULE_PAGES_UNBALANCED] =
		{
			"not freed with the rest of its folio",
			{{"requested while pages of the large folio that was split "
			  "here have not been freed",
			  is_request},
			 {"the large folio that it was part of was freed page by page, but this "
			  "page was not, and its pgmap is being torn down",
			  is_teardown},
			 {"the large folio that it was part of was freed page by page, but "
			  "this page was not"}},
			"a split folio's tail pages get lost, or are still held when the folio is "
			"requested again",
		},
	[PGMT_RULE_GENERIC_OVERPUT] =
		{
			"lost its last reference",
			{{"its reference count fell to 0, but an idle device-dax page has 1: "
			  "someone dropped a reference that they did not hold"}},
			"a put without a get: device-dax pages are mapped and pinned, but nobody "
			"owns their first reference",
		},
	[PGMT_RULE_REFCOUNT_UNDERFLOW] =
		{
			"has a reference count below zero",
			{{"after a release of {asked} its count is {refcount}: it was put too "
			  "often, and others perhaps never",
			  is_released},
			 {"its count is {refcount}: it was put more often than taken, and its "
			  "free never comes"}},
			"a put without a get, or a loop over released folios that visits one twice",
		},
	[PGMT_RULE_MAP_UNREQUESTED] =
		{
			"mapped without a request",
			{{"stored in a file, as a huge entry, at a reference count of {refcount}; "
			  "state: {life}. Nothing keeps the storage from being reused",
			  is_huge_store, "stored in a file without a request"},
			 {"stored in a file at a reference count of {refcount}; state: {life}. "
			  "Nothing keeps the storage from being reused",
			  is_store, "stored in a file without a request"},
			 {"mapped at a reference count of {refcount}; state: {life}. Nothing "
			  "keeps the storage from being reused"}},
			"a path that maps without taking a reference: copy-on-write, or an entry "
			"that was kept or zapped, and is faulted again with no new request",
		},
	[PGMT_RULE_FLOW_ORDER] =
		{
			"used before its huge folio was complete",
			{{"the folio was built after its huge entry was stored: until then the "
			  "entry stood for single pages",
			  is_huge_map},
			 {"a PMD is installed for it, but no huge entry was stored since "
			  "its request",
			  is_map},
			 {"a huge entry is stored while the folio is of order {order} with a "
			  "reference count of {refcount}: it must be one folio of order 9 "
			  "with 1, or single pages with 1 each"}},
			"the entry is stored before the folio is built and its references are "
			"merged, or a fault installs a PMD without storing the entry",
		},
	[PGMT_RULE_ASSOCIATION_CONFLICT] =
		{
			"stored for a second file",
			{{"stored for a file while {files} already has it, and the kernel "
			  "does not mark it as shared: when one file drops it, the other "
			  "uses storage that may be free"}},
			"a shared extent is mapped by a path that does not mark its pages as "
			"shared",
		},
	[PGMT_RULE_ENTRY_DROPPED_BUSY] =
		{
			"removed from its file while in use",
			{{"its file entry is removed while it has {references}: {mapped} by "
			  "mappings, {unexplained} unexplained, such as pins. The file "
			  "system may reuse the storage while they still read or write it"}},
			"truncate, hole punch or copy on write does not wait for pins (O_DIRECT, "
			"RDMA, vmsplice)",
		},
	[PGMT_RULE_RESET_BUSY] =
		{
			"reset while in use",
			{{"split into single pages while it has {references}: whoever holds "
			  "one of its pages will drop a reference of another folio"}},
			"a mapping is removed while a pin stays, and the folio is split all the "
			"same",
		},
	[PGMT_RULE_PGMAP_OVERLAP] =
		{
			"mapped a second time",
			{{"memremap_pages is called for a range in which pfn {pfn} belongs "
			  "to {device}, which is not torn down"}},
			"the previous driver did not unmap, or two drivers claim one resource",
		},
	[PGMT_RULE_REF_IMBALANCE] =
		{
			"has a reference count that does not match its folios",
			{{"memunmap_pages has waited for all references, but this folio is still "
			  "requested, at a reference count of {refcount}: the reference that it "
			  "took on the pgmap is lost",
			  is_teardown, "outstanding after its pgmap's last reference"},
			 {"the reference count of {device} is {refs_number}, unchanged for a "
			  "second "
			  "after it was killed: below zero, since more references were given "
			  "back than taken. It never comes to zero: memunmap_pages will wait "
			  "for ever",
			  is_below_zero, "has a reference count below zero"},
			 {"{device} has {refs} after it was killed, unchanged for a second, but "
			  "its outstanding folios account for {most} only: memunmap_pages will "
			  "wait for ever{before_tracing}",
			  has_unaccounted_refs},
			 {"{device} has {refs} after it was killed, unchanged for a second, "
			  "but its outstanding folios must hold {least}: memunmap_pages will "
			  "not wait for all of them"}},
			"a free path that puts the folio but not its pgmap, or a request that "
			"fails and keeps its reference",
		},
	[PGMT_RULE_TEARDOWN_LIVE] =
		{
			"torn down while in use",
			{{"memunmap_pages removes the struct page while it has {references}: "
			  "whoever drops {those_above_idle} later uses freed memory"}},
			"a pin (O_DIRECT, vmsplice, RDMA, io_uring) or a lost reference outlives "
			"the device; nothing waits for it",
		},
	[PGMT_RULE_TEARDOWN_STALL] =
		{
			"keeps memunmap_pages waiting",
			{{"memunmap_pages waited for {waited} for the references of {device}. The "
			  "wait was over when pgmaptrace came to look",
			  is_wait_over, "kept memunmap_pages waiting"},
			 {"memunmap_pages has waited for {waited}; the reference "
			  "count of {device} is not known yet",
			  has_unknown_refs},
			 {"memunmap_pages has waited for {waited}: the reference count of {device} "
			  "is {refs_number}, below zero, since more references were given back "
			  "than taken. It will wait for ever",
			  is_below_zero},
			 {"memunmap_pages has waited for {waited}: {device} still has {refs}, and "
			  "how many of them are allocations that were not freed is not visible",
			  has_allocations},
			 {"memunmap_pages has waited for {waited}: {device} still has {refs}, but "
			  "no outstanding folio to account for that. It may wait for ever",
			  has_none_outstanding},
			 {"memunmap_pages has waited for {waited}: {device} still has {refs}. "
			  "Outstanding folios account for {most}, and nothing for the rest",
			  has_unaccounted_refs},
			 {"memunmap_pages has waited for {waited}: {device} still has "
			  "{refs}, held by outstanding folios"}},
			"a pin (vmsplice, RDMA, io_uring) or an open mapping outlives the unbind, "
			"or a reference on the pgmap was lost",
		},
	[PGMT_RULE_BREAK_STALL] =
		{
			"keeps its file system waiting",
			{{"{task} has waited for {waited} until the folio is idle. Its count is "
			  "{refcount}: below zero, it will wait for ever",
			  is_below_zero, "keeps a task waiting"},
			 {"{task} has waited for {waited} until the folio is idle. It has "
			  "{references}: {mapped} by mappings, {unexplained} unexplained, "
			  "such as pins. {task} goes on when they are dropped",
			  is_of_no_file, "keeps a task waiting"},
			 {"{task} has spun for {waited} until the folio is idle: it does not "
			  "sleep, and has asked {spins} times. The folio has {references}: "
			  "{by_files}{mapped} by mappings, {unexplained} unexplained, such as "
			  "pins. The file system can't share, free or move the storage before "
			  "they are dropped, and a signal may not end that",
			  spins, "keeps its file system spinning"},
			 {"{task} has waited for {waited} until the folio is idle. It has "
			  "{references}: {by_files}{mapped} by mappings, {unexplained} "
			  "unexplained, such as pins. The file system can't free or move the "
			  "storage "
			  "before they are dropped"}},
			"a pin (O_DIRECT, vmsplice, RDMA, io_uring) is not dropped",
		},
	[PGMT_RULE_LEAK] =
		{
			"never freed",
			{{"requested {age} and not freed, and its pgmap is being torn down",
			  is_teardown},
			 {"requested {age} and not freed, and neither mappings nor files "
			  "account for it"}},
			"a pin is never dropped, or an error path keeps the folio",
		},
};

static const struct words *words_of(const struct pgmt_finding *f)
{
	const struct words *w = reasons[f->rule].words;

	while (w->when && !w->when(f))
		w++;
	return w;
}

const char *reason_headline(const struct pgmt_finding *f)
{
	const struct words *w = words_of(f);

	return w->headline ? w->headline : reasons[f->rule].headline;
}

const char *reason_cause(unsigned int rule)
{
	return reasons[rule].cause;
}

/* ---- what is put into the sentences */

struct sentence {
	const struct pgmt_finding *f;
	const struct reason_facts *facts;
	struct folio_references references;
	FILE *to;
};

/* "1 page", "2 pages" */
static void put_count(const struct sentence *s, long long n, const char *what)
{
	fprintf(s->to, "%lld %s%s", n, what, n == 1 ? "" : "s");
}

static void put_pfn(const struct sentence *s, unsigned long long pfn)
{
	fprintf(s->to, "0x%llx", pfn);
}

static int references_above_idle(const struct sentence *s)
{
	return s->f->refcount - s->references.idle;
}

/* @seconds: negative if the time was not recorded */
static void put_since(const struct sentence *s, double seconds, const char *what)
{
	if (seconds < 0)
		fprintf(s->to, "some time after the last %s", what);
	else
		fprintf(s->to, "%.3f s after the last %s", seconds, what);
}

static void put_age(const struct sentence *s)
{
	if (s->facts->since_request < 0)
		fputs("at an unknown time", s->to);
	else
		fprintf(s->to, "%.3f s ago", s->facts->since_request);
}

static void put_references(const struct sentence *s)
{
	put_count(s, s->f->refcount, "reference");
	fprintf(s->to, " (%d when idle)", s->references.idle);
}

/* Where files hold references, as the sum of the references has it. */
static void put_by_files(const struct sentence *s)
{
	if (s->references.files)
		fprintf(s->to, "%d by the file, ", s->references.files);
}

static void put_task(const struct sentence *s)
{
	fprintf(s->to, "%s/%u", comm_text(s->f->comm).text, s->f->tid);
}

static void put_asked(const struct sentence *s)
{
	put_count(s, s->f->asked ? s->f->asked : 1, "folio");
}

/* FIELD(name, statement): what {name} becomes */
#define FIELDS(FIELD)                                                                              \
	FIELD(age, put_age(s))                                                                     \
	FIELD(asked, put_asked(s))                                                                 \
	FIELD(asked_order, fprintf(s->to, "%u", s->f->asked_order))                                \
	FIELD(before_tracing,                                                                      \
	      fputs(s->f->pgmap.since ? "" : " (unless they were taken before tracing)", s->to))   \
	FIELD(busy, put_pfn(s, s->f->busy ? s->f->busy : s->f->pfn))                               \
	FIELD(by_files, put_by_files(s))                                                           \
	FIELD(device, fputs(s->facts->device, s->to))                                              \
	FIELD(files, put_count(s, pgmt_assoc(s->f->state), "file"))                                \
	FIELD(least, fprintf(s->to, "%llu", s->f->least))                                          \
	FIELD(life, fputs(folio_life(s->f->state), s->to))                                         \
	FIELD(mapcount, fprintf(s->to, "%d", s->f->mapcount))                                      \
	FIELD(mapped, fprintf(s->to, "%d", s->references.mapped))                                  \
	FIELD(most, fprintf(s->to, "%llu", s->f->most))                                            \
	FIELD(named_first, put_pfn(s, s->f->named.start))                                          \
	FIELD(named_last, put_pfn(s, s->f->named.end))                                             \
	FIELD(order, fprintf(s->to, "%u", s->f->order))                                            \
	FIELD(pages_asked, put_count(s, pages_asked(s->f), "page"))                                \
	FIELD(pages_past_end, put_count(s, last_pfn_asked(s->f) - s->f->named.end, "page"))        \
	FIELD(pfn, put_pfn(s, s->f->pfn))                                                          \
	FIELD(refcount, fprintf(s->to, "%d", s->f->refcount))                                      \
	FIELD(references, put_references(s))                                                       \
	FIELD(refs, put_count(s, s->f->refs, "reference"))                                         \
	FIELD(refs_number, fprintf(s->to, "%lld", s->f->refs))                                     \
	FIELD(section_pages, fprintf(s->to, "%d", PGMT_SECTION_PAGES))                             \
	FIELD(since_free, put_since(s, s->facts->since_free, "free"))                              \
	FIELD(since_request, put_since(s, s->facts->since_request, "request"))                     \
	FIELD(spins, fprintf(s->to, "%llu", s->f->spins))                                          \
	FIELD(task, put_task(s))                                                                   \
	FIELD(those_above_idle,                                                                    \
	      fputs(references_above_idle(s) > 1 ? "the rest" : "the last one", s->to))            \
	FIELD(unexplained, fprintf(s->to, "%d", s->references.unexplained))                        \
	FIELD(waited, fprintf(s->to, "%.1f s", s->f->waited / 1e9))

#define FIELD(name, statement)                                                                     \
	static void field_##name(const struct sentence *s)                                         \
	{                                                                                          \
		statement;                                                                         \
	}
FIELDS(FIELD)
#undef FIELD

static const struct {
	const char *name;
	void (*put)(const struct sentence *s);
} fields[] = {
#define FIELD(name, statement) {#name, field_##name},
	FIELDS(FIELD)
#undef FIELD
};

/* @name: @len bytes, between the braces; what is not a field is left as it is */
static void put_field(const struct sentence *s, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (strlen(fields[i].name) != len || memcmp(fields[i].name, name, len))
			continue;
		fields[i].put(s);
		return;
	}
	fprintf(s->to, "{%.*s}", (int)len, name);
}

static void put_sentence(const struct sentence *s, const char *why)
{
	while (*why) {
		size_t plain = strcspn(why, "{"), name;

		fwrite(why, 1, plain, s->to);
		why += plain;
		if (!*why)
			break;
		name = strcspn(++why, "}");
		put_field(s, why, name);
		why += name + (why[name] == '}');
	}
}

void reason_sentence(const struct pgmt_finding *f, const struct reason_facts *facts, char *buf,
		     size_t size)
{
	struct sentence s = {.f = f, .facts = facts};

	buf[0] = '\0';
	s.to = fmemopen(buf, size, "w");
	if (!s.to)
		return;
	folio_references(f, facts->profile, &s.references);
	put_sentence(&s, words_of(f)->why);
	fclose(s.to);
	buf[size - 1] = '\0';
}
