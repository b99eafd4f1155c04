// SPDX-License-Identifier: GPL-2.0-only
#include "out_text.h"

#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#include "folio.h"
#include "holders.h"
#include "reasons.h"
#include "stacks.h"

#define MAX_REPORTS 100 /* what a person reads; the rest are headlines */

static enum pt_profile profile_of(const struct text_out *o)
{
	return session_choice(o->session)->profile;
}

static void line(void *arg, const struct stack_line *l)
{
	struct text_out *o = arg;

	fputs("    ", o->to);
	stack_print(o->to, l);
}

static void stack(struct text_out *o, uint32_t key)
{
	const struct ksyms *k;
	struct pt_stack st;

	if (!session_stack(o->session, key, &st)) {
		fprintf(o->to, "    (no stack kept: see --stack)\n");
		return;
	}
	k = session_ksyms(o->session, SYMBOLS_MODULES);
	/* what has no symbol may be another tracer's */
	if (!stack_is_known(&st, k))
		k = session_ksyms(o->session, SYMBOLS_BPF);
	stack_lines(&st, k, o->inlines, line, o);
}

struct text_words text_words(enum pt_profile profile, unsigned int type)
{
	if (profile == PT_PROFILE_REQUEST)
		return (struct text_words){"requested", "freed"};
	if (type == PT_TYPE_GENERIC)
		return (struct text_words){"mapped", NULL};
	if (type == PT_TYPE_FS_DAX && profile == PT_PROFILE_CLASSIC)
		return (struct text_words){"stored in a file", "taken out of a file"};
	if (type == PT_TYPE_FS_DAX)
		return (struct text_words){"requested for a mapping", "freed"};
	return (struct text_words){"requested", "freed"};
}

void text_where(struct text_out *o, uint32_t at)
{
	if (!(at & PT_SITE)) {
		stack(o, at);
		return;
	}
	stack_site(PT_SITE_ADDRESS(at), session_ksyms(o->session, SYMBOLS_MODULES), o->inlines,
		   line, o);
	fprintf(o->to, "    (called from there; --stack=all keeps whole stacks)\n");
}

static double seconds(const struct text_out *o, uint64_t time)
{
	return ((double)time + o->clock_offset) / 1e9;
}

/* Seconds from a touch to @time; negative: there was none. */
static double since(const struct text_out *o, const struct pt_touch *t, uint64_t time)
{
	double past;

	if (!t->tick)
		return -1;
	/* touch times are rounded */
	past = ((double)time - (double)session_touch_time(o->session, t)) / 1e9;
	return past > 0 ? past : 0;
}

void text_task(struct text_out *o, const char *comm, uint32_t tid, bool interrupt)
{
	fprintf(o->to, "by %s%s/%u", interrupt ? "an interrupt over " : "", comm, tid);
}

void text_who(struct text_out *o, const char *comm, uint32_t tid, uint32_t cpu, uint32_t at)
{
	text_task(o, comm, tid, session_is_interrupt(o->session, at));
	if (cpu < PT_CPU_UNKNOWN)
		fprintf(o->to, " on cpu %u", cpu);
}

static void touch(struct text_out *o, const struct pt_finding *f, const struct pt_touch *t,
		  const char *did)
{
	char comm[PT_COMM_LEN + 1] = "?";

	if (!t->tick) {
		fprintf(o->to, "  not %s since %s\n", did,
			f->pgmap.since ? "its pgmap was made" : "tracing began");
		return;
	}
	session_comm(o->session, t, comm);
	fprintf(o->to, "  last %s ", did);
	text_who(o, comm, PT_TID(t->who), PT_CPU(t->who), t->at);
	fprintf(o->to, ", %.3f s earlier\n", since(o, t, f->time));
	text_where(o, t->at);
}

