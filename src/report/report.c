// SPDX-License-Identifier: GPL-2.0-only
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/last_request.h"
#include "report/reasons.h"
#include "report/stacks.h"
#include "session/hooks.h"

#define SOME_PID 1 /* stands for each pid in deterministic output */

uint64_t report_time(const struct sources *from, uint64_t time)
{
	return from->deterministic ? 0 : time + from->clock_offset;
}

double report_seconds(const struct sources *from, uint64_t time)
{
	return (double)report_time(from, time) / 1e9;
}

uint32_t report_pid(const struct sources *from, uint32_t pid)
{
	return from->deterministic && pid ? SOME_PID : pid;
}

uint64_t report_pfn(const struct sources *from, uint64_t epoch, uint64_t pfn)
{
	return from->deterministic ? pfn - devices_first_pfn(from->devices, epoch) : pfn;
}

struct report_event report_event_of(const struct sources *from, const struct pgmt_last_event *t,
				    uint64_t time)
{
	struct report_event r = {
		.known = t->tick, .comm = "?", .tid = report_pid(from, PGMT_TID(t->who))};
	double ago;

	if (!t->tick)
		return r;
	session_comm(from->session, t, r.comm);
	r.cpu = PGMT_CPU(t->who);
	r.site = t->site;
	r.interrupt = session_is_interrupt(from->session, t->site);
	/* times in histories are rounded */
	ago = ((double)time - (double)session_event_time(from->session, t)) / 1e9;
	r.ago = ago > 0 ? ago : 0;
	if (from->deterministic) {
		r.cpu = 0;
		r.ago = 0;
	}
	return r;
}

static struct report_event by(const struct sources *from, const char *comm, uint32_t tid,
			      uint32_t cpu, uint32_t site)
{
	struct report_event r = {
		.known = true,
		.tid = tid,
		.cpu = cpu,
		.site = site,
		.interrupt = session_is_interrupt(from->session, site),
	};

	snprintf(r.comm, sizeof(r.comm), "%.*s", PGMT_COMM_LEN, comm);
	return r;
}

bool report_is_about_pgmap(const struct pgmt_finding *f)
{
	if (f->rule == PGMT_RULE_TEARDOWN_STALL)
		return !f->most || f->most == PGMT_REFS_ANY;
	return f->rule == PGMT_RULE_REF_IMBALANCE && f->op != PGMT_OP_TEARDOWN && !f->most;
}

/* Is it about one folio, not a range, a pgmap, or a page that the pgmap does not have? */
static bool is_about_one_folio(const struct pgmt_finding *f)
{
	if (f->rule == PGMT_RULE_PGMAP_OVERLAP)
		return false;
	if (report_is_about_pgmap(f))
		return false;
	for (uint32_t i = 0; i < f->pgmap.nr_range && i < PGMT_MAX_RANGES; i++)
		if (f->pfn >= f->pgmap.range[i].start && f->pfn <= f->pgmap.range[i].end)
			return true;
	return !f->pgmap.nr_range;
}

struct holders_query report_query(const struct pgmt_finding *f)
{
	return (struct holders_query){
		.pfn = f->pfn,
		.pages = 1ULL << f->order,
		.mapping = f->file.flags & PGMT_FILE_OFFSET ? f->mapping : 0,
		.offset = f->file.offset,
	};
}

static void look_now(const struct sources *from, struct report *r)
{
	const struct pgmt_finding *f = &r->f;
	struct holders_query q = report_query(f);
	struct report_holders *now = &r->holders;

	now->when = clock_now();
	if (pgmt_is_paired(session_profile(from->session), f->pgmap.type))
		now->outstanding = session_pgmap_outstanding(from->session, f->pgmap.address);
	now->looked = r->about_folio &&
		      f->refcount > pgmt_idle_count(session_profile(from->session), f->pgmap.type);
	if (now->looked)
		now->error = session_holders(from->session, &q, &now->found);
}

