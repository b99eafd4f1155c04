// SPDX-License-Identifier: GPL-2.0-only
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "devices.h"
#include "exit_status.h"
#include "finding.h"
#include "out_rates.h"
#include "out_text.h"
#include "outstanding.h"
#include "past.h"
#include "session.h"
#include "stalls.h"

#define CLOCK_READ 60 /* s: so old may be what the kernel log's clock was, for a table */

struct tracing {
	const struct options *options;
	struct session *session;
	int signals;
	struct findings findings;
	struct text_out out;
	struct own_findings own;
	struct stalls stalls;
	unsigned int dim;	  /* how many looks in a row did not see all who wait */
	struct outstanding leaks; /* at the end */
	struct rates_out rates;
	double next_table; /* when; 0: there is none */
	double clock_read; /* when out.clock_offset was measured */
	uint64_t tables;   /* how many were shown */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*
 * The kernel log's clock minus CLOCK_MONOTONIC, in ns.  Both tick alike but
 * begin apart; a line written to /dev/kmsg and read back tells how far.  It is
 * stamped soon after the write begins, though the write may end late, since it
 * can be made to print other lines: the least of a few tries counts.  0 if the
 * log can't be had.
 */
static int64_t kernel_log_offset(void)
{
	static const char line[] = "<7>pgmaptrace: reading the log's clock";
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	unsigned long long us;
	char record[8192];
	double least = 0;

	if (fd < 0)
		return 0;
	lseek(fd, 0, SEEK_END);
	for (int i = 0; i < 5; i++) {
		double before = now();
		ssize_t n;

		if (write(fd, line, sizeof(line) - 1) < 0)
			break;
		while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
			record[n] = '\0';
			if (!strstr(record, line + 3) || sscanf(record, "%*u,%*u,%llu", &us) != 1)
				continue;
			if (i == 0 || us / 1e6 - before < least)
				least = us / 1e6 - before;
		}
	}
	close(fd);
	return least * 1e9;
}

/* The two clocks drift apart: to be called close to what is told of, if it is told when. */
static void read_clock(struct tracing *t)
{
	if (!t->out.timestamps)
		return;
	t->clock_read = now();
	t->out.clock_offset = kernel_log_offset();
}

/* Show the first finding of each group; @own: how many were made here. */
static void add_finding(struct tracing *t, const struct pt_finding *f, uint64_t own)
{
	struct finding_group *g = findings_add(&t->findings, f, own);

	if (g && (g->nr_examples > 1 || g->count.times > 1))
		return;
	read_clock(t);
	text_finding(&t->out, f, NULL);
}

static void add_own_finding(void *arg, const struct pt_finding *f)
{
	struct tracing *t = arg;

	t->own.rule[f->rule]++;
	add_finding(t, f, 1);
}

static void on_finding(void *arg, const struct pt_finding *f)
{
	add_finding(arg, f, 0);
}

/* What a pgmap is called, and what is mounted: while it is there. */
static void on_pgmap(void *arg, const struct pt_pgmap *p)
{
	struct tracing *t = arg;

	devices_learn(t->out.devices, p);
	files_learn(t->out.files);
	/* whose driver has come, perhaps, and may go before its stacks are shown */
	session_note_modules(t->session);
}

static void on_told(void *arg, const struct pt_told *told)
{
	struct tracing *t = arg;

	if (t->options->pgmap &&
	    strcmp(t->options->pgmap, devices_name_of_epoch(t->out.devices, told->epoch)))
		return;
	text_told(&t->out, told);
}

static void on_release(void *arg, const struct pt_release *r)
{
	struct tracing *t = arg;

	stalls_release(&t->stalls, r);
}

/* ---- waits that last ---- */

struct outstanding_of {
	struct tracing *tracing;
	const struct pt_pgmap *pgmap;
	struct outstanding found;
};

/* How many pages a folio that is out has, by its state @word; @f: as it is now. */
static uint64_t pages_out(const struct tracing *t, const struct pt_finding *f, uint32_t word)
{
	/* fsdax is mapped there, and not asked for at some order */
	if (session_choice(t->session)->profile == PT_PROFILE_COUNTED &&
	    f->pgmap.type == PT_TYPE_FS_DAX)
		return 1ULL << f->order;
	return 1ULL << pt_order(word);
}

