/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One tracing session, from the probe of the kernel to the last record, and what
 * it knows of folios and pgmaps.  Not here: what is printed, and the verdict.
 */
#ifndef PGMAPTRACE_SESSION_SESSION_H
#define PGMAPTRACE_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "session/holders.h"
#include "session/hooks.h"
#include "symbols/ksyms.h"
#include "model/wire.h"

struct session;

struct session_options {
	const char *btf; /* file; NULL: the running kernel's */
	enum pgmt_stack_mode stack;
	uint64_t max_memory; /* bytes for sections and histories; 0: a quarter of all memory */
	enum pgmt_watch watch;
	uint64_t watched; /* pfn or inode number */
	uint32_t ignored; /* rules to turn off, bit (1 << enum pgmt_rule) */
	/* what is in scope: a process or a cgroup; 0 and NULL: everything */
	uint32_t pid;
	const char *cgroup;
};

/* Called inside session_consume(), in the order of the events. */
struct session_reader {
	void (*finding)(void *arg, const struct pgmt_finding *f);
	void (*pgmap)(void *arg, const struct pgmt_pgmap *p);
	void (*event)(void *arg, const struct pgmt_event_record *event);
	void (*release)(void *arg, const struct pgmt_release *r);
	void *arg;
};

/* ---- its life: session.c, attach.c ---- */

/*
 * session_probe - what this kernel offers; loads and attaches nothing
 * Return: NULL with a line on stderr; *status is then the exit status.
 */
struct session *session_probe(const struct session_options *o, int *status);

/* Can hooks see anything here?  Return: 0; an exit status, after a line on stderr. */
int session_can_trace(const struct session *s);

/*
 * session_load - load the programs that the probe chose
 * @reader: NULL if nothing will be attached: then only programs that look at
 * things are loaded
 * Return: 0, or an exit status (said on stderr).
 */
int session_load(struct session *s, const struct session_reader *reader);
/* Attach all hooks, then switch them on at once.  Return as session_load(). */
int session_attach(struct session *s);
/*
 * Scan all pages of the pgmaps that are there already.  @interrupted is asked
 * between steps of a few milliseconds.  Return as session_load().
 */
int session_initial_scan(struct session *s, bool (*interrupted)(void));
/* Switch all hooks off at once, detach them, and read the last records. */
void session_stop(struct session *s);
void session_free(struct session *s);

/* A file descriptor that is readable when session_consume() has records. */
int session_fd(const struct session *s);
/* So many events are read at once: many CPUs may make more without end. */
#define SESSION_EVENTS (1 << 14)
/* Return: how many records; SESSION_EVENTS if there may be more; a negative errno. */
int session_consume(struct session *s);

/* When all hooks were switched on, ns; 0: they never were. */
uint64_t session_began(const struct session *s);
/*
 * Events that a hook could not see, since a BPF program or its probe was already
 * running on that CPU.  Complete after session_stop().
 */
uint64_t session_missed(struct session *s, const struct pgmt_hook *h);
/* Has someone turned hooks off for the whole kernel?  Ask now and then until session_stop(). */
void session_check_switches(struct session *s);
/* Return: the switch that was seen off at any time since then; NULL: none was. */
const char *session_switched_off(const struct session *s);

const struct pgmt_choice *session_choice(const struct session *s);
static inline enum pgmt_profile session_profile(const struct session *s)
{
	return session_choice(s)->profile;
}
/* The kernel's own types. */
const struct btf *session_btf(const struct session *s);
/* What is in scope, as "pid:123"; NULL: everything.  Valid until session_free(). */
const char *session_scope(const struct session *s);

/* Learn the symbols of new modules.  Call it now and then: one that is loaded and
 * unloaded in between has none. */
void session_note_modules(struct session *s);

enum session_symbols {
	SYMBOLS_MODULES, /* of the modules that are loaded, and of some that were */
	SYMBOLS_BPF,	 /* and of BPF programs, which is slow */
};

const struct ksyms *session_ksyms(struct session *s, enum session_symbols which);

/* Where the kernel's text begins: pgmt_address_of_site(). */
uint64_t session_text(const struct session *s);

/* ---- what was counted: counts.c ---- */

/* Valid until session_free(). */
const struct pgmt_counts *session_counts(struct session *s);
/* How many events were seen, of what is in scope: pgmt_nr_events(). */
uint64_t session_events(struct session *s);
/*
 * Requests and frees of the pgmap with that epoch since tracing began, and of
 * those it shares a slot with: see PGMT_SLOTS.  @r stays as it is on failure.
 */
void session_rates(struct session *s, uint64_t epoch, struct pgmt_rates *r);
/* All groups of findings that the programs have counted up to now. */
typedef void (*session_group_fn)(void *arg, const struct pgmt_group_key *key,
				 const struct pgmt_group *group);
void session_groups(struct session *s, session_group_fn fn, void *arg);
/*
 * Is a finding that was made in user space in scope: is its task, or was the task
 * that requested its folio last?  If not it is counted, as the programs do.
 * @f: tgid and tid of its task, or 0; state
 */
bool session_is_in_scope(struct session *s, const struct pgmt_finding *f);

/* ---- pgmaps: pgmaps.c ---- */

