/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One tracing session: open, choose hooks, load, attach, baseline, poll,
 * stop, and the ledger of what was lost.  Nothing here prints findings.
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
	uint64_t max_memory; /* bytes for what is known of folios; 0: a quarter of all */
	enum pgmt_watch watch;
	uint64_t watched; /* pfn or inode number */
	uint32_t ignored; /* rules that are to be off, bit (1 << enum pgmt_rule) */
	/* whose doing is judged: of the one or the other; 0 and NULL: everyone's */
	uint32_t pid;
	const char *cgroup;
};

/* Who takes what the programs tell, in the order of the events, inside session_consume(). */
struct session_reader {
	void (*finding)(void *arg, const struct pgmt_finding *f);
	void (*pgmap)(void *arg, const struct pgmt_pgmap *p);
	void (*event)(void *arg, const struct pgmt_event_record *t);
	void (*release)(void *arg, const struct pgmt_release *r);
	void *arg;
};

/*
 * session_probe - what this kernel offers; loads and attaches nothing
 * Return: NULL with a line on stderr; *status is then the exit status.
 */
struct session *session_probe(const struct session_options *o, int *status);

/*
 * Load the programs that were chosen.  @reader: NULL if nothing will be attached,
 * and only what looks at things is needed.
 * Return: 0, or an exit status (said on stderr).
 */
int session_load(struct session *s, const struct session_reader *reader);
/* Attach all hooks, then switch them on at once.  Return as session_load(). */
int session_attach(struct session *s);
/* Has someone switched off what hooks need?  To be asked now and then, before session_stop(). */
void session_check_switches(struct session *s);
/* Return: by what they were, whenever that was; NULL: by nothing that was seen. */
const char *session_switched_off(const struct session *s);
/*
 * Scan the pgmaps that are there already.  @interrupted is asked between
 * steps of a few milliseconds.  Return as session_load().
 */
int session_baseline(struct session *s, bool (*interrupted)(void));

/* Each pgmap that is there, live or dying, once.  @fn ends it by returning an exit status. */
typedef int (*session_walk_fn)(void *arg, const struct pgmt_walk *w);
int session_each_pgmap(struct session *s, bool (*interrupted)(void), session_walk_fn fn, void *arg);
/* The same pgmap, as it is now; false: it is not there any more. */
bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w);
/*
 * One step of a scan for leaks; see struct pgmt_leak_scan.
 * Return: pfns of @l->unexplained folios, valid until the next step; NULL, said on stderr.
 */
const uint64_t *session_scan_leaks(struct session *s, struct pgmt_leak_scan *l);

/*
 * session_join - from here on take the past of folios, stacks and the names of
 * tasks from another session that runs now, of several from the first
 * @pid: its process; @began: when, ns of CLOCK_MONOTONIC
 * Return: false if there is none; one of another version is told of on stderr.
 */
bool session_join(struct session *s, uint32_t *pid, uint64_t *began);

/* What is kept of one folio. */
struct session_history {
	uint32_t word; /* its state */
	struct pgmt_last_event last_request, last_free;
};

/* Return: false if nothing is, under this pgmap. */
bool session_history(struct session *s, uint64_t pgmap, uint64_t pfn, struct session_history *past);
/* Are last requests and frees kept: not with PGMT_STACK_NONE, here or in the session joined? */
bool session_keeps_history(const struct session *s);

/* File descriptor that is readable when session_consume() has records. */
int session_fd(const struct session *s);
/* So many events are read at once: where many CPUs make them there may always be more. */
#define SESSION_EVENTS (1 << 14)
/* Return: how many records; SESSION_EVENTS if there may be more; negative errno. */
int session_consume(struct session *s);

/* Switch all hooks off at once, detach them, hand out the last records. */
void session_stop(struct session *s);
void session_free(struct session *s);

const struct pgmt_choice *session_choice(const struct session *s);
/*
 * Learn the symbols of modules that came, to be called now and then: a module
 * that comes and goes in between has none.
 */
void session_note_modules(struct session *s);

enum session_symbols {
	SYMBOLS_MODULES, /* of the modules that are loaded now and of some that were */
	SYMBOLS_BPF,	 /* and of BPF programs, which is slow */
};

const struct ksyms *session_ksyms(struct session *s, enum session_symbols which);
/*
 * Is what was found in user space to be reported: does its task, or who requested its
 * folio last, belong to those that are judged?  If not it is counted, as the programs do.
 * @f: tgid and tid of its task, or 0; state
 */
bool session_is_in_scope(struct session *s, const struct pgmt_finding *f);
/* Whose doing is judged, as "pid:123"; NULL: everyone's.  Valid until session_free(). */
const char *session_scope(const struct session *s);
/* Valid until session_free(). */
const struct pgmt_counts *session_counts(struct session *s);
/*
 * Events that a hook could not see, since a program was running on that CPU or its
 * probe was.  Complete after session_stop().
 */