static bool add_outstanding(void *arg, uint64_t pfn, uint32_t word, const struct pt_touch *request)
{
	struct outstanding_of *of = arg;
	struct pt_finding f = {.pfn = pfn};

	for (uint32_t i = 0; i < of->pgmap->nr_range && i < PT_MAX_RANGES; i++) {
		if (pfn < of->pgmap->range[i].start || pfn > of->pgmap->range[i].end)
			continue;
		f.pgmap.epoch = of->pgmap->epoch;
		/* there may be millions: what they are called is wanted of a few */
		if (outstanding_wants_example(&of->found, of->pgmap->epoch, request->at))
			session_look(of->tracing->session, &f);
		f.request = *request;
		f.state = word;
		outstanding_add(&of->found, &f, pages_out(of->tracing, &f, word));
	}
	return true;
}

/* When memunmap_pages came, if that was seen. */
static uint64_t wait_began(void *arg, const struct pt_wait *w)
{
	struct tracing *t = arg;
	struct pt_pgmap p;

	if (w->how != PT_HOW_PGMAP || !session_pgmap(t->session, w->pgmap, &p) ||
	    p.killer != w->tid)
		return 0;
	return p.killed;
}

/* What a stall is about, as things are now. */
static void look_at_stall(struct tracing *t, const struct stall *st, struct pt_finding *f)
{
	struct pt_refs refs;
	struct pt_pgmap p = {.address = st->wait.pgmap};

	*f = (struct pt_finding){.pfn = st->wait.pfn};
	if (st->wait.how == PT_HOW_WAIT) {
		f->mapping = session_break(t->session, st->wait.tid);
	} else {
		session_pgmap(t->session, st->wait.pgmap, &p);
		if (!session_refs(t->session, st->wait.pgmap, &refs))
			refs.refs = -1;
		f->pfn = refs.pfn ? refs.pfn : st->wait.pfn;
	}
	session_look(t->session, f);
	f->kind = PT_RECORD_FINDING;
	f->rule = PT_RULE_BREAK_STALL;
	f->time = session_now();
	f->waited = f->time - st->since;
	f->tid = st->wait.tid;
	f->tgid = st->wait.tgid;
	f->cpu = PT_CPU_UNKNOWN;
	memcpy(f->comm, st->wait.comm, sizeof(f->comm));
	f->at = session_keep_stack(t->session, st->wait.frames);
	if (st->wait.how != PT_HOW_PGMAP)
		return;
	f->rule = PT_RULE_TEARDOWN_STALL;
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
	struct pt_finding f;

	look_at_stall(t, st, &f);
	st->about = f;
	if (!st->reports)
		st->not_judged = !session_judges(t->session, &f);
	if (st->not_judged)
		return;
	read_clock(t);
	if (!st->reports) {
		t->own.rule[f.rule]++;
		findings_add(&t->findings, &f, 1);
		if (f.rule == PT_RULE_BREAK_STALL)
			session_expect_free(t->session, f.pfn, true);
	}
	if (!st->reports && f.rule == PT_RULE_TEARDOWN_STALL) {
		of.pgmap = &f.pgmap;
		session_outstanding(t->session, add_outstanding, &of);
	}
	text_stall(&t->out, st, &f, of.found.groups);
	outstanding_free(&of.found);
}

static void on_stall_ended(void *arg, struct stall *st)
{
	struct tracing *t = arg;
	struct pt_finding now = {.pfn = st->about.pfn};
	bool others = false;

	if (st->not_judged)
		return;
	for (const struct stall *i = t->stalls.all; i; i = i->next)
		others |= i != st && i->reports && !i->not_judged && i->wait.pfn == st->wait.pfn;
	if (st->wait.how == PT_HOW_WAIT && !others)
		session_expect_free(t->session, st->wait.pfn, false);
	session_look(t->session, &now);
	read_clock(t);
	text_stall_ended(&t->out, st, &now);
}

#define DIM_IS_BLIND 3

static void look_for_stalls(struct tracing *t)
{
	struct pt_waits waits;

	if (!t->stalls.limit)
		return;
	if (session_waits(t->session, &waits)) {
		t->own.blind = true;
		return;
	}
	t->dim = waits.more || waits.looked != PT_LOOKED_WAITS ? t->dim + 1 : 0;
	t->own.blind |= t->dim >= DIM_IS_BLIND;
	/* what was released before the look is to be known with it */
	session_consume(t->session);
	stalls_look(&t->stalls, &waits, session_now());
}

static bool output_failed(const struct tracing *t)
{
	return ferror(t->out.to) != 0;
}

