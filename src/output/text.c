// SPDX-License-Identifier: GPL-2.0-only
#include "output/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/printable.h"
#include "report/folio.h"
#include "report/reasons.h"
#include "report/stacks.h"

#define MAX_REPORTS 100 /* what a person reads; the rest are headlines */

struct text_words text_words(enum pgmt_profile profile, unsigned int type)
{
	if (profile == PGMT_PROFILE_REQUEST)
		return (struct text_words){"requested", "freed"};
	if (type == PGMT_TYPE_GENERIC)
		return (struct text_words){"mapped", NULL};
	if (type == PGMT_TYPE_FS_DAX && profile == PGMT_PROFILE_CLASSIC)
		return (struct text_words){"stored in a file", "taken out of a file"};
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
		fprintf(o->to, "    (no stack kept: by --stack, or it was lost)\n");
	else if (site & PGMT_SITE_IS_ADDRESS)
		fprintf(o->to, "    (called from there; --stack=all keeps whole stacks)\n");
}

void text_task(struct text_out *o, const char *comm, uint32_t tid, bool interrupt)
{
	fprintf(o->to, "by %s%s/%u", interrupt ? "an interrupt over " : "", comm_text(comm).text,
		tid);
}

void text_who(struct text_out *o, const struct report_event *t)
{
	text_task(o, t->comm, t->tid, t->interrupt);
	if (t->cpu < PGMT_CPU_UNKNOWN)
		fprintf(o->to, " on cpu %u", t->cpu);
}

static void touch(struct text_out *o, const struct report *r, const struct report_event *t,
		  const char *did)
{
	if (!t->known && !session_keeps_history(o->from->session)) {
		fprintf(o->to, "  last %s: not kept, by --stack=none\n", did);
		return;
	}
	if (!t->known) {
		fprintf(o->to, "  not %s since %s\n", did,
			r->f.pgmap.since ? "its pgmap was made" : "tracing began");
		return;
	}
	fprintf(o->to, "  last %s ", did);
	text_who(o, t);
	fprintf(o->to, ", %.3f s earlier\n", t->ago);
	text_site(o, t->site);
}

static void folio(struct text_out *o, const struct pgmt_finding *f)
{
	char flags[128], state[128];
	uint32_t word = f->state;

	/* there, that a file gives it up is not seen */
	if (session_profile(o->from->session) == PGMT_PROFILE_REQUEST && !f->file.sharers)
		word &= ~PGMT_ASSOC_MASK;
	folio_flags(session_btf(o->from->session), f->flags, flags, sizeof(flags));
	folio_state(word, state, sizeof(state));
	fprintf(o->to, "  folio: pfn 0x%llx", f->pfn);
	if (f->order)
		fprintf(o->to, "-0x%llx, head of order %u", f->pfn + (1ULL << f->order) - 1,
			f->order);
	if (f->busy)
		fprintf(o->to, ", the counts are of its page 0x%llx", f->busy);
	fprintf(o->to, ", flags %s; state: %s\n", flags, state);
}

/* One of those that a reference count consists of. */
static void part(struct text_out *o, unsigned int *parts, int references, const char *whose)
{
	if (references)
		fprintf(o->to, "%s%d %s", (*parts)++ ? " + " : " = ", references, whose);
}

