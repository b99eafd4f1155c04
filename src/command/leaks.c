// SPDX-License-Identifier: GPL-2.0-only
#include "command/leaks.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "base/save.h"
#include "base/say.h"
#include "command/progress.h"
#include "command/values.h"
#include "leaks/page_set.h"
#include "leaks/print.h"
#include "leaks/references.h"
#include "leaks/saved.h"

#define SCAN_AGAIN_MS 300 /* a fault, an unmap or a get_user_pages_fast() is over by then */

struct leaks_command {
	const struct options *options;
	struct sources from;
	struct text_out out;
	struct session *session;
	struct saved_set *baseline; /* what an earlier leaks saved; NULL: none */
	struct saved_set *past;	    /* what a session saved that has ended; NULL: none */
	struct save save;
	uint32_t peer; /* pid of a running session that knows requests; 0: none */
	uint64_t peer_began;
	uint64_t began;
	struct record_summary sum;
	bool found; /* the pgmap of --pgmap */
	bool no_memory;
	uint64_t pages; /* scanned */
	struct progress progress;
	/* the pgmap at hand */
	struct pgmt_walk now;
	struct record_pgmap pgmap;
	uint64_t folio_pages; /* of its folios above idle */
	struct page_set unexplained;
	struct requesters requesters;
	struct site_texts texts;
};

static uint64_t first_pfn(const struct pgmt_pgmap *p, unsigned int range)
{
	uint64_t pfn = p->range[range].start;

	return range == 0 && p->first > pfn ? p->first : pfn;
}

static void show_progress(struct leaks_command *l, uint64_t pfn, unsigned int range)
{
	const struct pgmt_pgmap *p = &l->now.pgmap;
	uint64_t all = 0, done = 0;
	char what[64];

	for (unsigned int i = 0; i < p->nr_range; i++) {
		all += p->range[i].end - p->range[i].start + 1;
		if (i < range)
			done = all;
	}
	snprintf(what, sizeof(what), "leaks: %s", l->pgmap.device);
	progress_show(&l->progress, what, done + pfn - p->range[range].start, all);
}

/* What the first scan found from @pfn on, as far as it got. */
static void keep_first(struct leaks_command *l, const struct pgmt_leak_scan *step,
		       const uint64_t *unexplained)
{
	for (uint64_t i = 0; i < step->unexplained; i++)
		page_set_add(&l->unexplained, unexplained[i]);
	l->pgmap.count.folios += step->folios;
	l->pgmap.count.unexplained += step->unexplained;
	l->pgmap.count.unreadable += step->unreadable;
	l->folio_pages += step->pages;
}

/*
 * Scan from *@pfn to before @end, or as far as one call gets, which is stored in *@pfn.
 * @again: keep only pages that are still unexplained
 * Return: 0; EXIT_INTERNAL.  The pgmap is gone if l->now.found is 0 then.
 */
static int scan_step(struct leaks_command *l, uint64_t *pfn, uint64_t end, bool again)
{
	struct pgmt_leak_scan step = {
		.pgmap = l->now.pgmap.address,
		.pfn = *pfn,
		.end = end - *pfn > PGMT_LEAKS_PAGES ? *pfn + PGMT_LEAKS_PAGES : end,
		.type = l->now.pgmap.type,
		.dying = l->now.dying,
	};
	const uint64_t *unexplained;

	if (again && !page_set_any(&l->unexplained, *pfn, step.end)) {
		*pfn = step.end;
		return 0;
	}
	unexplained = session_scan_leaks(l->session, &step);
	if (!unexplained)
		return EXIT_INTERNAL;
	if (!step.pgmap) {
		l->now.found = 0;
		return 0;
	}
	if (step.pfn <= *pfn) {
		l->pgmap.incomplete = true;
		return 0;
	}
	if (again)
		page_set_keep(&l->unexplained, *pfn, step.pfn, unexplained, step.unexplained);
	else
		keep_first(l, &step, unexplained);
	l->pages += step.pfn - *pfn;
	*pfn = step.pfn;
	return 0;
}

