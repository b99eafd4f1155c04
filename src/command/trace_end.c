// SPDX-License-Identifier: GPL-2.0-only
#include "command/tracing.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "base/journal.h"
#include "base/say.h"
#include "leaks/save_session.h"
#include "verdict/summary.h"

#define SETTLE_SECONDS 2
#define SETTLE_STEP_MS 200

/* A pgmap that was killed just now may have a wrong reference count: that takes a second to see. */
static void settle_refs(struct tracing *t)
{
	double end = clock_seconds() + SETTLE_SECONDS;

	while (session_settle_refs(t->session, tracing_add_own_finding, t)) {
		if (interrupted() || clock_seconds() >= end) {
			t->own.unsettled = true;
			return;
		}
		poll(NULL, 0, SETTLE_STEP_MS);
	}
}

/* Was this folio freed since, or do mappings and its file account for all its references? */
static bool is_accounted(const struct pgmt_finding *f, enum pgmt_life life)
{
	/* its page_free has not come, whatever the count says */
	if (life == PGMT_PART)
		return false;
	return f->refcount == 0 ||
	       (f->accounted && f->refcount > 0 && f->refcount <= (int64_t)f->accounted);
}

#define LOOK_AGAIN_MS 1
#define LOOKS_AGAIN   1000

/*
 * Does it stay so?  A fault has the folio for a moment before its entry is stored, and a file
 * that gives it back does so before or after it changes the entry.
 */
