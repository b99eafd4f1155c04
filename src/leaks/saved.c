// SPDX-License-Identifier: GPL-2.0-only
#include "leaks/saved.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "leaks/records.h"
#include "output/jsonl.h"
#include "model/wire.h"

#define TYPE_LEN   16
#define SAME_TICKS 3	      /* two sessions round a time differently, each from its own start */
#define NO_PFN	   UINT64_MAX /* an entry for the references of a pgmap */

struct saved_entry {
	uint64_t pfn;
	uint64_t first, last; /* of the pgmap */
	char type[TYPE_LEN];
	uint64_t requested; /* 0: not known */
	/* only of a session */
	const char *task, *stack;
	uint32_t tid;
	bool interrupt;
	int64_t excess; /* of NO_PFN: references of a live pgmap that nothing explains */
};

struct saved_set {
	enum saved_by by;
	struct saved_entry *entry; /* by pfn */
	size_t nr, size;
	void *texts; /* comms and stacks, each kept once: tsearch() */
	uint64_t ended;
	bool lost;
};

/* Where the reader is, and where it says what is wrong. */
struct reading {
	const char *file;
	unsigned long line;
	char *why;
	size_t size;
	bool started, ended;
};

static void say_why(const struct reading *r, const char *format, va_list args)
{
	int len = snprintf(r->why, r->size, "%s:%lu: ", r->file, r->line);

	if (len >= 0 && (size_t)len < r->size)
		vsnprintf(r->why + len, r->size - len, format, args);
}

static bool failed(const struct reading *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say in @why what is wrong at this line.  Return: false. */
static bool failed(const struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_why(r, format, args);
	va_end(args);
	return false;
}

/* The same, where a new file helps. */
static bool bad(const struct reading *r, enum saved_by by, const char *what)
{
	return failed(r, "%s; save it again: pgmaptrace %s--save FILE", what,
		      by == SAVED_BY_LEAKS ? "leaks " : "");
}

static struct saved_entry *new_entry(struct saved_set *s)
{
	size_t size = s->size ? s->size * 2 : 64;
	struct saved_entry *more;

	if (s->nr == s->size) {
		more = realloc(s->entry, size * sizeof(*more));
		if (!more)
			return NULL;
		s->entry = more;
		s->size = size;
	}
	memset(&s->entry[s->nr], 0, sizeof(*s->entry));
	return &s->entry[s->nr++];
}

static bool get_number(const struct json_object *o, const char *key, uint64_t *value)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int) ||
	    (json_object_get_int64(v) < 0))
		return false;
	*value = json_object_get_uint64(v);
	return true;
}

static const char *get_text(const struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

static bool get_bool(const struct json_object *o, const char *key, bool *value)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_boolean))
		return false;
	*value = json_object_get_boolean(v);
	return true;
}

static bool check_schema(struct reading *r, const struct saved_set *s, const struct json_object *o)
{
	uint64_t schema = 0;

	/* before 2, files of --save had no number */
	if (!get_number(o, "schema", &schema) || schema < JSON_SCHEMA)
		return bad(r, s->by, "written by pgmaptrace before schema 2");
	if (schema > JSON_SCHEMA)
		return bad(r, s->by, "written by a later pgmaptrace: its schema is not 2");
	return true;
}

/* Is it a file of the command that was expected? */
static bool check_contents(struct reading *r, struct saved_set *s, const struct json_object *o)
{
	const char *contents = get_text(o, "contents");
	bool by_session = contents && !strcmp(contents, RECORD_SAVED_SESSION);

	if (!by_session && (!contents || strcmp(contents, RECORD_LEAKS) != 0))
		return bad(r, s->by, "--save did not write it");
	if (by_session && s->by == SAVED_BY_LEAKS)
		return failed(r, "a session has saved it, which knows requests and not what is "
				 "unexplained: give it to --past");
	if (!by_session && s->by == SAVED_BY_SESSION)
		return failed(r, "leaks has saved it, which knows what is unexplained: give it to "
				 "--baseline, or save a session: pgmaptrace --save FILE");
	if (by_session && (!get_number(o, "session_ended_ns", &s->ended) || !s->ended))
		return bad(r, s->by, "the start record has no session_ended_ns");
	return true;
}

static bool read_start(struct reading *r, struct saved_set *s, const struct json_object *o,
		       const char *boot)
{
	const char *then = get_text(o, "boot_id");

	if (r->started)
		return bad(r, s->by, "a second start record: give one file");
	if (!check_schema(r, s, o))
		return false;
	if (!then)
		return bad(r, s->by, "the start record has no boot_id");
	if (strcmp(then, boot))
		return bad(r, s->by,
			   "it was saved in another boot, or on another machine: none of its "
			   "references exist here");
	if (!check_contents(r, s, o))
		return false;
	r->started = true;
	return true;
}

