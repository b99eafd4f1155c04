// SPDX-License-Identifier: GPL-2.0-only
#include "output/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "report/folio.h"
#include "report/reasons.h"
#include "output/jsonl.h"
#include "base/say.h"
#include "base/save.h"

void json_end_record(struct json_out *o, struct jsonl *l)
{
	const char *text = jsonl_finish(l);

	for (int i = 0; i < 2; i++) {
		if (!o->to[i] || !text)
			continue;
		/* errno is lost later */
		if ((fprintf(o->to[i], "%s\n", text) < 0 || fflush(o->to[i])) && !o->error[i])
			o->error[i] = errno;
	}
	o->no_memory |= !text;
	jsonl_free(l);
}

static void on_error(void *arg, const char *message)
{
	struct jsonl l = jsonl_begin("error");

	jsonl_text(&l, "message", message);
	json_end_record(arg, &l);
}

void json_tell_errors(struct json_out *o)
{
	say_errors_to(o ? on_error : NULL, o);
}

/* ---- parts of records */

void json_add_rules(struct jsonl *l, const char *key, uint32_t rules)
{
	struct json_object *array = json_object_new_array();

	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (rules & (1u << i))
			jsonl_item(l, array, jsonl_string(pgmt_rule_name(i)));
	jsonl_add(l, key, array);
}

static void add_time(const struct json_out *o, struct jsonl *l, const char *key, uint64_t time)
{
	jsonl_number(l, key, report_time(o->from, time));
}

static void add_stack(const struct json_out *o, struct jsonl *l, uint32_t site)
{
	struct json_object *array = json_object_new_array();
	char *frames = report_frames(o->from, site);

	for (char *f = frames ? strtok(frames, "\n") : NULL; f; f = strtok(NULL, "\n"))
		jsonl_item(l, array, jsonl_string(f));
	l->failed |= !frames;
	free(frames);
	jsonl_add(l, "stack", array);
}

/* Who did something, and where. */
static void add_event(const struct json_out *o, struct jsonl *l, const struct report_event *t)
{
	jsonl_text(l, "comm", t->comm);
	jsonl_number(l, "tid", t->tid);
	if (t->cpu < PGMT_CPU_UNKNOWN)
		jsonl_number(l, "cpu", t->cpu);
	if (t->interrupt)
		jsonl_bool(l, "interrupt", true);
	add_stack(o, l, t->site);
}

/* The last request or free of a folio, if it was seen. */
static void add_history(const struct json_out *o, struct jsonl *l, const char *key,
			const struct report_event *t)
{
	struct jsonl in;

	if (!t->known)
		return;
	in = jsonl_inner();
	jsonl_seconds(&in, "ago_ns", t->ago);
	add_event(o, &in, t);
	jsonl_add_inner(l, key, &in);
}

static void add_pgmap(struct jsonl *l, const struct report *r)
{
	const struct pgmt_pgmap *p = &r->f.pgmap;
	struct json_object *ranges = json_object_new_array();
	struct jsonl in = jsonl_inner();

	jsonl_text(&in, "device", r->device);
	jsonl_text(&in, "type", r->type);
	for (uint32_t i = 0; i < p->nr_range && i < PGMT_MAX_RANGES; i++) {
		struct jsonl range = jsonl_inner();

		jsonl_number(&range, "first_pfn", p->range[i].start);
		jsonl_number(&range, "last_pfn", p->range[i].end);
		jsonl_add_item(&in, ranges, &range);
	}
	jsonl_add(&in, "ranges", ranges);
	jsonl_number(&in, "epoch", p->epoch);
	if (r->pgmap[0])
		jsonl_text(&in, "text", r->pgmap);
	jsonl_add_inner(l, "pgmap", &in);
}

