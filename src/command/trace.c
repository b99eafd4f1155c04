// SPDX-License-Identifier: GPL-2.0-only
#include "command/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "base/journal.h"
#include "base/save.h"
#include "base/say.h"
#include "command/tracing.h"

#define KILL_AFTER     10 /* s: so long has COMMAND to end after SIGTERM */
#define CLOCK_OF_TABLE 60 /* s: tables come too often to measure the log's clock for each */

/* seconds: the kernel wakes the tool for many events at once, so show them at least so often */
#define EVENTS_EVERY 0.1
/* After a read of more than so many records, wait so many seconds before the next. */
#define MANY_RECORDS 256
#define NAP	     0.004
/*
 * For setpriority(2).  The reader of events must get enough CPU while each CPU makes them.  And a
 * tool that is preempted inside bpf(2) stops all kprobe programs on that CPU until it goes on.
 */
#define PRIORITY (-20)

/* ---- what the session hands over ---- */

static void on_finding(void *arg, const struct pgmt_finding *f)
{
	tracing_add_finding(arg, f, 0, NULL);
}

/* Learn the names of a pgmap and of what is mounted while they are there. */
static void on_pgmap(void *arg, const struct pgmt_pgmap *p)
{
	struct tracing *t = arg;

	devices_learn(t->out.from.devices, p);
	files_learn(t->out.from.files);
	/* its driver may be new, and may be unloaded before its stacks are shown */
	session_note_modules(t->session);
}

static void on_event(void *arg, const struct pgmt_event_record *event)
{
	struct tracing *t = arg;

	if (t->options->pgmap &&
	    !devices_epoch_is_called(t->out.from.devices, event->epoch, t->options->pgmap))
		return;
	t->events++;
	outputs_event(&t->out, event);
}

static void on_release(void *arg, const struct pgmt_release *r)
{
	tracing_release(arg, r);
}

/* ---- the loop ---- */

/* Times are in seconds of CLOCK_MONOTONIC. */
struct loop {
	double end;		     /* of --duration; 0: none */
	double timeout;		     /* when COMMAND is signalled next; 0: never */
	bool late;		     /* COMMAND was signalled */
	double shown, looked, noted; /* when these were last done */
	uint64_t told;		     /* findings that the service manager was told of */
	int records;		     /* that the last read got */
	struct pollfd session, signals, mounts;
};

static bool has_many(const struct loop *l)
{
	return l->records > MANY_RECORDS;
}

/* Show a table of rates if it is due.  Return: was it the last? */
static bool show_rates(struct tracing *t)
{
	double late = clock_seconds() - t->next_table;

	if (!t->next_table || late < 0)
		return false;
	tracing_read_clock(t, CLOCK_OF_TABLE);
	outputs_rates(&t->out);
	/* skip those that it is too late for */
	t->next_table += (1 + (uint64_t)(late / t->options->interval)) * t->options->interval;
	return ++t->tables == t->options->tables;
}

