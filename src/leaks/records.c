// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/records.h"

#include <string.h>

#include "output/jsonl.h"

bool record_start(FILE *to, const struct record_start *r)
{
	struct jsonl l = jsonl_begin("start");

	jsonl_number(&l, "schema", JSON_SCHEMA);
	jsonl_text(&l, "contents", r->session_ended ? RECORD_SAVED_SESSION : RECORD_LEAKS);
	jsonl_text(&l, "version", r->version);
	jsonl_text(&l, "kernel", r->release);
	jsonl_text(&l, "profile", r->profile);
	jsonl_text(&l, "boot_id", r->boot);
	jsonl_number(&l, "time_ns", r->time);
	if (r->session) {
		jsonl_number(&l, "session_pid", r->session);
		jsonl_number(&l, "session_began_ns", r->session_began);
	}
	if (r->session_ended)
		jsonl_number(&l, "session_ended_ns", r->session_ended);
	if (r->saved_session) {
		jsonl_text(&l, "saved_session", r->saved_session);
		jsonl_number(&l, "saved_session_ended_ns", r->saved_session_ended);
	}
	return jsonl_end(&l, to);
}

/* What identifies a pgmap, also across runs. */
static void add_pgmap(struct jsonl *l, const struct record_pgmap *r)
{
	jsonl_text(l, "device", r->device);
	jsonl_text(l, "type", r->type);
	jsonl_number(l, "first_pfn", r->first);
	jsonl_number(l, "last_pfn", r->last);
}

static struct json_object *texts(struct jsonl *l, unsigned int nr,
				 const char text[][RECORD_HOLDER_LEN])
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < nr; i++)
		jsonl_item(l, array, jsonl_string(text[i]));
	return array;
}

static void add_counts(struct jsonl *l, const struct record_counts *c)
{
	jsonl_number(l, "folios", c->folios);
	jsonl_number(l, "accounted", c->accounted);
	jsonl_number(l, "unexplained", c->unexplained);
	jsonl_number(l, "known", c->known);
	jsonl_number(l, "young", c->young);
	jsonl_number(l, "ageless", c->ageless);
	jsonl_number(l, "unreadable_pages", c->unreadable);
}

bool record_pgmap(FILE *to, const struct record_pgmap *r)
{
	struct jsonl l = jsonl_begin("pgmap");

	add_pgmap(&l, r);
	if (r->block[0])
		jsonl_text(&l, "block_device", r->block);
	jsonl_bool(&l, "killed", r->killed);
	if (r->of_session)
		return jsonl_end(&l, to);
	if (r->killed && r->references != PGMT_REFS_UNKNOWN)
		jsonl_signed(&l, "references", r->references);
	if (r->live.known) {
		jsonl_signed(&l, "references", r->live.references);
		jsonl_number(&l, "own_references", r->live.own);
		jsonl_signed(&l, "excess", r->live.excess);
	}
	if (r->killed || r->live.known) {
		jsonl_number(&l, "explained_min", r->least);
		if (r->most != PGMT_REFS_ANY)
			jsonl_number(&l, "explained_max", r->most);
	}
	if (r->killed)
		jsonl_add(&l, "waiters", texts(&l, r->nr_waiters, r->waiter));
	add_counts(&l, &r->count);
	jsonl_bool(&l, "incomplete", r->incomplete);
	return jsonl_end(&l, to);
}

static void add_request(struct jsonl *l, const struct record_folio *r)
{
	struct json_object *stack = json_object_new_array();
	struct jsonl in = jsonl_inner();

	jsonl_number(&in, "time_ns", r->requested);
	jsonl_number(&in, "ago_ns", r->age);
	if (r->task)
		jsonl_text(&in, "comm", r->task);
	jsonl_number(&in, "tid", r->tid);
	if (r->interrupt)
		jsonl_bool(&in, "interrupt", true);
	if (r->from_saved_session)
		jsonl_bool(&in, "from_saved_session", true);
	for (uint32_t i = 0; i < r->nr_frames; i++)
		jsonl_item(&in, stack, jsonl_string(r->frame[i]));
	jsonl_add(&in, "stack", stack);
	jsonl_add_inner(l, "last_request", &in);
}

bool record_folio(FILE *to, const struct record_folio *r)
{
	struct jsonl l = jsonl_begin("folio");

	add_pgmap(&l, r->pgmap);
	jsonl_number(&l, "pfn", r->pfn);
	jsonl_number(&l, "order", r->order);
	jsonl_signed(&l, "refcount", r->refcount);
	jsonl_signed(&l, "mapcount", r->mapcount);
	if (r->file)
		jsonl_text(&l, "file", r->file);
	if (r->inode)
		jsonl_number(&l, "inode", r->inode);
	if (r->offset != PGMT_NO_OFFSET)
		jsonl_number(&l, "offset", r->offset);
	if (r->looked)
		jsonl_add(&l, "holders", texts(&l, r->nr_holders, r->holder));
	if (r->requested)
		add_request(&l, r);
	return jsonl_end(&l, to);
}

bool record_summary(FILE *to, const struct record_summary *r)
{
	struct jsonl l = jsonl_begin("summary");

	jsonl_number(&l, "pgmaps", r->pgmaps);
	if (r->of_session) {
		jsonl_number(&l, "outstanding", r->outstanding);
		jsonl_bool(&l, "lost_events", r->lost);
	} else {
		add_counts(&l, &r->count);
		jsonl_number(&l, "killed_pgmaps", r->killed);
		jsonl_number(&l, "imbalanced_pgmaps", r->imbalanced);
	}
	jsonl_bool(&l, "incomplete", r->incomplete);
	return jsonl_end(&l, to);
}