/* Scan the pgmap.  @again, return: as scan_step() has them */
static int scan(struct leaks_command *l, bool again)
{
	const struct pgmt_pgmap *p = &l->now.pgmap;

	for (unsigned int i = 0; i < p->nr_range; i++) {
		uint64_t pfn = first_pfn(p, i), end = p->range[i].end + 1;

		while (pfn < end) {
			int err;

			if (interrupted()) {
				l->pgmap.incomplete = true;
				return 0;
			}
			show_progress(l, pfn, i);
			err = scan_step(l, &pfn, end, again);
			if (err || !l->now.found || l->pgmap.incomplete)
				return err;
		}
	}
	return 0;
}

/* What to do with an unexplained folio. */
enum answer {
	ANSWER_SHOW,
	ANSWER_KNOWN,	/* it is in the baseline */
	ANSWER_YOUNG,	/* requested later than --older asks for */
	ANSWER_AGELESS, /* nobody knows when it was requested */
};

/* Fill in the last request and free of a folio from a running session. */
static void ask_peer(struct leaks_command *l, uint64_t pfn, struct leak_folio *f)
{
	enum pgmt_profile profile = session_choice(l->session)->profile;
	unsigned int type = l->now.pgmap.type;
	struct session_history history;

	f->past_known = l->peer && session_history(l->session, l->now.pgmap.address, pfn, &history);
	if (!f->past_known)
		return;
	f->f.state = history.word;
	f->f.last_request = history.last_request;
	f->f.last_free = history.last_free;
	f->preexisting = pgmt_life(history.word) == PGMT_PREEXISTING;
	/* where frees can't be seen, the last request is the best there is */
	if (history.last_request.tick &&
	    (!pgmt_is_paired(profile, type) || pgmt_is_outstanding(history.word)))
		f->requested = session_event_time(l->session, &history.last_request);
}

/* The same from any session: a running one knows what is newer. */
static void look_up_request(struct leaks_command *l, uint64_t pfn, struct leak_folio *f)
{
	ask_peer(l, pfn, f);
	if (!l->past || f->f.last_request.tick || f->f.last_free.tick ||
	    !saved_find_request(l->past, &l->pgmap, pfn, &f->past))
		return;
	f->requested = f->past.requested;
	f->ended = saved_ended(l->past);
}

static enum answer judge(const struct leaks_command *l, uint64_t pfn, const struct leak_folio *f)
{
	uint64_t now = clock_now(), since = f->requested ? f->requested : l->peer_began;
	/* the time of a request may be rounded up */
	double age = now > since ? (double)(now - since) / 1e9 : 0;

	if (l->baseline && saved_has_folio(l->baseline, &l->pgmap, pfn, f->requested))
		return ANSWER_KNOWN;
	if (l->options->older < 0 || ((f->requested || f->preexisting) && age >= l->options->older))
		return ANSWER_SHOW;
	return f->requested ? ANSWER_YOUNG : ANSWER_AGELESS;
}

static void count_unexplained(struct leaks_command *l)
{
	unsigned int range = 0;
	uint64_t pfn = 0, all = 0;

	l->pgmap.count.unexplained = 0;
	for (; page_set_next(&l->unexplained, &range, &pfn); pfn++, all++) {
		struct leak_folio f = {0};

		look_up_request(l, pfn, &f);
		switch (judge(l, pfn, &f)) {
		case ANSWER_SHOW:
			l->pgmap.count.unexplained++;
			break;
		case ANSWER_KNOWN:
			l->pgmap.count.known++;
			break;
		case ANSWER_YOUNG:
			l->pgmap.count.young++;
			break;
		case ANSWER_AGELESS:
			l->pgmap.count.ageless++;
			break;
		}
	}
	l->pgmap.count.accounted = l->pgmap.count.folios > all ? l->pgmap.count.folios - all : 0;
}

/* Fill in the folio as it is now, and its holders if @holders. */
static void look(struct leaks_command *l, uint64_t pfn, struct leak_folio *f, bool holders)
{
	struct pgmt_last_event request = f->f.last_request, free = f->f.last_free;
	uint32_t state = f->f.state;
	struct holders_query q = {.pfn = pfn};

	f->f.pfn = pfn;
	session_look(l->session, &f->f);
	f->f.pgmap = l->now.pgmap;
	f->f.last_request = request;
	f->f.last_free = free;
	f->f.state = state;
	/* all ages are of one time, however long the output takes */
	f->f.time = l->began;
	f->looked = holders;
	if (holders)
		f->error = session_holders(l->session, &q, &f->found);
}

