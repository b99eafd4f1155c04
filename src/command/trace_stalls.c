// SPDX-License-Identifier: GPL-2.0-only
#include "command/tracing.h"

#include <string.h>

#include "base/clock.h"

struct outstanding_of {
	struct tracing *tracing;
	const struct pgmt_pgmap *pgmap;
	struct outstanding found;
};

uint64_t tracing_pages_of(const struct tracing *t, const struct pgmt_finding *f, uint32_t word)
{
	/* there fsdax folios are requested by mapping them, at no order of their own */
	if (session_choice(t->session)->profile == PGMT_PROFILE_COUNTED &&
	    f->pgmap.type == PGMT_TYPE_FS_DAX)
		return 1ULL << f->order;
	return 1ULL << pgmt_order(word);
}

static bool add_outstanding(void *arg, uint64_t pfn, uint32_t word,
			    const struct pgmt_last_event *request)
{
	struct outstanding_of *of = arg;
	struct pgmt_finding f = {.pfn = pfn};

	for (uint32_t i = 0; i < of->pgmap->nr_range && i < PGMT_MAX_RANGES; i++) {
		if (pfn < of->pgmap->range[i].start || pfn > of->pgmap->range[i].end)
			continue;
		f.pgmap.epoch = of->pgmap->epoch;
		/* there may be millions: look only at those that are shown */
		if (outstanding_wants_example(&of->found, of->pgmap->epoch, request->site))
			session_look(of->tracing->session, &f);
		f.last_request = *request;
		f.state = word;
		outstanding_add(&of->found, &f, tracing_pages_of(of->tracing, &f, word));
	}
	return true;
}

/* When memunmap_pages began, or a task to spin; 0: that was not seen. */
static uint64_t wait_began(void *arg, const struct pgmt_wait *w)
{
	struct tracing *t = arg;
	struct pgmt_pgmap p;

	if (w->since)
		return w->since;
	if (w->how != PGMT_HOW_PGMAP || !session_pgmap(t->session, w->pgmap, &p) ||
	    p.killer != w->tid)
		return 0;
	return p.killed;
}

/* Fill in the folio that a layout break waits for, as it is now. */
static void look_at_folio(struct tracing *t, const struct stall *st, struct pgmt_finding *f)
{
	f->pfn = st->wait.pfn;
	f->mapping = st->wait.mapping;
	if (!f->mapping)
		f->mapping = session_break_mapping(t->session, st->wait.tid);
	session_look(t->session, f);
	f->rule = PGMT_RULE_BREAK_STALL;
}

/* Fill in the pgmap whose references memunmap_pages waits for, and a folio that holds some. */
static void look_at_pgmap(struct tracing *t, const struct stall *st, struct pgmt_finding *f)
{
	struct pgmt_pgmap p = {.address = st->wait.pgmap};
	struct pgmt_refs refs = {0};

	session_pgmap(t->session, st->wait.pgmap, &p);
	if (!session_refs(t->session, st->wait.pgmap, &refs))
		refs.refs = PGMT_REFS_UNKNOWN;
	f->pfn = refs.pfn ? refs.pfn : st->wait.pfn;
	session_look(t->session, f);
	f->rule = PGMT_RULE_TEARDOWN_STALL;
	f->pgmap = p;
	f->refs = refs.refs;
	f->least = refs.least;
	f->most = refs.most;
	f->preexisting = refs.preexisting;
}

/* The finding, with things as they are now. */
static struct pgmt_finding look_at_stall(struct tracing *t, const struct stall *st)
{
	struct pgmt_finding f = {0};

	if (st->wait.how == PGMT_HOW_PGMAP)
		look_at_pgmap(t, st, &f);
	else
		look_at_folio(t, st, &f);
	f.kind = PGMT_RECORD_FINDING;
	f.time = clock_now();
	f.waited = f.time - st->since;
	f.tid = st->wait.tid;
	f.tgid = st->wait.tgid;
	f.cpu = PGMT_CPU_UNKNOWN;
	memcpy(f.comm, st->wait.comm, sizeof(f.comm));
	f.spins = st->wait.asked;
	f.site = st->wait.site;
	if (!f.site)
		f.site = session_keep_stack(t->session, st->wait.frames);
	return f;
}

/* Count the finding st->about.  Each wait is reported, even if its group was before. */
static void report_stall(struct tracing *t, struct stall *st)
{
	struct outstanding_of of = {.tracing = t, .pgmap = &st->about.pgmap};
	const struct pgmt_finding *f = &st->about;
	struct finding_group *g;
	unsigned int before;

	t->own.rule[f->rule]++;
	/* of a wait that is over, none of them is to blame */
	if (f->rule == PGMT_RULE_TEARDOWN_STALL && !f->wait_over)
		session_outstanding(t->session, add_outstanding, &of);
	g = findings_add(&t->findings, f, 1, &before);
	st->reported = !tracing_is_suppressed(t, g, f);
	if (st->reported)
		tracing_show(t, g, f, of.found.groups, &st->holders);
	outstanding_free(&of.found);
}