/* Drop what differs from run to run. */
static void make_deterministic(const struct sources *from, struct report *r)
{
	struct pgmt_finding *f = &r->f;
	uint64_t base = f->pfn - report_pfn(from, f->pgmap.epoch, f->pfn);

	f->busy = f->busy ? report_pfn(from, f->pgmap.epoch, f->busy) : 0;
	f->pfn = report_pfn(from, f->pgmap.epoch, f->pfn);
	f->named = (struct pgmt_range){0};
	for (uint32_t i = 0; i < f->pgmap.nr_range && i < PGMT_MAX_RANGES; i++) {
		f->pgmap.range[i].start -= base;
		f->pgmap.range[i].end -= base;
	}
	f->time = f->waited = 0;
	f->pgmap.since = f->pgmap.since ? 1 : 0;
	f->pgmap.maker = f->pgmap.killer = SOME_PID;
	f->tid = report_pid(from, f->tid);
	f->tgid = report_pid(from, f->tgid);
	f->cpu = f->cpu < PGMT_CPU_UNKNOWN ? 0 : f->cpu;
}

/* Read what is mounted, if the finding is about a file. */
static void learn_files(const struct sources *from, const struct pgmt_finding *f)
{
	if (f->file.flags & PGMT_FILE_KNOWN)
		files_learn(from->files);
}

static void describe_pgmap(const struct sources *from, struct report *r)
{
	if (r->f.pgmap.nr_range)
		devices_describe(from->devices, &r->f.pgmap, r->f.time, r->pgmap, sizeof(r->pgmap));
}

static void give_reason(const struct sources *from, struct report *r)
{
	struct reason_facts facts = {
		.profile = session_profile(from->session),
		.device = r->device,
		.since_request = r->last_request.known ? r->last_request.ago : -1,
		.since_free = r->last_free.known ? r->last_free.ago : -1,
	};

	reason_sentence(&r->f, &facts, r->sentence, sizeof(r->sentence));
}

static bool is_unseen(const struct sources *from, const struct pgmt_finding *f,
		      enum pgmt_last_kind what)
{
	return !hooks_see(session_profile(from->session), f->pgmap.type, f->order, what);
}

void report_make(const struct sources *from, const struct pgmt_finding *f,
		 const struct outstanding_group *groups, bool now, struct report *r)
{
	struct pgmt_last_event last_request;

	memset(r, 0, sizeof(*r));
	r->f = *f;
	r->groups = groups;
	r->warning = policy_of(from->policy, f->rule) == POLICY_WARN;
	r->about_pgmap = report_is_about_pgmap(f);
	r->about_folio = is_about_one_folio(f);
	/* first of all: holders come and go */
	r->holders.outstanding = -1;
	if (now && !from->deterministic)
		look_now(from, r);
	r->device = devices_name(from->devices, &f->pgmap);
	r->type = devices_type(f->pgmap.type);
	last_request = report_last_request(from->session, f);
	r->last_request = report_event_of(from, &last_request, f->time);
	r->last_free = report_event_of(from, &f->last_free, f->time);
	r->last_request.unseen = is_unseen(from, f, PGMT_LAST_REQUEST);
	r->last_free.unseen = is_unseen(from, f, PGMT_LAST_FREE);
	learn_files(from, f);
	if (!files_describe(from->files, f, r->file, sizeof(r->file)))
		r->file[0] = '\0';
	if (!files_describe_other(from->files, f, r->other, sizeof(r->other)))
		r->other[0] = '\0';
	if (from->deterministic)
		make_deterministic(from, r);
	r->waited = r->f.waited / 1e9;
	r->event = by(from, r->f.comm, r->f.tid, r->f.cpu, f->site);
	describe_pgmap(from, r);
	give_reason(from, r);
}