static bool knows_requests(const struct leaks_command *l)
{
	return l->peer || l->past;
}

static bool is_wanted_in_full(const struct leaks_command *l)
{
	return l->save.to || l->options->output.json || knows_requests(l);
}

/* Save a folio, and print it if @show; @full: with all details */
static void print_folio(struct leaks_command *l, struct leak_folio *f, bool show, bool full)
{
	bool json = l->options->output.json;

	if (l->save.to)
		l->no_memory |= !leaks_record(l->save.to, &l->from, &l->texts, &l->pgmap, f);
	if (!show)
		return;
	if (json)
		l->no_memory |= !leaks_record(stdout, &l->from, &l->texts, &l->pgmap, f);
	else if (full)
		leaks_folio(&l->out, f);
	if (!json && knows_requests(l))
		l->no_memory |= !requesters_add(&l->requesters, l->session, f);
}

/* Return: how many were shown with all details. */
static unsigned int print_unexplained(struct leaks_command *l)
{
	unsigned int range = 0, shown = 0;
	uint64_t pfn = 0;

	for (; page_set_next(&l->unexplained, &range, &pfn); pfn++) {
		struct leak_folio f = {0};
		bool show, full;

		if (interrupted()) {
			l->pgmap.incomplete = true;
			break;
		}
		look_up_request(l, pfn, &f);
		show = judge(l, pfn, &f) == ANSWER_SHOW;
		full = show && shown < l->options->top;
		if (shown >= l->options->top && !is_wanted_in_full(l))
			break;
		if (!full && !is_wanted_in_full(l))
			continue;
		look(l, pfn, &f, full);
		shown += full;
		print_folio(l, &f, show, full);
	}
	return shown;
}

static void print_folios(struct leaks_command *l)
{
	unsigned int shown = print_unexplained(l);

	if (!l->options->output.json && l->pgmap.incomplete)
		printf("  stopped here\n");
	else if (!l->options->output.json && l->pgmap.count.unexplained > shown)
		printf("  and %llu more, not shown (see --top)\n",
		       (unsigned long long)(l->pgmap.count.unexplained - shown));
	if (knows_requests(l))
		leaks_requesters(&l->out, &l->requesters, l->began, l->past);
	requesters_free(&l->requesters);
}

/* Did a killed pgmap keep references over both scans?  Then memunmap_pages waits for them. */
static bool is_stuck(struct leaks_command *l, const struct pgmt_walk *before)
{
	if (!l->now.dying || !before->dying)
		return false;
	/* it can't be known while percpu_ref sums up */
	if (l->now.refs == PGMT_REFS_UNKNOWN) {
		l->sum.incomplete = true;
		return false;
	}
	return before->refs != 0 && l->now.refs != 0;
}

static void print_pgmap(struct leaks_command *l, bool stuck)
{
	bool off = l->pgmap.live.known && l->pgmap.live.excess;
	bool known = (stuck || off) && l->baseline &&
		     saved_has_references(l->baseline, &l->pgmap, l->pgmap.live.excess);

	l->sum.killed += stuck && !known;
	l->sum.imbalanced += off && !known;
	if (stuck)
		references_find_waiters(l->session, l->now.pgmap.first, &l->pgmap);
	l->sum.pgmaps++;
	l->sum.count.folios += l->pgmap.count.folios;
	l->sum.count.accounted += l->pgmap.count.accounted;
	l->sum.count.unexplained += l->pgmap.count.unexplained;
	l->sum.count.known += l->pgmap.count.known + known;
	l->sum.count.young += l->pgmap.count.young;
	l->sum.count.ageless += l->pgmap.count.ageless;
	l->sum.count.unreadable += l->pgmap.count.unreadable;
	if (l->save.to)
		l->no_memory |= !record_pgmap(l->save.to, &l->pgmap);
	if (l->options->output.json)
		l->no_memory |= !record_pgmap(stdout, &l->pgmap);
	else
		leaks_pgmap(&l->out, &l->pgmap, &l->now.pgmap, stuck);
	print_folios(l);
	l->sum.incomplete |= l->pgmap.incomplete || l->pgmap.count.unreadable;
}

