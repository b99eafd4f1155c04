/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The catalogue of rules: identifier, name, the one sentence that says what is
 * broken, and what usually breaks it.  Shared by the BPF programs, the tool and the tests, so
 * a rule is added here and nowhere else.  Not here: how a rule is judged
 * (model.h) and which hook it needs (hooks.c).
 */
#ifndef PGMAPTRACE_MODEL_RULES_H
#define PGMAPTRACE_MODEL_RULES_H

/* RULE(identifier, name, broken when, usual cause) */
#define PGMT_RULES(RULE)                                                                           \
	RULE(REQUEST_NOT_IDLE, "request-not-idle",                                                 \
	     "a folio is requested at a refcount other than idle",                                 \
	     "a free list takes a page back before its last reference is gone, or a pfn walker "   \
	     "or a racing fault holds it for a moment too long")                                   \
	RULE(DOUBLE_REQUEST, "double-request", "a folio is requested again with no free between",  \
	     "a driver's free list holds a page twice; in fsdax, a fault on a second file "        \
	     "that shares the extent requests the folio instead of taking a reference")            \
	RULE(REQUEST_DYING, "request-dying", "a folio is requested from a pgmap that was killed",  \
	     "the driver unmaps before it has stopped its allocator, or a fault races with the "   \
	     "unbind")                                                                             \
	RULE(REQUEST_OUTSIDE, "request-outside",                                                   \
	     "the pgmap named in a request does not cover what is requested",                      \
	     "an allocator with several pgmaps mixes them up, or a length or offset is in the "    \
	     "wrong unit")                                                                         \
	RULE(ORDER_MISMATCH, "order-mismatch",                                                     \
	     "the orders asked for, of the folios of one request, or freed differ",                \
	     "the order is kept in two places, or compound state is left from the page's last "    \
	     "life")                                                                               \
	RULE(PARTIAL_REQUEST, "partial-request",                                                   \
	     "a span is granted or a huge entry stored with some of its pfns not requested",       \
	     "a loop over the folios of a span stops early or visits one twice, or an error path " \
	     "goes on")                                                                            \
	RULE(RELEASE_UNREQUESTED, "release-unrequested",                                           \
	     "a folio is released that was never requested, or is idle",                           \
	     "an entry or folio is released on a path that never requested it, or twice")          \
	RULE(FREE_UNREQUESTED, "free-unrequested",                                                 \
	     "page_free is called for a folio that was not requested",                             \
	     "a put too many, or the driver frees a page that it never handed out")                \
	RULE(DOUBLE_FREE, "double-free", "page_free is called twice for one request",              \
	     "a put too many, by an error path that gives back what its caller gives back as "     \
	     "well")                                                                               \
	RULE(FREE_REFERENCED, "free-referenced",                                                   \
	     "page_free is called at a refcount that is not 0, or while still mapped",             \
	     "somebody calls the free by hand, or unmaps too late")                                \
	RULE(PAGES_UNBALANCED, "pages-unbalanced",                                                 \
	     "of a large folio that comes back in parts, some pages never come back",              \
	     "a split folio's tail pages are lost on the way, or are still held when it is "       \
	     "handed out again")                                                                   \
	RULE(GENERIC_OVERPUT, "generic-overput",                                                   \
	     "a device-dax folio reaches 0 on a kernel where it idles at 1",                       \
	     "a put without a get: device-dax pages are mapped and pinned, but nobody owns their " \
	     "first reference")                                                                    \
	RULE(MAP_UNREQUESTED, "map-unrequested",                                                   \
	     "a folio is mapped or stored while it is idle and not requested",                     \
	     "a path that takes no reference before it maps, such as an entry kept or zapped and " \
	     "faulted again with no new request")                                                  \
	RULE(FLOW_ORDER, "flow-order",                                                             \
	     "a huge entry is stored before its folio is built, or a PMD is made before that",     \
	     "the entry is stored before the folio is built and its references are merged, or a "  \
	     "fault installs a PMD that it did not store")                                         \
	RULE(ASSOCIATION_CONFLICT, "association-conflict",                                         \
	     "a folio is stored for a second file without being shared",                           \
	     "a shared extent is mapped by a path that does not mark its pages as shared")         \
	RULE(ENTRY_DROPPED_BUSY, "entry-dropped-busy",                                             \
	     "the association with a file ends while the folio is in use",                         \
	     "truncate, hole punch or copy on write does not wait for pins (O_DIRECT, RDMA, "      \
	     "vmsplice) to end")                                                                   \
	RULE(RESET_BUSY, "reset-busy",                                                             \
	     "a folio is split back or reset while one of its pages is referenced",                \
	     "a mapping goes while a pin stays, and the folio is taken apart all the same")        \
	RULE(PGMAP_OVERLAP, "pgmap-overlap", "memremap_pages over a range that is live",           \
	     "the last driver did not unmap, or two drivers claim one resource")                   \
	RULE(REF_IMBALANCE, "ref-imbalance",                                                       \
	     "a killed pgmap's reference count is not what its outstanding folios explain",        \
	     "a free path that puts the folio and not its pgmap, or a request that keeps a "       \
	     "reference after it failed")                                                          \
	RULE(TEARDOWN_LIVE, "teardown-live", "a pgmap goes away while a folio is above idle",      \
	     "a pin (O_DIRECT, vmsplice, RDMA, io_uring) or a reference that was lost outlives "   \
	     "the device; nothing waits for it")                                                   \
	RULE(TEARDOWN_STALL, "teardown-stall",                                                     \
	     "memunmap_pages waits for references for longer than --stall",                        \
	     "a pin (vmsplice, RDMA, io_uring) or an open mapping outlives the unbind, or a "      \
	     "reference of the pgmap was lost")                                                    \
	RULE(BREAK_STALL, "break-stall",                                                           \
	     "truncate, unlink, unmount or eviction waits for a folio for longer than --stall",    \
	     "a pin on a page of the file (O_DIRECT, vmsplice, RDMA, io_uring) is not given back") \
	RULE(LEAK, "leak", "a folio was requested and never freed",                                \
	     "a pin is never given back, or an error path keeps the folio")

enum pgmt_rule {
	PGMT_RULE_NONE,
#define RULE(id, name, text, cause) PGMT_RULE_##id,
	PGMT_RULES(RULE)
#undef RULE
		PGMT_NR_RULES,
};

_Static_assert(PGMT_NR_RULES <= 32, "a mask of rules is 32 bits");

/* A warning is told of and counted apart; it makes no verdict. */
static inline int pgmt_rule_is_warning(unsigned int rule)
{
	return rule == PGMT_RULE_BREAK_STALL;
}

/* Name, meaning and usual cause of a rule; @rule is below PGMT_NR_RULES.  Not for BPF programs. */
const char *pgmt_rule_name(unsigned int rule);
const char *pgmt_rule_text(unsigned int rule);
const char *pgmt_rule_cause(unsigned int rule);
/* The rule called so, by the first @len bytes; PGMT_RULE_NONE if there is none. */
unsigned int pgmt_rule_by_name(const char *name, __SIZE_TYPE__ len);

#endif /* PGMAPTRACE_MODEL_RULES_H */