static bool is_accounted_now(struct tracing *t, struct pgmt_finding *f, enum pgmt_life life)
{
	struct pgmt_finding now = {.pfn = f->pfn};

	if (!(f->file.flags & (PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED)))
		return false;
	/* there may be many: all of them together wait for a second at most */
	if (t->looks_again < LOOKS_AGAIN) {
		t->looks_again++;
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	if (!session_look(t->session, &now))
		return true;
	*f = now;
	return is_accounted(f, life);
}

/* The rule that a folio breaks by being outstanding for too long. */
static enum pgmt_rule outstanding_rule(enum pgmt_life life)
{
	return life == PGMT_PART ? PGMT_RULE_PAGES_UNBALANCED : PGMT_RULE_LEAK;
}

/* It was put too often after its last event, and the count is seen by this look only. */
static void judge_below_zero(struct tracing *t, struct pgmt_finding *f, uint32_t word)
{
	if (word & PGMT_REPORTED || tracing_ignores(t, PGMT_RULE_REFCOUNT_UNDERFLOW))
		return;
	f->kind = PGMT_RECORD_FINDING;
	f->rule = PGMT_RULE_REFCOUNT_UNDERFLOW;
	f->time = clock_now();
	f->state = word;
	tracing_add_own_finding(t, f);
}

static bool judge_outstanding(void *arg, uint64_t pfn, uint32_t word,
			      const struct pgmt_last_event *request)
{
	struct tracing *t = arg;
	double age = clock_seconds() - session_event_time(t->session, request) / 1e9;
	enum pgmt_life life = pgmt_life(word);
	struct pgmt_finding f = {.pfn = pfn};

	if (interrupted())
		return false;
	if (tracing_ignores(t, outstanding_rule(life)))
		return true;
	if (!request->tick) {
		t->own.ageless++;
		return true;
	}
	if (age < t->options->older || !session_look(t->session, &f) || is_accounted(&f, life) ||
	    is_accounted_now(t, &f, life) || !session_is_in_scope(t->session, &f))
		return true;
	if (f.refcount < 0) {
		judge_below_zero(t, &f, word);
		return true;
	}
	f.kind = PGMT_RECORD_FINDING;
	f.rule = outstanding_rule(life);
	f.time = clock_seconds() * 1e9;
	f.state = word;
	f.site = f.last_request.site;
	t->own.rule[f.rule]++;
	outstanding_add(&t->leaks, &f, tracing_pages_of(t, &f, word));
	return true;
}

static void add_torn_down(void *arg, const struct pgmt_torn_down_key *key,
			  const struct pgmt_torn_down *gone)
{
	struct tracing *t = arg;

	outstanding_add_torn_down(&t->leaks, key, gone);
}

static void show_leaks(struct tracing *t)
{
	struct outstanding_group *g, *next;

	for (g = t->leaks.groups; g; g = next) {
		if (interrupted()) {
			t->own.cut_short = true;
			return;
		}
		next = g->next;
		/* a report shows all groups that it is given */
		g->next = NULL;
		if (g->torn_down)
			outputs_torn_down(&t->out, g);
		else
			tracing_add_finding(t, &g->example[0], g->folios, g);
		g->next = next;
	}
}

/* Outstanding folios: of pgmaps that were torn down, and with --older of the others. */
static void judge_leaks(struct tracing *t)
{
	uint32_t rules_off = session_choice(t->session)->rules_off;

	if (!tracing_ignores(t, PGMT_RULE_LEAK))
		session_torn_down(t->session, add_torn_down, t);
	if (t->options->older >= 0 && !(rules_off & (1u << PGMT_RULE_LEAK)))
		t->own.cut_short = !session_outstanding(t->session, judge_outstanding, t);
	show_leaks(t);
}

/* --save.  Return: 0; an exit status, said on stderr. */
static int save_outstanding(struct tracing *t, uint64_t ended, bool lost)
{
	const char *file = t->options->save;

	if (!file)
		return 0;
	/* the verdict is inconclusive then */
	if (t->own.interrupted || t->own.cut_short) {
		/* that it can't be written was said */
		if (outputs_good(&t->out))
			say("did not write %s: tracing was cut short", file);
		return 0;
	}
	return save_session(file, &t->out.from, ended, lost);
}

/* The exit status that goes with the verdict. */
static int status_of(const struct tracing *t, const struct summary *sum)
{
	switch (sum->verdict) {
	case VERDICT_FAIL:
		return t->options->error_exitcode;
	case VERDICT_INCONCLUSIVE:
		return EXIT_INCONCLUSIVE;
	default:
		return t->ran.timed_out ? EXIT_TIMEOUT : t->ran.status;
	}
}

/* Return: when the session stopped, ns of CLOCK_MONOTONIC. */
static uint64_t stop(struct tracing *t)
{
	uint64_t ended;

	if (!t->own.interrupted) {
		settle_refs(t);
		tracing_settle_stalls(t);
	}
	session_check_switches(t->session);
	ended = clock_now();
	session_stop(t->session);
	return ended;
}

/* --pid, --cgroup: has nobody in scope done anything? */
static void note_unmatched_scope(struct tracing *t)
{
	const struct session_options *o = &t->options->session;
	char *text = t->own.unmatched_scope;

	/* a wait is no event, but may be a finding */
	if (session_counts(t->session)->matched || t->findings.nr)
		return;
	if (o->pid)
		snprintf(text, UNMATCHED_LEN, "--pid %u matched no event", o->pid);
	else if (o->cgroup)
		snprintf(text, UNMATCHED_LEN, "--cgroup %s matched no event", o->cgroup);
}

/* Did no pgmap of the session have the name that --pgmap gives?  That may be a typo. */
static bool is_no_pgmap(struct tracing *t)
{
	struct devices *devices = t->out.from.devices;

	if (devices_any_is_called(devices, t->options->pgmap))
		return false;
	/* a block device comes after its pgmap */
	devices_refresh(devices);
	return !devices_any_is_called(devices, t->options->pgmap);
}

/* --pfn, --inode, --pgmap: was nothing shown? */
static void note_unmatched_watch(struct tracing *t)
{
	const struct session_options *o = &t->options->session;
	bool lost = session_counts(t->session)->lost[PGMT_LOSS_EVENT];
	char *text = t->own.unmatched_watch;

	if (t->events)
		return;
	if (t->options->pgmap)
		snprintf(text, UNMATCHED_LEN, "--pgmap %s matched no %s", t->options->pgmap,
			 is_no_pgmap(t) ? "pgmap"
			 : lost		? "event that was not lost"
					: "event");
	else if (o->watch == PGMT_WATCH_PFN && !lost)
		snprintf(text, UNMATCHED_LEN, "--pfn 0x%llx matched no event",
			 (unsigned long long)o->watched);
	else if (o->watch == PGMT_WATCH_INODE && !lost)
		snprintf(text, UNMATCHED_LEN, "--inode %llu matched no event",
			 (unsigned long long)o->watched);
}

static void judge_rest(struct tracing *t, struct summary *sum)
{
	struct evidence evidence = tracing_evidence(t);

	evidence.strict = t->options->strict_suppressions;
	evidence.ran = t->ran;
	if (!t->own.interrupted) {
		outputs_stalls_go_on(&t->out, &t->stalls);
		judge_leaks(t);
	}
	findings_count(&t->findings, t->session);
	tracing_settle_suppressions(t);
	t->own.required = t->options->require_events;
	if (!t->own.interrupted) {
		note_unmatched_scope(t);
		note_unmatched_watch(t);
	}
	summarise(&evidence, sum);
}

int tracing_end(struct tracing *t)
{
	struct summary *sum = calloc(1, sizeof(*sum));
	int status, not_saved;
	uint64_t ended;

	notify("STOPPING=1\nSTATUS=judging");
	stop_handled(t->options->run);
	if (!sum) {
		say_error("out of memory");
		return EXIT_INTERNAL;
	}
	ended = stop(t);
	judge_rest(t, sum);
	not_saved = save_outstanding(t, ended, sum->ledger.touches & (1u << PGMT_RULE_LEAK));
	status = not_saved ? EXIT_INTERNAL : status_of(t, sum);
	status = outputs_end(&t->out, &t->findings, sum, &t->suppressions, status);
	free(sum);
	return status;
}