static bool is_among(const struct holders_found *found, const struct pgmt_holder *h)
{
	for (uint32_t i = 0; i < found->nr; i++)
		if (found->holder[i].how == h->how && found->holder[i].tgid == h->tgid &&
		    found->holder[i].object == h->object)
			return true;
	return false;
}

/* Those of @before that are not among @now. */
static void who_let_go(const struct holders_found *before, const struct holders_found *now,
		       struct former_holders *let_go)
{
	if (now->more)
		return;
	for (uint32_t i = 0; i < before->nr; i++) {
		const struct pgmt_holder *h = &before->holder[i];

		if (!holder_waits(h) && now->looked & (1U << h->how) && !is_among(now, h))
			holder_text(h, let_go->text[let_go->nr++], sizeof(let_go->text[0]));
	}
}

static bool are_same(const struct folio_references *a, const struct folio_references *b)
{
	return a->idle == b->idle && a->mapped == b->mapped && a->files == b->files &&
	       a->requester == b->requester && a->unexplained == b->unexplained;
}

/* Who keeps the task waiting, if it is no pin?  NULL: one is left, or it can't be known. */
static const char *what_is_left(const struct pgmt_finding *f, const struct folio_references *r)
{
	if (r->unexplained || r->requester)
		return NULL;
	if (f->rule == PGMT_RULE_TEARDOWN_STALL) {
		if (r->files && !r->mapped)
			return "only the file's entries hold it: unmount";
		return r->mapped ? "only mappings hold it: unmap" : NULL;
	}
	/* a task that spins sees it itself */
	if (r->mapped || f->spins)
		return NULL;
	return "no pin is left: the task has yet to wake up";
}

void report_stall_lasts(const struct sources *from, const struct stall *st,
			const struct pgmt_finding *f, struct report_lasting *l)
{
	enum pgmt_profile profile = session_profile(from->session);
	struct folio_references after;

	memset(l, 0, sizeof(*l));
	report_make(from, f, NULL, true, &l->now);
	l->pfn_before = report_pfn(from, st->about.pgmap.epoch, st->about.pfn);
	if (!l->now.about_folio)
		return;
	folio_references(f, profile, &after);
	l->what_is_left = what_is_left(f, &after);
	l->refcount_before = st->about.refcount;
	if (st->about.pfn != f->pfn)
		return;
	folio_references(&st->about, profile, &l->before);
	l->references_changed = !are_same(&l->before, &after);
	/* of an idle folio nobody is looked for */
	if (l->now.holders.looked && !l->now.holders.error)
		who_let_go(&st->holders, &l->now.holders.found, &l->let_go);
}

void report_stall_end(const struct sources *from, const struct stall *st, struct report_end *e)
{
	struct holders_query q = report_query(&st->about);
	struct pgmt_finding now = {.pfn = st->about.pfn};
	const struct pgmt_release *r = &st->release;
	struct holders_found holders = {0};
	uint64_t end = r->time ? r->time : st->last_seen;

	memset(e, 0, sizeof(*e));
	report_make(from, &st->about, NULL, false, &e->about);
	session_look(from->session, &now);
	e->after = from->deterministic ? 0 : (double)(end - st->since) / 1e9;
	e->refcount = now.refcount;
	/* a signal may have ended the wait */
	e->given_up =
		!r->time && st->wait.how == PGMT_HOW_WAIT && now.pgmap.type &&
		now.refcount > pgmt_idle_count(session_profile(from->session), now.pgmap.type);
	e->of_pgmap = r->address;
	if (r->time)
		e->release = by(from, r->comm, report_pid(from, r->tid),
				from->deterministic ? 0 : r->cpu, r->site);
	else if (!e->given_up && st->holders.nr && !session_holders(from->session, &q, &holders))
		who_let_go(&st->holders, &holders, &e->let_go);
}

