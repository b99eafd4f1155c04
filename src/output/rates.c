// SPDX-License-Identifier: GPL-2.0-only
#include "output/rates.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "output/live.h"

#define SCREEN 20 /* lines from header to header, on a terminal */

/*
 * How many came since *@last, which becomes @now.  A request that was counted and then
 * refused is subtracted again: if @now is below *@last, the next table makes up for it.
 */
static __u64 moved(__u64 *last, __u64 now)
{
	__u64 more = now > *last ? now - *last : 0;

	*last += more;
	return more;
}

static double per_second(uint64_t n, uint64_t ns)
{
	return ns ? n * 1e9 / ns : 0;
}

static void print_time(const struct rates_out *o, uint64_t now)
{
	if (o->text->timestamps)
		fprintf(o->text->to, "%14.3f ", report_seconds(o->text->from, now));
}

static void print_header(const struct rates_out *o)
{
	if (o->text->timestamps)
		fprintf(o->text->to, "%14s ", "TIME");
	fprintf(o->text->to, "%-18s %-8s %10s %10s %11s %9s %10s", "DEVICE", "TYPE", "REQ/s",
		"FREE/s", "OUTSTANDING", "OLDEST", "REFS");
	if (o->text->verbose)
		fprintf(o->text->to, " %16s", "ACCOUNTED");
	fputc('\n', o->text->to);
}

/* Without blanks, which names of resources may have: columns must stay countable. */
static void print_device(FILE *to, const char *name)
{
	char word[DEVICE_NAME_LEN];

	snprintf(word, sizeof(word), "%s", name);
	for (char *c = word; *c; c++)
		if (isspace((unsigned char)*c))
			*c = '_';
	fprintf(to, "%-18s", word);
}

static void print_accounted(FILE *to, const struct pgmt_refs *r)
{
	char text[48];

	if (r->least == r->most)
		snprintf(text, sizeof(text), "%llu", r->own + r->most);
	else if (r->most != PGMT_REFS_ANY)
		snprintf(text, sizeof(text), "%llu-%llu", r->own + r->least, r->own + r->most);
	else
		snprintf(text, sizeof(text), "%llu+", r->own + r->least);
	fprintf(to, " %16s", text);
}

/* @moved: since the last table, which was @ns ago */
static void print_row(const struct rates_out *o, const struct pgmt_pgmap *p,
		      const struct pgmt_rates *moved, uint64_t ns, uint64_t now)
{
	enum pgmt_profile profile = session_profile(o->text->from->session);
	FILE *to = o->text->to;
	uint64_t oldest;
	struct pgmt_refs r;

	/* torn down just now */
	if (!session_refs(o->text->from->session, p->address, &r))
		return;
	print_time(o, now);
	print_device(to, devices_name(o->text->from->devices, p));
	fprintf(to, " %-8s", devices_type(p->type));
	if (pgmt_is_paired(profile, p->type))
		fprintf(to, " %10.1f %10.1f %11llu", per_second(moved->requests, ns),
			per_second(moved->frees, ns), r.outstanding);
	else
		fprintf(to, " %10s %10s %11s", "-", "-", "-");
	oldest = session_tick_time(o->text->from->session, r.oldest);
	if (pgmt_is_paired(profile, p->type) && r.oldest)
		fprintf(to, " %9.1f", now > oldest ? (now - oldest) / 1e9 : 0);
	else
		fprintf(to, " %9s", "-");
	if (r.live_known)
		fprintf(to, " %10lld", r.live);
	else
		fprintf(to, " %10s", "-");
	if (o->text->verbose)
		print_accounted(to, &r);
	fputc('\n', to);
}

void rates_table(struct rates_out *o)
{
	uint64_t now = clock_now();
	uint64_t ns = now - (o->since ? o->since : session_began(o->text->from->session));
	struct live live = live_pgmaps(o->text->from->session);

	if (!o->lines || o->reports != o->text->reports ||
	    (o->terminal && o->lines + live.nr > SCREEN)) {
		print_header(o);
		o->lines = 1;
	}
	for (size_t i = 0; i < live.nr; i++) {
		struct pgmt_rates *last = &o->last[PGMT_SLOT(live.pgmap[i].epoch)], rates = *last;

		session_rates(o->text->from->session, live.pgmap[i].epoch, &rates);
		rates.requests = moved(&last->requests, rates.requests);
		rates.frees = moved(&last->frees, rates.frees);
		print_row(o, &live.pgmap[i], &rates, ns, now);
	}
	if (!live.nr) {
		print_time(o, now);
		fputs("no pgmaps\n", o->text->to);
	}
	o->lines += live.nr ? live.nr : 1;
	o->reports = o->text->reports;
	o->since = now;
	live_free(&live);
}
