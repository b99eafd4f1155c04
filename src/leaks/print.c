// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "report/stacks.h"
#include "session/hooks.h"

static struct requester *find_requester(struct requesters *all, uint32_t site, const char *stack,
					const char *comm)
{
	struct requester *more;

	for (unsigned int i = 0; i < all->nr; i++)
		if (all->one[i].site == site && all->one[i].stack == stack &&
		    !strcmp(all->one[i].comm, comm))
			return &all->one[i];
	more = realloc(all->one, (all->nr + 1) * sizeof(*more));
	if (!more)
		return NULL;
	all->one = more;
	more += all->nr++;
	*more = (struct requester){.site = site, .stack = stack};
	strcpy(more->comm, comm);
	return more;
}

/* The name of the task that requested it, as far as that is known. */
static void name_requester(struct session *s, const struct leak_folio *f,
			   char comm[PGMT_COMM_LEN + 1])
{
	if (!f->ended)
		session_comm(s, &f->f.last_request, comm);
	else if (f->past.task)
		snprintf(comm, PGMT_COMM_LEN + 1, "%s", f->past.task);
}

bool requesters_add(struct requesters *all, struct session *s, const struct leak_folio *f)
{
	char comm[PGMT_COMM_LEN + 1] = "?";
	struct requester *r;

	if (!f->requested) {
		all->older += f->preexisting;
		all->unknown += !f->preexisting;
		return true;
	}
	name_requester(s, f, comm);
	r = find_requester(all, f->ended ? 0 : f->f.last_request.site,
			   f->ended ? f->past.stack : NULL, comm);
	if (!r)
		return false;
	if (r->folios < REQUESTER_PFNS)
		r->pfn[r->folios] = f->f.pfn;
	if (!r->oldest || f->requested < r->oldest)
		r->oldest = f->requested;
	r->folios++;
	r->pages += 1ULL << f->f.order;
	return true;
}

void requesters_free(struct requesters *all)
{
	free(all->one);
	*all = (struct requesters){0};
}

static void print_waiters(struct text_out *o, const struct record_pgmap *r)
{
	for (unsigned int i = 0; i < r->nr_waiters; i++)
		fprintf(o->to, "    %s\n", r->waiter[i]);
}

static void print_explained(struct text_out *o, const struct record_pgmap *r)
{
	fprintf(o->to, "account for %llu", (unsigned long long)r->least);
	if (r->most == PGMT_REFS_ANY)
		fprintf(o->to, " or more");
	else if (r->most != r->least)
		fprintf(o->to, " to %llu", (unsigned long long)r->most);
}

static void dying(struct text_out *o, const struct record_pgmap *r, bool stuck)
{
	fprintf(o->to, "  dying: ");
	if (r->references == PGMT_REFS_UNKNOWN) {
		fprintf(o->to, "its reference count is not known yet\n");
		return;
	}
	fprintf(o->to, "reference count %lld, ", (long long)r->references);
	if (r->references < 0) {
		fprintf(o->to, "below zero: more were given back than taken, and memunmap_pages "
			       "waits for ever\n");
		print_waiters(o, r);
		return;
	}
	fprintf(o->to, "outstanding folios ");
	print_explained(o, r);
	fprintf(o->to, "%s\n", stuck ? "; memunmap_pages waits until it is 0" : "");
	print_waiters(o, r);
}

/* A live pgmap: only what is wrong for certain, or can't be told. */
static void live(struct text_out *o, const struct record_pgmap *r)
{
	const struct record_live *l = &r->live;

	if (l->moves)
		fprintf(o->to, "  its reference count moves: not compared\n");
	if (!l->known || !l->excess)
		return;
	fprintf(o->to, "  reference count %lld, %lld too %s: %llu are its own, outstanding folios ",
		(long long)l->references, (long long)(l->excess < 0 ? -l->excess : l->excess),
		l->excess < 0 ? "few" : "many", (unsigned long long)l->own);
	print_explained(o, r);
	fprintf(o->to, "; %s\n",
		l->excess < 0 ? "its teardown may miss a folio in use, or wait for ever"
			      : "its teardown will wait until they are given back");
}

/* Unexplained folios that are not counted as such, and why. */
static void exceptions(struct text_out *o, const struct record_counts *c)
{
	if (c->known)
		fprintf(o->to, "  %llu unexplained, as in the baseline\n",
			(unsigned long long)c->known);
	if (c->young)
		fprintf(o->to, "  %llu unexplained, but younger than --older\n",
			(unsigned long long)c->young);
	if (c->ageless)
		fprintf(o->to, "  %llu unexplained, of unknown age\n",
			(unsigned long long)c->ageless);
	if (c->unreadable)
		fprintf(o->to, "  %llu page%s could not be read\n",
			(unsigned long long)c->unreadable, c->unreadable == 1 ? "" : "s");
}