/* End COMMAND if it takes too long: ask it first, and then do not. */
static void end_late_command(struct loop *l)
{
	if (!l->timeout || clock_seconds() < l->timeout)
		return;
	command_kill(l->late ? SIGKILL : SIGTERM);
	l->late = true;
	l->timeout = clock_seconds() + KILL_AFTER;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* How long there is nothing to do, in seconds; it may be negative. */
static double time_to_wait(const struct tracing *t, const struct loop *l)
{
	double left = t->options->session.watch == PGMT_WATCH_NONE ? 1 : EVENTS_EVERY;
	double now = clock_seconds();

	if (l->end)
		left = least(left, l->end - now);
	if (l->timeout)
		left = least(left, l->timeout - now);
	if (t->next_table)
		left = least(left, t->next_table - now);
	if (has_many(l))
		left = least(left, l->records < SESSION_EVENTS ? NAP : 0);
	return left;
}

static void wait_for_work(struct tracing *t, struct loop *l)
{
	double left = time_to_wait(t, l);
	struct pollfd fds[] = {l->session, l->signals, l->mounts};

	/* while this naps the ring fills up, so that the next read gets many records */
	if (has_many(l))
		fds[0].fd = -1;
	if (!poll(fds, 3, left > 0 ? (int)(left * 1000) + 1 : 0) &&
	    clock_seconds() - l->noted >= 1) {
		l->noted = clock_seconds();
		session_note_modules(t->session);
	}
	if (fds[2].revents) {
		devices_refresh(t->out.from.devices);
		files_learn(t->out.from.files);
	}
}

static void read_records(struct tracing *t, struct loop *l)
{
	l->records = session_consume(t->session);
	session_check_refs(t->session, tracing_add_own_finding, t);
	if (t->options->session.watch != PGMT_WATCH_NONE)
		outputs_flush(&t->out);
}

static void look_around(struct tracing *t, struct loop *l)
{
	if (clock_seconds() - l->looked < 1)
		return;
	l->looked = clock_seconds();
	tracing_look_for_stalls(t);
	outputs_forget_names(&t->out);
	session_check_switches(t->session);
}

/* So far, warnings too. */
static uint64_t unsuppressed(const struct findings *all)
{
	uint64_t nr = 0;

	for (const struct finding_group *g = all->groups; g; g = g->next)
		nr += findings_suppressed(g) ? 0 : g->count.times;
	return nr;
}

static void tell_progress(const struct tracing *t, struct loop *l)
{
	uint64_t nr = unsuppressed(&t->findings);

	if (nr == l->told)
		return;
	l->told = nr;
	notify_status("tracing, %" PRIu64 " finding%s", nr, nr == 1 ? "" : "s");
}

static void show_progress(struct tracing *t, struct loop *l)
{
	if (!t->findings.nr || clock_seconds() - l->shown <= 1)
		return;
	l->shown = clock_seconds();
	findings_count(&t->findings, t->session);
	outputs_progress(&t->out, &t->findings);
	tell_progress(t, l);
}

/* Is it time to stop, though no signal asks for it and COMMAND runs? */
static bool is_over(struct tracing *t, const struct loop *l, pid_t child)
{
	/* COMMAND is not left untraced because an output failed */
	return (l->end && clock_seconds() >= l->end) || (!outputs_good(&t->out) && !child);
}

static void trace(struct tracing *t, pid_t child)
{
	const struct options *o = t->options;
	double now = clock_seconds();
	struct loop l = {
		.end = o->duration >= 0 ? now + o->duration : 0,
		.timeout = child && o->timeout >= 0 ? now + o->timeout : 0,
		.shown = now,
		.looked = now,
		.noted = now,
		.session = {.fd = session_fd(t->session), .events = POLLIN},
		.signals = {.fd = t->signals, .events = POLLIN},
		.mounts = {.fd = files_fd(t->out.from.files), .events = POLLPRI},
	};
	struct command_result *ran = &t->ran;

	ran->started = child;
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	if (o->interval > 0)
		t->next_table = now + o->interval;
	while (!stop_requested(child) && !ran->ended) {
		ran->ended = command_ended(child, &ran->status);
		if (ran->ended || is_over(t, &l, child))
			break;
		if (reopen_requested()) {
			/* what came before belongs in the old files */
			session_consume(t->session);
			outputs_reopen(&t->out);
		}
		end_late_command(&l);
		wait_for_work(t, &l);
		read_records(t, &l);
		look_around(t, &l);
		if (show_rates(t))
			break;
		show_progress(t, &l);
		tracing_write_metrics(t);
	}
	ran->timed_out = l.late;
}

/* ---- the start ---- */

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

/* What --pgmap names may be created later; or it is a typo. */
static void check_name(const struct tracing *t)
{
	struct named n = {.devices = t->out.from.devices, .name = t->options->pgmap};

	if (!n.name)
		return;
	session_pgmaps(t->session, look_for_name, &n);
	if (!n.found)
		say("--pgmap %s: no such pgmap yet", n.name);
}

/* When each step of the start was done; ns, as of clock_now(). */
struct steps {
	uint64_t begun, loaded, attached, scanned;
};

static void say_attached(const struct session *s, const struct steps *at)
{
	const struct pgmt_choice *c = session_choice(s);

	say("programs loaded in %.3f s, attached in %.3f s, pages scanned in %.3f s",
	    (double)(at->loaded - at->begun) / 1e9, (double)(at->attached - at->loaded) / 1e9,
	    (double)(at->scanned - at->attached) / 1e9);
	say("profile %s", pgmt_profile_name(c->profile));
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attach != PGMT_ATTACH_NO)
			say("%s %s", pgmt_attach_name(h->attach), h->symbol[0]);
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

	if (status) {
		say_error("%s: %s", o->run[0],
			  status == EXIT_NOT_FOUND ? "command not found" : "permission denied");
		return status;
	}
	return load_suppressions(t);
}

