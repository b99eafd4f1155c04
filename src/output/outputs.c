// SPDX-License-Identifier: GPL-2.0-only
#include "output/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/journal.h"
#include "base/save.h"
#include "base/say.h"
#include "output/event_line.h"
#include "output/junit.h"
#include "output/ktap.h"
#include "output/prefix.h"
#include "output/text_end.h"
#include "verdict/suppressions.h"

#define STDOUT "standard output"
/* bytes: more than a report has, so that errors come when it is flushed */
#define BUFFER (1 << 18)
/* more than a person reads: the rest are brief, and nobody looks for their holders */
#define MAX_REPORTS 100

/* ---- files */

static int cant_write(struct outputs *o, const char *file)
{
	if (!o->failed[0]) {
		snprintf(o->failed, sizeof(o->failed), "%s: %s", file, error_text(errno));
		say_error("can't write %s", o->failed);
	}
	return EXIT_INTERNAL;
}

void outputs_failed(struct outputs *o, const char *file)
{
	snprintf(o->failed, sizeof(o->failed), "%s", file);
}

/* Return: false if it can't be opened.  Without a name there is nothing to open. */
static bool open_file(const char *name, FILE **f)
{
	if (name)
		*f = fopen(name, "we");
	if (*f)
		setvbuf(*f, NULL, _IOFBF, BUFFER);
	return !name || *f;
}

/* The prefix by which the journal knows the severity of a line. */
static const char *journal_before(const char *line)
{
	if (strstr(line, "pgmaptrace: VIOLATION") || strstr(line, "pgmaptrace: FAIL"))
		return "<3>";
	if (strstr(line, "pgmaptrace: WARNING") || strstr(line, "pgmaptrace: INCONCLUSIVE"))
		return "<4>";
	return "<6>";
}

/* Choose the stream of the text. */
static bool open_text(struct outputs *o)
{
	const struct output_settings *settings = o->settings;

	setvbuf(stdout, NULL, _IOFBF, BUFFER);
	if (settings->ktap)
		ktap_begin(stdout);
	if (o->text_file) {
		o->text.to = o->text_file;
		return true;
	}
	if (settings->json)
		return true;
	if (!settings->ktap && !journal_reads(stdout)) {
		o->text.to = stdout;
		return true;
	}
	o->filter = prefix_open(stdout, settings->ktap ? ktap_before : journal_before);
	if (o->filter)
		setvbuf(o->filter, NULL, _IOFBF, BUFFER);
	o->text.to = o->filter;
	return o->filter;
}

/*
 * Remove the ready file of an earlier run, which would be taken for ours, and check that
 * a file can be created there: it is written much later.  A FIFO and the like is left alone.
 */
static bool clear_ready_file(const char *name)
{
	char *beside;
	struct stat st;
	int fd;

	if (!stat(name, &st) && !S_ISREG(st.st_mode)) {
		errno = EISDIR;
		return !S_ISDIR(st.st_mode);
	}
	if (unlink(name) && errno != ENOENT)
		return false;
	/* not under its own name, which would mean that tracing is ready */
	fd = save_beside(name, &beside);
	if (fd < 0)
		return false;
	close(fd);
	unlink(beside);
	free(beside);
	return true;
}

int outputs_open(struct outputs *o, const struct output_settings *settings)
{
	FILE *junit = NULL;

	o->settings = settings;
	o->text.from = o->json.from = &o->from;
	o->text.verbose = settings->verbose;
	o->text.timestamps = settings->timestamps;
	o->rates.text = &o->text;
	o->rates.terminal = isatty(STDOUT_FILENO) && !o->settings->text;
	o->kmsg.fd = -1;
	if (!open_file(settings->text, &o->text_file))
		return cant_write(o, settings->text);
	if (!open_file(settings->json_file, &o->json_file))
		return cant_write(o, settings->json_file);
	/* written at the end; fail now if it can't be */
	if (!open_file(settings->junit, &junit))
		return cant_write(o, settings->junit);
	if (junit)
		fclose(junit);
	if (settings->ready_file && !clear_ready_file(settings->ready_file))
		return cant_write(o, settings->ready_file);
	if (settings->kmsg && !kmsg_open(&o->kmsg, &o->from))
		return cant_write(o, "/dev/kmsg");
	if (!open_text(o))
		return cant_write(o, STDOUT);
	o->json.to[0] = settings->json ? stdout : NULL;
	o->json.to[1] = o->json_file;
	json_tell_errors(o->json.to[0] || o->json.to[1] ? &o->json : NULL);
	return 0;
}

void outputs_close(struct outputs *o)
{
	json_tell_errors(NULL);
	kmsg_close(&o->kmsg);
	if (o->filter)
		fclose(o->filter);
	if (o->text_file)
		fclose(o->text_file);
	if (o->json_file)
		fclose(o->json_file);
	for (int i = 0; i < PGMT_NR_RULES; i++)
		free(o->of_rule[i]);
	while (o->suggested) {
		struct suggested *next = o->suggested->next;

		free(o->suggested->text);
		free(o->suggested);
		o->suggested = next;
	}
}