/* Read what identifies a pgmap, also across runs. */
static bool read_pgmap(const struct json_object *o, struct saved_entry *e)
{
	const char *type = get_text(o, "type");

	if (!type)
		return false;
	snprintf(e->type, sizeof(e->type), "%s", type);
	return get_number(o, "first_pfn", &e->first) && get_number(o, "last_pfn", &e->last);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Return: the one copy of @text that @s keeps; NULL if out of memory.  Owns @text from here on. */
static const char *keep_text(struct saved_set *s, char *text)
{
	char **kept = text ? tsearch(text, &s->texts, by_text) : NULL;

	if (!kept || *kept != text)
		free(text);
	return kept ? *kept : NULL;
}

/* A line for each frame. */
static char *read_stack(const struct json_object *o)
{
	struct json_object *stack;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	if (json_object_object_get_ex(o, "stack", &stack) &&
	    json_object_is_type(stack, json_type_array))
		for (size_t i = 0; i < json_object_array_length(stack); i++) {
			struct json_object *frame = json_object_array_get_idx(stack, i);

			if (json_object_is_type(frame, json_type_string))
				fprintf(to, "%s\n", json_object_get_string(frame));
		}
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}

/* @o: its request, of a session.  Return: false if out of memory. */
static bool read_request(struct saved_set *s, const struct json_object *o, struct saved_entry *e)
{
	const char *task = get_text(o, "comm");
	uint64_t tid = 0;

	get_number(o, "tid", &tid);
	e->tid = tid;
	get_bool(o, "interrupt", &e->interrupt);
	if (task)
		e->task = keep_text(s, strdup(task));
	e->stack = keep_text(s, read_stack(o));
	return e->stack && (e->task || !task);
}

static bool read_folio(struct reading *r, struct saved_set *s, const struct json_object *o)
{
	struct saved_entry *e = new_entry(s);
	struct json_object *request;

	if (!e)
		return failed(r, "out of memory");
	if (!read_pgmap(o, e) || !get_number(o, "pfn", &e->pfn))
		return bad(r, s->by, "a folio record without pfn, type, first_pfn or last_pfn");
	if (json_object_object_get_ex(o, "last_request", &request) &&
	    json_object_is_type(request, json_type_object))
		get_number(request, "time_ns", &e->requested);
	if (s->by == SAVED_BY_SESSION && e->requested && !read_request(s, request, e))
		return failed(r, "out of memory");
	return true;
}

/* Is it killed and keeps references, or is its number of references wrong? */
static bool read_references(struct reading *r, struct saved_set *s, const struct json_object *o)
{
	struct saved_entry e = {.pfn = NO_PFN}, *kept;
	struct json_object *number;
	bool killed;

	if (!read_pgmap(o, &e) || !get_bool(o, "killed", &killed))
		return bad(r, s->by, "a pgmap record without type, first_pfn, last_pfn or killed");
	/* below zero, too */
	if (!json_object_object_get_ex(o, killed ? "references" : "excess", &number) ||
	    !json_object_get_int64(number))
		return true;
	e.excess = killed ? 0 : json_object_get_int64(number);
	kept = new_entry(s);
	if (!kept)
		return failed(r, "out of memory");
	*kept = e;
	return true;
}

static bool read_summary(struct reading *r, struct saved_set *s, const struct json_object *o)
{
	bool incomplete;

	if (!get_bool(o, "incomplete", &incomplete))
		return bad(r, s->by, "the summary does not say whether the file is complete");
	if (incomplete)
		return bad(r, s->by, "that run did not see everything");
	get_bool(o, "lost_events", &s->lost);
	r->ended = true;
	return true;
}

static bool read_record(struct reading *r, struct saved_set *s, const struct json_object *o,
			const char *boot)
{
	const char *record = get_text(o, "record");

	if (!record)
		return bad(r, s->by, "not a record of pgmaptrace");
	if (r->ended)
		return bad(r, s->by, "a record after the summary: give one file");
	if (!strcmp(record, "start"))
		return read_start(r, s, o, boot);
	if (!r->started)
		return bad(r, s->by, "the first record is not a start record");
	if (!strcmp(record, "folio"))
		return read_folio(r, s, o);
	if (!strcmp(record, "pgmap"))
		return read_references(r, s, o);
	if (!strcmp(record, "summary"))
		return read_summary(r, s, o);
	/* later versions may add records */
	return true;
}

static bool read_line(struct reading *r, struct saved_set *s, const char *text, size_t len,
		      const char *boot)
{
	struct json_tokener *t;
	struct json_object *o;
	bool good;

	r->line++;
	if (text[len - 1] != '\n')
		return bad(r, s->by, "cut off in the middle of a record");
	t = json_tokener_new();
	if (!t)
		return failed(r, "out of memory");
	/* not strict: json-c 0.18 takes no letter beyond ASCII then */
	o = json_tokener_parse_ex(t, text, len - 1);
	/* the parser waits for more digits */
	if (!o && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "", 1);
	if (!json_object_is_type(o, json_type_object) || json_tokener_get_parse_end(t) < len - 1)
		good = bad(r, s->by, "not a JSON object");
	else
		good = read_record(r, s, o, boot);
	json_object_put(o);
	json_tokener_free(t);
	return good;
}

static int by_pfn(const void *a, const void *b)
{
	uint64_t x = ((const struct saved_entry *)a)->pfn, y = ((const struct saved_entry *)b)->pfn;

	return x < y ? -1 : x > y;
}

static bool read_file(struct reading *r, struct saved_set *s, FILE *f, const char *boot)
{
	char *text = NULL;
	size_t size = 0;
	bool good = true;
	ssize_t len;

	while (good && (len = getline(&text, &size, f)) > 0)
		good = read_line(r, s, text, len, boot);
	if (good && ferror(f))
		good = failed(r, "%s", strerror(errno));
	free(text);
	if (good && !r->ended)
		return bad(r, s->by, "the file ends here, without a summary");
	return good;
}

static struct saved_set *load_from(FILE *f, const char *file, const char *boot, enum saved_by by,
				   char *why, size_t size)
{
	struct reading r = {.file = file, .why = why, .size = size};
	struct saved_set *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, size, "can't read %s: %s", file, strerror(errno));
		return NULL;
	}
	s->by = by;
	if (!read_file(&r, s, f, boot)) {
		saved_free(s);
		return NULL;
	}
	if (s->nr)
		qsort(s->entry, s->nr, sizeof(*s->entry), by_pfn);
	return s;
}

