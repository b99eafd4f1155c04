// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.h against a little kernel that is slow and obvious: long random
 * histories of a few folios.  Legal ones must end with no finding and nothing
 * outstanding; one wrong step must give its own rule, there and then.
 * PGMAPTRACE_SEED=N in the environment chooses other histories.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "folio_state.h"

#define NR_FOLIOS    3
#define NR_FILES     80 /* more than the model can count */
#define MIN_STEPS    2000000
#define DEFAULT_SEED 0x5eed0da5ULL
#define LOG_LINES    40

struct page_frame {
	unsigned int word; /* what the model has of it */
	int refs;
	int mappings; /* page table entries */
	int owners;   /* references of who requested it, or of the entries of files */
	int pins;     /* other references */
	int arriving; /* faults that have their reference and are not at the map hook yet */
	int going;    /* last puts whose call of the free function is still to come */
	int files;
	bool stored[NR_FILES];
	bool requested; /* and page_free was not called yet */
	bool entry;	/* stored since it was requested */
	bool was_used;	/* since its pgmap was made */
	bool scanned;
	int balance; /* requests without a free, as the model counts */
};

struct world {
	uint64_t random;
	struct pgmt_transition t; /* profile, type, fresh, settled */
	unsigned int contract;
	int idle;
	int crowd; /* how many use a folio at most, each in its own way */
	int max_files;
	bool slow; /* the free function is called long after the last put */
	struct page_frame folio[NR_FOLIOS];
	struct pgmt_outcome out; /* of the last event */
	unsigned long steps;
	unsigned int requests, undos, frees, preexisting, preexisting_frees;
	unsigned long fired[PGMT_NR_RULES];
	unsigned long overtaken;       /* frees that found the next user there */
	unsigned long overtaken_twice; /* frees that came after the next user's */
	char log[LOG_LINES][160];
	unsigned long logged;
	uint64_t seed;
};

/* SplitMix64 */
static unsigned int draw(struct world *w, unsigned int below)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % below;
}

static void __attribute__((noreturn)) give_up(struct world *w, const char *why)
{
	unsigned long first = w->logged > LOG_LINES ? w->logged - LOG_LINES : 0;

	for (unsigned long i = first; i < w->logged; i++)
		print_error("  %s\n", w->log[i % LOG_LINES]);
	print_error("%s\nPGMAPTRACE_SEED=0x%llx, step %lu, profile %u type %u fresh %u\n", why,
		    (unsigned long long)w->seed, w->steps, w->t.profile, w->t.type, w->t.fresh);
	fail();
	abort();
}

/* Hand the model what a hook would see now.  Return: the rule that it says is broken. */
static unsigned int emit(struct world *w, struct page_frame *f, unsigned char op, bool shared)
{
	struct pgmt_transition t = w->t;
	struct pgmt_outcome out = {0};
	unsigned int before = f->word;

	t.op = op;
	t.refcount = f->refs;
	t.mapcount = f->mappings;
	t.associations = f->files;
	t.shared = shared;
	f->word = pgmt_step(before, &t, &out);
	if (op == PGMT_OP_FREE && w->contract == FSDAX) {
		w->overtaken += f->refs > 0;
		w->overtaken_twice += pgmt_life(before) == PGMT_FREED;
	}
	snprintf(w->log[w->logged++ % LOG_LINES], sizeof(w->log[0]),
		 "folio %td %-8s refs %d mapped %d files %d%s arriving %d going %d: "
		 "life %u -> %u, files %u -> %u, %s",
		 f - w->folio, op_name(op), f->refs, f->mappings, f->files,
		 shared ? " (shared)" : "", f->arriving, f->going, unpack(before).life,
		 unpack(f->word).life, unpack(before).files, unpack(f->word).files,
		 rule_names[out.rule]);
	w->requests += out.request;
	w->undos += out.undo;
	w->frees += out.free;
	w->preexisting += out.preexisting;
	w->preexisting_frees += out.preexisting_free;
	f->balance += out.request - out.undo - out.free + out.preexisting - out.preexisting_free;
	w->fired[out.rule]++;
	return out.rule;
}

