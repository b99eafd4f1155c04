/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of one rule that need other words.  Not here: the words (reasons.c). */
#ifndef PGMAPTRACE_REPORT_REASON_CASES_H
#define PGMAPTRACE_REPORT_REASON_CASES_H

#include <stdbool.h>

#include "model/wire.h"

static inline bool is_teardown(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_TEARDOWN;
}

static inline bool is_request(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_REQUEST;
}

static inline bool is_map(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_MAP;
}

static inline bool is_huge_map(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_MAP && f->asked_order;
}

static inline bool is_huge_store(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_STORE && f->asked_order;
}

static inline bool is_store(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_STORE;
}

static inline bool is_released(const struct pgmt_finding *f)
{
	return f->op == PGMT_OP_RELEASED;
}

static inline bool is_smaller_request(const struct pgmt_finding *f)
{
	return is_request(f) && f->order > f->asked_order;
}

static inline bool is_larger_request(const struct pgmt_finding *f)
{
	return is_request(f) && f->order < f->asked_order;
}

static inline bool is_request_of_many(const struct pgmt_finding *f)
{
	return f->asked > 1;
}

static inline bool is_in_named_range(const struct pgmt_finding *f)
{
	return f->named.end && f->pfn >= f->named.start && f->pfn <= f->named.end;
}

static inline unsigned long long pages_asked(const struct pgmt_finding *f)
{
	return f->asked << f->asked_order;
}

static inline unsigned long long last_pfn_asked(const struct pgmt_finding *f)
{
	return f->pfn + pages_asked(f) - 1;
}

static inline bool is_past_end(const struct pgmt_finding *f)
{
	return is_in_named_range(f) && last_pfn_asked(f) > f->named.end;
}

static inline bool names_unknown_pgmap(const struct pgmt_finding *f)
{
	return !f->named.end;
}

static inline bool has_unaccounted_refs(const struct pgmt_finding *f)
{
	return f->refs > (long long)f->most;
}

static inline bool is_wait_over(const struct pgmt_finding *f)
{
	return f->wait_over;
}

static inline bool has_unknown_refs(const struct pgmt_finding *f)
{
	return f->refs == PGMT_REFS_UNKNOWN;
}

static inline bool is_below_zero(const struct pgmt_finding *f)
{
	/* of the pgmap, or of the folio that is waited for */
	return f->refs < 0 || (f->rule == PGMT_RULE_BREAK_STALL && f->refcount < 0);
}

static inline bool has_allocations(const struct pgmt_finding *f)
{
	return f->most == PGMT_REFS_ANY;
}

static inline bool is_of_no_file(const struct pgmt_finding *f)
{
	return f->pgmap.type != PGMT_TYPE_FS_DAX;
}

static inline bool spins(const struct pgmt_finding *f)
{
	return f->spins;
}

static inline bool has_none_outstanding(const struct pgmt_finding *f)
{
	return !f->most;
}

#endif /* PGMAPTRACE_REPORT_REASON_CASES_H */
