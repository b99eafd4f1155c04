// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/records.h"

#include <string.h>

#include "output/jsonl.h"

bool record_start(FILE *to, const struct record_start *r)
{
	struct jsonl l = jsonl_begin("start");

	jsonl_text(&l, "version", r->version);
	jsonl_text(&l, "kernel", r->release);
	jsonl_text(&l, "profile", r->profile);
	jsonl_text(&l, "boot", r->boot);
	jsonl_number(&l, "time", r->time);
	if (r->session) {
		jsonl_number(&l, "session", r->session);
		jsonl_number(&l, "session_began", r->session_began);
	}
	if (r->session_ended)
		jsonl_number(&l, "session_ended", r->session_ended);
	if (r->past) {
		jsonl_text(&l, "past", r->past);
		jsonl_number(&l, "past_ended", r->past_ended);
	}
	return jsonl_end(&l, to);
}

/* By these a pgmap is told from others. */
static void add_pgmap(struct jsonl *l, const struct record_pgmap *r)
{
	jsonl_text(l, "device", r->device);
	jsonl_text(l, "type", r->type);
	jsonl_number(l, "first", r->first);
	jsonl_number(l, "last", r->last);
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
	jsonl_number(l, "mapped", c->mapped);
	jsonl_number(l, "held", c->held);
	jsonl_number(l, "known", c->known);
	jsonl_number(l, "young", c->young);
	jsonl_number(l, "ageless", c->ageless);
	jsonl_number(l, "unreadable", c->unreadable);
}

bool record_pgmap(FILE *to, const struct record_pgmap *r)
{
	struct jsonl l = jsonl_begin("pgmap");

	add_pgmap(&l, r);
	if (r->block[0])
		jsonl_text(&l, "block", r->block);
	jsonl_bool(&l, "dying", r->dying);
	if (r->of_session)
		return jsonl_end(&l, to);
	if (r->references >= 0)
		jsonl_signed(&l, "references", r->references);
	if (r->dying) {
		jsonl_number(&l, "explained_least", r->least);
		if (r->most != PGMT_REFS_ANY)
			jsonl_number(&l, "explained_most", r->most);
		jsonl_add(&l, "waiters", texts(&l, r->nr_waiters, r->waiter));
	}
	add_counts(&l, &r->count);
	jsonl_bool(&l, "incomplete", r->incomplete);
	return jsonl_end(&l, to);
}

static void add_request(struct jsonl *l, const struct record_folio *r)
{
	struct json_object *stack;

	jsonl_number(l, "requested", r->requested);
	jsonl_double(l, "age", r->age);
	if (r->task)
		jsonl_text(l, "task", r->task);
	jsonl_number(l, "tid", r->tid);
	if (r->interrupt)
		jsonl_bool(l, "interrupt", true);
	if (r->past)
		jsonl_bool(l, "past", true);
	stack = json_object_new_array();
	for (uint32_t i = 0; i < r->nr_frames; i++)
		jsonl_item(l, stack, jsonl_string(r->frame[i]));
	jsonl_add(l, "stack", stack);
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
		jsonl_bool(&l, "lost", r->lost);
	} else {
		add_counts(&l, &r->count);
		jsonl_number(&l, "dying", r->dying);
	}
	jsonl_bool(&l, "incomplete", r->incomplete);
	return jsonl_end(&l, to);
}