static void emit_legal(struct world *w, struct page_frame *f, unsigned char op, bool shared)
{
	if (emit(w, f, op, shared) != PGMT_RULE_NONE)
		give_up(w, "a finding, and nothing wrong was done");
}

static bool counts_mappings(const struct world *w)
{
	return w->contract == FSDAX || w->contract == DRIVER || w->contract == ASKED ||
	       (w->contract == GENERIC && w->t.profile == PGMT_PROFILE_COUNTED);
}

/* Each folio is asked for. */
static bool is_requested(const struct world *w)
{
	return w->contract & (DRIVER | ANY_ASKED);
}

static bool gets_freed(const struct world *w)
{
	return w->contract == FSDAX || is_requested(w);
}

static bool in_files(const struct world *w)
{
	return w->contract & (FSDAX | OLD_FSDAX | ASKED_FSDAX);
}

static void put(struct world *w, struct page_frame *f)
{
	if (!--f->refs && gets_freed(w))
		f->going++;
}

/* Return: a file that has it stored, or that has not. */
static int pick_file(struct world *w, const struct page_frame *f, bool stored)
{
	int file = draw(w, NR_FILES);

	while (f->stored[file] != stored)
		file = (file + 1) % NR_FILES;
	return file;
}

enum action {
	REQUEST,
	STORE,
	REMOVE,
	FAULT,
	ARRIVE,
	UNMAP,
	PIN,
	UNPIN,
	RELEASE,
	FREE,
	SCAN,
	NR_ACTIONS,
};

/* Return: false if the kernel has a reason of its own not to grant it. */
static bool request(struct world *w, struct page_frame *f)
{
	emit_legal(w, f, PGMT_OP_REQUEST, false);
	if (w->contract != DRIVER && draw(w, 8) == 0) {
		emit_legal(w, f, PGMT_OP_UNDO, false);
		f->was_used = false;
		return false;
	}
	f->requested = true;
	f->was_used = true;
	f->entry = false;
	f->refs++;
	f->owners++;
	return true;
}

static void store(struct world *w, struct page_frame *f)
{
	if (w->contract == ASKED_FSDAX) {
		if (!f->requested) {
			if (!request(w, f))
				return;
		} else {
			f->refs++;
			f->owners++;
		}
		f->entry = true;
	}
	emit_legal(w, f, PGMT_OP_STORE, f->files > 0);
	f->stored[pick_file(w, f, false)] = true;
	f->files++;
}

static void put_owner(struct world *w, struct page_frame *f)
{
	f->owners--;
	put(w, f);
}

static void remove_entry(struct world *w, struct page_frame *f)
{
	if (w->contract == ASKED_FSDAX) {
		emit_legal(w, f, PGMT_OP_RELEASE, false);
		f->stored[pick_file(w, f, true)] = false;
		f->files--;
		put_owner(w, f);
		return;
	}
	emit_legal(w, f, PGMT_OP_REMOVE, f->files > 1);
	f->stored[pick_file(w, f, true)] = false;
	if (!--f->files && w->contract == FSDAX)
		emit_legal(w, f, PGMT_OP_RESET, false);
}

static void arrive(struct world *w, struct page_frame *f)
{
	w->t.huge = draw(w, 2);
	emit_legal(w, f, PGMT_OP_MAP, false);
	w->t.huge = 0;
	f->arriving--;
	if (draw(w, 8))
		f->mappings++;
	else if (counts_mappings(w)) /* no memory for the page table */
		put(w, f);
}

static void free_call(struct world *w, struct page_frame *f)
{
	emit_legal(w, f, PGMT_OP_FREE, false);
	f->going--;
	f->requested = false;
	f->entry = false;
}

static void release(struct world *w, struct page_frame *f)
{
	if (w->contract == ASKED)
		emit_legal(w, f, PGMT_OP_RELEASE, false);
	put_owner(w, f);
}

static void scan(struct world *w, struct page_frame *f)
{
	if (f->refs > w->idle || f->files)
		emit_legal(w, f, PGMT_OP_INITIAL, false);
	f->scanned = true;
	for (int i = 0; i < NR_FOLIOS; i++)
		if (!w->folio[i].scanned)
			return;
	w->t.settled = 1;
}