void leaks_pgmap(struct text_out *o, const struct record_pgmap *r, const struct pgmt_pgmap *p,
		 bool stuck)
{
	bool in_use = p->type == PGMT_TYPE_PRIVATE || p->type == PGMT_TYPE_COHERENT;

	fputs(r->device, o->to);
	if (r->block[0])
		fprintf(o->to, ", %s", r->block);
	fprintf(o->to, " (%s), pfn", r->type);
	for (uint32_t i = 0; i < p->nr_range && i < PGMT_MAX_RANGES; i++)
		fprintf(o->to, "%s0x%llx-0x%llx", i ? ", " : " ", p->range[i].start,
			p->range[i].end);
	fprintf(o->to, ": %llu folio%s above idle", (unsigned long long)r->count.folios,
		r->count.folios == 1 ? "" : "s");
	if (r->incomplete)
		fprintf(o->to, " so far; interrupted before the second look\n");
	else
		fprintf(o->to, ", %llu %s, %llu unexplained%s\n",
			(unsigned long long)r->count.accounted, in_use ? "in use" : "mapped",
			(unsigned long long)r->count.unexplained,
			r->count.known ? " and not in the baseline" : "");
	exceptions(o, &r->count);
	if (r->killed)
		dying(o, r, stuck);
	else
		live(o, r);
}

static void holders_of(struct text_out *o, const struct leak_folio *f)
{
	if (!f->looked)
		return;
	if (f->error) {
		fprintf(o->to, "    holders: not known (%s)\n", strerror(-f->error));
		return;
	}
	fprintf(o->to, "    holders:\n");
	text_holders(o->to, "      ", &f->found, true);
}

/* Seconds; 0 if it was requested after @time. */
static double age(uint64_t time, uint64_t requested)
{
	return time > requested ? (double)(time - requested) / 1e9 : 0;
}

static const char *word_of_request(const struct text_out *o, const struct leak_folio *f)
{
	return text_words(session_choice(o->from->session)->profile, f->f.pgmap.type).request;
}

/* What a session says that knows the folio, and no request of it. */
static const char *why_no_request(const struct text_out *o, const struct leak_folio *f)
{
	enum pgmt_profile profile = session_choice(o->from->session)->profile;

	if (!hooks_see(profile, f->f.pgmap.type, f->f.order, PGMT_LAST_REQUEST))
		return "can't know who has it: no hook of this kernel sees that";
	if (!session_keeps_history(o->from->session))
		return "records no requests (--stack=none)";
	return "saw no request for it";
}

void leaks_folio(struct text_out *o, const struct leak_folio *f)
{
	struct report_event request = report_event_of(o->from, &f->f.last_request, f->f.time);
	char comm[PGMT_COMM_LEN + 1] = "?", file[FILE_LINE_LEN];

	fprintf(o->to, "  pfn 0x%llx order %u refcount %d mapcount %d\n", f->f.pfn, f->f.order,
		f->f.refcount, f->f.mapcount);
	if (files_describe(o->from->files, &f->f, file, sizeof(file)))
		fprintf(o->to, "    %s\n", file);
	holders_of(o, f);
	if (f->requested) {
		name_requester(o->from->session, f, comm);
		fprintf(o->to, "    %s by ", word_of_request(o, f));
		if (f->ended)
			text_task(o->to, comm, f->past.tid, f->past.interrupt);
		else
			text_who(o->to, &request);
		fprintf(o->to, ", %.3f s ago", age(f->f.time, f->requested));
		if (f->ended)
			fprintf(o->to, ", seen by a session that ended %.3f s ago",
				(double)(f->f.time - f->ended) / 1e9);
		fputc('\n', o->to);
	} else if (f->preexisting) {
		fprintf(o->to, "    in use since before the session began\n");
	} else if (f->past_known) {
		fprintf(o->to, "    the session %s\n", why_no_request(o, f));
	}
}

void leaks_requesters(struct text_out *o, const struct requesters *all, uint64_t time, bool past)
{
	for (unsigned int i = 0; i < all->nr; i++) {
		const struct requester *r = &all->one[i];

		fprintf(o->to, "  %llu folio%s, %llu KiB, by %s, the oldest %.3f s ago: pfn",
			(unsigned long long)r->folios, r->folios > 1 ? "s" : "",
			(unsigned long long)r->pages * 4, comm_text(r->comm).text,
			age(time, r->oldest));
		for (uint64_t j = 0; j < r->folios && j < REQUESTER_PFNS; j++)
			fprintf(o->to, "%s0x%llx", j ? ", " : " ", (unsigned long long)r->pfn[j]);
		fprintf(o->to, "%s\n", r->folios > REQUESTER_PFNS ? " ..." : "");
		if (r->stack && *r->stack)
			text_frames(o->to, r->stack);
		else
			text_site(o, r->site);
	}
	if (all->older)
		fprintf(o->to, "  %llu in use since before the session began\n",
			(unsigned long long)all->older);
	if (all->unknown)
		fprintf(o->to, "  %llu with no known request%s\n", (unsigned long long)all->unknown,
			past || session_keeps_history(o->from->session)
				? ""
				: ": the session records none (--stack=none)");
}