struct saved_set *saved_load(const char *file, const char *boot, enum saved_by by, char *why,
			     size_t size)
{
	struct saved_set *s;
	FILE *f = fopen(file, "re");

	if (!f) {
		snprintf(why, size, "can't read %s: %s", file, strerror(errno));
		return NULL;
	}
	s = load_from(f, file, boot, by, why, size);
	fclose(f);
	return s;
}

void saved_free(struct saved_set *s)
{
	if (!s)
		return;
	free(s->entry);
	tdestroy(s->texts, free);
	free(s);
}

static bool is_same(const struct saved_entry *e, const struct record_pgmap *p, uint64_t requested)
{
	uint64_t apart =
		e->requested > requested ? e->requested - requested : requested - e->requested;

	if (e->first != p->first || e->last != p->last || strcmp(e->type, p->type))
		return false;
	/* ticks grow with the age of a session, which is younger than the kernel */
	return !e->requested || !requested || apart <= SAME_TICKS * pgmt_tick_length(requested);
}

static const struct saved_entry *find(const struct saved_set *s, const struct record_pgmap *p,
				      uint64_t pfn, uint64_t requested)
{
	size_t low = 0, high = s->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->entry[middle].pfn < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->nr && s->entry[low].pfn == pfn; low++)
		if (is_same(&s->entry[low], p, requested))
			return &s->entry[low];
	return NULL;
}

bool saved_has_folio(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
		     uint64_t requested)
{
	return find(s, p, pfn, requested);
}

bool saved_has_references(const struct saved_set *s, const struct record_pgmap *p, int64_t excess)
{
	/* they are the last */
	for (size_t i = s->nr; i && s->entry[i - 1].pfn == NO_PFN; i--)
		if (is_same(&s->entry[i - 1], p, 0) &&
		    (p->killed || s->entry[i - 1].excess == excess))
			return true;
	return false;
}

uint64_t saved_ended(const struct saved_set *s)
{
	return s->ended;
}

bool saved_lost(const struct saved_set *s)
{
	return s->lost;
}

bool saved_find_request(const struct saved_set *s, const struct record_pgmap *p, uint64_t pfn,
			struct saved_request *r)
{
	const struct saved_entry *e = find(s, p, pfn, 0);

	if (!e || !e->requested)
		return false;
	*r = (struct saved_request){
		.requested = e->requested,
		.tid = e->tid,
		.interrupt = e->interrupt,
		.task = e->task,
		.stack = e->stack,
	};
	return true;
}