/* Show a table of rates if it is due.  Return: was it the last? */
static bool show_rates(struct tracing *t)
{
	double late = now() - t->next_table;

	if (!t->next_table || late < 0)
		return false;
	/* not for each: it writes to the kernel log */
	if (!t->tables || now() - t->clock_read > CLOCK_READ)
		read_clock(t);
	rates_table(&t->rates);
	/* those that it was too late for are left out */
	t->next_table += (1 + (uint64_t)(late / t->options->interval)) * t->options->interval;
	return ++t->tables == t->options->tables;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* Return: COMMAND's status, 0 without one. */
static int trace(struct tracing *t, pid_t child)
{
	double end = t->options->duration >= 0 ? now() + t->options->duration : 0;
	struct pollfd fds[3] = {
		{.fd = session_fd(t->session), .events = POLLIN},
		{.fd = t->signals, .events = POLLIN},
		{.fd = files_fd(t->out.files), .events = POLLPRI},
	};
	double told = now(), looked = now();
	int status = 0;

	if (t->options->interval > 0)
		t->next_table = told + t->options->interval;
	while (!stop_requested(child) && !command_ended(child, &status) && !output_failed(t)) {
		double left = end ? end - now() : 1;

		if (left <= 0)
			break;
		left = least(left, 1);
		if (t->next_table)
			left = least(left, t->next_table - now());
		if (!poll(fds, 3, left > 0 ? (int)(left * 1000) + 1 : 0))
			session_note_modules(t->session);
		if (fds[2].revents) {
			devices_refresh(t->out.devices);
			files_learn(t->out.files);
		}
		session_consume(t->session);
		session_check_refs(t->session, add_own_finding, t);
		if (t->options->session.watch != PT_WATCH_NONE)
			fflush(t->out.to);
		if (now() - looked >= 1) {
			looked = now();
			look_for_stalls(t);
		}
		if (show_rates(t))
			break;
		if (t->findings.nr && now() - told > 1) {
			told = now();
			findings_count(&t->findings, t->session);
			text_progress(&t->out, &t->findings);
		}
	}
	return status;
}

/* A pgmap that was killed just now may have a reference too many: that takes a moment to tell. */
static void settle_refs(struct tracing *t)
{
	double end = now() + 2;

	while (session_check_refs(t->session, add_own_finding, t) && now() < end && !interrupted())
		poll(NULL, 0, 200);
}

/* Is this folio explained by a mapping that lasts, or a file, or was it freed since? */
static bool accounted_for(const struct pt_finding *f, enum pt_life life)
{
	/* its page_free has not come, whatever the count says */
	if (life == PT_PART)
		return false;
	return f->refcount <= 0 || (f->held && f->refcount <= (int64_t)f->held);
}

static bool judge_outstanding(void *arg, uint64_t pfn, uint32_t word,
			      const struct pt_touch *request)
{
	struct tracing *t = arg;
	double age = now() - session_touch_time(t->session, request) / 1e9;
	enum pt_life life = word & PT_LIFE_MASK;
	struct pt_finding f = {.pfn = pfn};

	if (interrupted())
		return false;
	if (!request->tick) {
		t->own.ageless++;
		return true;
	}
	if (age < t->options->older || !session_look(t->session, &f) || accounted_for(&f, life) ||
	    !session_judges(t->session, &f))
		return true;
	f.kind = PT_RECORD_FINDING;
	f.rule = life == PT_PART ? PT_RULE_PAGES_UNBALANCED : PT_RULE_LEAK;
	f.time = now() * 1e9;
	f.state = word;
	f.at = f.request.at;
	t->own.rule[f.rule]++;
	outstanding_add(&t->leaks, &f, pages_out(t, &f, word));
	return true;
}

static void add_gone(void *arg, const struct pt_gone_key *key, const struct pt_gone *gone)
{
	struct tracing *t = arg;

	outstanding_add_gone(&t->leaks, key, gone);
}

/* What was requested and never freed: of pgmaps that are gone, and with --older of the rest. */
static void judge_leaks(struct tracing *t)
{
	struct outstanding_group *g, *next;

	session_gone(t->session, add_gone, t);
	if (t->options->older >= 0 &&
	    !(session_choice(t->session)->rules_off & (1u << PT_RULE_LEAK)))
		t->own.cut_short = !session_outstanding(t->session, judge_outstanding, t);
	for (g = t->leaks.groups; g; g = next) {
		if (interrupted()) {
			t->own.cut_short = true;
			return;
		}
		next = g->next;
		/* each is a group of its own: what comes after it is not its */
		g->next = NULL;
		if (g->gone) {
			text_gone(&t->out, g);
		} else {
			findings_add(&t->findings, &g->example[0], g->folios);
			text_finding(&t->out, &g->example[0], g);
		}
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
		fprintf(stderr, "pgmaptrace: %s is not written, since tracing was cut short\n",
			file);
		return 0;
	}
	return past_save(file, &t->out, ended, lost);
}

static int finish(struct tracing *t, int command_status)
{
	enum pt_profile profile = session_choice(t->session)->profile;
	struct summary sum;
	uint64_t ended;
	int not_saved;

	stop_handled();
	if (!t->own.interrupted)
		settle_refs(t);
	ended = session_now();
	session_stop(t->session);
	if (!t->own.interrupted) {
		text_stalls_go_on(&t->out, &t->stalls);
		judge_leaks(t);
	}
	findings_count(&t->findings, t->session);
	summarise(t->session, &t->own, &sum);
	not_saved = save_past(t, ended, sum.state_lost);
	text_leaks(&t->out, &t->leaks, &sum);
	text_ledger(&t->out, &t->findings, &sum);
	text_summary(t->out.to, &sum, profile);
	if (output_failed(t)) {
		fprintf(stderr, "pgmaptrace: can't write the output: %s\n", strerror(errno));
		text_summary(stderr, &sum, profile);
		return EXIT_INTERNAL;
	}
	if (not_saved)
		return not_saved;
	switch (sum.verdict) {
	case VERDICT_FAIL:
		return EXIT_FINDINGS;
	case VERDICT_INCONCLUSIVE:
		return EXIT_INCONCLUSIVE;
	default:
		return command_status;
	}
}

static void say_attached(const struct session *s)
{
	const struct pt_choice *c = session_choice(s);

	fprintf(stderr, "pgmaptrace: profile %s\n", pt_profile_name(c->profile));
	for (const struct pt_hook *h = pt_hooks; h->function; h++)
		if (h->attach != PT_ATTACH_NO)
			fprintf(stderr, "pgmaptrace: %s %s\n", pt_attach_name(h->attach),
				h->symbol);
}

int trace_run(const struct options *o)
{
	struct tracing t = {.options = o, .own.interrupted = true};
	struct session_reader reader = {
		.finding = on_finding,
		.pgmap = on_pgmap,
		.told = on_told,
		.release = on_release,
		.arg = &t,
	};
	pid_t child = 0;
	int status, err;

	if (o->command) {
		status = command_look_up(o->command[0]);
		if (status) {
			fprintf(stderr, "pgmaptrace: %s: %s\n", o->command[0],
				status == EXIT_NOT_FOUND ? "command not found"
							 : "permission denied");
			return status;
		}
	}
	if (o->vmlinux && access(o->vmlinux, R_OK)) {
		fprintf(stderr, "pgmaptrace: can't read %s: %s\n", o->vmlinux, strerror(errno));
		return EXIT_KERNEL;
	}
	t.signals = signals_open();
	if (t.signals < 0)
		return EXIT_INTERNAL;
	t.session = session_probe(&o->session, &status);
	if (!t.session)
		return status;
	t.out.to = stdout;
	t.out.timestamps = o->timestamps;
	t.out.verbose = o->verbose;
	t.out.session = t.session;
	t.out.devices = devices_new("");
	t.out.files = files_new("");
	t.stalls = (struct stalls){
		.limit = o->stall * 1e9,
		.began = wait_began,
		.stalled = on_stalled,
		.ended = on_stall_ended,
		.arg = &t,
	};
	status = 0;
	t.out.inlines = inlines_new(o->vmlinux);
	t.rates.text = &t.out;
	t.rates.terminal = isatty(STDOUT_FILENO);
	if (!t.out.devices || !t.out.files || !t.out.inlines) {
		err = EXIT_INTERNAL;
		goto out;
	}
	if (!interrupted()) {
		err = session_load(t.session, &reader);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		err = session_attach(t.session);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		err = session_baseline(t.session, interrupted);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		t.own.interrupted = false;
		/* devices are named while they are there */
		session_consume(t.session);
		if (o->verbose)
			say_attached(t.session);
		if (o->verbose || !o->command)
			fprintf(stderr, "pgmaptrace: tracing%s\n",
				o->command ? "" : ", Ctrl-C ends it");
		/* at the first finding this would be too late for whoever lets go soon */
		session_prepare_holders(t.session);
		if (o->command)
			child = command_start(o->command);
		if (child < 0) {
			fprintf(stderr, "pgmaptrace: can't fork: %s\n", strerror(errno));
			err = EXIT_INTERNAL;
			goto out;
		}
		status = trace(&t, child);
	}
	err = finish(&t, status);
out:
	session_free(t.session);
	devices_free(t.out.devices);
	inlines_free(t.out.inlines);
	files_free(t.out.files);
	findings_free(&t.findings);
	outstanding_free(&t.leaks);
	stalls_free(&t.stalls);
	return err;
}