/* Names of the glossary, which stay as they are, unlike the words of the text. */
static const char *lifetime_name(uint32_t word)
{
	static const char *const names[] = {
		[PGMT_UNKNOWN] = "unknown",
		[PGMT_IDLE] = "idle",
		[PGMT_PREEXISTING] = "preexisting",
		[PGMT_REQUESTED] = "requested",
		[PGMT_FREED] = "freed",
		[PGMT_PART] = "part",
	};
	unsigned int life = pgmt_life(word);

	return life < sizeof(names) / sizeof(*names) ? names[life] : names[PGMT_UNKNOWN];
}

static const char *event_name(unsigned int op)
{
	static const char *const names[PGMT_NR_OPS] = {
		[PGMT_OP_NONE] = "none",
		[PGMT_OP_REQUEST] = "request",
		[PGMT_OP_ACCEPT] = "request_accepted",
		[PGMT_OP_UNDO] = "request_undone",
		[PGMT_OP_MAP] = "map",
		[PGMT_OP_RELEASE] = "release",
		[PGMT_OP_RELEASED] = "released",
		[PGMT_OP_FREE] = "free",
		[PGMT_OP_FREE_REST] = "free_rest",
		[PGMT_OP_PART] = "part",
		[PGMT_OP_MISSED] = "request_missed",
		[PGMT_OP_STORE] = "store",
		[PGMT_OP_REMOVE] = "remove",
		[PGMT_OP_RESET] = "reset",
		[PGMT_OP_INITIAL] = "initial_scan",
		[PGMT_OP_TEARDOWN] = "teardown",
	};

	return names[op < PGMT_NR_OPS ? op : PGMT_OP_NONE];
}

static void add_state(struct jsonl *l, const char *key, uint32_t word)
{
	struct jsonl in = jsonl_inner();

	jsonl_text(&in, "lifetime", lifetime_name(word));
	if (pgmt_order(word))
		jsonl_number(&in, "order", pgmt_order(word));
	if (pgmt_assoc(word))
		jsonl_number(&in, "file_entries", pgmt_assoc(word));
	if (word & PGMT_REPORTED)
		jsonl_bool(&in, "reported", true);
	jsonl_add_inner(l, key, &in);
}

static void add_folio(const struct json_out *o, struct jsonl *l, const struct report *r)
{
	const struct pgmt_finding *f = &r->f;
	char flags[128];

	jsonl_number(l, "pfn", f->pfn);
	jsonl_number(l, "order", f->order);
	jsonl_signed(l, "refcount", f->refcount);
	jsonl_signed(l, "mapcount", f->mapcount);
	if (f->pincount >= 0)
		jsonl_signed(l, "pincount", f->pincount);
	folio_flags(session_btf(o->from->session), f->flags, flags, sizeof(flags));
	jsonl_text(l, "flags", flags);
	add_state(l, "state", f->state);
	if (f->folios > 1)
		jsonl_number(l, "folios", f->folios);
}

static void add_file(struct jsonl *l, const struct report *r)
{
	const struct pgmt_file *file = &r->f.file;

	if (!r->file[0])
		return;
	jsonl_text(l, "file", strncmp(r->file, "file: ", 6) ? r->file : r->file + 6);
	if (file->flags & PGMT_FILE_KNOWN && !file->rdev)
		jsonl_number(l, "inode", file->inode);
	if (file->flags & PGMT_FILE_OFFSET)
		jsonl_number(l, "offset", file->offset);
	if (r->other[0])
		jsonl_text(l, "other_file", strchr(r->other, ':') + 2);
}

static void add_holders(struct jsonl *l, const struct report_holders *held)
{
	struct json_object *array;
	char text[256];

	if (held->outstanding >= 0)
		jsonl_signed(l, "pgmap_outstanding", held->outstanding);
	if (!held->looked || held->error)
		return;
	array = json_object_new_array();
	for (uint32_t i = 0; i < held->found.nr; i++) {
		holder_text(&held->found.holder[i], text, sizeof(text));
		jsonl_item(l, array, jsonl_string(text));
	}
	jsonl_add(l, "holders", array);
	if (held->found.more)
		jsonl_number(l, "more_holders", held->found.more);
	holders_not_looked(&held->found, text, sizeof(text));
	if (text[0])
		jsonl_text(l, "holders_not_searched", text);
}

