// SPDX-License-Identifier: GPL-2.0-only
#include "output/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "report/folio.h"
#include "report/reasons.h"

struct text_words text_words(enum pgmt_profile profile, unsigned int type)
{
	if (profile == PGMT_PROFILE_REQUEST)
		return (struct text_words){"requested", "freed"};
	if (type == PGMT_TYPE_GENERIC)
		return (struct text_words){"mapped", NULL};
	if (type == PGMT_TYPE_FS_DAX && profile == PGMT_PROFILE_CLASSIC)
		return (struct text_words){"stored in a file", "removed from a file"};
	if (type == PGMT_TYPE_FS_DAX)
		return (struct text_words){"requested for a mapping", "freed"};
	return (struct text_words){"requested", "freed"};
}

void text_frames(FILE *to, const char *frames)
{
	for (size_t len; *frames; frames += len + (frames[len] == '\n')) {
		len = strcspn(frames, "\n");
		fputs("    ", to);
		fwrite(frames, 1, len, to);
		fputc('\n', to);
	}
}

void text_site(struct text_out *o, uint32_t site)
{
	char *frames = report_frames(o->from, site);
	bool any = frames && *frames;

	if (any)
		text_frames(o->to, frames);
	free(frames);
	if (!any)
		fprintf(o->to, "    (no stack: --stack leaves it out, or it was lost)\n");
	else if (site & PGMT_SITE_IS_ADDRESS)
		fprintf(o->to, "    (call site only; --stack=all records whole stacks)\n");
}

void text_task(FILE *to, const char *comm, uint32_t tid, bool interrupt)
{
	fprintf(to, interrupt ? "an interrupt (over %s/%u)" : "%s/%u", comm_text(comm).text, tid);
}

void text_who(FILE *to, const struct report_event *t)
{
	text_task(to, t->comm, t->tid, t->interrupt);
	if (t->cpu < PGMT_CPU_UNKNOWN)
		fprintf(to, " on cpu %u", t->cpu);
}

/* @did: "requested", "freed" ...; @must_be: by the folio's state it was, since tracing began */
static void last_event(struct text_out *o, const struct report *r, const struct report_event *t,
		       const char *did, bool must_be)
{
	if (!t->known && t->unseen) {
		fprintf(o->to, "  not seen on this kernel: when it was last %s\n", did);
	} else if (!t->known && !session_keeps_history(o->from->session)) {
		fprintf(o->to, "  last %s: not recorded (--stack=none)\n", did);
	} else if (!t->known && must_be) {
		fprintf(o->to, "  last %s: not recorded\n", did);
	} else if (!t->known) {
		fprintf(o->to, "  not %s since %s\n", did,
			r->f.pgmap.since ? "its pgmap was created" : "tracing began");
	} else {
		fprintf(o->to, "  last %s by ", did);
		text_who(o->to, t);
		fprintf(o->to, ", %.3f s earlier\n", t->ago);
		text_site(o, t->site);
	}
}

static void history(struct text_out *o, const struct report *r)
{
	struct text_words words = text_words(session_profile(o->from->session), r->f.pgmap.type);
	enum pgmt_life life = pgmt_life(r->f.state);

	last_event(o, r, &r->last_request, words.request, life == PGMT_REQUESTED);
	if (words.free)
		last_event(o, r, &r->last_free, words.free, life == PGMT_FREED);
}

static void folio(struct text_out *o, const struct pgmt_finding *f)
{
	char flags[128], state[128];
	uint32_t word = f->state;

	/* removals are not seen there: that the state knows of files means little */
	if (session_profile(o->from->session) == PGMT_PROFILE_REQUEST && !f->file.sharers)
		word &= ~PGMT_ASSOC_MASK;
	folio_flags(session_btf(o->from->session), f->flags, flags, sizeof(flags));
	folio_state(word, state, sizeof(state));
	fprintf(o->to, "  folio: pfn 0x%llx", f->pfn);
	if (f->order)
		fprintf(o->to, "-0x%llx, head of order %u", f->pfn + (1ULL << f->order) - 1,
			f->order);
	if (f->busy && f->rule != PGMT_RULE_ORDER_MISMATCH)
		fprintf(o->to, ", counts are those of page 0x%llx", f->busy);
	fprintf(o->to, ", flags %s; state: %s\n", flags, state);
}