/* What a kernel without bugs allows. */
static bool allowed(const struct world *w, const struct page_frame *f, enum action a)
{
	bool in_use = f->refs > w->idle || f->mappings || f->arriving;

	switch (a) {
	case REQUEST: /* the driver has it back only when it was freed */
		return w->contract & (DRIVER | ASKED) && !f->requested;
	case STORE: /* an entry has a reference of its own: not of what is still to be freed */
		return in_files(w) && f->files < w->max_files &&
		       (w->contract != ASKED_FSDAX || !f->requested || f->refs > 0);
	case REMOVE: /* the last one waits until the folio is idle, and not for the free call */
		if (w->contract == ASKED_FSDAX)
			return f->files > 1 || (f->files == 1 && !f->mappings && !f->arriving);
		return f->files > 1 || (f->files == 1 && !in_use);
	case FAULT:
		if (f->mappings + f->arriving >= w->crowd)
			return false;
		if (in_files(w))
			return f->files > 0;
		return w->contract == GENERIC || (is_requested(w) && f->refs > 0);
	case ARRIVE:
		return f->arriving > 0;
	case UNMAP:
		return f->mappings > 0;
	case PIN:
		return (f->mappings > 0 || f->pins > 0 || (is_requested(w) && f->refs > 0)) &&
		       f->pins < w->crowd;
	case UNPIN:
		return f->pins > 0;
	case RELEASE:
		return !in_files(w) && f->owners > 0;
	case FREE:
		return f->going > 0;
	case SCAN:
		return !w->t.settled && !f->scanned;
	case NR_ACTIONS:
		break;
	}
	return false;
}

static void act(struct world *w, struct page_frame *f, enum action a)
{
	w->steps++;
	switch (a) {
	case REQUEST:
		request(w, f);
		break;
	case STORE:
		store(w, f);
		break;
	case REMOVE:
		remove_entry(w, f);
		break;
	case FAULT:
		f->refs += counts_mappings(w);
		f->arriving++;
		f->was_used = true;
		break;
	case ARRIVE:
		arrive(w, f);
		break;
	case UNMAP:
		f->mappings--;
		if (counts_mappings(w))
			put(w, f);
		break;
	case PIN:
		f->refs++;
		f->pins++;
		break;
	case UNPIN:
		f->pins--;
		put(w, f);
		break;
	case RELEASE:
		release(w, f);
		break;
	case FREE:
		free_call(w, f);
		break;
	case SCAN:
		scan(w, f);
		break;
	case NR_ACTIONS:
		break;
	}
}

/* Where nothing is under way the model must have it right. */
static void check_state(struct world *w, struct page_frame *f)
{
	struct state s = unpack(f->word);
	bool out = s.life == PGMT_REQUESTED || s.life == PGMT_PREEXISTING;
	bool used = is_requested(w) ? f->requested : f->refs > 0;
	int files = w->contract & ANY_ASKED ? f->entry : f->files;

	if (s.files_known && (int)s.files != (files < 63 ? files : 63))
		give_up(w, "the files are counted wrong");
	if (s.reported)
		give_up(w, "a finding is remembered, and there was none");
	if (!gets_freed(w)) {
		if (w->requests || w->frees)
			give_up(w, "a request or free where there are none");
		return;
	}
	if (f->going || f->arriving || s.life == PGMT_UNKNOWN)
		return;
	if (w->t.fresh && s.life == PGMT_PREEXISTING)
		give_up(w, "preexisting on a new pgmap");
	if (f->was_used && w->t.fresh && s.life == PGMT_IDLE)
		give_up(w, "used, and thought never to be");
	if (out != used)
		give_up(w, used ? "in use, and thought idle" : "idle, and thought in use");
	if (f->balance != used)
		give_up(w, "requests and frees don't tell what is out");
}