/* It is written at the end, which is late to learn that it can't be. */
static int check_save(struct tracing *t)
{
	const char *file = t->options->save;
	struct save save;
	int status;

	if (!file)
		return 0;
	status = save_begin(&save, file);
	save_drop(&save);
	if (status == EXIT_INTERNAL)
		outputs_failed(&t->out, file);
	return status;
}

/* Everything that tracing needs, before anything is loaded.  Return: 0; an exit status. */
static int prepare(struct tracing *t)
{
	const struct options *o = t->options;
	struct session_options session = o->session;
	struct sources *from = &t->out.from;
	int err = check_files(t);

	if (err)
		return err;
	/* a service has no terminal that could hang up */
	t->signals = signals_open(o->output.text || o->output.json_file || notify_is_wanted());
	if (t->signals < 0)
		return EXIT_INTERNAL;
	session.ignored = policy_ignored(&o->policy);
	err = EXIT_INTERNAL;
	t->session = session_probe(&session, &err);
	if (!t->session)
		return err;
	*from = (struct sources){
		.session = t->session,
		.devices = devices_new("", t->session),
		.files = files_new(""),
		.inlines = inlines_new(o->vmlinux),
		.policy = &o->policy,
		.deterministic = o->output.deterministic,
	};
	if (from->devices && from->deterministic)
		devices_hide_addresses(from->devices);
	tracing_init_stalls(t);
	return from->devices && from->files && from->inlines ? 0 : EXIT_INTERNAL;
}

/*
 * Load, attach, and scan the pages that are there.  A signal ends it early.
 * Return: 0; an exit status, said on stderr.
 */
static int start(struct tracing *t, struct steps *at)
{
	const struct session_reader reader = {
		.finding = on_finding,
		.pgmap = on_pgmap,
		.event = on_event,
		.release = on_release,
		.arg = t,
	};
	int err;

	if (interrupted())
		return 0;
	at->begun = clock_now();
	err = session_load(t->session, &reader);
	if (err || interrupted())
		return err;
	at->loaded = clock_now();
	err = session_attach(t->session);
	if (err || interrupted())
		return err;
	at->attached = clock_now();
	err = session_initial_scan(t->session, interrupted);
	if (err || interrupted())
		return err;
	at->scanned = clock_now();
	t->own.interrupted = false;
	t->looked = clock_now();
	return 0;
}

static void say_started(struct tracing *t, const struct steps *at)
{
	const struct options *o = t->options;

	/* name devices while they are there */
	session_consume(t->session);
	check_name(t);
	if (o->output.verbose)
		say_attached(t->session, at);
	outputs_start(&t->out);
	notify("READY=1\nSTATUS=tracing, no findings");
	if (o->output.verbose || !o->run)
		say("tracing%s", o->run ? "" : ", Ctrl-C ends it");
}

/* Return: the exit status. */
static int run_session(struct tracing *t)
{
	const struct options *o = t->options;
	struct steps at = {0};
	pid_t child = 0;
	int err = start(t, &at);

	if (err)
		return err;
	if (t->own.interrupted)
		return tracing_end(t);
	say_started(t, &at);
	/* at the first finding it would be too late for holders that let go soon */
	session_prepare_holders(t->session);
	/* that took long, and what waits meanwhile is not to be missed */
	tracing_look_for_stalls(t);
	if (o->run)
		child = command_start(o->run, o->timeout >= 0);
	if (child < 0) {
		say_error("can't fork: %s", error_text(errno));
		return EXIT_INTERNAL;
	}
	trace(t, child);
	return tracing_end(t);
}

int trace_run(const struct options *o)
{
	struct tracing t = {.options = o, .own.interrupted = true};
	int unwritten = outputs_open(&t.out, &o->output), status;

	if (!unwritten)
		unwritten = check_save(&t);
	status = unwritten == EXIT_USAGE ? EXIT_USAGE : prepare(&t);
	/* what nobody can read is not traced; but who asked for a verdict gets one */
	if (!status)
		status = unwritten ? tracing_end(&t) : run_session(&t);
	session_free(t.session);
	outputs_close(&t.out);
	devices_free(t.out.from.devices);
	inlines_free(t.out.from.inlines);
	files_free(t.out.from.files);
	findings_free(&t.findings);
	outstanding_free(&t.leaks);
	stalls_free(&t.stalls);
	suppressions_free(&t.suppressions);
	return status;
}