/* A term of the sum that makes the reference count. */
static void term(struct text_out *o, unsigned int *terms, int references, const char *whose)
{
	if (references)
		fprintf(o->to, "%s%d %s", (*terms)++ ? " + " : " = ", references, whose);
}

/* "2 = 1 by the file + 1 unexplained" */
static void sum_of(struct text_out *o, int refcount, const struct folio_references *r)
{
	unsigned int terms = 0;

	fprintf(o->to, "%d", refcount);
	if (refcount < r->idle) {
		fprintf(o->to, " (%d when idle)", r->idle);
		return;
	}
	term(o, &terms, r->idle, "when idle");
	term(o, &terms, r->mapped, "by mappings");
	term(o, &terms, r->files, "by the file");
	term(o, &terms, r->requester, "by the requester");
	term(o, &terms, r->unexplained, "unexplained");
}

/* Who has the references, as far as they can be counted. */
static void references(struct text_out *o, const struct pgmt_finding *f)
{
	struct folio_references r;

	folio_references(f, session_profile(o->from->session), &r);
	fprintf(o->to, "  references: ");
	sum_of(o, f->refcount, &r);
	if (f->pincount > 0)
		fprintf(o->to, "; %d pinned by FOLL_PIN", f->pincount);
	fprintf(o->to, "\n");
}

static void time_of(struct text_out *o, uint64_t time)
{
	if (o->timestamps && !o->from->deterministic)
		fprintf(o->to, "[%12.6f] ", report_seconds(o->from, time));
}

static void headline(struct text_out *o, const struct report *r)
{
	char text[512];

	time_of(o, r->f.time);
	report_headline(r, text, sizeof(text));
	fprintf(o->to, "pgmaptrace: %s %s: %s\n", r->warning ? "WARNING" : "VIOLATION",
		pgmt_rule_name(r->f.rule), text);
}

void text_holders(FILE *to, const char *indent, const struct holders_found *found, bool wants_pin)
{
	char text[256];

	for (uint32_t i = 0; i < found->nr; i++) {
		holder_text(&found->holder[i], text, sizeof(text));
		fprintf(to, "%s%s\n", indent, text);
	}
	if (found->more)
		fprintf(to, "%sand up to %u more\n", indent, found->more);
	holders_not_looked(found, text, sizeof(text));
	if (text[0])
		fprintf(to, "%snot searched, or not completely: %s\n", indent, text);
	if (!found->nr)
		fprintf(to, "%snone found; %s\n", indent, HOLDERS_NEVER_SEEN);
	else if (wants_pin && !holders_any_pins(found))
		fprintf(to, "%sno pin found; %s\n", indent, HOLDERS_NEVER_SEEN);
}

/* As things are when it is reported, which is later. */
static void holders_now(struct text_out *o, const struct report *r)
{
	const struct report_holders *now = &r->holders;
	double later = now->when > r->f.time ? (double)(now->when - r->f.time) / 1e9 : 0;

	if (now->outstanding >= 0)
		fprintf(o->to, "  outstanding, %.3f s later: %lld folio%s on this pgmap\n", later,
			(long long)now->outstanding, now->outstanding == 1 ? "" : "s");
	if (!now->looked)
		return;
	if (now->error) {
		fprintf(o->to, "  holders: not known (%s)\n", strerror(-now->error));
		return;
	}
	fprintf(o->to, "  holders, %.3f s later:\n", later);
	text_holders(o->to, "    ", &now->found,
		     folio_has_unexplained(&r->f, session_profile(o->from->session)));
}

/* "12 KiB" */
static const char *size_text(uint64_t pages)
{
	static char text[32];
	uint64_t kib = pages * 4;

	if (kib >= 10 << 20)
		snprintf(text, sizeof(text), "%llu GiB", (unsigned long long)kib >> 20);
	else if (kib >= 10 << 10)
		snprintf(text, sizeof(text), "%llu MiB", (unsigned long long)kib >> 10);
	else
		snprintf(text, sizeof(text), "%llu KiB", (unsigned long long)kib);
	return text;
}