static void legal_step(struct world *w)
{
	struct page_frame *f;
	enum action a;

	do {
		f = &w->folio[draw(w, NR_FOLIOS)];
		a = draw(w, NR_ACTIONS);
	} while (!allowed(w, f, a) || (a == FREE && w->slow && draw(w, 16)));
	act(w, f, a);
	check_state(w, f);
}

/* In use since before tracing: the model has seen nothing of it. */
static void use_unseen(struct world *w, struct page_frame *f)
{
	f->refs = w->idle;
	if (draw(w, 3) == 0)
		return;
	if (in_files(w)) {
		f->files = 1 + draw(w, 3);
		for (int i = 0; i < f->files; i++)
			f->stored[pick_file(w, f, false)] = true;
	}
	f->mappings = draw(w, 3);
	f->arriving = is_requested(w) ? 0 : draw(w, 2);
	f->pins = draw(w, 2);
	if (w->contract == ASKED_FSDAX) {
		f->owners = f->files;
		f->entry = true;
	} else if (w->contract == ASKED) {
		f->owners = draw(w, 2);
	}
	f->refs += f->owners + f->pins + (counts_mappings(w) ? f->mappings + f->arriving : 0);
	if (gets_freed(w) && draw(w, 3) == 0 && (w->contract == FSDAX || !f->refs))
		f->going = 1;
	f->requested = is_requested(w) && (f->refs || f->going);
}

static void begin(struct world *w)
{
	w->t.profile = PGMT_PROFILE_CLASSIC + draw(w, 3);
	do
		w->t.type = draw(w, PGMT_NR_TYPES);
	while (w->t.type == PGMT_TYPE_NONE || w->t.type == PGMT_TYPE_PCI_P2PDMA);
	if (draw(w, 4) == 0) { /* where the races are */
		w->t.profile = PGMT_PROFILE_COUNTED;
		w->t.type = PGMT_TYPE_FS_DAX;
	}
	w->contract = contracts[w->t.profile][w->t.type].contract;
	w->idle = contracts[w->t.profile][w->t.type].idle;
	w->t.fresh = draw(w, 2);
	w->t.settled = w->t.fresh;
	w->crowd = 1 + draw(w, 5);
	w->max_files = draw(w, 4) ? 3 : NR_FILES;
	w->slow = w->contract == FSDAX && draw(w, 2);
	w->requests = w->undos = w->frees = w->preexisting = w->preexisting_frees = 0;
	w->logged = 0;
	memset(w->folio, 0, sizeof(w->folio));
	for (int i = 0; i < NR_FOLIOS; i++) {
		w->folio[i].refs = w->idle;
		if (!w->t.fresh)
			use_unseen(w, &w->folio[i]);
	}
}

/* Everything is given back, in any order, and the pgmap goes away. */
static void release_all(struct world *w)
{
	static const enum action ways_out[] = {SCAN, ARRIVE, UNMAP, UNPIN, RELEASE, FREE, REMOVE};
	bool more;

	do {
		more = false;
		for (int i = 0; i < NR_FOLIOS; i++) {
			unsigned int first = draw(w, ARRAY_SIZE(ways_out));

			for (size_t k = 0; k < ARRAY_SIZE(ways_out); k++) {
				enum action a = ways_out[(first + k) % ARRAY_SIZE(ways_out)];

				if (!allowed(w, &w->folio[i], a))
					continue;
				act(w, &w->folio[i], a);
				check_state(w, &w->folio[i]);
				more = true;
				break;
			}
		}
	} while (more);
	for (int i = 0; i < NR_FOLIOS; i++)
		emit_legal(w, &w->folio[i], PGMT_OP_TEARDOWN, false);
	if (w->t.fresh && w->preexisting + w->preexisting_frees)
		give_up(w, "preexisting folios on a new pgmap");
	if (w->t.fresh && w->requests - w->undos != w->frees)
		give_up(w, "all is given back, and requests and frees differ");
	if (gets_freed(w) &&
	    w->requests - w->undos + w->preexisting != w->frees + w->preexisting_frees)
		give_up(w, "all is given back, and the totals don't say so");
}

