/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of rules: identifier, name, one line that says when it is broken,
 * and the usual cause.  BPF programs, tool and tests all use it, so a rule is
 * added here and nowhere else.  Not here: how a rule is judged (model.h) and
 * which hook it needs (hooks.c).
 */
#ifndef PGMAPTRACE_MODEL_RULES_H
#define PGMAPTRACE_MODEL_RULES_H

/* RULE(identifier, name, broken when, usual cause) */
#define PGMT_RULES(RULE)                                                                           \
	RULE(REQUEST_NOT_IDLE, "request-not-idle",                                                 \
	     "a folio is requested while its refcount is not the idle count",                      \
	     "a free list takes a page back before its last reference is gone, or a pfn walker "   \
	     "or a racing fault holds it for a moment too long")                                   \
	RULE(DOUBLE_REQUEST, "double-request", "a folio is requested again before it is freed",    \
	     "a driver's free list holds a page twice; in fsdax, a fault on a second file that "   \
	     "shares the extent requests the folio instead of taking a reference")                 \
	RULE(REQUEST_DYING, "request-dying", "a folio is requested from a pgmap that was killed",  \
	     "the driver unmaps before it has stopped its allocator, or a fault races with the "   \
	     "unbind")                                                                             \
	RULE(REQUEST_OUTSIDE, "request-outside",                                                   \
	     "a request names a pgmap that does not cover all of its pages",                       \
	     "an allocator with several pgmaps mixes them up, or a length or offset is in the "    \
	     "wrong unit")                                                                         \
	RULE(ORDER_MISMATCH, "order-mismatch",                                                     \
	     "a folio is requested or freed at an order that is not its own",                      \
	     "the order is kept in two places, or compound state is left from the page's last "    \
	     "life")                                                                               \
	RULE(PARTIAL_REQUEST, "partial-request",                                                   \
	     "a span is granted or a huge entry stored with some of its pages not requested",      \
	     "a loop over the folios of a span stops early or visits one twice, or an error path " \
	     "goes on")                                                                            \
	RULE(RELEASE_UNREQUESTED, "release-unrequested",                                           \
	     "a folio is released that is idle or was never requested",                            \
	     "an entry or folio is released on a path that never requested it, or twice")          \
	RULE(FREE_UNREQUESTED, "free-unrequested", "a folio is freed that was never requested",    \
	     "a put too many, or the driver frees a page that it never handed out")                \
	RULE(DOUBLE_FREE, "double-free", "a folio is freed twice after one request",               \
	     "a put too many, by an error path that gives back what its caller gives back as "     \
	     "well")                                                                               \
	RULE(FREE_REFERENCED, "free-referenced",                                                   \
	     "a folio is freed while it is still referenced or mapped",                            \
	     "somebody calls the free by hand, or unmaps too late")                                \
	RULE(PAGES_UNBALANCED, "pages-unbalanced",                                                 \
	     "a large folio is freed page by page, and some pages are never freed",                \
	     "a split folio's tail pages are lost on the way, or are still held when it is "       \
	     "handed out again")                                                                   \
	RULE(GENERIC_OVERPUT, "generic-overput",                                                   \
	     "the refcount of a device-dax folio drops to 0 on a kernel where idle is 1",          \
	     "a put without a get: device-dax pages are mapped and pinned, but nobody owns their " \
	     "first reference")                                                                    \
	RULE(MAP_UNREQUESTED, "map-unrequested",                                                   \
	     "a folio is mapped or stored in a file while it is idle",                             \
	     "a path that takes no reference before it maps, such as an entry kept or zapped and " \
	     "faulted again with no new request")                                                  \
	RULE(FLOW_ORDER, "flow-order",                                                             \
	     "a huge entry is stored before its folio is built, or after its PMD is installed",    \
	     "the entry is stored before the folio is built and its references are merged, or a "  \
	     "fault installs a PMD that it did not store")                                         \
	RULE(ASSOCIATION_CONFLICT, "association-conflict",                                         \
	     "a folio is stored in a second file without being marked as shared",                  \
	     "a shared extent is mapped by a path that does not mark its pages as shared")         \
	RULE(ENTRY_DROPPED_BUSY, "entry-dropped-busy",                                             \
	     "a folio's last file entry is removed while the folio is in use",                     \
	     "truncate, hole punch or copy on write does not wait for pins (O_DIRECT, RDMA, "      \
	     "vmsplice) to end")                                                                   \
	RULE(RESET_BUSY, "reset-busy",                                                             \
	     "a folio is split or reset while one of its pages is referenced",                     \
	     "a mapping goes while a pin stays, and the folio is taken apart all the same")        \
	RULE(PGMAP_OVERLAP, "pgmap-overlap",                                                       \
	     "memremap_pages is called on a range that overlaps a live pgmap",                     \
	     "the last driver did not unmap, or two drivers claim one resource")                   \
	RULE(REF_IMBALANCE, "ref-imbalance",                                                       \
	     "a killed pgmap's refcount does not match its outstanding folios",                    \
	     "a free path that puts the folio and not its pgmap, or a request that keeps a "       \
	     "reference after it failed")                                                          \
	RULE(TEARDOWN_LIVE, "teardown-live",                                                       \
	     "a pgmap is torn down while one of its folios is in use",                             \
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

/* A warning is reported and counted apart; it does not change the verdict. */
static inline int pgmt_rule_is_warning(unsigned int rule)
{
	return rule == PGMT_RULE_BREAK_STALL;
}

/* Name, one line and usual cause of @rule, which is below PGMT_NR_RULES.  Not for BPF programs. */
const char *pgmt_rule_name(unsigned int rule);
const char *pgmt_rule_text(unsigned int rule);
const char *pgmt_rule_cause(unsigned int rule);
/* The rule whose name is the first @len bytes of @name; PGMT_RULE_NONE if there is none. */
unsigned int pgmt_rule_by_name(const char *name, __SIZE_TYPE__ len);

#endif /* PGMAPTRACE_MODEL_RULES_H */