/* Some of the group's folios; not the one at @shown, which has a report of its own. */
static void examples(struct text_out *o, const struct outstanding_group *g, uint64_t shown)
{
	char file[FILE_LINE_LEN];

	for (unsigned int i = 0; i < outstanding_examples(g); i++) {
		const struct pgmt_finding *f = &g->example[i];
		uint64_t pfn = report_pfn(o->from, g->epoch, f->pfn);

		if (pfn == shown)
			continue;
		fprintf(o->to, "    pfn 0x%llx", (unsigned long long)pfn);
		if (files_describe(o->from->files, f, file, sizeof(file)))
			fprintf(o->to, ", %s", file);
		fprintf(o->to, "\n");
	}
}

/*
 * Folios that were requested at one site.
 * @f: the report's own folio, whose pfn and stack are not repeated; NULL: none
 * @now: ns
 */
static void outstanding(struct text_out *o, const struct outstanding_group *g,
			const struct pgmt_finding *f, uint64_t now)
{
	struct report_event oldest = report_event_of(o->from, &g->oldest, now);

	fprintf(o->to, "  requested at one site: %llu folio%s (%s)", (unsigned long long)g->folios,
		g->folios == 1 ? "" : "s", size_text(g->pages));
	if (oldest.known)
		fprintf(o->to, ", the oldest %.3f s ago by %s/%u", oldest.ago,
			comm_text(oldest.comm).text, oldest.tid);
	fprintf(o->to, "\n");
	examples(o, g, f ? f->pfn : 0);
	if (g->site && (!f || g->site != f->last_request.site))
		text_site(o, g->site);
}

static void outstanding_groups(struct text_out *o, const struct report *r)
{
	const struct pgmt_finding *f = &r->f;

	for (const struct outstanding_group *g = r->groups; g; g = g->next)
		outstanding(o, g, f, f->time);
	if (f->preexisting)
		fprintf(o->to, "  in use since before tracing began: %llu folio%s on this pgmap\n",
			f->preexisting, f->preexisting == 1 ? "" : "s");
}

static void pgmap_references(struct text_out *o, const struct pgmt_finding *f)
{
	if (f->refs == PGMT_REFS_UNKNOWN)
		fprintf(o->to, "  pgmap references: not known");
	else
		fprintf(o->to, "  pgmap references: %lld", f->refs);
	fprintf(o->to, "; outstanding folios account for %llu", f->least);
	if (f->most == PGMT_REFS_ANY)
		fprintf(o->to, ", allocations for any number");
	else if (f->most != f->least)
		fprintf(o->to, " to %llu", f->most);
	fputc('\n', o->to);
}

static bool is_stall(const struct pgmt_finding *f)
{
	return f->rule == PGMT_RULE_TEARDOWN_STALL || f->rule == PGMT_RULE_BREAK_STALL;
}

/* Who broke the rule, or is hurt by it, and where in the kernel. */
static void culprit(struct text_out *o, const struct report *r)
{
	const struct pgmt_finding *f = &r->f;

	if (f->rule == PGMT_RULE_LEAK && !f->tid) {
		fprintf(o->to, "  found at the end of tracing\n");
		return;
	}
	/* nobody on that CPU did it then: pgmaptrace itself looked */
	if (f->rule == PGMT_RULE_REFCOUNT_UNDERFLOW && (!f->tid || f->op == PGMT_OP_INITIAL)) {
		fprintf(o->to, "  found by %s\n",
			f->tid ? "the initial scan" : "a look at the folio");
		return;
	}
	/* the waiting task broke no rule: someone else did, earlier */
	if (is_stall(f))
		fprintf(o->to,
			"  waiting since %.6f: ", report_seconds(o->from, f->time - f->waited));
	else
		fputs(r->about_pgmap ? "  waiting for these references: " : "  by ", o->to);
	text_who(o->to, &r->event);
	fputc('\n', o->to);
	text_site(o, f->site);
}

static void details(struct text_out *o, const struct report *r)
{
	const struct pgmt_finding *f = &r->f;

	fprintf(o->to, "  reason: %s\n", r->sentence);
	fprintf(o->to, "  usually: %s\n", reason_cause(f->rule));
	if (r->about_folio) {
		folio(o, f);
		references(o, f);
	}
	if (f->folios > 1)
		fprintf(o->to, "  folios: %llu in this state, this is the first\n", f->folios);
	if (r->pgmap[0])
		fprintf(o->to, "  %s\n", r->pgmap);
	if (r->pgmap[0] && o->verbose && f->pgmap.maker_site)
		text_site(o, f->pgmap.maker_site);
	if (r->file[0])
		fprintf(o->to, "  %s\n", r->file);
	if (r->other[0])
		fprintf(o->to, "  %s\n", r->other);
	holders_now(o, r);
	if (f->refs || f->most)
		pgmap_references(o, f);
	outstanding_groups(o, r);
	culprit(o, r);
	if (r->about_folio)
		history(o, r);
}