static bool wrong_driver(struct world *w, struct page_frame *f, unsigned int which,
			 unsigned char *op, unsigned int *rule)
{
	switch (which) {
	case 0:
		*op = PGMT_OP_REQUEST;
		*rule = PGMT_RULE_DOUBLE_REQUEST;
		return f->requested;
	case 1:
		*op = PGMT_OP_REQUEST;
		*rule = PGMT_RULE_REQUEST_NOT_IDLE;
		if (f->requested)
			return false;
		f->refs = 1 + draw(w, 3);
		return true;
	case 2:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_FREE_UNREQUESTED;
		return !f->was_used;
	case 3:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_DOUBLE_FREE;
		return f->was_used && !f->requested;
	case 4:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_FREE_REFERENCED;
		return f->requested && f->refs > 0;
	case 5:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_FREE_REFERENCED;
		if (!f->mappings)
			return false;
		f->refs = 0;
		return true;
	default:
		*op = PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_LEAK;
		return f->going > 0;
	}
}

/* Where the pgmap is asked; beside what is wrong of a driver. */
static bool wrong_asked(struct world *w, struct page_frame *f, unsigned int which,
			unsigned char *op, unsigned int *rule)
{
	switch (which) {
	case 0:
		*op = PGMT_OP_RELEASE;
		*rule = PGMT_RULE_RELEASE_UNREQUESTED;
		f->refs = f->requested ? f->refs : (int)draw(w, 3);
		return !f->requested || !f->refs;
	case 1:
		*op = draw(w, 2) ? PGMT_OP_MAP : PGMT_OP_STORE;
		*rule = PGMT_RULE_MAP_UNREQUESTED;
		return !f->requested;
	case 2:
		*op = PGMT_OP_MAP;
		*rule = PGMT_RULE_FLOW_ORDER;
		if (w->contract != ASKED_FSDAX || f->requested || !request(w, f))
			return false;
		w->t.huge = 1;
		return true;
	case 3:
		*op = PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_REF_IMBALANCE;
		if (!f->requested || !f->refs)
			return false;
		if (draw(w, 2))
			emit_legal(w, f, PGMT_OP_PART, false);
		return true;
	case 4:
		*op = PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_TEARDOWN_LIVE;
		f->refs += !f->requested;
		return !f->requested;
	case 5:
		*op = PGMT_OP_FREE_REST;
		*rule = PGMT_RULE_ORDER_MISMATCH;
		return !f->requested;
	default:
		*op = draw(w, 2) ? PGMT_OP_REQUEST : PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_PAGES_UNBALANCED;
		if (f->requested)
			return false;
		emit_legal(w, f, PGMT_OP_PART, false);
		return true;
	}
}

/* Whoever mapped what was not theirs gives it back as if it were. */
static void put_what_was_mapped(struct world *w, struct page_frame *f)
{
	for (f->refs = 1 + draw(w, 3); f->refs; f->refs--)
		emit_legal(w, f, PGMT_OP_RELEASE, false);
	emit_legal(w, f, PGMT_OP_FREE, false);
	if (unpack(f->word).reported)
		give_up(w, "a finding is remembered that is over");
}

/*
 * A request that should have been refused was granted.  What the first owner
 * had is freed while the second one has it, or is gone with the second's.
 */
static void serve_two_owners(struct world *w, struct page_frame *f)
{
	f->refs++;
	emit_legal(w, f, PGMT_OP_ACCEPT, false);
	if (draw(w, 2)) {
		f->refs = 1 + draw(w, 3);
		emit_legal(w, f, PGMT_OP_FREE, false);
		if (f->balance != 1)
			give_up(w, "the second owner's request is not counted");
	}
	for (; f->refs; f->refs--)
		emit_legal(w, f, PGMT_OP_RELEASE, false);
	f->mappings = 0;
	emit_legal(w, f, PGMT_OP_FREE, false);
	if (f->balance)
		give_up(w, "the folio of two owners is not settled");
	emit_legal(w, f, PGMT_OP_TEARDOWN, false);
}

