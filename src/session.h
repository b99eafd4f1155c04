/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One tracing session: open, choose hooks, load, attach, baseline, poll,
 * stop, and the ledger of what was lost.  Nothing here prints findings.
 */
#ifndef PGMAPTRACE_SESSION_H
#define PGMAPTRACE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "holders.h"
#include "hooks.h"
#include "ksyms.h"
#include "wire.h"

struct session;

struct session_options {
	const char *btf; /* file; NULL: the running kernel's */
	enum pt_stack_mode stack;
};

/* Each record, in the order of the events.  Runs inside session_consume(). */
typedef void (*session_record_fn)(void *arg, const void *record, size_t size);

/*
 * session_probe - what this kernel offers; loads and attaches nothing
 * Return: NULL with a line on stderr; *status is then the exit status.
 */
struct session *session_probe(const struct session_options *o, int *status);

/* Load the programs that were chosen.  Return: 0, or an exit status (said on stderr). */
int session_load(struct session *s, session_record_fn fn, void *arg);
/* Attach all hooks, then switch them on at once.  Return as session_load(). */
int session_attach(struct session *s);
/*
 * Scan the pgmaps that are there already.  @interrupted is asked between
 * steps of a few milliseconds.  Return as session_load().
 */
int session_baseline(struct session *s, bool (*interrupted)(void));

/* File descriptor that is readable when session_consume() has records. */
int session_fd(const struct session *s);
/* Return: how many records; negative errno. */
int session_consume(struct session *s);

/* Switch all hooks off at once, detach them, hand out the last records. */
void session_stop(struct session *s);
void session_free(struct session *s);

const struct pt_choice *session_choice(const struct session *s);
/* The symbols, of the modules that are loaded now. */
const struct ksyms *session_ksyms(struct session *s);
/* Valid until session_free(). */
const struct pt_counts *session_counts(struct session *s);
/* Events that a hook could not see, since a program was running on that CPU. */
uint64_t session_missed(struct session *s);
/* When a touch was, in ns of CLOCK_MONOTONIC, to 1.05 ms. */
uint64_t session_touch_time(const struct session *s, const struct pt_touch *t);
/* Fill in what @f->pfn is now: counts, order, file, pgmap, history; false: no device page. */
bool session_look(struct session *s, struct pt_finding *f);
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
/* Stack by its key; false if it is not there. */
bool session_stack(struct session *s, uint32_t key, struct pt_stack *stack);
bool session_comm(struct session *s, uint32_t tid, char comm[PT_COMM_LEN]);

/* What is outstanding now: each requested folio with its last request. */
typedef void (*session_folio_fn)(void *arg, uint64_t pfn, enum pt_life life,
				 const struct pt_touch *request);
void session_outstanding(struct session *s, session_folio_fn fn, void *arg);

/*
 * Compare the references of each pgmap that memunmap_pages waits for with what
 * its folios explain.  To be called now and then: what does not change for a
 * second is a finding, made once.
 * Return: is there one that is not explained, and has not lasted for a second?
 */
typedef void (*session_finding_fn)(void *arg, const struct pt_finding *f);
bool session_check_refs(struct session *s, session_finding_fn fn, void *arg);

#endif /* PGMAPTRACE_SESSION_H */
