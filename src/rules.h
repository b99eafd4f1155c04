/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The catalogue of rules: identifier, name and the one sentence that says
 * what is broken.  Shared by the BPF programs, the tool and the tests, so
 * a rule is added here and nowhere else.  Not here: how a rule is judged
 * (model.h) and which hook it needs (hooks.c).
 */
#ifndef PGMAPTRACE_RULES_H
#define PGMAPTRACE_RULES_H

/* RULE(identifier, name, broken when) */
#define PT_RULES(RULE)                                                                             \
	RULE(REQUEST_NOT_IDLE, "request-not-idle",                                                 \
	     "a folio is requested at a refcount other than idle")                                 \
	RULE(DOUBLE_REQUEST, "double-request", "a folio is requested again with no free between")  \
	RULE(FREE_UNREQUESTED, "free-unrequested",                                                 \
	     "page_free is called for a folio that was not requested")                             \
	RULE(DOUBLE_FREE, "double-free", "page_free is called twice for one request")              \
	RULE(FREE_REFERENCED, "free-referenced",                                                   \
	     "page_free is called at a refcount that is not 0, or while still mapped")             \
	RULE(GENERIC_OVERPUT, "generic-overput",                                                   \
	     "a device-dax folio reaches 0 on a kernel where it idles at 1")                       \
	RULE(MAP_UNREQUESTED, "map-unrequested",                                                   \
	     "a folio is mapped while it is idle and not requested")                               \
	RULE(ASSOCIATION_CONFLICT, "association-conflict",                                         \
	     "a folio is stored for a second file without being shared")                           \
	RULE(ENTRY_DROPPED_BUSY, "entry-dropped-busy",                                             \
	     "the association with a file ends while the folio is in use")                         \
	RULE(RESET_BUSY, "reset-busy",                                                             \
	     "a folio is split back or reset while one of its pages is referenced")                \
	RULE(PGMAP_OVERLAP, "pgmap-overlap", "memremap_pages over a range that is live")           \
	RULE(TEARDOWN_LIVE, "teardown-live", "a pgmap goes away while a folio is above idle")      \
	RULE(LEAK, "leak", "a folio was requested and never freed")

enum pt_rule {
	PT_RULE_NONE,
#define RULE(id, name, text) PT_RULE_##id,
	PT_RULES(RULE)
#undef RULE
		PT_NR_RULES,
};

/* Name and meaning of a rule; @rule is below PT_NR_RULES.  Not for BPF programs. */
const char *pt_rule_name(unsigned int rule);
const char *pt_rule_text(unsigned int rule);

#endif /* PGMAPTRACE_RULES_H */
