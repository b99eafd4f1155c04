// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/save_session.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/child.h"
#include "base/exit_status.h"
#include "leaks/print.h"
#include "base/save.h"
#include "base/say.h"

struct saving {
	struct save save;
	struct sources *from;
	struct record_summary sum;
	uint64_t ended;
	bool good;	/* not out of memory so far */
	uint64_t epoch; /* of @pgmap */
	struct record_pgmap pgmap;
	struct site_texts texts;
};

static void start(struct saving *s)
{
	char boot[BOOT_ID_LEN];
	struct utsname u;

	uname(&u);
	save_read_boot(boot);
	s->good = record_start(
		s->save.to,
		&(struct record_start){
			.version = VERSION,
			.release = u.release,
			.profile = pgmt_profile_name(session_choice(s->from->session)->profile),
			.boot = boot,
			.time = clock_now(),
			.session = getpid(),
			.session_began = session_began(s->from->session),
			.session_ended = s->ended,
		});
}

static void on_pgmap(void *arg, const struct pgmt_pgmap *p)
{
	struct saving *s = arg;
	struct record_pgmap r = leaks_of_pgmap(s->from, p);

	r.of_session = true;
	r.killed = p->killed;
	s->sum.pgmaps++;
	s->good &= record_pgmap(s->save.to, &r);
}

static bool on_folio(void *arg, uint64_t pfn, uint32_t word, const struct pgmt_last_event *request)
{
	struct saving *s = arg;
	struct leak_folio f = {.f.pfn = pfn};

	if (interrupted())
		return false;
	/* its pgmap may have been torn down after the session ended */
	if (!session_look(s->from->session, &f.f) || !f.f.pgmap.nr_range)
		return true;
	if (!s->epoch || s->epoch != f.f.pgmap.epoch) {
		s->epoch = f.f.pgmap.epoch;
		s->pgmap = leaks_of_pgmap(s->from, &f.f.pgmap);
	}
	f.f.state = word;
	f.f.last_request = *request;
	f.f.time = s->ended;
	if (request->tick)
		f.requested = session_event_time(s->from->session, request);
	s->sum.outstanding++;
	s->good &= leaks_record(s->save.to, s->from, &s->texts, &s->pgmap, &f);
	return s->good && !ferror(s->save.to);
}

int save_session(const char *file, struct sources *from, uint64_t ended, bool lost)
{
	struct saving s = {.from = from, .ended = ended, .sum.of_session = true, .sum.lost = lost};
	int err = save_begin(&s.save, file);

	if (err)
		goto out;
	start(&s);
	files_learn(from->files);
	session_pgmaps(from->session, on_pgmap, &s);
	session_outstanding(from->session, on_folio, &s);
	if (interrupted()) {
		say("%s is not written: interrupted", file);
		err = EXIT_INTERNAL;
		goto out;
	}
	s.good &= record_summary(s.save.to, &s.sum);
	err = save_end(&s.save, s.good);
out:
	save_drop(&s.save);
	site_texts_free(&s.texts);
	return err;
}