void text_finding(struct text_out *o, const struct report *r, bool brief)
{
	headline(o, r);
	if (brief)
		fprintf(o->to, "  (headline only: there were many reports before)\n");
	else
		details(o, r);
	fputc('\n', o->to);
	o->reports++;
}

/* The start of a line about a reported stall: "teardown-stall: DEVICE: ". */
static void stall_headline(struct text_out *o, const struct report *r)
{
	time_of(o, clock_now());
	fprintf(o->to, "pgmaptrace: %s: ", pgmt_rule_name(r->f.rule));
	if (r->f.rule == PGMT_RULE_TEARDOWN_STALL)
		fprintf(o->to, "%s: ", r->device);
	else
		fprintf(o->to, "pfn 0x%llx: ", r->f.pfn);
}

/* What has changed since it was reported last. */
static void changes(struct text_out *o, const struct report_lasting *l)
{
	bool changed = l->references_changed || l->pfn_before != l->now.f.pfn;

	if (l->pfn_before != l->now.f.pfn)
		fprintf(o->to, "  now about pfn 0x%llx, before: pfn 0x%llx\n", l->now.f.pfn,
			(unsigned long long)l->pfn_before);
	references(o, &l->now.f);
	if (l->references_changed) {
		fprintf(o->to, "  before: ");
		sum_of(o, l->refcount_before, &l->before);
		fputc('\n', o->to);
	}
	for (unsigned int i = 0; i < l->let_go.nr; i++)
		fprintf(o->to, "  no longer a holder: %s\n", l->let_go.text[i]);
	if (l->what_is_left)
		fprintf(o->to, "  %s%s\n", changed ? "now " : "", l->what_is_left);
}

void text_stall_lasts(struct text_out *o, const struct report_lasting *l)
{
	const struct report *r = &l->now;

	stall_headline(o, r);
	text_task(o->to, r->event.comm, r->event.tid, false);
	fprintf(o->to, " is still waiting, after %.1f s\n", r->waited);
	if (r->f.rule == PGMT_RULE_TEARDOWN_STALL)
		pgmap_references(o, &r->f);
	if (r->about_folio)
		changes(o, l);
	holders_now(o, r);
	fputc('\n', o->to);
}

/* Why a wait is over. */
static void release(struct text_out *o, const struct report_end *e)
{
	if (e->release.known) {
		fputs(e->of_pgmap ? "; last reference dropped by " : "; freed by ", o->to);
		text_who(o->to, &e->release);
	}
	for (unsigned int i = 0; i < e->let_go.nr; i++)
		fprintf(o->to, "%s%s", i ? "; " : "; no longer a holder: ", e->let_go.text[i]);
	fputc('\n', o->to);
	if (e->release.known)
		text_site(o, e->release.site);
}

void text_stall_ended(struct text_out *o, const struct report_end *e)
{
	stall_headline(o, &e->about);
	text_task(o->to, e->about.event.comm, e->about.event.tid, false);
	if (e->given_up) {
		fprintf(o->to, " %s, after %.1f s, at refcount %d\n",
			e->about.f.spins ? "went on" : "gave up waiting", e->after, e->refcount);
	} else {
		fprintf(o->to, " is done waiting, after %.1f s", e->after);
		release(o, e);
	}
	fputc('\n', o->to);
}

void text_stalls_go_on(struct text_out *o, const struct stalls *all)
{
	for (const struct stall *st = all->all; st; st = st->next)
		if (st->reported)
			fprintf(o->to,
				"pgmaptrace: %s/%u is still waiting at the end of tracing, after "
				"%.1f s\n",
				comm_text(st->wait.comm).text, st->wait.tid,
				(double)(clock_now() - st->since) / 1e9);
}

void text_torn_down(struct text_out *o, const struct outstanding_group *g)
{
	fprintf(o->to,
		"pgmaptrace: leaked for good: %s was torn down with these folios outstanding\n",
		devices_name_of_epoch(o->from->devices, g->epoch));
	outstanding(o, g, NULL, clock_now());
	fputc('\n', o->to);
}
