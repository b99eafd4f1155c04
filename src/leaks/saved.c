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
#include "model/wire.h"

#define TYPE_LEN   16
#define SAME_TICKS 3	      /* apart at most: two sessions round, each from its own start */
#define NO_PFN	   UINT64_MAX /* an entry about the pgmap: it was dying and referenced */

struct item {
	uint64_t pfn;
	uint64_t first, last; /* of the pgmap */
	char type[TYPE_LEN];
	uint64_t requested; /* 0: not known */
	/* of a session */
	const char *task, *stack;
	uint32_t tid;
	bool interrupt;
};

struct baseline {
	enum baseline_of of;
	struct item *entry; /* by pfn */
	size_t nr, size;
	void *texts; /* of tasks and stacks, each once: tsearch() */
	uint64_t ended;
	bool lost;
};

/* The file as it is read. */
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

/* Reading has failed, and nothing is known of the file.  Return: false. */
static bool failed(const struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_why(r, format, args);
	va_end(args);
	return false;
}

/* The file is not what was asked for.  Return: false. */
static bool bad(const struct reading *r, enum baseline_of of, const char *what)
{
	return failed(r, "%s; save it anew: pgmaptrace %s--save FILE", what,
		      of == BASELINE_OF_LEAKS ? "leaks " : "");
}

static struct item *new_entry(struct baseline *b)
{
	size_t size = b->size ? b->size * 2 : 64;
	struct item *more;