static void add_references(struct jsonl *l, const struct pgmt_finding *f)
{
	if (!f->refs && !f->most)
		return;
	if (f->refs != PGMT_REFS_UNKNOWN)
		jsonl_signed(l, "pgmap_references", f->refs);
	jsonl_number(l, "explained_min", f->least);
	if (f->most != PGMT_REFS_ANY)
		jsonl_number(l, "explained_max", f->most);
}

static void add_group(const struct json_out *o, struct jsonl *l, const struct outstanding_group *g,
		      uint64_t now)
{
	struct report_event oldest = report_event_of(o->from, &g->oldest, now);
	struct json_object *pfns = json_object_new_array();

	jsonl_number(l, "folios", g->folios);
	jsonl_number(l, "pages", g->pages);
	for (unsigned int i = 0; i < outstanding_examples(g); i++)
		jsonl_item(
			l, pfns,
			json_object_new_uint64(report_pfn(o->from, g->epoch, g->example[i].pfn)));
	jsonl_add(l, "pfns", pfns);
	if (oldest.known) {
		jsonl_seconds(l, "oldest_ago_ns", oldest.ago);
		jsonl_text(l, "comm", oldest.comm);
		jsonl_number(l, "tid", oldest.tid);
	}
	add_stack(o, l, g->site);
}

static void add_groups(const struct json_out *o, struct jsonl *l, const struct report *r)
{
	struct json_object *array;

	if (!r->groups)
		return;
	array = json_object_new_array();
	for (const struct outstanding_group *g = r->groups; g; g = g->next) {
		struct jsonl in = jsonl_inner();

		add_group(o, &in, g, r->f.time);
		jsonl_add_item(l, array, &in);
	}
	jsonl_add(l, "outstanding_by_site", array);
}

/* ---- records */

static void add_hooks(struct jsonl *l, enum pgmt_profile profile)
{
	struct json_object *array = json_object_new_array();

	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		char why[PGMT_WHY_LEN];
		struct jsonl in;

		if (!(h->profiles & (1 << profile)) || (h->attach == PGMT_ATTACH_NO && !h->off))
			continue;
		in = jsonl_inner();
		jsonl_text(&in, "function", h->function);
		jsonl_text(&in, "point", h->exit ? "return" : "entry");
		if (h->attach == PGMT_ATTACH_NO)
			jsonl_text(&in, "missing", hooks_absence(h, why));
		else
			jsonl_text(&in, "attach", pgmt_attach_name(h->attach));
		jsonl_add_item(l, array, &in);
	}
	jsonl_add(l, "hooks", array);
}

static void add_effects(const struct json_out *o, struct jsonl *l)
{
	uint32_t off = session_choice(o->from->session)->rules_off;
	struct jsonl in = jsonl_inner();

	for (int i = 1; i < PGMT_NR_RULES; i++) {
		const char *effect = policy_effect_name(policy_of(o->from->policy, i));

		jsonl_text(&in, pgmt_rule_name(i), off & (1u << i) ? "off" : effect);
	}
	jsonl_add_inner(l, "rules", &in);
}

void json_start(struct json_out *o)
{
	struct jsonl l = jsonl_begin("start");
	char boot[BOOT_ID_LEN];
	struct utsname u;

	uname(&u);
	save_read_boot(boot);
	jsonl_number(&l, "schema", JSON_SCHEMA);
	jsonl_text(&l, "contents", "session");
	jsonl_text(&l, "version", VERSION);
	jsonl_text(&l, "kernel", u.release);
	jsonl_text(&l, "profile", pgmt_profile_name(session_profile(o->from->session)));
	if (!o->from->deterministic)
		jsonl_text(&l, "boot_id", boot);
	add_time(o, &l, "time_ns", session_began(o->from->session));
	add_hooks(&l, session_profile(o->from->session));
	add_effects(o, &l);
	json_end_record(o, &l);
}

