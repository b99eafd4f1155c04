// SPDX-License-Identifier: GPL-2.0-only
#include "command/trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "report/devices.h"
#include "base/exit_status.h"
#include "verdict/finding.h"
#include "base/journal.h"
#include "output/outputs.h"
#include "verdict/outstanding.h"
#include "leaks/save_session.h"
#include "base/save.h"
#include "base/say.h"
#include "session/session.h"
#include "verdict/stalls.h"

#define KILL_AFTER 10 /* s: so long has COMMAND to end after SIGTERM */
#define CLOCK_READ 60 /* s: so old may be what the kernel log's clock was, for a table */

struct tracing {
	const struct options *options;
	struct session *session;
	int signals;
	struct suppressions suppressions;
	struct findings findings;
	struct outputs out;
	struct own_findings own;
	struct stalls stalls;
	unsigned int dim;	  /* how many looks in a row did not see all who wait */
	struct outstanding leaks; /* at the end */
	double next_table;	  /* when; 0: there is none */
	double clock_read;	  /* when the kernel log's clock was measured */
	uint64_t tables;	  /* how many were shown */
};

/* The two clocks drift apart: to be called close to what is told of, if it is told when. */
static void read_clock(struct tracing *t)
{
	if (!t->options->output.timestamps)
		return;
	t->clock_read = clock_seconds();
	t->out.from.clock_offset = clock_kernel_log_offset();
}

static bool is_ignored(const struct tracing *t, unsigned int rule)
{
	return policy_of(&t->options->policy, rule) == POLICY_IGNORE;
}

/* Return: the suppression that leaves it out; NULL: none does. */
static struct suppression *suppression_of(struct tracing *t, const struct pgmt_finding *f)
{
	struct report_subject *s = t->suppressions.first ? malloc(sizeof(*s)) : NULL;
	struct suppression *found;

	if (!s)
		return NULL;
	report_subject(&t->out.from, f, s);
	found = suppressions_match(&t->suppressions, &s->subject);
	free(s);
	return found;
}

/* Is this finding left out, and its group with it so far? */
static bool is_left_out(struct tracing *t, struct finding_group *g, const struct pgmt_finding *f)
{
	struct suppression *s;

	if (!g || g->shown)
		return false;
	/* one that looks at the place only has seen all of the group */
	if (g->suppression && !suppression_is_narrow(g->suppression, g->key.epoch))
		return true;
	s = suppression_of(t, f);
	if (s && (!g->suppression || s == g->suppression)) {
		g->suppression = s;
		return true;
	}
	return false;
}

static void show(struct tracing *t, struct finding_group *g, const struct pgmt_finding *f,
		 const struct outstanding_group *groups, struct holders_found *held)
{
	if (g)
		g->shown = true;
	read_clock(t);
	outputs_finding(&t->out, f, groups, held);
}

/*
 * Show the first finding of each group.
 * @own: how many were made here
 * @groups: as outputs_finding() has them
 */
static void add_finding(struct tracing *t, const struct pgmt_finding *f, uint64_t own,
			const struct outstanding_group *groups)
{
	unsigned int before = 0;
	struct finding_group *g = findings_add(&t->findings, f, own, &before);

	/* it is an example of its group, or else there are enough of these */
	if (g && (g->shown || g->nr_examples == before || is_left_out(t, g, f)))
		return;
	show(t, g, f, groups, NULL);
}

static void add_own_finding(void *arg, const struct pgmt_finding *f)
{
	struct tracing *t = arg;

	t->own.rule[f->rule]++;
	add_finding(t, f, 1, NULL);
}

static void on_finding(void *arg, const struct pgmt_finding *f)
{
	add_finding(arg, f, 0, NULL);
}

/* What a pgmap is called, and what is mounted: while it is there. */
static void on_pgmap(void *arg, const struct pgmt_pgmap *p)
{
	struct tracing *t = arg;

	devices_learn(t->out.from.devices, p);
	files_learn(t->out.from.files);
	/* whose driver has come, perhaps, and may go before its stacks are shown */
	session_note_modules(t->session);
}