	if (b->nr == b->size) {
		more = realloc(b->entry, size * sizeof(*more));
		if (!more)
			return NULL;
		b->entry = more;
		b->size = size;
	}
	memset(&b->entry[b->nr], 0, sizeof(*b->entry));
	return &b->entry[b->nr++];
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

static bool read_start(struct reading *r, struct baseline *b, const struct json_object *o,
		       const char *boot)
{
	const char *then = get_text(o, "boot");

	if (r->started)
		return bad(r, b->of, "a second start record: give one file");
	if (!then)
		return bad(r, b->of, "the start record has no boot");
	if (strcmp(then, boot))
		return bad(r, b->of,
			   "it was saved in another boot of this machine, or on another: what "
			   "was held then is gone");
	get_number(o, "session_ended", &b->ended);
	if (b->ended && b->of == BASELINE_OF_LEAKS)
		return failed(r, "a session has saved it, which knows requests, and not what is "
				 "held: give it to --past");
	if (!b->ended && b->of == BASELINE_OF_SESSION)
		return failed(r, "leaks has saved it, which knows what was held: give it to "
				 "--baseline, or save what a session knows: pgmaptrace --save "
				 "FILE");
	r->started = true;
	return true;
}

/* Fill in what tells the pgmap of a record from others. */
static bool read_pgmap(const struct json_object *o, struct item *e)
{
	const char *type = get_text(o, "type");

	if (!type)
		return false;
	snprintf(e->type, sizeof(e->type), "%s", type);
	return get_number(o, "first", &e->first) && get_number(o, "last", &e->last);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Return: @text as it is kept, once; NULL without memory.  Takes @text over. */
static const char *keep_text(struct baseline *b, char *text)
{
	char **kept = text ? tsearch(text, &b->texts, by_text) : NULL;

	if (!kept || *kept != text)
		free(text);
	return kept ? *kept : NULL;
}

/* The frames that are texts, a line each. */
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

static bool read_request(struct baseline *b, const struct json_object *o, struct item *e)
{
	const char *task = get_text(o, "task");
	uint64_t tid = 0;

	get_number(o, "tid", &tid);
	e->tid = tid;
	get_bool(o, "interrupt", &e->interrupt);
	if (task)
		e->task = keep_text(b, strdup(task));
	e->stack = keep_text(b, read_stack(o));
	return e->stack && (e->task || !task);
}

static bool read_folio(struct reading *r, struct baseline *b, const struct json_object *o)
{
	struct item *e = new_entry(b);

	if (!e)
		return failed(r, "out of memory");
	if (!read_pgmap(o, e) || !get_number(o, "pfn", &e->pfn))
		return bad(r, b->of, "a folio record without pfn, type, first or last");
	get_number(o, "requested", &e->requested);
	if (b->of == BASELINE_OF_SESSION && e->requested && !read_request(b, o, e))
		return failed(r, "out of memory");
	return true;
}

static bool read_dying(struct reading *r, struct baseline *b, const struct json_object *o)
{
	struct item e = {.pfn = NO_PFN}, *kept;
	uint64_t references = 0;
	bool dying;

	if (!read_pgmap(o, &e) || !get_bool(o, "dying", &dying))
		return bad(r, b->of, "a pgmap record without type, first, last or dying");
	if (!dying || !get_number(o, "references", &references) || !references)
		return true;
	kept = new_entry(b);
	if (!kept)
		return failed(r, "out of memory");
	*kept = e;
	return true;
}

static bool read_summary(struct reading *r, struct baseline *b, const struct json_object *o)
{
	bool incomplete;

	if (!get_bool(o, "incomplete", &incomplete))
		return bad(r, b->of, "the summary does not say whether it is complete");
	if (incomplete)
		return bad(r, b->of, "that run did not see everything");
	get_bool(o, "lost", &b->lost);
	r->ended = true;
	return true;
}

static bool read_record(struct reading *r, struct baseline *b, const struct json_object *o,
			const char *boot)
{
	const char *record = get_text(o, "record");

	if (!record)
		return bad(r, b->of, "no record of pgmaptrace");
	if (r->ended)
		return bad(r, b->of, "a record behind the summary: give one file");
	if (!strcmp(record, "start"))
		return read_start(r, b, o, boot);
	if (!r->started)
		return bad(r, b->of, "the first record is no start");
	if (!strcmp(record, "folio"))
		return read_folio(r, b, o);
	if (!strcmp(record, "pgmap"))
		return read_dying(r, b, o);
	if (!strcmp(record, "summary"))
		return read_summary(r, b, o);
	/* of a later version, perhaps */
	return true;
}

static bool read_line(struct reading *r, struct baseline *b, const char *text, size_t len,
		      const char *boot)
{
	struct json_tokener *t;
	struct json_object *o;
	bool good;

	r->line++;
	if (text[len - 1] != '\n')
		return bad(r, b->of, "cut off in the middle of a record");
	t = json_tokener_new();
	if (!t)
		return failed(r, "out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, len - 1);
	/* a number may go on behind what was given */
	if (!o && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "", 1);
	if (!json_object_is_type(o, json_type_object) || json_tokener_get_parse_end(t) < len - 1)
		good = bad(r, b->of, "not a JSON object");
	else
		good = read_record(r, b, o, boot);
	json_object_put(o);
	json_tokener_free(t);
	return good;
}

static int by_pfn(const void *a, const void *b)
{
	uint64_t x = ((const struct item *)a)->pfn, y = ((const struct item *)b)->pfn;

	return x < y ? -1 : x > y;
}

static bool read_file(struct reading *r, struct baseline *b, FILE *f, const char *boot)
{
	char *text = NULL;
	size_t size = 0;
	bool good = true;
	ssize_t len;

	while (good && (len = getline(&text, &size, f)) > 0)
		good = read_line(r, b, text, len, boot);
	if (good && ferror(f))
		good = failed(r, "%s", strerror(errno));
	free(text);
	if (good && !r->ended)
		return bad(r, b->of, "the file ends here, without a summary");
	return good;
}

static struct baseline *load_from(FILE *f, const char *file, const char *boot, enum baseline_of of,
				  char *why, size_t size)
{
	struct reading r = {.file = file, .why = why, .size = size};
	struct baseline *b = calloc(1, sizeof(*b));

	if (!b) {
		snprintf(why, size, "can't read %s: %s", file, strerror(errno));
		return NULL;
	}
	b->of = of;
	if (!read_file(&r, b, f, boot)) {
		baseline_free(b);
		return NULL;
	}
	if (b->nr)
		qsort(b->entry, b->nr, sizeof(*b->entry), by_pfn);
	return b;
}

struct baseline *baseline_load(const char *file, const char *boot, enum baseline_of of, char *why,
			       size_t size)
{
	struct baseline *b;
	FILE *f = fopen(file, "re");

	if (!f) {
		snprintf(why, size, "can't read %s: %s", file, strerror(errno));
		return NULL;
	}
	b = load_from(f, file, boot, of, why, size);
	fclose(f);
	return b;
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	free(b->entry);
	tdestroy(b->texts, free);
	free(b);
}

static bool is_same(const struct item *e, const struct record_pgmap *p, uint64_t requested)
{
	uint64_t apart =
		e->requested > requested ? e->requested - requested : requested - e->requested;

	if (e->first != p->first || e->last != p->last || strcmp(e->type, p->type))
		return false;
	/* as if tracing had begun with the kernel: a session's ticks get coarse later than that */
	return !e->requested || !requested || apart <= SAME_TICKS * pgmt_tick_length(requested);
}

static const struct item *find(const struct baseline *b, const struct record_pgmap *p, uint64_t pfn,
			       uint64_t requested)
{
	size_t low = 0, high = b->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->entry[middle].pfn < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < b->nr && b->entry[low].pfn == pfn; low++)
		if (is_same(&b->entry[low], p, requested))
			return &b->entry[low];
	return NULL;
}

bool baseline_has_folio(const struct baseline *b, const struct record_pgmap *p, uint64_t pfn,
			uint64_t requested)
{
	return find(b, p, pfn, requested);
}

bool baseline_has_dying(const struct baseline *b, const struct record_pgmap *p)
{
	return baseline_has_folio(b, p, NO_PFN, 0);
}

uint64_t baseline_ended(const struct baseline *b)
{
	return b->ended;
}

bool baseline_lost(const struct baseline *b)
{
	return b->lost;
}

bool baseline_request(const struct baseline *b, const struct record_pgmap *p, uint64_t pfn,
		      struct past_request *r)
{
	const struct item *e = find(b, p, pfn, 0);

	if (!e || !e->requested)
		return false;
	*r = (struct past_request){
		.requested = e->requested,
		.tid = e->tid,
		.interrupt = e->interrupt,
		.task = e->task,
		.stack = e->stack,
	};
	return true;
}