void report_headline(const struct report *r, char *buf, size_t size)
{
	const struct pgmt_finding *f = &r->f;
	size_t n = 0;

	if (!r->about_pgmap)
		n = snprintf(buf, size, "pfn 0x%llx order %u refcount %d mapcount %d, ", f->pfn,
			     f->order, f->refcount, f->mapcount);
	snprintf(buf + n, size - n, "%s (%s) %s", r->device, r->type, reason_headline(f));
}

struct frames {
	FILE *to;
	bool offsets;
};

static void add_frame(void *arg, const struct stack_line *l)
{
	struct frames *f = arg;

	stack_print(f->to, l, f->offsets);
}

/* Call @fn for each line of a stack or call site; never, if none was kept. */
static void each_frame(const struct sources *from, uint32_t site, struct inlines *in,
		       stack_line_fn fn, void *arg)
{
	struct stack_names names = {
		.ksyms = session_ksyms(from->session, SYMBOLS_MODULES),
		.inlines = in,
		.is_wrapped = hooks_wrap,
	};
	struct pgmt_stack st;

	if (site & PGMT_SITE_IS_ADDRESS) {
		stack_site(pgmt_address_of_site(site, session_text(from->session)), &names, fn,
			   arg);
		return;
	}
	if (!session_stack(from->session, site, &st))
		return;
	/* a frame without a symbol may be another tracer's program */
	if (!stack_is_known(&st, &names))
		names.ksyms = session_ksyms(from->session, SYMBOLS_BPF);
	stack_lines(&st, &names, fn, arg);
}

char *report_frames(const struct sources *from, uint32_t site)
{
	struct frames f = {.offsets = !from->deterministic};
	char *text = NULL;
	size_t size;

	f.to = open_memstream(&text, &size);
	if (!f.to)
		return NULL;
	each_frame(from, site, from->inlines, add_frame, &f);
	fclose(f.to);
	return text;
}

const char *site_text(const struct sources *from, struct site_texts *all, uint32_t site)
{
	/* a hash: call sites are close to each other */
	unsigned int i = (site * 0x9e3779b1U >> 16) % STACK_TEXTS;

	if (!all->kept[i].text || all->kept[i].site != site) {
		free(all->kept[i].text);
		all->kept[i].site = site;
		all->kept[i].text = report_frames(from, site);
	}
	return all->kept[i].text;
}

void site_texts_free(struct site_texts *all)
{
	for (int i = 0; i < STACK_TEXTS; i++)
		free(all->kept[i].text);
	*all = (struct site_texts){0};
}

struct names {
	char (*name)[FRAME_NAME_LEN];
	unsigned int nr, most;
};

static void add_name(void *arg, const struct stack_line *l)
{
	struct names *n = arg;

	if (n->nr < n->most)
		snprintf(n->name[n->nr++], FRAME_NAME_LEN, "%s", l->function ? l->function : "?");
}

unsigned int report_functions(const struct sources *from, uint32_t site,
			      char name[][FRAME_NAME_LEN], unsigned int most)
{
	struct names n = {.name = name, .most = most};

	/* inlined functions are known on some machines only */
	each_frame(from, site, NULL, add_name, &n);
	return n.nr;
}

void report_subject(const struct sources *from, const struct pgmt_finding *f,
		    struct report_subject *s)
{
	unsigned int nr = report_functions(from, f->site, s->name, PGMT_STACK_DEPTH);
	const char *device = devices_name(from->devices, &f->pgmap);
	const char *block = devices_block(from->devices, &f->pgmap);

	for (unsigned int i = 0; i < nr; i++)
		s->frame[i] = s->name[i];
	s->subject = (struct suppress_subject){
		.rule = f->rule,
		.frame = s->frame,
		.nr_frames = nr,
		.device = strcmp(device, "?") ? device : NULL,
		.base = strcmp(device, "?") ? devices_base(from->devices, &f->pgmap) : NULL,
		.block = block[0] ? block : NULL,
	};
	learn_files(from, f);
	if (files_path(from->files, f, s->file, sizeof(s->file)))
		s->subject.path = s->file;
}
