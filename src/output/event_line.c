// SPDX-License-Identifier: GPL-2.0-only
#include "output/event_line.h"

#include <string.h>

#include "base/printable.h"
#include "report/folio.h"

/* The text of folio_state(), made once for each of the few states. */
static const char *state_text(uint32_t word)
{
	static char *known[PGMT_WORD_MASK + 1];
	char text[128];

	word &= PGMT_WORD_MASK;
	if (!known[word]) {
		folio_state(word, text, sizeof(text));
		known[word] = strdup(text);
	}
	return known[word] ? known[word] : "?";
}

/* The line so far. */
struct line {
	char text[1024];
	size_t len;
};

static void add(struct line *l, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(l->text) - l->len)
		n = sizeof(l->text) - l->len;
	memcpy(l->text + l->len, text, n);
	l->len += n;
}

/* @digits: the least number of digits */
static void add_number(struct line *l, uint64_t n, unsigned int base, int digits)
{
	char text[24], *at = text + sizeof(text);

	*--at = '\0';
	for (; n || digits > 0; n /= base, digits--)
		*--at = "0123456789abcdef"[n % base];
	add(l, at);
}

static void add_count(struct line *l, const char *before, int32_t n)
{
	add(l, before);
	if (n < 0)
		add(l, "-");
	add_number(l, n < 0 ? -(int64_t)n : n, 10, 1);
}

/* No printf: it takes as long as the kernel takes for two events. */
void text_event(struct text_out *o, const struct pgmt_event_record *t)
{
	const char *before = state_text(t->before), *after = state_text(t->after);
	uint64_t us = report_time(o->from, t->time) / 1000;
	const char *site;
	struct line l;

	l.len = 0;
	add_number(&l, us / 1000000, 10, 1);
	add(&l, ".");
	add_number(&l, us % 1000000, 10, 6);
	add(&l, " pfn 0x");
	add_number(&l, report_pfn(o->from, t->epoch, t->pfn), 16, 1);
	add_count(&l, " order ", t->order);
	add(&l, " ");
	add(&l, folio_event(t->op));
	add(&l, ": ");
	add(&l, before);
	if (strcmp(before, after)) {
		add(&l, " -> ");
		add(&l, after);
	}
	add_count(&l, "; refcount ", t->refcount);
	add_count(&l, " mapcount ", t->mapcount);
	if (t->inode) {
		add(&l, ", inode ");
		add_number(&l, t->inode, 10, 1);
	}
	if (t->inode && t->offset != PGMT_NO_OFFSET) {
		add(&l, " offset 0x");
		add_number(&l, t->offset, 16, 1);
	}
	add(&l, ", ");
	add(&l, comm_text(t->comm).text);
	add(&l, "/");
	add_number(&l, report_pid(o->from, t->tid), 10, 1);
	add_count(&l, " on cpu ", o->from->deterministic ? 0 : t->cpu);
	if (t->rule) {
		add(&l, ": VIOLATION ");
		add(&l, pgmt_rule_name(t->rule));
	}
	add(&l, "\n");
	fwrite(l.text, 1, l.len, o->to);
	site = t->site & PGMT_SITE_IS_ADDRESS ? site_text(o->from, &o->sites, t->site) : NULL;
	if (site)
		text_frames(o->to, site);
}
