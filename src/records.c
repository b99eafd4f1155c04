// SPDX-License-Identifier: GPL-2.0-only
#include "records.h"

#include <string.h>
#include <json-c/json.h>

/* A line in the making; @failed: there was no memory for a part of it. */
struct line {
	struct json_object *object;
	bool failed;
};

static void add(struct line *l, const char *key, struct json_object *value)
{
	if (value && l->object && !json_object_object_add(l->object, key, value))
		return;
	json_object_put(value);
	l->failed = true;
}

static void add_number(struct line *l, const char *key, uint64_t value)
{
	add(l, key, json_object_new_uint64(value));
}

static void add_signed(struct line *l, const char *key, int64_t value)
{
	add(l, key, json_object_new_int64(value));
}

static void add_text(struct line *l, const char *key, const char *value)
{
	add(l, key, json_object_new_string(value));
}

static void add_bool(struct line *l, const char *key, bool value)
{
	add(l, key, json_object_new_boolean(value));
}

static void add_item(struct line *l, struct json_object *array, struct json_object *item)
{
	if (item && array && !json_object_array_add(array, item))
		return;
	json_object_put(item);
	l->failed = true;
}

static struct line begin(const char *record)
{
	struct line l = {.object = json_object_new_object()};

	add_text(&l, "record", record);
	return l;
}

static bool end(struct line *l, FILE *to)
{
	const char *text = NULL;

	if (!l->failed)
		text = json_object_to_json_string_ext(
			l->object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(to, "%s\n", text);
	json_object_put(l->object);
	return text;
}

bool record_start(FILE *to, const struct record_start *r)
{
	struct line l = begin("start");

	add_text(&l, "version", r->version);
	add_text(&l, "kernel", r->release);
	add_text(&l, "profile", r->profile);
	add_text(&l, "boot", r->boot);
	add_number(&l, "time", r->time);
	if (r->session) {
		add_number(&l, "session", r->session);
		add_number(&l, "session_began", r->session_began);
	}
	if (r->session_ended)
		add_number(&l, "session_ended", r->session_ended);
	if (r->past) {
		add_text(&l, "past", r->past);
		add_number(&l, "past_ended", r->past_ended);
	}
	return end(&l, to);
}

/* By these a pgmap is told from others. */
static void add_pgmap(struct line *l, const struct record_pgmap *r)
{
	add_text(l, "device", r->device);
	add_text(l, "type", r->type);
	add_number(l, "first", r->first);
	add_number(l, "last", r->last);
}

static struct json_object *texts(struct line *l, unsigned int nr,
				 const char text[][RECORD_HOLDER_LEN])
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < nr; i++)
		add_item(l, array, json_object_new_string(text[i]));
	return array;
}

bool record_pgmap(FILE *to, const struct record_pgmap *r)
{
	struct line l = begin("pgmap");

	add_pgmap(&l, r);
	if (r->block[0])
		add_text(&l, "block", r->block);
	add_bool(&l, "dying", r->dying);
	if (r->of_session)
		return end(&l, to);
	if (r->references >= 0)
		add_signed(&l, "references", r->references);
	if (r->dying) {
		add_number(&l, "explained_least", r->least);
		if (r->most != PT_REFS_ANY)
			add_number(&l, "explained_most", r->most);
		add(&l, "waiters", texts(&l, r->nr_waiters, r->waiter));
	}
	add_number(&l, "folios", r->folios);
	add_number(&l, "mapped", r->mapped);
	add_number(&l, "held", r->held);
	add_number(&l, "known", r->known);
	add_number(&l, "young", r->young);
	add_number(&l, "ageless", r->ageless);
	add_number(&l, "unreadable", r->unreadable);
	add_bool(&l, "incomplete", r->incomplete);
	return end(&l, to);
}

static void add_request(struct line *l, const struct record_folio *r)
{
	struct json_object *stack;

	add_number(l, "requested", r->requested);
	add(l, "age", json_object_new_double(r->age));
	if (r->task)
		add_text(l, "task", r->task);
	add_number(l, "tid", r->tid);
	if (r->interrupt)
		add_bool(l, "interrupt", true);
	if (r->past)
		add_bool(l, "past", true);
	stack = json_object_new_array();
	for (uint32_t i = 0; i < r->nr_frames; i++)
		add_item(l, stack, json_object_new_string(r->frame[i]));
	add(l, "stack", stack);
}

bool record_folio(FILE *to, const struct record_folio *r)
{
	struct line l = begin("folio");

	add_pgmap(&l, r->pgmap);
	add_number(&l, "pfn", r->pfn);
	add_number(&l, "order", r->order);
	add_signed(&l, "refcount", r->refcount);
	add_signed(&l, "mapcount", r->mapcount);
	if (r->file)
		add_text(&l, "file", r->file);
	if (r->inode)
		add_number(&l, "inode", r->inode);
	if (r->offset != PT_NO_OFFSET)
		add_number(&l, "offset", r->offset);
	if (r->looked)
		add(&l, "holders", texts(&l, r->nr_holders, r->holder));
	if (r->requested)
		add_request(&l, r);
	return end(&l, to);
}

bool record_summary(FILE *to, const struct record_summary *r)
{
	struct line l = begin("summary");

	add_number(&l, "pgmaps", r->pgmaps);
	if (r->of_session) {
		add_number(&l, "outstanding", r->outstanding);
		add_bool(&l, "lost", r->lost);
	} else {
		add_number(&l, "folios", r->folios);
		add_number(&l, "mapped", r->mapped);
		add_number(&l, "held", r->held);
		add_number(&l, "known", r->known);
		add_number(&l, "young", r->young);
		add_number(&l, "ageless", r->ageless);
		add_number(&l, "dying", r->dying);
		add_number(&l, "unreadable", r->unreadable);
	}
	add_bool(&l, "incomplete", r->incomplete);
	return end(&l, to);
}