/* Return: as scan_step() has it */
static int check_references(struct leaks_command *l)
{
	struct record_pgmap *r = &l->pgmap;

	references_explain(session_choice(l->session), &l->now.pgmap, r->count.folios,
			   l->folio_pages, r);
	if (r->killed || r->incomplete || r->count.unreadable)
		return 0;
	return references_check(l->session, interrupted, &l->now, r);
}

static int check_pgmap(struct leaks_command *l)
{
	struct pgmt_walk before = l->now;
	int err = scan(l, false);

	if (err || !l->now.found)
		return err;
	if (!l->pgmap.incomplete && (l->pgmap.count.unexplained || l->now.dying)) {
		poll(NULL, 0, SCAN_AGAIN_MS);
		err = scan(l, true);
		if (err || !l->now.found)
			return err;
	}
	if (!session_look_at_pgmap(l->session, &l->now)) {
		l->now.found = 0;
		return 0;
	}
	l->pgmap.killed = l->now.dying;
	l->pgmap.references = l->now.refs;
	err = check_references(l);
	if (err || !l->now.found)
		return err;
	progress_end(&l->progress);
	/* what was scanned only once may have been in use for a moment */
	if (l->pgmap.incomplete) {
		page_set_free(&l->unexplained);
		l->pgmap.count.unexplained = 0;
	} else {
		count_unexplained(l);
	}
	print_pgmap(l, is_stuck(l, &before));
	return 0;
}

static int on_pgmap(void *arg, const struct pgmt_walk *w)
{
	struct leaks_command *l = arg;
	const char *wanted = l->options->pgmap;
	const struct pgmt_pgmap *p = &w->pgmap;
	int err;

	l->now = *w;
	l->pgmap = leaks_of_pgmap(&l->from, p);
	l->folio_pages = 0;
	if (wanted && !devices_is_called(l->from.devices, p, wanted))
		return 0;
	l->found = true;
	if (!page_set_init(&l->unexplained, p)) {
		say_error("out of memory");
		return EXIT_INTERNAL;
	}
	err = check_pgmap(l);
	page_set_free(&l->unexplained);
	progress_end(&l->progress);
	if (!err && !l->now.found && !l->options->output.json)
		printf("%s (%s) was torn down meanwhile\n", l->pgmap.device, l->pgmap.type);
	/* stop if nobody can read the rest */
	return err ? err : save_stdout();
}

/* A file without all unexplained folios would be a misleading baseline. */
static int end_save(struct leaks_command *l)
{
	if (l->sum.incomplete) {
		say("did not write %s: not everything could be checked", l->options->save);
		return 0;
	}
	l->no_memory |= !record_summary(l->save.to, &l->sum);
	return save_end(&l->save, !l->no_memory);
}

/* Where the requests come from, and which of them nobody knows. */
static void print_sources(const struct leaks_command *l)
{
	if (l->peer)
		printf("requests are known from the session of pid %u, which began %.3f s ago\n",
		       l->peer, (double)(l->began - l->peer_began) / 1e9);
	if (!l->past)
		return;
	printf("%srequests are known from %s, of a session that ended %.3f s ago; later requests "
	       "are not known\n",
	       l->peer ? "where it saw nothing, " : "", l->options->past,
	       (double)(l->began - saved_ended(l->past)) / 1e9);
	if (saved_lost(l->past))
		printf("that session lost events: a request may be older than the last one\n");
}

static void print_start(struct leaks_command *l, const struct utsname *u, const char *boot)
{
	struct record_start start = {
		.version = VERSION,
		.release = u->release,
		.profile = pgmt_profile_name(session_choice(l->session)->profile),
		.boot = boot,
		.time = l->began,
		.session = l->peer,
		.session_began = l->peer_began,
		.saved_session = l->options->past,
		.saved_session_ended = l->past ? saved_ended(l->past) : 0,
	};

	if (l->save.to)
		l->no_memory |= !record_start(l->save.to, &start);
	if (l->options->output.json)
		l->no_memory |= !record_start(stdout, &start);
	else
		print_sources(l);
}