static void on_event(void *arg, const struct pgmt_event_record *event)
{
	struct tracing *t = arg;

	if (t->options->pgmap &&
	    !devices_epoch_is_called(t->out.from.devices, event->epoch, t->options->pgmap))
		return;
	outputs_event(&t->out, event);
}

static void on_release(void *arg, const struct pgmt_release *r)
{
	struct tracing *t = arg;

	stalls_release(&t->stalls, r);
}

/* ---- waits that last ---- */

struct outstanding_of {
	struct tracing *tracing;
	const struct pgmt_pgmap *pgmap;
	struct outstanding found;
};

/* How many pages a folio that is out has, by its state @word; @f: as it is now. */
static uint64_t pages_out(const struct tracing *t, const struct pgmt_finding *f, uint32_t word)
{
	/* fsdax is mapped there, and not asked for at some order */
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
		/* there may be millions: what they are called is wanted of a few */
		if (outstanding_wants_example(&of->found, of->pgmap->epoch, request->site))
			session_look(of->tracing->session, &f);
		f.last_request = *request;
		f.state = word;
		outstanding_add(&of->found, &f, pages_out(of->tracing, &f, word));
	}
	return true;
}

/* When memunmap_pages came, if that was seen. */
static uint64_t wait_began(void *arg, const struct pgmt_wait *w)
{
	struct tracing *t = arg;
	struct pgmt_pgmap p;

	if (w->how != PGMT_HOW_PGMAP || !session_pgmap(t->session, w->pgmap, &p) ||
	    p.killer != w->tid)
		return 0;
	return p.killed;
}

/* What a stall is about, as things are now. */
static void look_at_stall(struct tracing *t, const struct stall *st, struct pgmt_finding *f)
{
	struct pgmt_refs refs;
	struct pgmt_pgmap p = {.address = st->wait.pgmap};

	*f = (struct pgmt_finding){.pfn = st->wait.pfn};
	if (st->wait.how == PGMT_HOW_WAIT) {
		f->mapping = session_break(t->session, st->wait.tid);
	} else {
		session_pgmap(t->session, st->wait.pgmap, &p);
		if (!session_refs(t->session, st->wait.pgmap, &refs))
			refs.refs = -1;
		f->pfn = refs.pfn ? refs.pfn : st->wait.pfn;
	}
	session_look(t->session, f);
	f->kind = PGMT_RECORD_FINDING;
	f->rule = PGMT_RULE_BREAK_STALL;
	f->time = clock_now();
	f->waited = f->time - st->since;
	f->tid = st->wait.tid;
	f->tgid = st->wait.tgid;
	f->cpu = PGMT_CPU_UNKNOWN;
	memcpy(f->comm, st->wait.comm, sizeof(f->comm));
	f->site = session_keep_stack(t->session, st->wait.frames);
	if (st->wait.how != PGMT_HOW_PGMAP)
		return;
	f->rule = PGMT_RULE_TEARDOWN_STALL;
	f->pgmap = p;
	f->refs = refs.refs;
	f->least = refs.least;
	f->most = refs.most;
	f->preexisting = refs.preexisting;
}

static void on_stalled(void *arg, struct stall *st)
{
	struct tracing *t = arg;
	struct outstanding_of of = {.tracing = t};
	struct finding_group *g;
	unsigned int before;
	struct pgmt_finding f;

	look_at_stall(t, st, &f);
	if (st->reports && !st->reported)
		return;
	if (!st->reports && (is_ignored(t, f.rule) || !session_is_in_scope(t->session, &f)))
		return;
	st->about = f;
	if (st->reports) {
		read_clock(t);
		outputs_stall_lasts(&t->out, &f, &st->holders);
		return;
	}
	t->own.rule[f.rule]++;
	if (f.rule == PGMT_RULE_BREAK_STALL) {
		session_expect_free(t->session, f.pfn, true);
	} else {
		of.pgmap = &f.pgmap;
		session_outstanding(t->session, add_outstanding, &of);
	}
	/* each wait is told of, also where there was one before */
	g = findings_add(&t->findings, &f, 1, &before);
	st->reported = !is_left_out(t, g, &f);
	if (st->reported)
		show(t, g, &f, of.found.groups, &st->holders);
	outstanding_free(&of.found);
}