uint64_t session_missed(struct session *s, const struct pgmt_hook *h);
/* When all hooks were switched on; 0: they were not. */
uint64_t session_began(const struct session *s);
/* When a tick was, or a touch, in ns of CLOCK_MONOTONIC, as exact as pgmt_tick() is. */
uint64_t session_tick_time(const struct session *s, uint32_t tick);
uint64_t session_event_time(const struct session *s, const struct pgmt_last_event *t);
/*
 * Fill in what @f->pfn is now: counts, order, file, pgmap, history; false: no device page.
 * f->mapping: the address_space that it is about; 0: what the folio says
 */
bool session_look(struct session *s, struct pgmt_finding *f);
/*
 * Load what session_holders() runs.  It does so itself, but late for the first
 * finding: better when tracing has begun.  Return: can it be had?
 */
bool session_prepare_holders(struct session *s);
/*
 * Who has to do with these pages now: see holders.h.  Needs no session_load().
 * Return: 0; negative errno, and nothing is known.
 */
int session_holders(struct session *s, const struct holders_query *q, struct holders_found *found);
/* Who waits for any device page or pgmap now.  Return as session_holders(). */
int session_waits(struct session *s, struct pgmt_waits *found);
/* The stack that was kept; false if @site is none, or not there. */
bool session_stack(struct session *s, uint32_t site, struct pgmt_stack *stack);
/* Was it a device's interrupt, or a softirq?  Only a stack tells. */
bool session_is_interrupt(struct session *s, uint32_t site);
/* Name of the task that made this touch; false if it is not known any more. */
bool session_comm(struct session *s, const struct pgmt_last_event *t, char comm[PGMT_COMM_LEN]);
/* The kernel's own types. */
const struct btf *session_btf(const struct session *s);

/* All groups of findings that the programs have counted up to now. */
typedef void (*session_group_fn)(void *arg, const struct pgmt_group_key *key,
				 const struct pgmt_group *group);
void session_groups(struct session *s, session_group_fn fn, void *arg);

/* What the programs know of the pgmap at @address; false: it is not there. */
bool session_pgmap(struct session *s, uint64_t address, struct pgmt_pgmap *p);
/*
 * The address_space whose layout thread @tid has begun to break last; 0: not known, or
 * the folio says it itself.  For f->mapping of session_look().
 */
uint64_t session_break(struct session *s, uint32_t tid);
/* From here on, or not any more: be told, as a release, of the free of the folio at @pfn. */
void session_expect_free(struct session *s, uint64_t pfn, bool expect);
/* Keep a stack that the tool has found.  Return: where it is, for session_stack(); 0: lost. */
uint32_t session_keep_stack(struct session *s, const __u64 frame[PGMT_STACK_DEPTH]);
/* Folios that were out when their pgmap went away. */
typedef void (*session_gone_fn)(void *arg, const struct pgmt_torn_down_key *key,
				const struct pgmt_torn_down *gone);
void session_gone(struct session *s, session_gone_fn fn, void *arg);

/* All pgmaps in the table now, in no order.  @fn may not keep @p. */
typedef void (*session_pgmap_fn)(void *arg, const struct pgmt_pgmap *p);
void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg);
/*
 * Requests and frees of the pgmap with that epoch since tracing began, and of
 * those it shares a slot with: see PGMT_SLOTS.  @r stays as it is if they can't be had.
 */
void session_rates(struct session *s, uint64_t epoch, struct pgmt_rates *r);
/* The references of the pgmap at @address now; false if it is not there. */
bool session_refs(struct session *s, uint64_t address, struct pgmt_refs *r);
/* Requested and not freed yet, of the pgmap at @address; -1 if it is not there. */
int64_t session_pgmap_outstanding(struct session *s, uint64_t address);

/*
 * What is outstanding now: each requested folio with its state and last request.
 * Return: false if @fn has returned false, which ends it.
 */
typedef bool (*session_folio_fn)(void *arg, uint64_t pfn, uint32_t word,
				 const struct pgmt_last_event *request);
bool session_outstanding(struct session *s, session_folio_fn fn, void *arg);

/*
 * Compare the references of each pgmap that memunmap_pages waits for with what
 * its folios explain.  To be called now and then: what does not change for a
 * second is a finding, made once.
 * Return: is there one that is not explained, and has not lasted for a second?
 */
typedef void (*session_finding_fn)(void *arg, const struct pgmt_finding *f);
bool session_check_refs(struct session *s, session_finding_fn fn, void *arg);

#endif /* PGMAPTRACE_SESSION_SESSION_H */