static void folio(struct text_out *o, const struct pt_finding *f)
{
	char flags[128], state[128];
	uint32_t word = f->state;

	/* there, that a file gives it up is not seen */
	if (profile_of(o) == PT_PROFILE_REQUEST && !f->file.sharers)
		word &= ~PT_ASSOC_KNOWN;
	folio_flags(session_btf(o->session), f->flags, flags, sizeof(flags));
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
static void references(struct text_out *o, const struct pt_finding *f)
{
	struct folio_references r;
	unsigned int parts = 0;

	folio_references(f, profile_of(o), &r);
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

/* Its references as a whole, and no folio has any of them. */
static bool is_about_pgmap(const struct pt_finding *f)
{
	if (f->rule == PT_RULE_TEARDOWN_STALL)
		return !f->most || f->most == PT_REFS_ANY;
	return f->rule == PT_RULE_REF_IMBALANCE && f->op != PT_OP_TEARDOWN && !f->most;
}

/* Not about a range, a pgmap, or a page that the pgmap does not have: its past tells nothing. */
static bool is_about_one_folio(const struct pt_finding *f)
{
	if (f->rule == PT_RULE_PGMAP_OVERLAP)
		return false;
	if (is_about_pgmap(f))
		return false;
	for (uint32_t i = 0; i < f->pgmap.nr_range && i < PT_MAX_RANGES; i++)
		if (f->pfn >= f->pgmap.range[i].start && f->pfn <= f->pgmap.range[i].end)
			return true;
	return !f->pgmap.nr_range;
}

static void headline(struct text_out *o, const struct pt_finding *f)
{
	if (o->timestamps)
		fprintf(o->to, "[%12.6f] ", seconds(o, f->time));
	fprintf(o->to, "pgmaptrace: %s %s: ", pt_rule_is_warning(f->rule) ? "WARNING" : "VIOLATION",
		pt_rule_name(f->rule));
	if (!is_about_pgmap(f))
		fprintf(o->to, "pfn 0x%llx order %u refcount %d mapcount %d, ", f->pfn, f->order,
			f->refcount, f->mapcount);
	fprintf(o->to, "%s (%s) %s\n", devices_name(o->devices, &f->pgmap),
		devices_type(f->pgmap.type), reason_headline(f));
}

static void reason(struct text_out *o, const struct pt_finding *f)
{
	struct reason_facts facts = {
		.profile = profile_of(o),
		.device = devices_name(o->devices, &f->pgmap),
		.since_request = since(o, &f->request, f->time),
		.since_free = since(o, &f->free, f->time),
	};
	char sentence[512];

	reason_sentence(f, &facts, sentence, sizeof(sentence));
	fprintf(o->to, "  reason: %s\n", sentence);
	fprintf(o->to, "  usually: %s\n", pt_rule_cause(f->rule));
}

static void pgmap(struct text_out *o, const struct pt_finding *f)
{
	char text[FILE_LINE_LEN];

	devices_describe(o->devices, session_ksyms(o->session, SYMBOLS_MODULES), &f->pgmap, f->time,
			 text, sizeof(text));
	fprintf(o->to, "  %s\n", text);
	if (o->verbose && f->pgmap.made_at)
		text_where(o, f->pgmap.made_at);
}

/* How things are now; asked before anything is printed, since they change. */
struct held {
	uint64_t when;
	int64_t outstanding; /* folios of the pgmap; negative: not known */
	bool looked;	     /* for who holds the folio */
	int error;
	struct holders_found found;
};

static struct holders_query query_of(const struct pt_finding *f)
{
	return (struct holders_query){
		.pfn = f->pfn,
		.pages = 1ULL << f->order,
		.mapping = f->file.flags & PT_FILE_OFFSET ? f->mapping : 0,
		.offset = f->file.offset,
	};
}

static void look_now(struct text_out *o, const struct pt_finding *f, struct held *held)
{
	struct holders_query q = query_of(f);

	held->when = session_now();
	held->outstanding = pt_is_paired(profile_of(o), f->pgmap.type)
				    ? session_pgmap_outstanding(o->session, f->pgmap.address)
				    : -1;
	held->looked =
		is_about_one_folio(f) && f->refcount > pt_idle_count(profile_of(o), f->pgmap.type);
	if (held->looked)
		held->error = session_holders(o->session, &q, &held->found);
}

static void holders(struct text_out *o, const struct pt_finding *f, const struct held *held)
{
	double later = held->when > f->time ? (double)(held->when - f->time) / 1e9 : 0;
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
		if (g->example[i].pfn == known)
			continue;
		fprintf(o->to, "    pfn 0x%llx", g->example[i].pfn);
		if (files_describe(o->files, &g->example[i], file, sizeof(file)))
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
			const struct pt_finding *f, uint64_t now)
{
	char comm[PT_COMM_LEN + 1] = "?";

	fprintf(o->to, "  requested at one place: %llu folio%s (%s)", (unsigned long long)g->folios,
		g->folios == 1 ? "" : "s", size_text(g->pages));
	if (g->oldest.tick) {
		session_comm(o->session, &g->oldest, comm);
		fprintf(o->to, ", the oldest %.3f s ago by %s/%u", since(o, &g->oldest, now), comm,
			PT_TID(g->oldest.who));
	}
	fprintf(o->to, "\n");
	examples(o, g, f ? f->pfn : 0);
	if (g->at && (!f || g->at != f->request.at))
		text_where(o, g->at);
}

static void outstanding_groups(struct text_out *o, const struct pt_finding *f,
			       const struct outstanding_group *groups)
{
	for (const struct outstanding_group *g = groups; g; g = g->next)
		outstanding(o, g, f, f->time);
	if (f->preexisting)
		fprintf(o->to, "  in use since before tracing: %llu folio%s of this pgmap\n",
			f->preexisting, f->preexisting == 1 ? "" : "s");
}

static void pgmap_references(struct text_out *o, const struct pt_finding *f)
{
	if (f->refs < 0)
		fprintf(o->to, "  pgmap references: not known");
	else
		fprintf(o->to, "  pgmap references: %lld", f->refs);
	if (f->most == PT_REFS_ANY)
		fprintf(o->to, "; folios that are out explain %llu, allocations any number\n",
			f->least);
	else
		fprintf(o->to, "; folios that are out explain %llu to %llu\n", f->least, f->most);
}

static bool is_stall(const struct pt_finding *f)
{
	return f->rule == PT_RULE_TEARDOWN_STALL || f->rule == PT_RULE_BREAK_STALL;
}

/* Who broke the rule, or whom it hurts, and where in the kernel that is. */
static void culprit(struct text_out *o, const struct pt_finding *f)
{
	if (f->rule == PT_RULE_LEAK && !f->tid) {
		fprintf(o->to, "  found at the end of tracing\n");
		return;
	}
	fprintf(o->to, "  ");
	text_who(o, f->comm, f->tid, f->cpu, f->at);
	/* what it is about happened earlier, and elsewhere */
	if (is_stall(f))
		fprintf(o->to, ", who waits since %.6f\n", seconds(o, f->time - f->waited));
	else
		fprintf(o->to, "%s\n", is_about_pgmap(f) ? ", who waits for them" : "");
	text_where(o, f->at);
}

static void text_report(struct text_out *o, const struct pt_finding *f, const struct held *held,
			const struct outstanding_group *groups)
{
	struct text_words words = text_words(profile_of(o), f->pgmap.type);
	char file[FILE_LINE_LEN];

	reason(o, f);
	if (is_about_one_folio(f)) {
		folio(o, f);
		references(o, f);
	}
	if (f->folios > 1)
		fprintf(o->to, "  folios: %llu in this state, this is the first\n", f->folios);
	if (f->pgmap.nr_range)
		pgmap(o, f);
	if (files_describe(o->files, f, file, sizeof(file)))
		fprintf(o->to, "  %s\n", file);
	holders(o, f, held);
	if (f->refs || f->most)
		pgmap_references(o, f);
	outstanding_groups(o, f, groups);
	culprit(o, f);
	if (!is_about_one_folio(f))
		return;
	touch(o, f, &f->request, words.request);
	if (words.free)
		touch(o, f, &f->free, words.free);
}

static void finding(struct text_out *o, const struct pt_finding *f,
		    const struct outstanding_group *groups, struct held *held)
{
	if (o->reports++ >= MAX_REPORTS) {
		headline(o, f);
		fprintf(o->to, "  (not shown in full: %d findings were)\n", MAX_REPORTS);
	} else {
		look_now(o, f, held);
		headline(o, f);
		text_report(o, f, held, groups);
	}
	fputc('\n', o->to);
	fflush(o->to);
}

/* What is called after the device, or after the folio that it is about. */
static void stall_headline(struct text_out *o, const struct stall *st, const struct pt_finding *f)
{
	if (o->timestamps)
		fprintf(o->to, "[%12.6f] ", seconds(o, session_now()));
	if (st->wait.how == PT_HOW_PGMAP)
		fprintf(o->to, "pgmaptrace: teardown-stall: %s ",
			devices_name(o->devices, &f->pgmap));
	else
		fprintf(o->to, "pgmaptrace: break-stall: pfn 0x%llx ", f->pfn);
}

static void goes_on(struct text_out *o, const struct stall *st, const struct pt_finding *f,
		    struct held *held)
{
	look_now(o, f, held);
	stall_headline(o, st, f);
	fprintf(o->to, "keeps %s/%u waiting, for %.1f s now\n", st->wait.comm, st->wait.tid,
		f->waited / 1e9);
	if (f->rule == PT_RULE_TEARDOWN_STALL)
		pgmap_references(o, f);
	holders(o, f, held);
	fputc('\n', o->to);
	fflush(o->to);
}

void text_stall(struct text_out *o, struct stall *st, const struct pt_finding *f,
		const struct outstanding_group *groups)
{
	struct held held = {0};

	if (st->reports)
		goes_on(o, st, f, &held);
	else
		finding(o, f, groups, &held);
	st->held = held.found;
}

static bool is_among(const struct holders_found *found, const struct pt_holder *h)
{
	for (uint32_t i = 0; i < found->nr; i++)
		if (found->holder[i].how == h->how && found->holder[i].tgid == h->tgid &&
		    found->holder[i].object == h->object)
			return true;
	return false;
}

/* Where nothing tells of the release itself: those that were told of as holders and are none now.
 */
static void who_let_go(struct text_out *o, const struct stall *st, const struct pt_finding *f)
{
	struct holders_query q = query_of(f);
	struct holders_found now = {0};
	const char *before = "; not a holder any more: ";
	char text[256];

	if (!st->held.nr || session_holders(o->session, &q, &now) || now.more)
		return;
	for (uint32_t i = 0; i < st->held.nr; i++) {
		const struct pt_holder *h = &st->held.holder[i];

		if (holder_waits(h) || !(now.looked & (1U << h->how)) || is_among(&now, h))
			continue;
		holder_text(h, text, sizeof(text));
		fprintf(o->to, "%s%s", before, text);
		before = "; ";
	}
}

void text_stall_ended(struct text_out *o, const struct stall *st, const struct pt_finding *now)
{
	const struct pt_release *r = &st->release;
	uint64_t end = r->time ? r->time : st->last_seen;

	stall_headline(o, st, &st->about);
	/* a signal ends such a wait, too */
	if (!r->time && st->wait.how == PT_HOW_WAIT && now->pgmap.type &&
	    now->refcount > pt_idle_count(profile_of(o), now->pgmap.type)) {
		fprintf(o->to,
			"is not waited for any more by %s/%u, after %.1f s; its refcount is %d\n\n",
			st->wait.comm, st->wait.tid, (double)(end - st->since) / 1e9,
			now->refcount);
		fflush(o->to);
		return;
	}
	fprintf(o->to, "came free after %.1f s", (double)(end - st->since) / 1e9);
	if (r->time) {
		fprintf(o->to, ", %s ", r->address ? "the last reference was given back" : "freed");
		text_who(o, r->comm, r->tid, r->cpu, r->at);
		fprintf(o->to, "\n");
		text_where(o, r->at);
	} else {
		who_let_go(o, st, &st->about);
		fprintf(o->to, "\n");
	}
	fputc('\n', o->to);
	fflush(o->to);
}

void text_stalls_go_on(struct text_out *o, const struct stalls *all)
{
	for (const struct stall *st = all->all; st; st = st->next)
		if (st->reports && !st->not_judged)
			fprintf(o->to,
				"pgmaptrace: %s/%u still waits at the end of tracing, for %.1f s "
				"now\n",
				st->wait.comm, st->wait.tid,
				(double)(session_now() - st->since) / 1e9);
}

void text_gone(struct text_out *o, const struct outstanding_group *g)
{
	fprintf(o->to, "pgmaptrace: leaked for good, their pgmap %s is gone:\n",
		devices_name_of_epoch(o->devices, g->epoch));
	outstanding(o, g, NULL, session_now());
	fputc('\n', o->to);
}

void text_leaks(struct text_out *o, const struct outstanding *all, const struct summary *sum)
{
	uint64_t gone = 0, alive = 0, unsure = 0;

	for (const struct outstanding_group *g = all->groups; g; g = g->next)
		*(sum->state_lost ? &unsure : g->gone ? &gone : &alive) += g->folios;
	if (!gone && !alive && !unsure && !sum->own->rule[PT_RULE_REF_IMBALANCE])
		return;
	fprintf(o->to,
		"pgmaptrace: leaked: definite=%llu pgmaps=%llu outstanding=%llu preexisting=%llu "
		"unverifiable=%llu\n",
		(unsigned long long)gone, (unsigned long long)sum->own->rule[PT_RULE_REF_IMBALANCE],
		(unsigned long long)alive,
		sum->counts->preexisting > sum->counts->preexisting_frees
			? sum->counts->preexisting - sum->counts->preexisting_frees
			: 0,
		(unsigned long long)(unsure + sum->own->ageless));
}

void text_finding(struct text_out *o, const struct pt_finding *f,
		  const struct outstanding_group *groups)
{
	struct held held = {0};

	finding(o, f, groups, &held);
}

/* A group that came more than once. */
static void times(struct text_out *o, struct finding_group *g, const char *when)
{
	const struct pt_finding *f = &g->example[0];

	fprintf(o->to, "pgmaptrace: %s", pt_rule_name(g->key.rule));
	if (g->nr_examples && !is_about_pgmap(f))
		fprintf(o->to, " at pfn 0x%llx", f->pfn);
	fprintf(o->to, ": %llu times %s, first %.6f, last %.6f", g->count.times, when,
		seconds(o, g->count.first), seconds(o, g->count.last));
	for (unsigned int i = 1; i < g->nr_examples; i++) {
		fprintf(o->to, "%s0x%llx", i == 1 ? "; also pfn " : ", ", g->example[i].pfn);
		if (g->example[i].tid)
			fprintf(o->to, " by %s/%u", g->example[i].comm, g->example[i].tid);
	}
	fprintf(o->to, "\n");
	g->said = g->count.times;
}

void text_progress(struct text_out *o, struct findings *all)
{
	for (struct finding_group *g = all->groups; g; g = g->next)
		if (g->nr_examples && g->count.times >= 10 && g->count.times >= g->said * 10)
			times(o, g, "so far");
	fflush(o->to);
}

void text_told(struct text_out *o, const struct pt_told *t)
{
	static const char *const ops[PT_NR_OPS] = {
		[PT_OP_REQUEST] = "request",
		[PT_OP_ACCEPT] = "granted all the same",
		[PT_OP_UNDO] = "request refused",
		[PT_OP_MAP] = "map",
		[PT_OP_RELEASE] = "release",
		[PT_OP_FREE] = "free",
		[PT_OP_FREE_REST] = "free with its head",
		[PT_OP_PART] = "split",
		[PT_OP_MISSED] = "left out",
		[PT_OP_STORE] = "store",
		[PT_OP_REMOVE] = "remove",
		[PT_OP_RESET] = "reset",
		[PT_OP_BASELINE] = "seen at start",
		[PT_OP_TEARDOWN] = "teardown",
	};
	char before[128], after[128];

	folio_state(t->before, before, sizeof(before));
	folio_state(t->after, after, sizeof(after));
	fprintf(o->to, "%.6f pfn 0x%llx order %u %s: %s", seconds(o, t->time), t->pfn, t->order,
		ops[t->op < PT_NR_OPS ? t->op : 0], before);
	if (strcmp(before, after))
		fprintf(o->to, " -> %s", after);
	fprintf(o->to, "; refcount %d mapcount %d", t->refcount, t->mapcount);
	if (t->inode)
		fprintf(o->to, ", inode %llu", t->inode);
	if (t->inode && t->offset != PT_NO_OFFSET)
		fprintf(o->to, " offset 0x%llx", t->offset);
	fprintf(o->to, ", %s/%u on cpu %u", t->comm, t->tid, t->cpu);
	if (t->rule)
		fprintf(o->to, ": VIOLATION %s", pt_rule_name(t->rule));
	fprintf(o->to, "\n");
	if (t->at & PT_SITE)
		stack_site(PT_SITE_ADDRESS(t->at), session_ksyms(o->session, SYMBOLS_KEPT),
			   o->inlines, line, o);
}

void text_ledger(struct text_out *o, struct findings *all, const struct summary *sum)
{
	static const char *const texts[] = {
#define LOSS(id, text, state) text,
		PT_LOSSES(LOSS)
#undef LOSS
	};

	for (struct finding_group *g = all->groups; g; g = g->next) {
		if (g->count.times > 1 || !g->nr_examples)
			times(o, g, "in all");
		if (!g->nr_examples)
			text_where(o, g->key.at);
	}
	for (int i = 0; i < PT_NR_LOSSES; i++)
		if (sum->counts->lost[i])
			fprintf(o->to, "pgmaptrace: lost: %llu %s\n", sum->counts->lost[i],
				texts[i]);
	if (sum->missed)
		fprintf(o->to,
			"pgmaptrace: lost: %llu events that came while a hook was running on the "
			"same CPU\n",
			(unsigned long long)sum->missed);
	if (sum->own->ageless)
		fprintf(o->to, "pgmaptrace: lost: %llu outstanding folios of unknown age\n",
			(unsigned long long)sum->own->ageless);
	if (sum->unverified)
		fprintf(o->to,
			"pgmaptrace: %llu violations above are not counted: a missed event would "
			"explain them\n",
			(unsigned long long)sum->unverified);
	if (sum->own->interrupted)
		fprintf(o->to, "pgmaptrace: stopped before tracing was complete\n");
	if (sum->own->cut_short)
		fprintf(o->to, "pgmaptrace: stopped before all that is outstanding was judged\n");
	if (sum->own->blind)
		fprintf(o->to, "pgmaptrace: who waits could not be looked for, or not wholly: "
			       "teardown-stall and break-stall may be missing\n");
}

void text_summary(FILE *to, const struct summary *sum, enum pt_profile profile)
{
	static const char *const verdicts[] = {"PASS", "FAIL", "INCONCLUSIVE"};
	const char *separator = " rules=";
	struct utsname u;

	fprintf(to, "pgmaptrace: %s findings=%llu", verdicts[sum->verdict],
		(unsigned long long)sum->findings);
	for (int i = 1; i < PT_NR_RULES; i++) {
		if (!sum->rule[i])
			continue;
		fprintf(to, "%s%s", separator, pt_rule_name(i));
		separator = ",";
	}
	fprintf(to, " requests=%llu frees=%llu outstanding=%llu preexisting=%llu",
		sum->counts->requests, sum->counts->frees, (unsigned long long)sum->outstanding,
		sum->counts->preexisting);
	fprintf(to, " stored=%llu removed=%llu lost=%llu", sum->counts->stores,
		sum->counts->removals, (unsigned long long)sum->lost);
	if (sum->warnings)
		fprintf(to, " warnings=%llu", (unsigned long long)sum->warnings);
	if (sum->unverified)
		fprintf(to, " unverified=%llu", (unsigned long long)sum->unverified);
	if (sum->judged)
		fprintf(to, " judged=%s not_judged=%llu", sum->judged, sum->counts->not_judged);
	uname(&u);
	fprintf(to, " kernel=%s profile=%s\n", u.release, pt_profile_name(profile));
	fflush(to);
}