/* Write what is buffered, while errno still says why that fails. */
static void flush(struct outputs *o, FILE *f, const char *name)
{
	if (f && (fflush(f) || ferror(f)))
		cant_write(o, name);
}

/* Write the last that goes to this descriptor. */
static void settle(struct outputs *o, FILE *f, const char *name)
{
	if (f && !save_settled(f))
		cant_write(o, name);
}

static void flush_text(struct outputs *o)
{
	flush(o, o->text.to, o->text_file ? o->settings->text : STDOUT);
}

bool outputs_good(struct outputs *o)
{
	const char *const names[] = {STDOUT, o->settings->json_file};

	for (int i = 0; i < 2; i++) {
		errno = o->json.error[i];
		if (errno)
			cant_write(o, names[i]);
	}
	if (o->json.no_memory) {
		errno = ENOMEM;
		cant_write(o, "a record");
	}
	return !o->failed[0];
}

static void reopen(struct outputs *o, FILE *f, const char *name)
{
	int fd;

	if (!f)
		return;
	settle(o, f, name);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || dup3(fd, fileno(f), O_CLOEXEC) < 0)
		cant_write(o, name);
	if (fd >= 0)
		close(fd);
}

void outputs_reopen(struct outputs *o)
{
	reopen(o, o->text_file, o->settings->text);
	reopen(o, o->json_file, o->settings->json_file);
}

/* ---- records and reports */

static bool has_json(const struct outputs *o)
{
	return o->json.to[0] || o->json.to[1];
}

/* Tell a waiting script that each event is seen from here on. */
static void write_ready_file(struct outputs *o)
{
	const char *name = o->settings->ready_file;
	FILE *f = name ? fopen(name, "we") : NULL;
	bool written = f && fprintf(f, "%d\n", getpid()) > 0;

	if (f && fclose(f))
		written = false;
	if (name && !written)
		cant_write(o, name);
}

void outputs_start(struct outputs *o)
{
	write_ready_file(o);
	if (has_json(o))
		json_start(&o->json);
	/* the KTAP header comes before COMMAND's output */
	flush(o, stdout, STDOUT);
}

/* Keep the text of a report for the JUnit file. */
static void keep(struct outputs *o, unsigned int rule, const struct report *r, bool brief)
{
	char *text = NULL, *both;
	struct text_out to = o->text;
	size_t size;

	if (!o->settings->junit)
		return;
	to.to = open_memstream(&text, &size);
	if (!to.to)
		return;
	text_finding(&to, r, brief);
	fclose(to.to);
	if (asprintf(&both, "%s%s", o->of_rule[rule] ? o->of_rule[rule] : "", text) >= 0) {
		free(o->of_rule[rule]);
		o->of_rule[rule] = both;
	}
	free(text);
}

/* Was this text not suggested before?  Two pgmaps of one name give the same one. */
static bool is_new(struct outputs *o, char *text)
{
	struct suggested *s;

	for (s = o->suggested; s; s = s->next)
		if (!strcmp(s->text, text))
			return false;
	s = malloc(sizeof(*s));
	if (s) {
		*s = (struct suggested){.text = text, .next = o->suggested};
		o->suggested = s;
	}
	return s;
}

/* Print a suppression for @f.  @many: @f stands for folios of other files, too. */
static void suggest(struct outputs *o, const struct pgmt_finding *f, bool many)
{
	bool wanted = o->settings->gen_suppressions && o->text.to;
	struct report_subject *s = wanted ? malloc(sizeof(*s)) : NULL;
	char *text = NULL;
	size_t size;
	FILE *to;

	if (!s)
		return;
	report_subject(&o->from, f, s);
	if (many)
		s->subject.path = NULL;
	to = open_memstream(&text, &size);
	if (to) {
		suppression_print(to, &s->subject);
		fclose(to);
	}
	if (text && is_new(o, text)) {
		fprintf(o->text.to, "%s\n", text);
		flush_text(o);
	} else {
		free(text);
	}
	free(s);
}

void outputs_finding(struct outputs *o, const struct pgmt_finding *f,
		     const struct outstanding_group *groups, struct holders_found *holders)
{
	bool brief = o->reports++ >= MAX_REPORTS;
	struct report r;

	report_make(&o->from, f, groups, !brief, &r);
	if (holders)
		*holders = r.holders.found;
	if (o->text.to)
		text_finding(&o->text, &r, brief);
	flush_text(o);
	if (has_json(o))
		json_finding(&o->json, &r, brief);
	keep(o, f->rule, &r, brief);
	kmsg_finding(&o->kmsg, &r);
	suggest(o, f, groups && groups->rule == f->rule && groups->folios > 1);
}