void leaks_summary(FILE *to, const struct record_summary *sum, const char *release,
		   const char *profile)
{
	fprintf(to, "pgmaptrace: leaks pgmaps=%llu folios=%llu mapped=%llu held=%llu",
		(unsigned long long)sum->pgmaps, (unsigned long long)sum->count.folios,
		(unsigned long long)sum->count.accounted,
		(unsigned long long)sum->count.unexplained);
	if (sum->count.known)
		fprintf(to, " known=%llu", (unsigned long long)sum->count.known);
	if (sum->count.young)
		fprintf(to, " young=%llu", (unsigned long long)sum->count.young);
	if (sum->count.ageless)
		fprintf(to, " ageless=%llu", (unsigned long long)sum->count.ageless);
	if (sum->killed)
		fprintf(to, " dying=%llu", (unsigned long long)sum->killed);
	if (sum->imbalanced)
		fprintf(to, " imbalanced=%llu", (unsigned long long)sum->imbalanced);
	if (sum->count.unreadable)
		fprintf(to, " unreadable=%llu", (unsigned long long)sum->count.unreadable);
	fprintf(to, " kernel=%s profile=%s%s\n", release, profile,
		sum->incomplete ? " incomplete" : "");
}

/* Cut @text into its lines.  Return: how many; at most @size. */
static uint32_t split(char *text, char **line, uint32_t size)
{
	uint32_t nr = 0;

	for (char *at = strtok(text, "\n"); at && nr < size; at = strtok(NULL, "\n"))
		line[nr++] = at;
	return nr;
}

struct record_pgmap leaks_of_pgmap(const struct sources *from, const struct pgmt_pgmap *p)
{
	return (struct record_pgmap){
		.device = devices_name(from->devices, p),
		.block = devices_block(from->devices, p),
		.type = devices_type(p->type),
		.first = p->range[0].start,
		.last = p->range[0].end,
		.references = -1,
	};
}

bool leaks_record(FILE *to, const struct sources *from, struct site_texts *texts,
		  const struct record_pgmap *p, const struct leak_folio *f)
{
	char comm[PGMT_COMM_LEN + 1] = "", file[FILE_LINE_LEN],
				  *frame[PGMT_STACK_DEPTH * INLINE_DEPTH];
	struct record_folio r = {
		.pgmap = p,
		.pfn = f->f.pfn,
		.order = f->f.order,
		.refcount = f->f.refcount,
		.mapcount = f->f.mapcount,
		.inode = f->f.file.inode,
		.offset = f->f.file.flags & PGMT_FILE_OFFSET ? f->f.file.offset : PGMT_NO_OFFSET,
		.looked = f->looked && !f->error,
		.requested = f->requested,
		.frame = frame,
	};
	const char *stack = f->past.stack;
	char *frames = NULL;
	bool good;

	if (files_describe(from->files, &f->f, file, sizeof(file)))
		r.file = strncmp(file, "file: ", 6) ? file : file + 6;
	if (r.looked) {
		r.nr_holders = f->found.nr;
		for (uint32_t i = 0; i < f->found.nr; i++)
			holder_text(&f->found.holder[i], r.holder[i], sizeof(r.holder[i]));
	}
	if (f->requested) {
		r.age = f->f.time > f->requested ? f->f.time - f->requested : 0;
		if (f->ended) {
			r.from_saved_session = true;
			r.tid = f->past.tid;
			r.interrupt = f->past.interrupt;
			r.task = f->past.task;
		} else {
			r.tid = PGMT_TID(f->f.last_request.who);
			r.interrupt = session_is_interrupt(from->session, f->f.last_request.site);
			if (session_comm(from->session, &f->f.last_request, comm))
				r.task = comm;
			stack = site_text(from, texts, f->f.last_request.site);
		}
		frames = stack ? strdup(stack) : NULL;
		if (!frames)
			return false;
		r.nr_frames = split(frames, frame, PGMT_STACK_DEPTH * INLINE_DEPTH);
	}
	good = record_folio(to, &r);
	free(frames);
	return good;
}
