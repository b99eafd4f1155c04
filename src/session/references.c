// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <string.h>

#include "base/clock.h"
#include "pgmaptrace.skel.h"

#define REFS_STILL NS_PER_S /* a wrong reference count must stay the same for so long */
#define REFS_EVERY NS_PER_S

/*
 * The kernel takes a pgmap out of pgmap_array only when it has waited for its
 * references.  The table may have it for longer: if the return of
 * memunmap_pages was missed, for ever.
 */
static bool stands(struct session *s, const struct pgmt_pgmap *p)
{
	struct pgmt_walk w = {.pgmap = *p};

	return session_look_at_pgmap(s, &w) && w.pgmap.epoch == p->epoch;
}

bool session_refs(struct session *s, uint64_t address, struct pgmt_refs *r)
{
	struct pgmt_pgmap p;

	*r = (struct pgmt_refs){.address = address};
	/* asked last: if it stands now, none of what was read was freed memory */
	return !run_program(s->skel->progs.explain, r, sizeof(*r)) && r->known &&
	       session_pgmap(s, address, &p) && stands(s, &p);
}

int64_t session_pgmap_outstanding(struct session *s, uint64_t address)
{
	struct pgmt_refs r;

	return session_refs(s, address, &r) ? (int64_t)r.outstanding : -1;
}

/* Return: NULL if it was reported already.  There is room for the last MAX_KILLED. */
static struct killed *find_killed(struct session *s, const struct pgmt_pgmap *p)
{
	struct killed *k = s->killed;

	for (; k < s->killed + MAX_KILLED; k++)
		if (k->epoch == p->epoch)
			return k->reported ? NULL : k;
	k = &s->killed[s->nr_killed++ % MAX_KILLED];
	*k = (struct killed){.epoch = p->epoch};
	return k;
}

static void emit_imbalance(struct session *s, const struct pgmt_pgmap *p,
			   const struct pgmt_refs *refs, session_finding_fn fn, void *arg)
{
	struct pgmt_finding f = {.pfn = refs->pfn ? refs->pfn : p->first};

	session_look(s, &f);
	/* it is about no folio in particular */
	if (!count_in_scope(s, !s->filter.kind || p->killer_in_scope, 0))
		return;
	f.kind = PGMT_RECORD_FINDING;
	f.rule = PGMT_RULE_REF_IMBALANCE;
	f.time = p->killed;
	f.tid = p->killer;
	f.cpu = p->killer_cpu;
	f.site = p->killer_site;
	memcpy(f.comm, p->comm, sizeof(f.comm));
	f.pgmap = *p;
	f.refs = refs->refs;
	f.least = refs->least;
	f.most = refs->most;
	fn(arg, &f);
}

/* Return: is it unexplained, and not yet for long enough to be reported? */
static bool check_refs(struct session *s, const struct pgmt_pgmap *p, const struct pgmt_refs *now,
		       session_finding_fn fn, void *arg)
{
	struct killed *k = find_killed(s, p);

	if (!k)
		return false;
	/* the CPUs' counts are not summed up yet */
	if (now->refs == PGMT_REFS_UNKNOWN)
		return true;
	if (!k->since || now->refs != k->refs.refs || now->least != k->refs.least ||
	    now->most != k->refs.most) {
		k->refs = *now;
		k->since = clock_now();
	}
	if (pgmt_refs_explained(now->refs, now->least, now->most))
		return false;
	if (clock_now() - k->since < REFS_STILL)
		return true;
	k->reported = true;
	emit_imbalance(s, p, now, fn, arg);
	return false;
}

struct checking {
	struct session *session;
	session_finding_fn fn;
	void *arg;
	bool stands; /* a pgmap that was killed does */
	bool pending;
};

static void check_killed(void *arg, const struct pgmt_pgmap *p)
{
	struct checking *c = arg;
	struct pgmt_refs now;

	if (!p->killed || !stands(c->session, p))
		return;
	c->stands = true;
	if (session_refs(c->session, p->address, &now))
		c->pending |= check_refs(c->session, p, &now, c->fn, c->arg);
}

bool session_settle_refs(struct session *s, session_finding_fn fn, void *arg)
{
	struct checking c = {.session = s, .fn = fn, .arg = arg};
	/* read first: what is killed during the walk is for the next one */
	uint32_t killed = s->skel->bss->killed;

	if (killed == s->killed_settled ||
	    s->skel->bss->rules_off & (1u << PGMT_RULE_REF_IMBALANCE))
		return false;
	session_pgmaps(s, check_killed, &c);
	if (!c.stands)
		s->killed_settled = killed;
	return c.pending;
}

void session_check_refs(struct session *s, session_finding_fn fn, void *arg)
{
	if (clock_now() - s->refs_checked < REFS_EVERY)
		return;
	session_settle_refs(s, fn, arg);
	/* after the check, so that what it saw is old enough at the next one */
	s->refs_checked = clock_now();
}
