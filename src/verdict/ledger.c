// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RULE(name) (1u << PGMT_RULE_##name)

static void add(struct ledger *l, const char *name, uint64_t times, uint32_t touches,
		uint32_t breaks, const char *format, ...) __attribute__((format(printf, 6, 7)));

static void add(struct ledger *l, const char *name, uint64_t times, uint32_t touches,
		uint32_t breaks, const char *format, ...)
{
	struct loss *loss = &l->loss[l->nr];
	va_list args;

	l->lost += times;
	l->touches |= touches;
	l->breaks |= breaks;
	if (l->nr == LEDGER_MAX)
		return;
	l->nr++;
	snprintf(loss->name, sizeof(loss->name), "%s", name);
	va_start(args, format);
	vsnprintf(loss->text, sizeof(loss->text), format, args);
	va_end(args);
	loss->times = times;
	loss->touches = touches;
	loss->breaks = breaks;
}

/* missed and uncounted, and what is not a hook's: ledger_make() */
_Static_assert(PGMT_NR_LOSSES + 2 * PGMT_MAX_HOOKS + 11 <= LEDGER_MAX,
	       "a ledger has room for every loss");

/*
 * Losses that the programs have counted.  One that hides state may hide any finding, or cause a
 * wrong one; all others cost detail only.
 */
static void add_program_losses(struct ledger *l, const struct pgmt_counts *c)
{
	static const struct {
		const char *name, *text;
		bool hides_state;
	} losses[PGMT_NR_LOSSES] = {
#define LOSS(id, name, text, hides_state) {name, text, hides_state},
		PGMT_LOSSES(LOSS)
#undef LOSS
	};

	for (int i = 0; i < PGMT_NR_LOSSES; i++) {
		uint32_t rules = losses[i].hides_state ? PGMT_ALL_RULES : 0;

		if (c->lost[i])
			add(l, losses[i].name, c->lost[i], rules, rules, "%s", losses[i].text);
	}
}

/* "no-hook-memunmap_pages-return" */
static const char *name_of(const char *what, const struct pgmt_hook *h)
{
	static char name[sizeof(((struct loss *)0)->name)];

	snprintf(name, sizeof(name), "%s-%s%s", what, h->function, h->exit ? "-return" : "");
	return name;
}

/* The rules that suffer if the hook misses an event. */
static uint32_t rules_of(const struct pgmt_hook *h)
{
	return h->required ? PGMT_ALL_RULES : h->rules;
}

/* Events that came while a hook's program could not run. */
static void add_missed(struct ledger *l, struct session *s)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		uint64_t missed = session_missed(s, h);

		if (missed)
			add(l, name_of("missed", h), missed, rules_of(h), rules_of(h),
			    "events missed while a hook was running on the same CPU, at "
			    "the %s of %s",
			    h->exit ? "return" : "entry", h->function);
	}
}

/* Hooks whose missed events this kernel does not count. */
static void add_uncounted(struct ledger *l)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->uncounted && rules_of(h))
			add(l, name_of("uncounted", h), 0, rules_of(h), rules_of(h),
			    "this kernel preempts and does not count missed events at the %s of %s",
			    h->exit ? "return" : "entry", h->function);
}

/* Missing hooks.  Their rules are off, so findings of other rules stay right. */
static void add_missing(struct ledger *l)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		char why[PGMT_WHY_LEN];

		if (!h->off)
			continue;
		l->off |= h->off;
		add(l, name_of("no-hook", h), 0, h->off, 0, "no hook at the %s of %s (%s)",
		    h->exit ? "return" : "entry", h->function, hooks_absence(h, why));
	}
}

/* How many events came meanwhile is not known. */
static void add_switched_off(struct ledger *l, const char *by)
{
	if (by)
		add(l, "switched-off", 0, PGMT_ALL_RULES, PGMT_ALL_RULES,
		    "hooks saw nothing while %s was 0", by);
}

/* "unmatched-pgmap" of "--pgmap dax7.0 matched no pgmap" */
static void add_unmatched(struct ledger *l, const char *text, bool required)
{
	char name[sizeof(((struct loss *)0)->name)];

	if (!text[0])
		return;
	snprintf(name, sizeof(name), "unmatched-%.*s", (int)strcspn(text + 2, " "), text + 2);
	add(l, name, 0, required ? PGMT_ALL_RULES : 0, 0, "%s", text);
	l->unmet |= required;
}

/* Who was to see something, and saw nothing, has no reason to pass. */
static void add_unseen(struct ledger *l, struct session *s, const struct own_findings *own)
{
	uint64_t events = session_events(s);

	if (own->interrupted)
		return;
	add_unmatched(l, own->unmatched_scope, own->required);
	add_unmatched(l, own->unmatched_watch, own->required);
	if (events >= own->required)
		return;
	add(l, "few-events", 0, PGMT_ALL_RULES, 0,
	    "saw %llu event%s%s, and --require-events is %llu", (unsigned long long)events,
	    events == 1 ? "" : "s", session_scope(s) ? " in scope" : "",
	    (unsigned long long)own->required);
	l->unmet = true;
}

void ledger_make(struct session *s, const struct own_findings *own, struct ledger *l)
{
	memset(l, 0, sizeof(*l));
	add_program_losses(l, session_counts(s));
	add_missed(l, s);
	add_uncounted(l);
	add_missing(l);
	add_switched_off(l, session_switched_off(s));
	if (own->ageless)
		add(l, "ageless", own->ageless, RULE(LEAK) | RULE(PAGES_UNBALANCED), 0,
		    "outstanding folios of unknown age");
	if (own->interrupted)
		add(l, "interrupted", 0, PGMT_ALL_RULES, 0, "stopped before tracing was complete");
	if (own->cut_short)
		add(l, "cut-short", 0, RULE(LEAK) | RULE(PAGES_UNBALANCED), 0,
		    "stopped before all outstanding folios were judged");
	if (own->unsettled)
		add(l, "unsettled", 0, RULE(REF_IMBALANCE), 0,
		    "stopped before the references of a pgmap that was just killed were judged");
	if (own->blind)
		add(l, "blind", 0, RULE(TEARDOWN_STALL) | RULE(BREAK_STALL), 0,
		    "the search for waiting tasks failed, or was not complete: "
		    "teardown-stall and break-stall may be missing");
	add_unseen(l, s, own);
}
