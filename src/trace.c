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
#include "session.h"

#define CLOCK_READ 60 /* s: so old may be what the kernel log's clock was, for a table */

struct tracing {
	const struct options *options;
	struct session *session;
	int signals;
	struct findings findings;
	struct text_out out;
	struct rates_out rates;
	double next_table;	   /* when; 0: there is none */
	double clock_read;	   /* when out.clock_offset was measured */
	uint64_t tables;	   /* how many were shown */
	uint64_t own[PT_NR_RULES]; /* findings made here, by rule */
	uint64_t ageless;	   /* outstanding folios whose request was not kept */
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

/* Show the first finding of each group; @own: made here. */
static void add_finding(struct tracing *t, const struct pt_finding *f, bool own)
{
	struct finding_group *g = findings_add(&t->findings, f, own);

	if (g && (g->nr_examples > 1 || g->count.times > 1))
		return;
	read_clock(t);
	text_finding(&t->out, f);
}

static void add_own_finding(void *arg, const struct pt_finding *f)
{
	struct tracing *t = arg;

	t->own[f->rule]++;
	add_finding(t, f, true);
}

static void on_finding(void *arg, const struct pt_finding *f)
{
	add_finding(arg, f, false);
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
	double told = now();
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

static void judge_outstanding(void *arg, uint64_t pfn, uint32_t word,
			      const struct pt_touch *request)
{
	struct tracing *t = arg;
	double age = now() - session_touch_time(t->session, request) / 1e9;
	enum pt_life life = word & PT_LIFE_MASK;
	struct pt_finding f = {.pfn = pfn};

	if (!request->tick) {
		t->ageless++;
		return;
	}
	if (age < t->options->older || !session_look(t->session, &f))
		return;
	if (accounted_for(&f, life))
		return;
	f.kind = PT_RECORD_FINDING;
	f.rule = life == PT_PART ? PT_RULE_PAGES_UNBALANCED : PT_RULE_LEAK;
	f.time = now() * 1e9;
	f.state = word;
	f.at = f.request.at;
	add_own_finding(t, &f);
}

static int finish(struct tracing *t, bool incomplete, int command_status)
{
	enum pt_profile profile = session_choice(t->session)->profile;
	struct summary sum;

	if (!incomplete)
		settle_refs(t);
	session_stop(t->session);
	if (t->options->older >= 0 && !incomplete &&
	    !(session_choice(t->session)->rules_off & (1u << PT_RULE_LEAK)))
		session_outstanding(t->session, judge_outstanding, t);
	findings_count(&t->findings, t->session);
	summarise(t->session, t->own, t->ageless, incomplete, &sum);
	text_ledger(&t->out, &t->findings, &sum);
	text_summary(t->out.to, &sum, profile);
	if (output_failed(t)) {
		fprintf(stderr, "pgmaptrace: can't write the output: %s\n", strerror(errno));
		text_summary(stderr, &sum, profile);
		return EXIT_INTERNAL;
	}
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
	struct tracing t = {.options = o};
	struct session_reader reader = {
		.finding = on_finding,
		.pgmap = on_pgmap,
		.told = on_told,
		.arg = &t,
	};
	bool incomplete = true;
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
		incomplete = false;
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
	err = finish(&t, incomplete, status);
out:
	session_free(t.session);
	devices_free(t.out.devices);
	inlines_free(t.out.inlines);
	files_free(t.out.files);
	findings_free(&t.findings);
	return err;
}