/* What it waits for was put too often: that is a finding of its own, whoever did it and when. */
static void judge_count(struct tracing *t, const struct pgmt_finding *stall)
{
	struct pgmt_finding f = *stall;

	if (f.rule != PGMT_RULE_BREAK_STALL || f.refcount >= 0 || f.state & PGMT_REPORTED ||
	    tracing_ignores(t, PGMT_RULE_REFCOUNT_UNDERFLOW))
		return;
	f.rule = PGMT_RULE_REFCOUNT_UNDERFLOW;
	f.waited = 0;
	f.tid = f.tgid = 0;
	f.site = 0;
	tracing_add_own_finding(t, &f);
}

static void on_stalled(void *arg, struct stall *st)
{
	struct tracing *t = arg;
	struct pgmt_finding f = look_at_stall(t, st);
	struct holders_found holders = {0};
	bool is_first = !st->reports;

	if (!is_first && !st->reported)
		return;
	if (is_first && (tracing_ignores(t, f.rule) || !session_is_in_scope(t->session, &f)))
		return;
	if (is_first) {
		st->about = f;
		judge_count(t, &f);
		report_stall(t, st);
		return;
	}
	tracing_read_clock(t, CLOCK_MAX_AGE);
	outputs_stall_lasts(&t->out, st, &f, &holders);
	st->about = f;
	st->holders = holders;
}

static void on_stall_ended(void *arg, struct stall *st)
{
	struct tracing *t = arg;

	if (!st->reported)
		return;
	tracing_read_clock(t, CLOCK_MAX_AGE);
	outputs_stall_ended(&t->out, st);
}

/* The end of a pgmap's wait is always recorded. */
static void follow(void *arg, const struct pgmt_wait *w, bool on)
{
	struct tracing *t = arg;

	if (w->how == PGMT_HOW_WAIT)
		session_expect_free(t->session, w->pfn, on);
}

void tracing_init_stalls(struct tracing *t)
{
	t->stalls = (struct stalls){
		.limit = t->options->stall * 1e9,
		.began = wait_began,
		.follow = follow,
		.stalled = on_stalled,
		.ended = on_stall_ended,
		.arg = t,
	};
}

/* A wait that no look has seen in time; both of its ends were. */
static void report_past_stall(struct tracing *t, const struct pgmt_release *r)
{
	const struct pgmt_pgmap *p = &r->pgmap;
	struct stall st = {
		.wait = {.how = PGMT_HOW_PGMAP, .pgmap = r->address, .tid = p->killer},
		.since = p->killed,
		.last_seen = r->time,
		.release = *r,
		.reports = 1,
	};
	struct pgmt_finding f = {
		.kind = PGMT_RECORD_FINDING,
		.rule = PGMT_RULE_TEARDOWN_STALL,
		.time = r->time,
		.waited = r->time - p->killed,
		.wait_over = true,
		.pfn = p->first,
		.tid = p->killer,
		.cpu = p->killer_cpu,
		.site = p->killer_site,
		.pgmap = *p,
	};

	if (tracing_ignores(t, f.rule) || (session_scope(t->session) && !p->killer_in_scope))
		return;
	memcpy(f.comm, p->comm, sizeof(f.comm));
	memcpy(st.wait.comm, p->comm, sizeof(st.wait.comm));
	st.about = f;
	report_stall(t, &st);
	on_stall_ended(t, &st);
}

void tracing_release(struct tracing *t, const struct pgmt_release *r)
{
	if (stalls_release(&t->stalls, r))
		report_past_stall(t, r);
}

/* One incomplete look may be bad luck; so many in a row hide stalls. */
#define INCOMPLETE_IS_BLIND 3
/* A look may be so late before that hides stalls: a slow box is not blind. */
#define LATE_LOOK (2 * NS_PER_S)

void tracing_look_for_stalls(struct tracing *t)
{
	struct pgmt_waits waits;
	uint64_t now;
	bool incomplete;

	if (!t->stalls.limit)
		return;
	if (session_waits(t->session, &waits)) {
		t->own.blind = true;
		return;
	}
	incomplete = waits.more || !pgmt_looked_at_all(&waits);
	t->incomplete_looks = incomplete ? t->incomplete_looks + 1 : 0;
	t->own.blind |= t->incomplete_looks >= INCOMPLETE_IS_BLIND;
	now = clock_now();
	/* a whole stall can lie between two looks: the tool was stopped, or starved */
	t->own.blind |= now - t->looked > t->stalls.limit + LATE_LOOK;
	t->looked = now;
	/* read what was released before the look */
	session_consume(t->session);
	t->own.blind |= !stalls_look(&t->stalls, &waits, clock_now());
}

void tracing_settle_stalls(struct tracing *t)
{
	for (int i = 0; i < STALLS_MISSING_ENDS; i++)
		tracing_look_for_stalls(t);
}