/* The fields that findings and stalls share. */
static void add_report(const struct json_out *o, struct jsonl *l, const struct report *r)
{
	jsonl_text(l, "rule", pgmt_rule_name(r->f.rule));
	add_time(o, l, "time_ns", r->f.time);
	add_pgmap(l, r);
	if (r->about_folio)
		add_folio(o, l, r);
	add_file(l, r);
	add_holders(l, &r->holders);
	add_references(l, &r->f);
	if (r->f.waited)
		jsonl_seconds(l, "waited_ns", r->waited);
	if (r->f.spins)
		jsonl_number(l, "spins", r->f.spins);
}

void json_finding(struct json_out *o, const struct report *r, bool brief)
{
	struct jsonl l = jsonl_begin("finding");
	char text[512];

	jsonl_text(&l, "severity", r->warning ? "warning" : "violation");
	report_headline(r, text, sizeof(text));
	jsonl_text(&l, "headline", text);
	jsonl_text(&l, "reason", r->sentence);
	jsonl_text(&l, "usual_cause", reason_cause(r->f.rule));
	if (brief)
		jsonl_bool(&l, "brief", true);
	add_report(o, &l, r);
	add_event(o, &l, &r->event);
	add_history(o, &l, "last_request", &r->last_request);
	add_history(o, &l, "last_free", &r->last_free);
	add_groups(o, &l, r);
	json_end_record(o, &l);
}

void json_stall_lasts(struct json_out *o, const struct report_lasting *lasting)
{
	const struct report *r = &lasting->now;
	struct jsonl l = jsonl_begin("stall");

	add_report(o, &l, r);
	jsonl_text(&l, "comm", r->event.comm);
	jsonl_number(&l, "tid", r->event.tid);
	if (r->about_folio) {
		jsonl_number(&l, "pfn_before", lasting->pfn_before);
		jsonl_signed(&l, "refcount_before", lasting->refcount_before);
		if (lasting->what_is_left)
			jsonl_text(&l, "what_is_left", lasting->what_is_left);
		jsonl_texts(&l, "former_holders", lasting->let_go.nr, lasting->let_go.text);
	}
	json_end_record(o, &l);
}

void json_stall_ended(struct json_out *o, const struct report_end *e)
{
	struct jsonl l = jsonl_begin("stall_end");
	struct jsonl in;

	jsonl_text(&l, "rule", pgmt_rule_name(e->about.f.rule));
	add_pgmap(&l, &e->about);
	jsonl_number(&l, "pfn", e->about.f.pfn);
	jsonl_seconds(&l, "waited_ns", e->after);
	jsonl_bool(&l, "given_up", e->given_up);
	if (e->release.known) {
		in = jsonl_inner();
		add_event(o, &in, &e->release);
		jsonl_add_inner(&l, "ended_by", &in);
	}
	jsonl_texts(&l, "former_holders", e->let_go.nr, e->let_go.text);
	json_end_record(o, &l);
}

void json_torn_down(struct json_out *o, const struct outstanding_group *g)
{
	struct jsonl l = jsonl_begin("torn_down");

	jsonl_text(&l, "device", devices_name_of_epoch(o->from->devices, g->epoch));
	jsonl_number(&l, "epoch", g->epoch);
	add_group(o, &l, g, clock_now());
	json_end_record(o, &l);
}