static int finish(struct leaks_command *l, const struct utsname *u)
{
	int err = l->save.to ? end_save(l) : 0;

	if (l->options->output.json)
		l->no_memory |= !record_summary(stdout, &l->sum);
	else
		leaks_summary(stdout, &l->sum, u->release,
			      pgmt_profile_name(session_choice(l->session)->profile));
	if (err || save_stdout())
		return EXIT_INTERNAL;
	if (l->no_memory) {
		say_error("out of memory: the output is not complete");
		return EXIT_INTERNAL;
	}
	if (l->sum.incomplete)
		return EXIT_INCONCLUSIVE;
	if (l->sum.count.unexplained || l->sum.killed || l->sum.imbalanced)
		return EXIT_FINDINGS;
	return l->sum.count.ageless ? EXIT_INCONCLUSIVE : EXIT_CLEAN;
}

/* Return: false, said on stderr, if the file that @option names can't be used. */
static bool load(struct saved_set **b, const char *option, const char *file, enum saved_by of,
		 const char *boot)
{
	char why[512];

	if (!file)
		return true;
	*b = saved_load(file, boot, of, why, sizeof(why));
	if (!*b)
		say_error("%s: %s", option, why);
	return *b;
}

/* Before anything is printed.  Return: 0; an exit status, said on stderr. */
static int prepare(struct leaks_command *l, const char *boot)
{
	const struct options *o = l->options;
	int err;

	if (!load(&l->baseline, "--baseline", o->baseline, SAVED_BY_LEAKS, boot) ||
	    !load(&l->past, "--past", o->past, SAVED_BY_SESSION, boot))
		return EXIT_USAGE;
	err = session_load(l->session, NULL);
	if (err)
		return err;
	if (!session_join(l->session, &l->peer, &l->peer_began) && !l->past && o->older >= 0)
		return usage_error("leaks --older: no session runs that knows when folios were "
				   "requested: start one before the trouble begins, or give "
				   "--past");
	return o->save ? save_begin(&l->save, o->save) : 0;
}

static int find_leaks(struct leaks_command *l)
{
	char boot[BOOT_ID_LEN];
	struct utsname u;
	int err;

	uname(&u);
	save_read_boot(boot);
	err = prepare(l, boot);
	if (err)
		return err;
	l->began = clock_now();
	l->progress.began = l->began;
	print_start(l, &u, boot);
	err = session_each_pgmap(l->session, interrupted, on_pgmap, l);
	if (err)
		return err;
	if (l->options->output.verbose)
		say("scanned %llu pages in %.3f s", (unsigned long long)l->pages,
		    (double)(clock_now() - l->began) / 1e9);
	l->sum.incomplete |= interrupted();
	if (session_counts(l->session)->lost[PGMT_LOSS_PGMAP]) {
		say("not every pgmap was checked: one is just being created, has too many "
		    "ranges, or is one too many");
		l->sum.incomplete = true;
	}
	if (l->options->pgmap && !l->found && !l->sum.incomplete)
		return usage_error("leaks --pgmap %s: no such pgmap", l->options->pgmap);
	return finish(l, &u);
}

int leaks_run(const struct options *o)
{
	struct leaks_command l = {.options = o};
	int err;

	if (signals_open(false) < 0)
		return EXIT_INTERNAL;
	l.session = session_probe(&o->session, &err);
	if (!l.session)
		return err;
	l.out.to = stdout;
	l.out.verbose = o->output.verbose;
	l.out.from = &l.from;
	l.from.session = l.session;
	l.from.devices = devices_new("", l.session);
	l.from.files = files_new("");
	l.from.inlines = inlines_new(o->vmlinux);
	if (l.from.devices && l.from.files && l.from.inlines) {
		files_learn(l.from.files);
		err = find_leaks(&l);
	} else {
		err = EXIT_INTERNAL;
	}
	save_drop(&l.save);
	site_texts_free(&l.texts);
	saved_free(l.baseline);
	saved_free(l.past);
	session_free(l.session);
	devices_free(l.from.devices);
	inlines_free(l.from.inlines);
	files_free(l.from.files);
	return err;
}