/* Each pgmap of the kernel, live or dying, once.  @fn ends it by returning an exit status. */
typedef int (*session_walk_fn)(void *arg, const struct pgmt_walk *w);
int session_each_pgmap(struct session *s, bool (*interrupted)(void), session_walk_fn fn, void *arg);
/* The same pgmap, as it is now.  Return: false if it does not stand any more. */
bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w);
/*
 * One step of a scan for leaks; see struct pgmt_leak_scan.
 * Return: pfns of @l->unexplained folios, valid until the next step; NULL, said on stderr.
 */
const uint64_t *session_scan_leaks(struct session *s, struct pgmt_leak_scan *l);

/* All pgmaps that the programs have in their table.  @fn may not keep @p. */
typedef void (*session_pgmap_fn)(void *arg, const struct pgmt_pgmap *p);
void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg);
/* The one at @address; false: it is not there. */
bool session_pgmap(struct session *s, uint64_t address, struct pgmt_pgmap *p);
/* Folios that were outstanding when their pgmap was torn down. */
typedef void (*session_torn_down_fn)(void *arg, const struct pgmt_torn_down_key *key,
				     const struct pgmt_torn_down *torn_down);
void session_torn_down(struct session *s, session_torn_down_fn fn, void *arg);
/*
 * The address_space whose layout thread @tid began to break last; 0: not known, or
 * the folio says it itself.  For f->mapping of session_look().
 */
uint64_t session_break_mapping(struct session *s, uint32_t tid);
/* Ask for a release record when the folio at @pfn is freed, or no longer. */
void session_expect_free(struct session *s, uint64_t pfn, bool expect);

/* ---- references of pgmaps: references.c ---- */

/* Those of the pgmap at @address now; false if it does not stand. */
bool session_refs(struct session *s, uint64_t address, struct pgmt_refs *r);
/* Folios of the pgmap at @address that are outstanding; -1 if it does not stand. */
int64_t session_pgmap_outstanding(struct session *s, uint64_t address);

typedef void (*session_finding_fn)(void *arg, const struct pgmt_finding *f);
/*
 * Compare the references of each pgmap that memunmap_pages waits for with what
 * its folios explain.  What does not change for a second is a finding, made
 * once.  Call it as often as you like: it looks once a second.
 */
void session_check_refs(struct session *s, session_finding_fn fn, void *arg);
/*
 * The same, now.  Return: is there one that is not explained, and has not lasted
 * for a second?
 */
bool session_settle_refs(struct session *s, session_finding_fn fn, void *arg);

/* ---- folios ---- */

/*
 * Fill in what @f->pfn is now: counts, order, file, pgmap, history.
 * f->mapping: the address_space that it is about; 0: what the folio says
 * Return: false if it is no device page
 */
bool session_look(struct session *s, struct pgmt_finding *f);
/*
 * Load what session_holders() runs.  It does so itself, but that is late for the
 * first finding: better do it when tracing has begun.  Return: can it be had?
 */
bool session_prepare_holders(struct session *s);
/*
 * Who has to do with these pages now: see holders.h.  Needs no session_load().
 * Return: 0; a negative errno, and nothing is known.
 */
int session_holders(struct session *s, const struct holders_query *q, struct holders_found *found);
/* Who waits for any device page or pgmap now.  Return as session_holders(). */
int session_waits(struct session *s, struct pgmt_waits *found);

/* ---- states and histories: kept.c ---- */

/*
 * session_join - from here on, read histories, stacks and names of tasks from
 * another session that runs now; of several, from the first
 * @pid: its process; @began: when, ns of CLOCK_MONOTONIC
 * Return: false if there is none; one of another version is said on stderr.
 */
bool session_join(struct session *s, uint32_t *pid, uint64_t *began);

struct session_history {
	uint32_t word; /* its state */
	struct pgmt_last_event last_request, last_free;
};

/* Of one folio.  Return: false if nothing is kept of it under this pgmap. */
bool session_history(struct session *s, uint64_t pgmap, uint64_t pfn,
		     struct session_history *history);
/* What session_history() reads next is read anew. */
void session_forget_recent(struct session *s);
/* Are last requests and frees kept, here or in the session joined?  Not with PGMT_STACK_NONE. */
bool session_keeps_history(const struct session *s);
/*
 * Each folio that is outstanding now, by pfn, with its state and last request; not where a
 * free was lost.
 * Return: false if @fn returned false, which ends it, or if there was no memory.
 */
typedef bool (*session_folio_fn)(void *arg, uint64_t pfn, uint32_t word,
				 const struct pgmt_last_event *request);
bool session_outstanding(struct session *s, session_folio_fn fn, void *arg);

/* When a tick or an event was, ns of CLOCK_MONOTONIC, as exact as pgmt_tick() is. */
uint64_t session_tick_time(const struct session *s, uint32_t tick);
uint64_t session_event_time(const struct session *s, const struct pgmt_last_event *t);
/* The stack that was kept; false if @site is none, or not there. */
bool session_stack(struct session *s, uint32_t site, struct pgmt_stack *stack);
/* Was it a device's interrupt, or a softirq?  Only a stack tells. */
bool session_is_interrupt(struct session *s, uint32_t site);
/* Keep a stack that was found in user space.  Return: its site; 0: lost, and counted. */
uint32_t session_keep_stack(struct session *s, const __u64 frame[PGMT_STACK_DEPTH]);
/* Name of the task that did it; false if it is not known any more. */
bool session_comm(struct session *s, const struct pgmt_last_event *t, char comm[PGMT_COMM_LEN]);

#endif /* PGMAPTRACE_SESSION_SESSION_H */