void json_event(struct json_out *o, const struct pgmt_event_record *t)
{
	struct jsonl l = jsonl_begin("event");

	add_time(o, &l, "time_ns", t->time);
	jsonl_text(&l, "event", event_name(t->op));
	jsonl_text(&l, "device", devices_name_of_epoch(o->from->devices, t->epoch));
	jsonl_number(&l, "pfn", report_pfn(o->from, t->epoch, t->pfn));
	jsonl_number(&l, "order", t->order);
	add_state(&l, "before", t->before);
	add_state(&l, "after", t->after);
	jsonl_signed(&l, "refcount", t->refcount);
	jsonl_signed(&l, "mapcount", t->mapcount);
	if (t->inode)
		jsonl_number(&l, "inode", t->inode);
	if (t->inode && t->offset != PGMT_NO_OFFSET)
		jsonl_number(&l, "offset", t->offset);
	jsonl_text(&l, "comm", t->comm);
	jsonl_number(&l, "tid", report_pid(o->from, t->tid));
	jsonl_number(&l, "cpu", o->from->deterministic ? 0 : t->cpu);
	if (t->rule)
		jsonl_text(&l, "rule", pgmt_rule_name(t->rule));
	json_end_record(o, &l);
}

struct stats {
	struct json_out *out;
	struct jsonl line;
	struct json_object *pgmaps;
};

static void add_stats(void *arg, const struct pgmt_pgmap *p)
{
	struct stats *s = arg;
	const struct sources *from = s->out->from;
	struct jsonl in = jsonl_inner();
	struct pgmt_rates r = {0};

	session_rates(from->session, p->epoch, &r);
	jsonl_text(&in, "device", devices_name(from->devices, p));
	jsonl_text(&in, "type", devices_type(p->type));
	jsonl_number(&in, "epoch", p->epoch);
	jsonl_number(&in, "requests", r.requests);
	jsonl_number(&in, "frees", r.frees);
	jsonl_add_item(&s->line, s->pgmaps, &in);
}

void json_stats(struct json_out *o)
{
	struct stats s = {.out = o, .line = jsonl_begin("stats")};
	const struct pgmt_counts *c = session_counts(o->from->session);

	add_time(o, &s.line, "time_ns", clock_now());
	jsonl_number(&s.line, "requests", c->requests);
	jsonl_number(&s.line, "frees", c->frees);
	jsonl_number(&s.line, "stored", c->stores);
	jsonl_number(&s.line, "removed", c->removals);
	jsonl_number(&s.line, "mapped", c->mapped);
	s.pgmaps = json_object_new_array();
	session_pgmaps(o->from->session, add_stats, &s);
	jsonl_add(&s.line, "pgmaps", s.pgmaps);
	json_end_record(o, &s.line);
}

void json_groups(struct json_out *o, const struct findings *all)
{
	for (const struct finding_group *g = all->groups; g; g = g->next) {
		struct json_object *pfns;
		struct jsonl l;

		if (findings_suppressed(g) || (g->count.times < 2 && g->nr_examples))
			continue;
		l = jsonl_begin("group");
		jsonl_text(&l, "rule", pgmt_rule_name(g->key.rule));
		jsonl_number(&l, "count", g->count.times);
		add_time(o, &l, "first_ns", g->count.first);
		add_time(o, &l, "last_ns", g->count.last);
		pfns = json_object_new_array();
		for (unsigned int i = 0; i < g->nr_examples; i++)
			jsonl_item(&l, pfns,
				   json_object_new_uint64(report_pfn(
					   o->from, g->example[i].pgmap.epoch, g->example[i].pfn)));
		jsonl_add(&l, "pfns", pfns);
		add_stack(o, &l, g->key.site);
		json_end_record(o, &l);
	}
}

void json_ledger(struct json_out *o, const struct ledger *l)
{
	for (unsigned int i = 0; i < l->nr; i++) {
		const struct loss *loss = &l->loss[i];
		struct jsonl line = jsonl_begin("loss");

		jsonl_text(&line, "name", loss->name);
		jsonl_text(&line, "text", loss->text);
		if (loss->times)
			jsonl_number(&line, "count", loss->times);
		json_add_rules(&line, "may_hide", loss->touches);
		json_end_record(o, &line);
	}
}
