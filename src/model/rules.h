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
	     "a folio is requested while its refcount is not the idle count")                      \
	RULE(DOUBLE_REQUEST, "double-request", "a folio is requested again before it is freed")    \
	RULE(REQUEST_DYING, "request-dying", "a folio is requested from a pgmap that was killed")  \
	RULE(REQUEST_OUTSIDE, "request-outside",                                                   \
	     "a request names a pgmap that does not cover all of its pages")                       \
	RULE(ORDER_MISMATCH, "order-mismatch",                                                     \
	     "a folio is requested or freed at an order that is not its own")                      \
	RULE(PARTIAL_REQUEST, "partial-request",                                                   \
	     "a span is granted or a huge entry stored with some of its pages not requested")      \
	RULE(RELEASE_UNREQUESTED, "release-unrequested",                                           \
	     "a folio is released that is idle or was never requested")                            \
	RULE(FREE_UNREQUESTED, "free-unrequested", "a folio is freed that was never requested")    \
	RULE(DOUBLE_FREE, "double-free", "a folio is freed twice after one request")               \
	RULE(FREE_REFERENCED, "free-referenced",                                                   \
	     "a folio is freed while it is still referenced or mapped")                            \
	RULE(PAGES_UNBALANCED, "pages-unbalanced",                                                 \
	     "a large folio is freed page by page, and some pages are never freed")                \
	RULE(GENERIC_OVERPUT, "generic-overput",                                                   \
	     "the refcount of a device-dax folio drops to 0 on a kernel where idle is 1")          \
	RULE(REFCOUNT_UNDERFLOW, "refcount-underflow",                                             \
	     "the refcount of a folio is below 0: it was put more often than it was taken")        \
	RULE(MAP_UNREQUESTED, "map-unrequested",                                                   \
	     "a folio is mapped or stored in a file while it is idle")                             \
	RULE(FLOW_ORDER, "flow-order",                                                             \
	     "a huge entry is stored before its folio is built, or after its PMD is installed")    \
	RULE(ASSOCIATION_CONFLICT, "association-conflict",                                         \
	     "a folio is stored in a second file without being marked as shared")                  \
	RULE(ENTRY_DROPPED_BUSY, "entry-dropped-busy",                                             \
	     "a folio's last file entry is removed while the folio is in use")                     \
	RULE(RESET_BUSY, "reset-busy",                                                             \
	     "a folio is split or reset while one of its pages is referenced")                     \
	RULE(PGMAP_OVERLAP, "pgmap-overlap",                                                       \
	     "memremap_pages is called on a range that overlaps a live pgmap")                     \
	RULE(REF_IMBALANCE, "ref-imbalance",                                                       \
	     "a killed pgmap's refcount does not match its outstanding folios")                    \
	RULE(TEARDOWN_LIVE, "teardown-live",                                                       \
	     "a pgmap is torn down while one of its folios is in use")                             \
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

_Static_assert(PGMT_NR_RULES <= 32, "a mask of rules is 32 bits");

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
/*
 * What is wrong with @name, of @len bytes, that is none; with the one that may be meant.
 * @error: room for it
 */
#define PGMT_NO_RULE_LEN 160
const char *pgmt_no_rule(char error[PGMT_NO_RULE_LEN], const char *name, __SIZE_TYPE__ len);

#endif /* PGMAPTRACE_MODEL_RULES_H */