static void on_stall_ended(void *arg, struct stall *st)
{
	struct tracing *t = arg;
	bool others = false;

	for (const struct stall *i = t->stalls.all; i; i = i->next)
		others |= i != st && i->reported && i->wait.pfn == st->wait.pfn;
	if (st->wait.how == PGMT_HOW_WAIT && !others)
		session_expect_free(t->session, st->wait.pfn, false);
	if (!st->reported)
		return;
	read_clock(t);
	outputs_stall_ended(&t->out, st);
}

#define DIM_IS_BLIND 3

static void look_for_stalls(struct tracing *t)
{
	struct pgmt_waits waits;

	if (!t->stalls.limit)
		return;
	if (session_waits(t->session, &waits)) {
		t->own.blind = true;
		return;
	}
	t->dim = waits.more || waits.looked != PGMT_LOOKED_WAITS ? t->dim + 1 : 0;
	t->own.blind |= t->dim >= DIM_IS_BLIND;
	/* what was released before the look is to be known with it */
	session_consume(t->session);
	stalls_look(&t->stalls, &waits, clock_now());
}

/* Show a table of rates if it is due.  Return: was it the last? */
static bool show_rates(struct tracing *t)
{
	double late = clock_seconds() - t->next_table;

	if (!t->next_table || late < 0)
		return false;
	/* not for each: it writes to the kernel log */
	if (!t->tables || clock_seconds() - t->clock_read > CLOCK_READ)
		read_clock(t);
	outputs_rates(&t->out);
	/* those that it was too late for are left out */
	t->next_table += (1 + (uint64_t)(late / t->options->interval)) * t->options->interval;
	return ++t->tables == t->options->tables;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* End COMMAND if it takes too long.  *@timeout: when that is, and then when to be harder. */
static void end_late_command(double *timeout, bool *late)
{
	if (clock_seconds() < *timeout)
		return;
	command_kill(*late ? SIGKILL : SIGTERM);
	*late = true;
	*timeout = clock_seconds() + KILL_AFTER;
}

/* seconds: so late an event is shown, since the kernel wakes the tool for many at once */
#define EVENTS_EVERY 0.1
/* After so many at once it does not look for more before so many seconds. */
#define MANY_EVENTS 256
#define NAP	    0.004
/* Who makes events on each CPU must not leave their reader too little of one (setpriority(2)). */
#define HASTE (-20)

/* Return: COMMAND's status, 0 without one. */
static int trace(struct tracing *t, pid_t child)
{
	const struct options *o = t->options;
	double end = o->duration >= 0 ? clock_seconds() + o->duration : 0;
	double timeout = child && o->timeout >= 0 ? clock_seconds() + o->timeout : 0;
	struct pollfd fds[3] = {
		{.events = POLLIN}, /* the session's */
		{.fd = t->signals, .events = POLLIN},
		{.fd = files_fd(t->out.from.files), .events = POLLPRI},
	};
	double shown = clock_seconds(), looked = clock_seconds(), noted = clock_seconds();
	bool late = false, many = false;
	int status = 0, records = 0;

	if (o->session.watch != PGMT_WATCH_NONE)
		setpriority(PRIO_PROCESS, 0, HASTE);
	if (o->interval > 0)
		t->next_table = shown + o->interval;
	while (!stop_requested(child) && !command_ended(child, &status)) {
		double left = end ? end - clock_seconds() : 1;

		/* COMMAND is not left alone for that */
		if (left <= 0 || (!outputs_good(&t->out) && !child))
			break;
		if (reopen_requested()) {
			/* what came before is not for the new files */
			session_consume(t->session);
			outputs_reopen(&t->out);
		}
		if (timeout)
			end_late_command(&timeout, &late);
		left = least(left, o->session.watch == PGMT_WATCH_NONE ? 1 : EVENTS_EVERY);
		if (timeout)
			left = least(left, timeout - clock_seconds());
		if (t->next_table)
			left = least(left, t->next_table - clock_seconds());
		/* the kernel fills the ring while this naps, so that there is much to do at once */
		fds[0].fd = many ? -1 : session_fd(t->session);
		if (many)
			left = least(left, records < SESSION_EVENTS ? NAP : 0);
		if (!poll(fds, 3, left > 0 ? (int)(left * 1000) + 1 : 0) &&
		    clock_seconds() - noted >= 1) {
			noted = clock_seconds();
			session_note_modules(t->session);
		}
		if (fds[2].revents) {
			devices_refresh(t->out.from.devices);
			files_learn(t->out.from.files);
		}
		records = session_consume(t->session);
		many = records > MANY_EVENTS;
		session_check_refs(t->session, add_own_finding, t);
		if (o->session.watch != PGMT_WATCH_NONE)
			outputs_flush(&t->out);
		if (clock_seconds() - looked >= 1) {
			looked = clock_seconds();
			look_for_stalls(t);
			outputs_forget_names(&t->out);
			session_check_switches(t->session);
		}
		if (show_rates(t))
			break;
		if (t->findings.nr && clock_seconds() - shown > 1) {
			shown = clock_seconds();
			findings_count(&t->findings, t->session);
			outputs_progress(&t->out, &t->findings);
		}
	}
	return late ? EXIT_TIMEOUT : status;
}

/* A pgmap that was killed just now may have a reference too many: that takes a moment to tell. */
static void settle_refs(struct tracing *t)
{
	double end = clock_seconds() + 2;

	while (session_check_refs(t->session, add_own_finding, t)) {
		if (interrupted() || clock_seconds() >= end) {
			t->own.unsettled = true;
			return;
		}
		poll(NULL, 0, 200);
	}
}

/* Is this folio explained by a mapping that lasts, or a file, or was it freed since? */
static bool accounted_for(const struct pgmt_finding *f, enum pgmt_life life)
{
	/* its page_free has not come, whatever the count says */
	if (life == PGMT_PART)
		return false;
	return f->refcount <= 0 || (f->accounted && f->refcount <= (int64_t)f->accounted);
}

/* The rule that a folio breaks which is out for too long. */
static enum pgmt_rule outstanding_rule(enum pgmt_life life)
{
	return life == PGMT_PART ? PGMT_RULE_PAGES_UNBALANCED : PGMT_RULE_LEAK;
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
	if (is_ignored(t, outstanding_rule(life)))
		return true;
	if (!request->tick) {
		t->own.ageless++;
		return true;
	}
	if (age < t->options->older || !session_look(t->session, &f) || accounted_for(&f, life) ||
	    !session_is_in_scope(t->session, &f))
		return true;
	f.kind = PGMT_RECORD_FINDING;
	f.rule = outstanding_rule(life);
	f.time = clock_seconds() * 1e9;
	f.state = word;
	f.site = f.last_request.site;
	t->own.rule[f.rule]++;
	outstanding_add(&t->leaks, &f, pages_out(t, &f, word));
	return true;
}

static void add_torn_down(void *arg, const struct pgmt_torn_down_key *key,
			  const struct pgmt_torn_down *gone)
{
	struct tracing *t = arg;

	outstanding_add_torn_down(&t->leaks, key, gone);
}

/* What was requested and never freed: of pgmaps that are gone, and with --older of the rest. */
static void judge_leaks(struct tracing *t)
{
	struct outstanding_group *g, *next;

	if (!is_ignored(t, PGMT_RULE_LEAK))
		session_gone(t->session, add_torn_down, t);
	if (t->options->older >= 0 &&
	    !(session_choice(t->session)->rules_off & (1u << PGMT_RULE_LEAK)))
		t->own.cut_short = !session_outstanding(t->session, judge_outstanding, t);
	for (g = t->leaks.groups; g; g = next) {
		if (interrupted()) {
			t->own.cut_short = true;
			return;
		}
		next = g->next;
		/* each is a group of its own: what comes after it is not its */
		g->next = NULL;
		if (g->torn_down)
			outputs_torn_down(&t->out, g);
		else
			add_finding(t, &g->example[0], g->folios, g);
		g->next = next;
	}
}

/* Return: 0, or an exit status (said on stderr). */
static int save_past(struct tracing *t, uint64_t ended, bool lost)
{
	const char *file = t->options->save;

	if (!file)
		return 0;
	/* the verdict is inconclusive then */
	if (t->own.interrupted || t->own.cut_short) {
		say("%s is not written, since tracing was cut short", file);
		return 0;
	}
	return past_save(file, &t->out.from, ended, lost);
}

/* What a suppression has left out, and what a group without a report is. */
static void count_suppressed(struct tracing *t)
{
	for (struct finding_group *g = t->findings.groups; g; g = g->next) {
		struct pgmt_finding f = {.rule = g->key.rule, .site = g->key.site};

		if (!g->nr_examples)
			g->suppression = suppression_of(t, &f);
		if (findings_suppressed(g))
			g->suppression->used += g->count.times;
		else if (g->nr_examples && !g->shown)
			/* more came than can be looked at: they are not left out */
			show(t, g, &g->example[0], NULL, NULL);
	}
}

/* Return: the exit status that the verdict has. */
static int status_of(const struct tracing *t, const struct summary *sum, int command_status)
{
	switch (sum->verdict) {
	case VERDICT_FAIL:
		return t->options->error_exitcode;
	case VERDICT_INCONCLUSIVE:
		return EXIT_INCONCLUSIVE;
	default:
		return command_status;
	}
}

static int finish(struct tracing *t, int command_status)
{
	struct evidence evidence = {
		.session = t->session,
		.findings = &t->findings,
		.leaks = &t->leaks,
		.own = &t->own,
		.policy = &t->options->policy,
		.suppressions = &t->suppressions,
		.strict = t->options->strict_suppressions,
	};
	struct summary *sum = calloc(1, sizeof(*sum));
	int status, not_saved;
	uint64_t ended;

	notify("STOPPING=1");
	stop_handled(t->options->run);
	if (!sum) {
		say_error("out of memory");
		return EXIT_INTERNAL;
	}
	if (!t->own.interrupted)
		settle_refs(t);
	session_check_switches(t->session);
	ended = clock_now();
	session_stop(t->session);
	if (!t->own.interrupted) {
		outputs_stalls_go_on(&t->out, &t->stalls);
		judge_leaks(t);
	}
	findings_count(&t->findings, t->session);
	count_suppressed(t);
	summarise(&evidence, sum);
	not_saved = save_past(t, ended, sum->ledger.touches & (1u << PGMT_RULE_LEAK));
	status = status_of(t, sum, command_status);
	if (not_saved)
		status = EXIT_INTERNAL;
	status = outputs_end(&t->out, &t->findings, sum, &t->suppressions, status);
	free(sum);
	return status;
}

struct named {
	struct devices *devices;
	const char *name;
	bool found;
};

static void look_for_name(void *arg, const struct pgmt_pgmap *p)
{
	struct named *n = arg;

	n->found |= devices_is_called(n->devices, p, n->name);
}

/* What --pgmap names may come later; or it is a mistake. */
static void check_name(const struct tracing *t)
{
	struct named n = {.devices = t->out.from.devices, .name = t->options->pgmap};

	if (!n.name)
		return;
	session_pgmaps(t->session, look_for_name, &n);
	if (!n.found)
		say("--pgmap %s: no pgmap is called so yet", n.name);
}

/* When each step of the start was over; ns, as of clock_now(). */
struct steps {
	uint64_t begun, loaded, attached, looked;
};

static void say_attached(const struct session *s, const struct steps *at)
{
	const struct pgmt_choice *c = session_choice(s);

	say("programs loaded in %.3f s, attached in %.3f s, pages looked at in %.3f s",
	    (double)(at->loaded - at->begun) / 1e9, (double)(at->attached - at->loaded) / 1e9,
	    (double)(at->looked - at->attached) / 1e9);
	say("profile %s", pgmt_profile_name(c->profile));
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attach != PGMT_ATTACH_NO)
			say("%s %s", pgmt_attach_name(h->attach), h->symbol);
}

