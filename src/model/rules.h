/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The catalogue of rules: identifier, name and the one sentence that says what is
 * broken.  Shared by the BPF programs, the tool and the tests.  Not here: how a rule
 * is judged (model.h), which hook it needs (hooks.c) and what reports say of it (reasons.c).
 */
#ifndef PGMAPTRACE_MODEL_RULES_H
#define PGMAPTRACE_MODEL_RULES_H

/* RULE(identifier, name, broken when) */
#define PGMT_RULES(RULE)                                                                           \
	RULE(REQUEST_NOT_IDLE, "request-not-idle",                                                 \
	     "a folio is requested at a refcount other than idle")                                 \
	RULE(DOUBLE_REQUEST, "double-request", "a folio is requested again with no free between")  \
	RULE(REQUEST_DYING, "request-dying", "a folio is requested from a pgmap that was killed")  \
	RULE(REQUEST_OUTSIDE, "request-outside",                                                   \
	     "the pgmap named in a request does not cover what is requested")                      \
	RULE(ORDER_MISMATCH, "order-mismatch",                                                     \
	     "a folio is requested or freed at an order that is not its own")                      \
	RULE(PARTIAL_REQUEST, "partial-request",                                                   \
	     "a request is granted or a huge entry stored with some of its pfns not requested")    \
	RULE(RELEASE_UNREQUESTED, "release-unrequested",                                           \
	     "a folio is released that was never requested, or is idle")                           \
	RULE(FREE_UNREQUESTED, "free-unrequested",                                                 \
	     "page_free is called for a folio that was not requested")                             \
	RULE(DOUBLE_FREE, "double-free", "page_free is called twice for one request")              \
	RULE(FREE_REFERENCED, "free-referenced",                                                   \
	     "page_free is called at a refcount that is not 0, or while still mapped")             \
	RULE(PAGES_UNBALANCED, "pages-unbalanced",                                                 \
	     "a large folio is freed page by page, and some of its pages never are")               \
	RULE(GENERIC_OVERPUT, "generic-overput",                                                   \
	     "a device-dax folio reaches 0 on a kernel where it idles at 1")                       \
	RULE(MAP_UNREQUESTED, "map-unrequested",                                                   \
	     "a folio is mapped or stored while it is idle and not requested")                     \
	RULE(FLOW_ORDER, "flow-order",                                                             \
	     "a huge entry is stored before its folio is built, or a PMD installed before that")   \
	RULE(ASSOCIATION_CONFLICT, "association-conflict",                                         \
	     "a folio is stored for a second file without being shared")                           \
	RULE(ENTRY_DROPPED_BUSY, "entry-dropped-busy",                                             \
	     "the association with a file ends while the folio is in use")                         \
	RULE(RESET_BUSY, "reset-busy",                                                             \
	     "a folio is split back or reset while one of its pages is referenced")                \
	RULE(PGMAP_OVERLAP, "pgmap-overlap", "memremap_pages over a range that is live")           \
	RULE(REF_IMBALANCE, "ref-imbalance",                                                       \
	     "a killed pgmap's reference count does not match its outstanding folios")             \
	RULE(TEARDOWN_LIVE, "teardown-live", "a pgmap is torn down while a folio is above idle")   \
	RULE(TEARDOWN_STALL, "teardown-stall",                                                     \
	     "memunmap_pages waits for references for longer than --stall")                        \
	RULE(BREAK_STALL, "break-stall",                                                           \
	     "truncate, unlink, unmount or eviction waits for a folio for longer than --stall")    \
	RULE(LEAK, "leak", "a folio was requested and never freed")

enum pgmt_rule {
	PGMT_RULE_NONE,
#define RULE(id, name, text) PGMT_RULE_##id,
	PGMT_RULES(RULE)
#undef RULE
		PGMT_NR_RULES,
};

/* A warning is reported and counted apart; it does not change the verdict. */
static inline int pgmt_rule_is_warning(unsigned int rule)
{
	return rule == PGMT_RULE_BREAK_STALL;
}

/* Name and meaning of a rule; @rule is below PGMT_NR_RULES.  Not for BPF programs. */
const char *pgmt_rule_name(unsigned int rule);
const char *pgmt_rule_text(unsigned int rule);
/* The rule whose name is the first @len bytes of @name; PGMT_RULE_NONE if there is none. */
unsigned int pgmt_rule_by_name(const char *name, __SIZE_TYPE__ len);

#endif /* PGMAPTRACE_MODEL_RULES_H */
