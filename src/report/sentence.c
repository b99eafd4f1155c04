// SPDX-License-Identifier: GPL-2.0-only
#include "report/sentence.h"

#include <string.h>

#include "base/printable.h"
#include "report/folio.h"

static unsigned long long pages_asked(const struct pgmt_finding *f)
{
	return f->asked << f->asked_order;
}

unsigned long long sentence_last_pfn_asked(const struct pgmt_finding *f)
{
	return f->pfn + pages_asked(f) - 1;
}

struct sentence {
	const struct pgmt_finding *f;
	const struct reason_facts *facts;
	struct folio_references references;
	FILE *to;
};

/* "1 page", "2 pages" */
static void put_count(const struct sentence *s, long long n, const char *what)
{
	fprintf(s->to, "%lld %s%s", n, what, n == 1 ? "" : "s");
}

static void put_pfn(const struct sentence *s, unsigned long long pfn)
{
	fprintf(s->to, "0x%llx", pfn);
}

static int references_above_idle(const struct sentence *s)
{
	return s->f->refcount - s->references.idle;
}

/* @seconds: negative if the time was not recorded */
static void put_since(const struct sentence *s, double seconds, const char *what)
{
	if (seconds < 0)
		fprintf(s->to, "some time after the last %s", what);
	else
		fprintf(s->to, "%.3f s after the last %s", seconds, what);
}

static void put_age(const struct sentence *s)
{
	if (s->facts->since_request < 0)
		fputs("at an unknown time", s->to);
	else
		fprintf(s->to, "%.3f s ago", s->facts->since_request);
}

static void put_references(const struct sentence *s)
{
	put_count(s, s->f->refcount, "reference");
	fprintf(s->to, " (%d when idle)", s->references.idle);
}

/* Where files hold references, as the sum of the references has it. */
static void put_by_files(const struct sentence *s)
{
	if (s->references.files)
		fprintf(s->to, "%d by the file, ", s->references.files);
}

static void put_task(const struct sentence *s)
{
	fprintf(s->to, "%s/%u", comm_text(s->f->comm).text, s->f->tid);
}

static void put_asked(const struct sentence *s)
{
	put_count(s, s->f->asked ? s->f->asked : 1, "folio");
}

/* FIELD(name, statement): what {name} becomes */
#define FIELDS(FIELD)                                                                              \
	FIELD(age, put_age(s))                                                                     \
	FIELD(asked, put_asked(s))                                                                 \
	FIELD(asked_order, fprintf(s->to, "%u", s->f->asked_order))                                \
	FIELD(before_tracing,                                                                      \
	      fputs(s->f->pgmap.since ? "" : " (unless they were taken before tracing)", s->to))   \
	FIELD(busy, put_pfn(s, s->f->busy ? s->f->busy : s->f->pfn))                               \
	FIELD(by_files, put_by_files(s))                                                           \
	FIELD(device, fputs(s->facts->device, s->to))                                              \
	FIELD(files, put_count(s, pgmt_assoc(s->f->state), "file"))                                \
	FIELD(least, fprintf(s->to, "%llu", s->f->least))                                          \
	FIELD(life, fputs(folio_life(s->f->state), s->to))                                         \
	FIELD(mapcount, fprintf(s->to, "%d", s->f->mapcount))                                      \
	FIELD(mapped, fprintf(s->to, "%d", s->references.mapped))                                  \
	FIELD(most, fprintf(s->to, "%llu", s->f->most))                                            \
	FIELD(named_first, put_pfn(s, s->f->named.start))                                          \
	FIELD(named_last, put_pfn(s, s->f->named.end))                                             \
	FIELD(order, fprintf(s->to, "%u", s->f->order))                                            \
	FIELD(pages_asked, put_count(s, pages_asked(s->f), "page"))                                \
	FIELD(pages_past_end,                                                                      \
	      put_count(s, sentence_last_pfn_asked(s->f) - s->f->named.end, "page"))               \
	FIELD(pfn, put_pfn(s, s->f->pfn))                                                          \
	FIELD(refcount, fprintf(s->to, "%d", s->f->refcount))                                      \
	FIELD(references, put_references(s))                                                       \
	FIELD(refs, put_count(s, s->f->refs, "reference"))                                         \
	FIELD(refs_number, fprintf(s->to, "%lld", s->f->refs))                                     \
	FIELD(section_pages, fprintf(s->to, "%d", PGMT_SECTION_PAGES))                             \
	FIELD(since_free, put_since(s, s->facts->since_free, "free"))                              \
	FIELD(since_request, put_since(s, s->facts->since_request, "request"))                     \
	FIELD(spins, fprintf(s->to, "%llu", s->f->spins))                                          \
	FIELD(task, put_task(s))                                                                   \
	FIELD(those_above_idle,                                                                    \
	      fputs(references_above_idle(s) > 1 ? "the rest" : "the last one", s->to))            \
	FIELD(unexplained, fprintf(s->to, "%d", s->references.unexplained))                        \
	FIELD(waited, fprintf(s->to, "%.1f s", s->f->waited / 1e9))

#define FIELD(name, statement)                                                                     \
	static void field_##name(const struct sentence *s)                                         \
	{                                                                                          \
		statement;                                                                         \
	}
FIELDS(FIELD)
#undef FIELD

static const struct {
	const char *name;
	void (*put)(const struct sentence *s);
} fields[] = {
#define FIELD(name, statement) {#name, field_##name},
	FIELDS(FIELD)
#undef FIELD
};

/* @name: @len bytes, between the braces; what is not a field is left as it is */
static void put_field(const struct sentence *s, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (strlen(fields[i].name) != len || memcmp(fields[i].name, name, len))
			continue;
		fields[i].put(s);
		return;
	}
	fprintf(s->to, "{%.*s}", (int)len, name);
}

static void put_sentence(const struct sentence *s, const char *why)
{
	while (*why) {
		size_t plain = strcspn(why, "{"), name;

		fwrite(why, 1, plain, s->to);
		why += plain;
		if (!*why)
			break;
		name = strcspn(++why, "}");
		put_field(s, why, name);
		why += name + (why[name] == '}');
	}
}

void sentence_put(const struct pgmt_finding *f, const struct reason_facts *facts, const char *why,
		  FILE *to)
{
	struct sentence s = {.f = f, .facts = facts, .to = to};

	folio_references(f, facts->profile, &s.references);
	put_sentence(&s, why);
}