/* One bug, one finding: what the kernel does next is no news. */
static void go_on(struct world *w, struct page_frame *f, unsigned char op, unsigned int rule,
		  unsigned int before)
{
	if (rule == PGMT_RULE_ENTRY_DROPPED_BUSY) {
		f->files = 0;
		emit_legal(w, f, PGMT_OP_RESET, false);
	} else if (rule == PGMT_RULE_MAP_UNREQUESTED) {
		emit_legal(w, f, PGMT_OP_MAP, false);
		if (w->contract & ANY_ASKED)
			put_what_was_mapped(w, f);
	} else if (rule == PGMT_RULE_FLOW_ORDER) {
		emit_legal(w, f, PGMT_OP_MAP, false);
	} else if (rule == PGMT_RULE_RELEASE_UNREQUESTED && f->refs == 1) {
		f->refs = 0;
		emit_legal(w, f, PGMT_OP_FREE, false);
	} else if (op == PGMT_OP_REQUEST && w->contract & ANY_ASKED && f->word != before) {
		give_up(w, "a request that is refused leaves a trace");
	} else if (rule == PGMT_RULE_DOUBLE_REQUEST && w->contract & ANY_ASKED) {
		serve_two_owners(w, f);
	}
}

static bool wrong_fsdax(struct world *w, struct page_frame *f, unsigned int which,
			unsigned char *op, unsigned int *rule)
{
	bool counted = w->contract == FSDAX;

	switch (which) {
	case 0:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_FREE_UNREQUESTED;
		return counted && !f->was_used;
	case 1:
		*op = PGMT_OP_MAP;
		*rule = PGMT_RULE_MAP_UNREQUESTED;
		return counted && !f->refs && !f->going;
	case 2:
		*op = PGMT_OP_FREE;
		*rule = PGMT_RULE_FREE_REFERENCED;
		if (!counted || !f->mappings || f->arriving)
			return false;
		f->refs = 0;
		return true;
	case 3:
		*op = PGMT_OP_STORE;
		*rule = PGMT_RULE_ASSOCIATION_CONFLICT;
		return f->files > 0;
	case 4:
		*op = PGMT_OP_REMOVE;
		*rule = PGMT_RULE_ENTRY_DROPPED_BUSY;
		return f->files == 1 && f->refs > w->idle;
	case 5:
		*op = PGMT_OP_RESET;
		*rule = PGMT_RULE_RESET_BUSY;
		return f->refs > w->idle;
	default:
		*op = PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_TEARDOWN_LIVE;
		return f->refs > w->idle;
	}
}

static bool wrong_generic(struct world *w, struct page_frame *f, unsigned int which,
			  unsigned char *op, unsigned int *rule)
{
	if (which % 2) {
		*op = PGMT_OP_TEARDOWN;
		*rule = PGMT_RULE_TEARDOWN_LIVE;
		return f->refs > w->idle;
	}
	*op = PGMT_OP_FREE;
	*rule = PGMT_RULE_GENERIC_OVERPUT;
	f->refs = 0;
	return true;
}

/* One wrong step, on a folio whose whole life was seen. */
/* One put too many, seen at any event.  Nothing is said of what comes then. */
static void put_too_often(struct world *w)
{
	static const unsigned char ops[] = {PGMT_OP_REQUEST, PGMT_OP_MAP,     PGMT_OP_RELEASE,
					    PGMT_OP_FREE,    PGMT_OP_STORE,   PGMT_OP_REMOVE,
					    PGMT_OP_RESET,   PGMT_OP_TEARDOWN};
	struct page_frame *f = &w->folio[draw(w, NR_FOLIOS)];

	w->steps++;
	f->refs = -1 - (int)draw(w, 3);
	if (emit(w, f, ops[draw(w, ARRAY_SIZE(ops))], false) != PGMT_RULE_REFCOUNT_UNDERFLOW)
		give_up(w, "a count below 0, and no word of it");
	/* a request may have set it anew */
	if (f->word & PGMT_REPORTED &&
	    emit(w, f, ops[draw(w, ARRAY_SIZE(ops))], false) != PGMT_RULE_NONE)
		give_up(w, "a count below 0 is told twice");
}