void outputs_stall_lasts(struct outputs *o, const struct stall *st, const struct pgmt_finding *f,
			 struct holders_found *holders)
{
	struct report_lasting *l = malloc(sizeof(*l));

	if (!l)
		return;
	report_stall_lasts(&o->from, st, f, l);
	*holders = l->now.holders.found;
	if (o->text.to)
		text_stall_lasts(&o->text, l);
	flush_text(o);
	if (has_json(o))
		json_stall_lasts(&o->json, l);
	free(l);
}

void outputs_stall_ended(struct outputs *o, const struct stall *st)
{
	struct report_end *e = malloc(sizeof(*e));

	if (!e)
		return;
	report_stall_end(&o->from, st, e);
	if (o->text.to)
		text_stall_ended(&o->text, e);
	flush_text(o);
	if (has_json(o))
		json_stall_ended(&o->json, e);
	free(e);
}

void outputs_stalls_go_on(struct outputs *o, const struct stalls *all)
{
	if (o->text.to)
		text_stalls_go_on(&o->text, all);
	flush_text(o);
}

void outputs_torn_down(struct outputs *o, const struct outstanding_group *g)
{
	if (o->text.to)
		text_torn_down(&o->text, g);
	flush_text(o);
	if (has_json(o))
		json_torn_down(&o->json, g);
}

void outputs_event(struct outputs *o, const struct pgmt_event_record *t)
{
	if (o->text.to)
		text_event(&o->text, t);
	if (has_json(o))
		json_event(&o->json, t);
}

void outputs_rates(struct outputs *o)
{
	if (o->text.to)
		rates_table(&o->rates);
	flush_text(o);
	if (has_json(o))
		json_stats(&o->json);
}

void outputs_progress(struct outputs *o, struct findings *all)
{
	if (o->text.to)
		text_progress(&o->text, all);
	flush_text(o);
}

void outputs_forget_names(struct outputs *o)
{
	site_texts_free(&o->text.sites);
}

void outputs_flush(struct outputs *o)
{
	flush_text(o);
}

/* ---- the end */

static void write_junit(struct outputs *o, const struct summary *sum, const char *last)
{
	const char *name = o->settings->junit;
	FILE *to = name ? fopen(name, "we") : NULL;
	uint64_t began = session_began(o->from.session);
	struct junit_run run = {.last = last, .host = "localhost"};
	struct utsname u;

	if (!name)
		return;
	if (!o->from.deterministic) {
		uname(&u);
		run.host = u.nodename;
		run.seconds = began ? (clock_now() - began) / 1e9 : 0;
		run.began = time(NULL) - (time_t)run.seconds;
	}
	if (to)
		junit_write(to, sum, o->of_rule, &run);
	if (!to || ferror(to)) {
		cant_write(o, name);
		if (to)
			fclose(to);
	} else if (fclose(to)) {
		cant_write(o, name);
	}
}

/* The summary's line, without its end, for free(); NULL without memory. */
static char *last_line(const struct summary *sum, enum pgmt_profile profile)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);

	if (!to)
		return NULL;
	text_summary(to, sum, profile);
	fclose(to);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

static void end_text(struct outputs *o, struct findings *all, const struct summary *sum,
		     const struct suppressions *suppressions, const char *last)
{
	if (o->text.to) {
		text_leaks(&o->text, &sum->leaked);
		text_groups(&o->text, all);
		text_ledger(&o->text, sum);
		text_suppressions(&o->text, suppressions);
		text_not_visible(&o->text, sum);
		flush_text(o);
	}
	if (o->settings->ktap)
		ktap_end(stdout, sum);
	if (o->settings->ktap && !o->filter)
		printf("%s%s\n", ktap_before(last), last);
	if (o->text.to) {
		fprintf(o->text.to, "%s\n", last);
		flush_text(o);
	}
}

int outputs_end(struct outputs *o, struct findings *all, const struct summary *sum,
		const struct suppressions *suppressions, int status)
{
	char *last = last_line(sum, session_choice(o->from.session)->profile);

	if (!last) {
		say_error("out of memory");
		return EXIT_INTERNAL;
	}
	write_junit(o, sum, last);
	end_text(o, all, sum, suppressions, last);
	settle(o, o->text_file, o->settings->text);
	if (!o->settings->json)
		settle(o, stdout, STDOUT);
	/* the summary has the exit status, so what can fail must fail before */
	if (has_json(o)) {
		json_groups(&o->json, all);
		json_ledger(&o->json, &sum->ledger);
		json_stats(&o->json);
		json_summary(&o->json, sum, suppressions, o->failed[0] ? EXIT_INTERNAL : status);
	}
	settle(o, o->json_file, o->settings->json_file);
	if (o->settings->json)
		settle(o, stdout, STDOUT);
	if (!outputs_good(o)) {
		fprintf(stderr, "%s\n", last);
		status = EXIT_INTERNAL;
	}
	notify_status("%s", last);
	free(last);
	return status;
}