/* Return: 0; an exit status, said on stderr. */
static int load_suppressions(struct tracing *t)
{
	char error[512];

	for (const char *const *file = t->options->suppressions; *file; file++) {
		if (suppressions_load(&t->suppressions, *file, error, sizeof(error)))
			continue;
		say_error("--suppressions: %s", error);
		return EXIT_USAGE;
	}
	return 0;
}

/* Return: 0; an exit status, said on stderr. */
static int check_files(struct tracing *t)
{
	const struct options *o = t->options;
	int status = o->run ? command_look_up(o->run[0]) : 0;
	struct save save;

	if (status) {
		say_error("%s: %s", o->run[0],
			  status == EXIT_NOT_FOUND ? "command not found" : "permission denied");
		return status;
	}
	if (o->vmlinux && access(o->vmlinux, R_OK)) {
		say_error("--vmlinux: can't read %s: %s", o->vmlinux, strerror(errno));
		return EXIT_USAGE;
	}
	if (o->save) {
		/* it is written at the end, which is late to learn that it can't be */
		status = save_begin(&save, o->save);
		save_drop(&save);
	}
	return status ? status : load_suppressions(t);
}

int trace_run(const struct options *o)
{
	struct session_options session = o->session;
	struct tracing t = {.options = o, .own.interrupted = true};
	struct session_reader reader = {
		.finding = on_finding,
		.pgmap = on_pgmap,
		.event = on_event,
		.release = on_release,
		.arg = &t,
	};
	struct steps at = {0};
	pid_t child = 0;
	int status, err;
	bool writable;

	writable = !outputs_open(&t.out, &o->output);
	err = check_files(&t);
	if (err)
		goto out;
	err = EXIT_INTERNAL;
	t.signals = signals_open(o->output.text || o->output.json_file);
	if (t.signals < 0)
		goto out;
	session.ignored = policy_ignored(&o->policy);
	t.session = session_probe(&session, &err);
	if (!t.session)
		goto out;
	t.out.from = (struct sources){
		.session = t.session,
		.devices = devices_new(""),
		.files = files_new(""),
		.inlines = inlines_new(o->vmlinux),
		.policy = &o->policy,
		.deterministic = o->output.deterministic,
	};
	t.stalls = (struct stalls){
		.limit = o->stall * 1e9,
		.began = wait_began,
		.stalled = on_stalled,
		.ended = on_stall_ended,
		.arg = &t,
	};
	err = EXIT_INTERNAL;
	if (!t.out.from.devices || !t.out.from.files || !t.out.from.inlines)
		goto out;
	status = 0;
	/* tracing for nobody is no use; but that it was asked for ends with a verdict */
	if (!writable) {
		err = finish(&t, status);
		goto out;
	}
	at.begun = clock_now();
	if (!interrupted()) {
		err = session_load(t.session, &reader);
		if (err)
			goto out;
	}
	at.loaded = clock_now();
	if (!interrupted()) {
		err = session_attach(t.session);
		if (err)
			goto out;
	}
	at.attached = clock_now();
	if (!interrupted()) {
		err = session_baseline(t.session, interrupted);
		if (err)
			goto out;
	}
	at.looked = clock_now();
	if (!interrupted()) {
		t.own.interrupted = false;
		/* devices are named while they are there */
		session_consume(t.session);
		check_name(&t);
		if (o->output.verbose)
			say_attached(t.session, &at);
		outputs_start(&t.out);
		notify("READY=1");
		if (o->output.verbose || !o->run)
			say("tracing%s", o->run ? "" : ", Ctrl-C ends it");
		/* at the first finding this would be too late for whoever lets go soon */
		session_prepare_holders(t.session);
		if (o->run)
			child = command_start(o->run, o->timeout >= 0);
		if (child < 0) {
			say_error("can't fork: %s", strerror(errno));
			err = EXIT_INTERNAL;
			goto out;
		}
		status = trace(&t, child);
	}
	err = finish(&t, status);
out:
	session_free(t.session);
	outputs_close(&t.out);
	devices_free(t.out.from.devices);
	inlines_free(t.out.from.inlines);
	files_free(t.out.from.files);
	findings_free(&t.findings);
	outstanding_free(&t.leaks);
	stalls_free(&t.stalls);
	suppressions_free(&t.suppressions);
	return err;
}