static void break_a_rule(struct world *w)
{
	struct page_frame *f = NULL;
	unsigned int rule = PGMT_RULE_NONE, before, got;
	unsigned char op = PGMT_OP_NONE;
	bool possible = false;
	int tries = 200;

	if (!draw(w, 16)) {
		put_too_often(w);
		return;
	}
	while (!possible && tries--) {
		f = &w->folio[draw(w, NR_FOLIOS)];
		if (is_requested(w) && (w->contract == DRIVER || draw(w, 2)))
			possible = wrong_driver(w, f, draw(w, 7), &op, &rule);
		else if (w->contract & ANY_ASKED)
			possible = wrong_asked(w, f, draw(w, 7), &op, &rule);
		else if (w->contract == GENERIC)
			possible = wrong_generic(w, f, draw(w, 2), &op, &rule);
		else
			possible = wrong_fsdax(w, f, draw(w, 7), &op, &rule);
	}
	if (!possible)
		return;
	w->steps++;
	before = pgmt_normalise(f->word, 1);
	got = emit(w, f, op, false);
	if (got != rule) {
		print_error("expected %s, got %s\n", rule_names[rule], rule_names[got]);
		give_up(w, "one wrong step, and not its finding");
	}
	go_on(w, f, op, rule, before);
	w->t.huge = 0;
}

static uint64_t choose_seed(void)
{
	const char *given = getenv("PGMAPTRACE_SEED");

	return given && *given ? strtoull(given, NULL, 0) : DEFAULT_SEED;
}

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->seed = w->random = choose_seed();
	return w;
}

static void test_legal_histories(void **unused)
{
	struct world *w = new_world();

	(void)unused;
	while (w->steps < MIN_STEPS) {
		begin(w);
		for (unsigned int n = draw(w, 600); n; n--)
			legal_step(w);
		release_all(w);
	}
	/* the races that fsdax allows did happen */
	print_message("# %lu frees met the next user, %lu came after its free\n", w->overtaken,
		      w->overtaken_twice);
	assert_true(w->overtaken > 1000);
	assert_true(w->overtaken_twice > 1000);
	free(w);
}

static void test_one_wrong_step(void **unused)
{
	static const unsigned char judged[] = {
		PGMT_RULE_REQUEST_NOT_IDLE,	PGMT_RULE_DOUBLE_REQUEST,
		PGMT_RULE_FREE_UNREQUESTED,	PGMT_RULE_DOUBLE_FREE,
		PGMT_RULE_FREE_REFERENCED,	PGMT_RULE_GENERIC_OVERPUT,
		PGMT_RULE_REFCOUNT_UNDERFLOW,	PGMT_RULE_MAP_UNREQUESTED,
		PGMT_RULE_ASSOCIATION_CONFLICT, PGMT_RULE_ENTRY_DROPPED_BUSY,
		PGMT_RULE_RESET_BUSY,		PGMT_RULE_TEARDOWN_LIVE,
		PGMT_RULE_RELEASE_UNREQUESTED,	PGMT_RULE_FLOW_ORDER,
		PGMT_RULE_ORDER_MISMATCH,	PGMT_RULE_PAGES_UNBALANCED,
		PGMT_RULE_REF_IMBALANCE,	PGMT_RULE_LEAK,
	};
	struct world *w = new_world();

	(void)unused;
	while (w->steps < MIN_STEPS) {
		do
			begin(w);
		while (!w->t.fresh);
		for (unsigned int n = draw(w, 60); n; n--)
			legal_step(w);
		break_a_rule(w);
	}
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++)
		if (w->fired[judged[i]] < 100)
			fail_msg("%s was broken only %lu times", rule_names[judged[i]],
				 w->fired[judged[i]]);
	/* these are not for a step to judge */
	assert_int_equal(w->fired[PGMT_RULE_PGMAP_OVERLAP], 0);
	assert_int_equal(w->fired[PGMT_RULE_REQUEST_OUTSIDE], 0);
	assert_int_equal(w->fired[PGMT_RULE_REQUEST_DYING], 0);
	assert_int_equal(w->fired[PGMT_RULE_PARTIAL_REQUEST], 0);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legal_histories),
		cmocka_unit_test(test_one_wrong_step),
	};

	return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
