/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct session, and what the files that make it up call in each other.  For
 * this folder only: everyone else includes session.h.
 */
#ifndef PGMAPTRACE_SESSION_INTERNAL_H
#define PGMAPTRACE_SESSION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "model/wire.h"
#include "session/filter.h"
#include "session/hooks.h"
#include "session/layout.h"
#include "session/peers.h"
#include "session/session.h"
#include "symbols/ksyms.h"

#define MAX_KILLED 64

/* A pgmap that memunmap_pages waits for, and its references when they last changed. */
struct killed {
	uint64_t epoch;
	uint64_t since; /* when that was; 0: not read yet */
	struct pgmt_refs refs;
	bool reported;
};

/* The section and the history that were read last: most callers ask in order of pfns. */
struct recent {
	bool section_known, history_known;
	uint64_t section_key, history_key;
	struct pgmt_section section;
	struct pgmt_history history;
	uint32_t site[1 + PGMT_SITES + PGMT_SITE_WAYS]; /* 0: not read yet */
};

struct pgmaptrace_bpf; /* the generated skeleton: pgmaptrace.skel.h */

struct session {
	struct session_options options;
	struct filter filter;
	struct btf *btf;
	struct ksyms *ksyms;
	bool ksyms_old;	   /* they were read before our own programs were loaded */
	bool ksyms_hidden; /* and the user knows */
	struct layout layout;
	struct pgmt_choice choice;
	struct pgmaptrace_bpf *skel; /* NULL before session_load() */
	struct session_reader reader;
	struct ring_buffer *ring;
	int events_now; /* events read by the session_consume() that runs */

	/* attach.c, by the hook's index in pgmt_hooks[] */
	struct bpf_link *link[PGMT_MAX_HOOKS];
	const char *switched_off; /* the switch that was seen off while tracing; NULL: none */

	/* missed.c, by the same */
	uint64_t missed[PGMT_MAX_HOOKS]; /* by the probe itself, known once it is detached */
	uint64_t before[PGMT_MAX_HOOKS]; /* by one with a name, before hooks were switched on */

	/* kept.c */
	struct kept kept; /* where states and histories are read: our own maps, or */
	struct kept peer; /* those of the session that was joined, or was asked who spins */
	bool peer_sought;
	const struct pgmt_spins *spins; /* our own map; NULL: we do not trace */
	struct recent recent;

	/* pgmaps.c */
	bool unmade; /* memremap_pages was still making a pgmap, so the last walk skipped it */

	/* references.c */
	struct killed killed[MAX_KILLED];
	unsigned int nr_killed;
	uint32_t killed_settled; /* of so many kills, no pgmap stands any more */
	uint64_t refs_checked;	 /* when */

	/* counts.c */
	struct pgmt_counts counts;
	uint64_t out_of_scope; /* findings made in user space, and not in scope */
	uint64_t lost_stacks;  /* by session_keep_stack() */

	struct holders *holders;
	int no_holders; /* errno: why they can't be loaded */
};

/* PGMAPTRACE_DEBUG: 1 shows libbpf's warnings, 2 all it says and what each program cost. */
int debug_level(void);

/* Return: 0; a negative errno */
int run_program(const struct bpf_program *p, void *ctx, size_t size);

/* tables.c: sizes of maps, before loading.  Return: 0, or an exit status (said on stderr). */
int size_tables(struct session *s);

/* attach.c: the program of a hook that was chosen */
struct bpf_program *program_of(const struct session *s, const struct pgmt_hook *h);
/* Say which rules are off because hooks are not in this kernel. */
void say_rules_off(void);

/* missed.c: before hooks are switched on, and before @h is detached */
void missed_begin(struct session *s);
void missed_end(struct session *s, struct pgmt_hook *h);

/* kept.c: read from our own maps */
void kept_open(struct session *s);
/* Let other pgmaptraces read what is kept here. */
void kept_publish(const struct session *s);
void kept_unpublish(const struct session *s);

/* kept.c: of a session that traces, after kept_open() */
bool kept_map_spins(struct session *s);
void kept_unmap_spins(struct session *s);
/* Tasks that spin now.  Return: false: not known, since no session that traces can be read */
bool kept_spins(struct session *s, struct pgmt_spins *all);
/* The stack of one of them; all zero if it was not kept. */
void kept_frames(struct session *s, uint32_t site, __u64 frame[PGMT_STACK_DEPTH]);

/* counts.c: is what was found in user space in scope?  If not, count it. */
bool count_in_scope(struct session *s, bool task_in_scope, uint32_t word);

#endif /* PGMAPTRACE_SESSION_INTERNAL_H */