/* Who has the references, by what can be counted. */
static void references(struct text_out *o, const struct pgmt_finding *f)
{
	struct folio_references r;
	unsigned int parts = 0;

	folio_references(f, session_profile(o->from->session), &r);
	fprintf(o->to, "  references: %d", f->refcount);
	part(o, &parts, r.idle, "when idle");
	part(o, &parts, r.mapped, "by mappings");
	part(o, &parts, r.files, "by the file");
	part(o, &parts, r.requests, "by who requested it");
	part(o, &parts, r.others, "by others");
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

static void holders(struct text_out *o, const struct report *r)
{
	const struct held *held = &r->held;
	double later = held->when > r->f.time ? (double)(held->when - r->f.time) / 1e9 : 0;
	char text[256];

	if (held->outstanding >= 0)
		fprintf(o->to,
			"  outstanding %.3f s later: %lld folios of this pgmap are "
			"requested and not freed\n",
			later, (long long)held->outstanding);
	if (!held->looked)
		return;
	if (held->error) {
		fprintf(o->to, "  held: not known (%s)\n", strerror(-held->error));
		return;
	}
	fprintf(o->to, "  held %.3f s later:\n", later);
	for (uint32_t i = 0; i < held->found.nr; i++) {
		holder_text(&held->found.holder[i], text, sizeof(text));
		fprintf(o->to, "    %s\n", text);
	}
	if (held->found.more)
		fprintf(o->to, "    and at most %u more\n", held->found.more);
	holders_not_looked(&held->found, text, sizeof(text));
	if (text[0])
		fprintf(o->to, "    could not be looked for, or not to the end: %s\n", text);
	if (!held->found.nr)
		fprintf(o->to, "    nobody was found; %s\n", HOLDERS_NEVER_SEEN);
	else if (!holders_any_pins(&held->found) &&
		 folio_has_others(&r->f, session_profile(o->from->session)))
		fprintf(o->to, "    no pin was found; %s\n", HOLDERS_NEVER_SEEN);
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

/* Some of the group's folios, but for @known, of which there is more to say. */
static void examples(struct text_out *o, const struct outstanding_group *g, uint64_t known)
{
	char file[FILE_LINE_LEN];

	for (unsigned int i = 0; i < outstanding_examples(g); i++) {
		const struct pgmt_finding *f = &g->example[i];
		uint64_t pfn = report_pfn(o->from, g->epoch, f->pfn);

		if (pfn == known)
			continue;
		fprintf(o->to, "    pfn 0x%llx", (unsigned long long)pfn);
		if (files_describe(o->from->files, f, file, sizeof(file)))
			fprintf(o->to, ", %s", file);
		fprintf(o->to, "\n");
	}
}

/*
 * Folios with one story.
 * @f: the report's folio, whose pfn and request are not said twice; NULL: there is none
 * @now: ns
 */
static void outstanding(struct text_out *o, const struct outstanding_group *g,
			const struct pgmt_finding *f, uint64_t now)
{
	struct report_event oldest = report_event_of(o->from, &g->oldest, now);

	fprintf(o->to, "  requested at one place: %llu folio%s (%s)", (unsigned long long)g->folios,
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
		fprintf(o->to, "  in use since before tracing: %llu folio%s of this pgmap\n",
			f->preexisting, f->preexisting == 1 ? "" : "s");
}

static void pgmap_references(struct text_out *o, const struct pgmt_finding *f)
{
	if (f->refs < 0)
		fprintf(o->to, "  pgmap references: not known");
	else
		fprintf(o->to, "  pgmap references: %lld", f->refs);
	if (f->most == PGMT_REFS_ANY)
		fprintf(o->to, "; folios that are out explain %llu, allocations any number\n",
			f->least);
	else
		fprintf(o->to, "; folios that are out explain %llu to %llu\n", f->least, f->most);
}

static bool is_stall(const struct pgmt_finding *f)
{
	return f->rule == PGMT_RULE_TEARDOWN_STALL || f->rule == PGMT_RULE_BREAK_STALL;
}

/* Who broke the rule, or whom it hurts, and where in the kernel that is. */
static void culprit(struct text_out *o, const struct report *r)
{
	const struct pgmt_finding *f = &r->f;

	if (f->rule == PGMT_RULE_LEAK && !f->tid) {
		fprintf(o->to, "  found at the end of tracing\n");
		return;
	}
	fprintf(o->to, "  ");
	text_who(o, &r->event);
	/* what it is about happened earlier, and elsewhere */
	if (is_stall(f))
		fprintf(o->to, ", who waits since %.6f\n",
			report_seconds(o->from, f->time - f->waited));
	else
		fprintf(o->to, "%s\n", r->about_pgmap ? ", who waits for them" : "");
	text_site(o, f->site);
}

static void details(struct text_out *o, const struct report *r)
{
	struct text_words words = text_words(session_profile(o->from->session), r->f.pgmap.type);
	const struct pgmt_finding *f = &r->f;

	fprintf(o->to, "  reason: %s\n", r->sentence);
	fprintf(o->to, "  usually: %s\n", pgmt_rule_cause(f->rule));
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
	holders(o, r);
	if (f->refs || f->most)
		pgmap_references(o, f);
	outstanding_groups(o, r);
	culprit(o, r);
	if (!r->about_folio)
		return;
	touch(o, r, &r->last_request, words.request);
	if (words.free)
		touch(o, r, &r->last_free, words.free);
}

void text_finding(struct text_out *o, const struct report *r, bool brief)
{
	headline(o, r);
	if (brief)
		fprintf(o->to, "  (not shown in full: there were many before)\n");
	else
		details(o, r);
	fputc('\n', o->to);
	o->reports++;
}

/* What is called after the device, or after the folio that it is about. */
static void stall_headline(struct text_out *o, const struct report *r)
{
	time_of(o, clock_now());
	if (r->f.rule == PGMT_RULE_TEARDOWN_STALL)
		fprintf(o->to, "pgmaptrace: teardown-stall: %s ", r->device);
	else
		fprintf(o->to, "pgmaptrace: break-stall: pfn 0x%llx ", r->f.pfn);
}

void text_stall_lasts(struct text_out *o, const struct report *r)
{
	stall_headline(o, r);
	fprintf(o->to, "keeps %s/%u waiting, for %.1f s now\n", comm_text(r->event.comm).text,
		r->event.tid, r->waited);
	if (r->f.rule == PGMT_RULE_TEARDOWN_STALL)
		pgmap_references(o, &r->f);
	holders(o, r);
	fputc('\n', o->to);
}

void text_stall_ended(struct text_out *o, const struct report_end *e)
{
	stall_headline(o, &e->about);
	if (e->given_up) {
		fprintf(o->to,
			"is not waited for any more by %s/%u, after %.1f s; its refcount is %d\n",
			comm_text(e->about.event.comm).text, e->about.event.tid, e->after,
			e->refcount);
	} else if (e->release.known) {
		fprintf(o->to, "came free after %.1f s, %s ", e->after,
			e->of_pgmap ? "the last reference was given back" : "freed");
		text_who(o, &e->release);
		fputc('\n', o->to);
		text_site(o, e->release.site);
	} else {
		fprintf(o->to, "came free after %.1f s", e->after);
		for (unsigned int i = 0; i < e->nr_let_go; i++)
			fprintf(o->to, "%s%s",
				i ? "; " : "; not a holder any more: ", e->let_go[i]);
		fputc('\n', o->to);
	}
	fputc('\n', o->to);
}

void text_stalls_go_on(struct text_out *o, const struct stalls *all)
{
	for (const struct stall *st = all->all; st; st = st->next)
		if (st->reported)
			fprintf(o->to,
				"pgmaptrace: %s/%u still waits at the end of tracing, for %.1f s "
				"now\n",
				comm_text(st->wait.comm).text, st->wait.tid,
				(double)(clock_now() - st->since) / 1e9);
}

void text_gone(struct text_out *o, const struct outstanding_group *g)
{
	fprintf(o->to, "pgmaptrace: leaked for good, their pgmap %s is gone:\n",
		devices_name_of_epoch(o->from->devices, g->epoch));
	outstanding(o, g, NULL, clock_now());
	fputc('\n', o->to);
}

void text_leaks(struct text_out *o, const struct leaked *l)
{
	if (!l->definite && !l->outstanding && !l->unverifiable && !l->pgmaps)
		return;
	fprintf(o->to,
		"pgmaptrace: leaked: definite=%llu pgmaps=%llu outstanding=%llu preexisting=%llu "
		"unverifiable=%llu\n",
		(unsigned long long)l->definite, (unsigned long long)l->pgmaps,
		(unsigned long long)l->outstanding, (unsigned long long)l->preexisting,
		(unsigned long long)l->unverifiable);
}

/* A group that came more than once. */
static void times(struct text_out *o, struct finding_group *g, const char *when)
{
	const struct sources *from = o->from;

	fprintf(o->to, "pgmaptrace: %s", pgmt_rule_name(g->key.rule));
	if (g->nr_examples && !report_is_about_pgmap(&g->example[0]))
		fprintf(o->to, " at pfn 0x%llx",
			(unsigned long long)report_pfn(from, g->example[0].pgmap.epoch,
						       g->example[0].pfn));
	fprintf(o->to, ": %llu times %s, first %.6f, last %.6f", g->count.times, when,
		report_seconds(from, g->count.first), report_seconds(from, g->count.last));
	for (unsigned int i = 1; i < g->nr_examples; i++) {
		const struct pgmt_finding *f = &g->example[i];

		fprintf(o->to, "%s0x%llx", i == 1 ? "; also pfn " : ", ",
			(unsigned long long)report_pfn(from, f->pgmap.epoch, f->pfn));
		if (f->tid)
			fprintf(o->to, " by %s/%u", comm_text(f->comm).text,
				report_pid(from, f->tid));
	}
	fprintf(o->to, "\n");
	g->said = g->count.times;
}

void text_progress(struct text_out *o, struct findings *all)
{
	for (struct finding_group *g = all->groups; g; g = g->next)
		if (g->shown && g->count.times >= 10 && g->count.times >= g->said * 10)
			times(o, g, "so far");
}

/* As folio_state() has it; made once for each of the few there are. */
static const char *state_text(uint32_t word)
{
	static char *known[PGMT_WORD_MASK + 1];
	char text[128];

	word &= PGMT_WORD_MASK;
	if (!known[word]) {
		folio_state(word, text, sizeof(text));
		known[word] = strdup(text);
	}
	return known[word] ? known[word] : "?";
}

/* A line in the making. */
struct line {
	char text[1024];
	size_t len;
};

static void add(struct line *l, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(l->text) - l->len)
		n = sizeof(l->text) - l->len;
	memcpy(l->text + l->len, text, n);
	l->len += n;
}

/* @digits: at least so many */
static void add_number(struct line *l, uint64_t n, unsigned int base, int digits)
{
	char text[24], *at = text + sizeof(text);

	*--at = '\0';
	for (; n || digits > 0; n /= base, digits--)
		*--at = "0123456789abcdef"[n % base];
	add(l, at);
}

static void add_count(struct line *l, const char *before, int32_t n)
{
	add(l, before);
	if (n < 0)
		add(l, "-");
	add_number(l, n < 0 ? -(int64_t)n : n, 10, 1);
}

/*
 * Not by printf, which takes as long as the kernel takes for two of these: the tool
 * must keep up with it.
 */
void text_told(struct text_out *o, const struct pgmt_event_record *t)
{
	const char *before = state_text(t->before), *after = state_text(t->after);
	uint64_t us = report_time(o->from, t->time) / 1000;
	const char *site;
	struct line l;

	l.len = 0;
	add_number(&l, us / 1000000, 10, 1);
	add(&l, ".");
	add_number(&l, us % 1000000, 10, 6);
	add(&l, " pfn 0x");
	add_number(&l, report_pfn(o->from, t->epoch, t->pfn), 16, 1);
	add_count(&l, " order ", t->order);
	add(&l, " ");
	add(&l, folio_event(t->op));
	add(&l, ": ");
	add(&l, before);
	if (strcmp(before, after)) {
		add(&l, " -> ");
		add(&l, after);
	}
	add_count(&l, "; refcount ", t->refcount);
	add_count(&l, " mapcount ", t->mapcount);
	if (t->inode) {
		add(&l, ", inode ");
		add_number(&l, t->inode, 10, 1);
	}
	if (t->inode && t->offset != PGMT_NO_OFFSET) {
		add(&l, " offset 0x");
		add_number(&l, t->offset, 16, 1);
	}
	add(&l, ", ");
	add(&l, comm_text(t->comm).text);
	add(&l, "/");
	add_number(&l, report_pid(o->from, t->tid), 10, 1);
	add_count(&l, " on cpu ", o->from->deterministic ? 0 : t->cpu);
	if (t->rule) {
		add(&l, ": VIOLATION ");
		add(&l, pgmt_rule_name(t->rule));
	}
	add(&l, "\n");
	fwrite(l.text, 1, l.len, o->to);
	site = t->site & PGMT_SITE_IS_ADDRESS ? site_text(o->from, &o->sites, t->site) : NULL;
	if (site)
		text_frames(o->to, site);
}

/* "leak, pages-unbalanced"; all of them are "any rule" */
static void rules(FILE *to, uint32_t rules)
{
	const char *before = "";

	if ((rules & PGMT_ALL_RULES) == PGMT_ALL_RULES) {
		fputs("any rule", to);
		return;
	}
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		if (!(rules & (1u << i)))
			continue;
		fprintf(to, "%s%s", before, pgmt_rule_name(i));
		before = ", ";
	}
}

void text_groups(struct text_out *o, struct findings *all)
{
	for (struct finding_group *g = all->groups; g; g = g->next) {
		if (findings_suppressed(g))
			continue;
		if (g->count.times > 1 || !g->nr_examples)
			times(o, g, "in all");
		if (!g->nr_examples)
			text_site(o, g->key.site);
	}
}

void text_ledger(struct text_out *o, const struct summary *sum)
{
	const struct ledger *l = &sum->ledger;

	for (unsigned int i = 0; i < l->nr; i++) {
		const struct loss *loss = &l->loss[i];

		fputs("pgmaptrace: ", o->to);
		if (loss->times)
			fprintf(o->to, "lost: %llu ", (unsigned long long)loss->times);
		fputs(loss->text, o->to);
		if (loss->touches) {
			fputs("; may hide: ", o->to);
			rules(o->to, loss->touches);
		}
		fputc('\n', o->to);
	}
	if (sum->unverified)
		fprintf(o->to,
			"pgmaptrace: %llu violations above are not counted: a missed event would "
			"explain them\n",
			(unsigned long long)sum->unverified);
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (sum->rule[i].found != sum->rule[i].expected && sum->rule[i].expected)
			fprintf(o->to, "pgmaptrace: expected %llu of %s, found %llu\n",
				(unsigned long long)sum->rule[i].expected, pgmt_rule_name(i),
				(unsigned long long)sum->rule[i].found);
}

void text_suppressions(struct text_out *o, const struct suppressions *all)
{
	for (const struct suppression *s = all->first; s; s = s->next)
		fprintf(o->to, "pgmaptrace: suppressed: %llu by %s:%u, %s (%s)\n",
			(unsigned long long)s->used, s->file, s->line, pgmt_rule_name(s->rule),
			s->reason);
}

void text_summary(FILE *to, const struct summary *sum, enum pgmt_profile profile)
{
	const char *separator = " rules=";
	struct utsname u;

	fprintf(to, "pgmaptrace: %s findings=%llu", verdict_name(sum->verdict),
		(unsigned long long)sum->findings);
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		if (!sum->rule[i].found)
			continue;
		fprintf(to, "%s%s", separator, pgmt_rule_name(i));
		separator = ",";
	}
	fprintf(to, " requests=%llu frees=%llu outstanding=%llu preexisting=%llu",
		sum->counts->requests, sum->counts->frees, (unsigned long long)sum->outstanding,
		sum->counts->preexisting);
	fprintf(to, " stored=%llu removed=%llu lost=%llu", sum->counts->stores,
		sum->counts->removals, (unsigned long long)sum->ledger.lost);
	if (sum->warnings)
		fprintf(to, " warnings=%llu", (unsigned long long)sum->warnings);
	if (sum->suppressed)
		fprintf(to, " suppressed=%llu", (unsigned long long)sum->suppressed);
	if (sum->unused)
		fprintf(to, " unused_suppressions=%u", sum->unused);
	if (sum->unverified)
		fprintf(to, " unverified=%llu", (unsigned long long)sum->unverified);
	if (sum->scope)
		fprintf(to, " judged=%s not_judged=%llu", sum->scope, sum->counts->out_of_scope);
	uname(&u);
	fprintf(to, " kernel=%s profile=%s\n", u.release, pgmt_profile_name(profile));
}
