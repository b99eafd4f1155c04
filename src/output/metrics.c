// SPDX-License-Identifier: GPL-2.0-only
#include "output/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/clock.h"
#include "base/save.h"
#include "output/live.h"

#define BUFFER (1 << 18) /* bytes: more than it has */

/* METRIC(identifier, name, type, help): stable names, in docs/fleet.md */
#define METRICS(METRIC)                                                                            \
	METRIC(BUILD, "pgmaptrace_build_info", "gauge", "Version of pgmaptrace; always 1.")        \
	METRIC(SESSION, "pgmaptrace_session_info", "gauge",                                        \
	       "Kernel, its profile, and what is in scope; always 1.")                             \
	METRIC(START, "pgmaptrace_session_start_time_seconds", "gauge",                            \
	       "When tracing began, since 1970.")                                                  \
	METRIC(WRITE, "pgmaptrace_last_write_time_seconds", "gauge",                               \
	       "When this was written, since 1970.")                                               \
	METRIC(RUNNING, "pgmaptrace_session_running", "gauge",                                     \
	       "1 while it traces, 0 once it has ended.")                                          \
	METRIC(VERDICT, "pgmaptrace_verdict", "gauge",                                             \
	       "1 for what the verdict is, or would be now.")                                      \
	METRIC(FINDINGS, "pgmaptrace_findings", "gauge",                                           \
	       "Findings of this session by rule, and what they do to the verdict.")               \
	METRIC(ON, "pgmaptrace_rule_on", "gauge", "1 if the rule is checked, 0 if it is off.")     \
	METRIC(HIDDEN, "pgmaptrace_rule_hidden", "gauge",                                          \
	       "1 if losses may hide findings of the rule.")                                       \
	METRIC(STALLED, "pgmaptrace_stalled_waits", "gauge",                                       \
	       "Waits for device pages that now last longer than --stall.")                        \
	METRIC(LOST, "pgmaptrace_lost_total", "counter", "What could not be seen or kept.")        \
	METRIC(UNCOUNTED, "pgmaptrace_lost_uncounted", "gauge",                                    \
	       "1 for a loss of which the number is not known.")                                   \
	METRIC(REQUESTS, "pgmaptrace_requests_total", "counter", "Folios requested.")              \
	METRIC(FREES, "pgmaptrace_frees_total", "counter", "Folios freed.")                        \
	METRIC(OUTSTANDING, "pgmaptrace_outstanding_folios", "gauge",                              \
	       "Folios requested and not freed.")                                                  \
	METRIC(PREEXISTING, "pgmaptrace_preexisting_folios", "gauge",                              \
	       "Folios in use since before tracing began.")                                        \
	METRIC(P_REQUESTS, "pgmaptrace_pgmap_requests_total", "counter",                           \
	       "Folios requested, by pgmap.")                                                      \
	METRIC(P_FREES, "pgmaptrace_pgmap_frees_total", "counter", "Folios freed, by pgmap.")      \
	METRIC(P_OUTSTANDING, "pgmaptrace_pgmap_outstanding_folios", "gauge",                      \
	       "Folios requested and not freed, by pgmap.")                                        \
	METRIC(P_PREEXISTING, "pgmaptrace_pgmap_preexisting_folios", "gauge",                      \
	       "Folios in use since before tracing began, by pgmap.")                              \
	METRIC(P_OLDEST, "pgmaptrace_pgmap_oldest_outstanding_age_seconds", "gauge",               \
	       "Age of the oldest request that was not freed; 0 if there is none.")                \
	METRIC(P_REFERENCES, "pgmaptrace_pgmap_references", "gauge",                               \
	       "The reference count of a pgmap.")

enum metric {
#define METRIC(id, name, type, help) METRIC_##id,
	METRICS(METRIC)
#undef METRIC
};

static const struct {
	const char *name, *type, *help;
} metrics[] = {
#define METRIC(id, name, type, help) {name, type, help},
	METRICS(METRIC)
#undef METRIC
};

static void begin(FILE *to, enum metric m)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
		metrics[m].name, metrics[m].type);
}

/*
 * The value of a label.  What is not ASCII may be no UTF-8, for which the collector would refuse
 * the whole file.
 */
static void label(FILE *to, const char *key, const char *value)
{
	fprintf(to, "%s=\"", key);
	for (; *value; value++) {
		unsigned char c = *value;

		if (c == '"' || c == '\\')
			fputc('\\', to);
		fputc(c < ' ' || c >= 0x7f ? '?' : c, to);
	}
	fputc('"', to);
}

static void one(FILE *to, enum metric m, uint64_t value)
{
	begin(to, m);
	fprintf(to, "%s %llu\n", metrics[m].name, (unsigned long long)value);
}

static void of_label(FILE *to, enum metric m, const char *key, const char *value, uint64_t n)
{
	fprintf(to, "%s{", metrics[m].name);
	label(to, key, value);
	fprintf(to, "} %llu\n", (unsigned long long)n);
}

static void time_of(FILE *to, enum metric m, double seconds)
{
	begin(to, m);
	fprintf(to, "%s %.3f\n", metrics[m].name, seconds);
}

/*
 * A request that was counted and then refused is subtracted again, and the CPUs' counts are not
 * read at one moment: below what was written last there is nothing new.
 */
static uint64_t never_less(__u64 *last, __u64 now)
{
	if ((int64_t)(now - *last) > 0)
		*last = now;
	return *last;
}

/* ---- the session ---- */

static void put_session(struct metrics_out *o, FILE *to, const struct summary *sum, bool running)
{
	uint64_t began = session_began(o->from->session);
	struct utsname u;

	uname(&u);
	begin(to, METRIC_BUILD);
	fprintf(to, "%s{version=\"%s\"} 1\n", metrics[METRIC_BUILD].name, VERSION);
	begin(to, METRIC_SESSION);
	fprintf(to, "%s{", metrics[METRIC_SESSION].name);
	label(to, "kernel", u.release);
	fputc(',', to);
	label(to, "profile", pgmt_profile_name(session_profile(o->from->session)));
	fputc(',', to);
	label(to, "scope", sum->scope ? sum->scope : "");
	fputs("} 1\n", to);
	/* once: the time of day may be set meanwhile */
	if (began && o->began == 0)
		o->began = clock_wall() - (clock_now() - began) / 1e9;
	if (began)
		time_of(to, METRIC_START, o->began);
	time_of(to, METRIC_WRITE, clock_wall());
	one(to, METRIC_RUNNING, running);
	begin(to, METRIC_VERDICT);
	for (int v = VERDICT_PASS; v <= VERDICT_INCONCLUSIVE; v++)
		of_label(to, METRIC_VERDICT, "verdict", verdict_name(v), sum->verdict == v);
}

static void finding(FILE *to, unsigned int rule, const char *result, uint64_t n)
{
	fprintf(to, "%s{rule=\"%s\",result=\"%s\"} %llu\n", metrics[METRIC_FINDINGS].name,
		pgmt_rule_name(rule), result, (unsigned long long)n);
}

static void put_rules(FILE *to, const struct summary *sum)
{
	begin(to, METRIC_FINDINGS);
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		finding(to, i, "violation", sum->rule[i].found);
		finding(to, i, "warning", sum->rule[i].warned);
		finding(to, i, "suppressed", sum->rule[i].suppressed);
		finding(to, i, "unverified", sum->rule[i].unverified);
	}
	begin(to, METRIC_ON);
	for (int i = 1; i < PGMT_NR_RULES; i++)
		of_label(to, METRIC_ON, "rule", pgmt_rule_name(i), sum->rule[i].on);
	begin(to, METRIC_HIDDEN);
	for (int i = 1; i < PGMT_NR_RULES; i++)
		of_label(to, METRIC_HIDDEN, "rule", pgmt_rule_name(i), sum->rule[i].hidden);
}

static void put_stalls(FILE *to, const struct stalls *stalls)
{
	unsigned int of_pgmaps = 0, of_folios = 0;

	for (const struct stall *st = stalls->all; st; st = st->next) {
		if (!st->reported || st->over)
			continue;
		if (st->wait.how == PGMT_HOW_PGMAP)
			of_pgmaps++;
		else
			of_folios++;
	}
	begin(to, METRIC_STALLED);
	of_label(to, METRIC_STALLED, "rule", pgmt_rule_name(PGMT_RULE_TEARDOWN_STALL), of_pgmaps);
	of_label(to, METRIC_STALLED, "rule", pgmt_rule_name(PGMT_RULE_BREAK_STALL), of_folios);
}

/* ---- losses ---- */

static const char *const program_losses[] = {
#define LOSS(id, name, text, hides_state) name,
	PGMT_LOSSES(LOSS)
#undef LOSS
};

static bool is_program_loss(const char *name)
{
	for (int i = 0; i < PGMT_NR_LOSSES; i++)
		if (!strcmp(program_losses[i], name))
			return true;
	return false;
}

static void put_losses(struct metrics_out *o, FILE *to, const struct summary *sum)
{
	const struct ledger *l = &sum->ledger;
	bool begun = false;

	begin(to, METRIC_LOST);
	for (int i = 0; i < PGMT_NR_LOSSES; i++) {
		uint64_t n = never_less(&o->lost[i], sum->counts->lost[i]);

		of_label(to, METRIC_LOST, "loss", program_losses[i], n);
	}
	for (unsigned int i = 0; i < l->nr; i++)
		if (l->loss[i].times && !is_program_loss(l->loss[i].name))
			of_label(to, METRIC_LOST, "loss", l->loss[i].name, l->loss[i].times);
	for (unsigned int i = 0; i < l->nr; i++) {
		if (l->loss[i].times)
			continue;
		if (!begun)
			begin(to, METRIC_UNCOUNTED);
		begun = true;
		of_label(to, METRIC_UNCOUNTED, "loss", l->loss[i].name, 1);
	}
}

/* ---- pgmaps ---- */

/* What is said of one pgmap. */
struct row {
	const struct pgmt_pgmap *pgmap;
	bool is_paired; /* its requests and frees can be seen */
	uint64_t requests, frees;
	struct pgmt_refs refs;
};

struct rows {
	struct live live;
	struct row *row;
	size_t nr;
};

/*
 * Two pgmaps may have one name, and in the next session other epochs; where they lie tells them
 * apart.
 */
static void put_labels(const struct metrics_out *o, FILE *to, const struct row *r)
{
	fputc('{', to);
	label(to, "device", devices_name(o->from->devices, r->pgmap));
	fprintf(to, ",type=\"%s\",start=\"0x%llx\"}", devices_type(r->pgmap->type),
		r->pgmap->range[0].start << PGMT_PAGE_SHIFT);
}

/* Is a newer one where pgmap @i lies?  Then this is torn down just now. */
static bool is_followed(const struct live *l, size_t i)
{
	for (size_t j = i + 1; j < l->nr; j++)
		if (l->pgmap[j].range[0].start == l->pgmap[i].range[0].start)
			return true;
	return false;
}

/* Return: without memory, no rows. */
static struct rows read_pgmaps(struct metrics_out *o)
{
	struct session *s = o->from->session;
	struct rows rows = {.live = live_pgmaps(s)};

	rows.row = calloc(rows.live.nr, sizeof(*rows.row));
	for (size_t i = 0; rows.row && i < rows.live.nr; i++) {
		const struct pgmt_pgmap *p = &rows.live.pgmap[i];
		struct pgmt_rates *last = &o->slot[PGMT_SLOT(p->epoch)], now = *last;
		struct row *r = &rows.row[rows.nr];

		/* torn down just now */
		if (is_followed(&rows.live, i) || !session_refs(s, p->address, &r->refs))
			continue;
		session_rates(s, p->epoch, &now);
		r->pgmap = p;
		r->is_paired = pgmt_is_paired(session_profile(s), p->type);
		r->requests = never_less(&last->requests, now.requests);
		r->frees = never_less(&last->frees, now.frees);
		rows.nr++;
	}
	return rows;
}

static bool is_paired(const struct row *r)
{
	return r->is_paired;
}

static bool has_oldest(const struct row *r)
{
	return r->is_paired && (!r->refs.outstanding || r->refs.oldest);
}

static bool has_references(const struct row *r)
{
	return r->refs.live_known;
}

static double oldest(const struct metrics_out *o, const struct row *r)
{
	uint64_t then = session_tick_time(o->from->session, r->refs.oldest), now = clock_now();

	return r->refs.outstanding && now > then ? (now - then) / 1e9 : 0;
}

static void put_value(const struct metrics_out *o, FILE *to, enum metric m, const struct row *r)
{
	const struct pgmt_refs *refs = &r->refs;

	fputs(metrics[m].name, to);
	put_labels(o, to, r);
	if (m == METRIC_P_OLDEST)
		fprintf(to, " %.3f\n", oldest(o, r));
	else if (m == METRIC_P_REFERENCES)
		fprintf(to, " %lld\n", refs->live);
	else
		fprintf(to, " %llu\n",
			m == METRIC_P_REQUESTS	    ? (unsigned long long)r->requests
			: m == METRIC_P_FREES	    ? (unsigned long long)r->frees
			: m == METRIC_P_OUTSTANDING ? refs->outstanding
						    : refs->preexisting);
}

/* What is not known of a pgmap is left out. */
static void put_of_pgmaps(const struct metrics_out *o, FILE *to, const struct rows *rows,
			  enum metric m, bool (*known)(const struct row *r))
{
	bool begun = false;

	for (size_t i = 0; i < rows->nr; i++) {
		if (!known(&rows->row[i]))
			continue;
		if (!begun)
			begin(to, m);
		begun = true;
		put_value(o, to, m, &rows->row[i]);
	}
}

static bool put_pgmaps(struct metrics_out *o, FILE *to)
{
	struct rows rows = read_pgmaps(o);
	bool good = rows.row || !rows.live.nr;

	put_of_pgmaps(o, to, &rows, METRIC_P_REQUESTS, is_paired);
	put_of_pgmaps(o, to, &rows, METRIC_P_FREES, is_paired);
	put_of_pgmaps(o, to, &rows, METRIC_P_OUTSTANDING, is_paired);
	put_of_pgmaps(o, to, &rows, METRIC_P_PREEXISTING, is_paired);
	put_of_pgmaps(o, to, &rows, METRIC_P_OLDEST, has_oldest);
	put_of_pgmaps(o, to, &rows, METRIC_P_REFERENCES, has_references);
	free(rows.row);
	live_free(&rows.live);
	return good;
}

/* ---- the file ---- */

/* Return: false: out of memory.  The caller checks @to for errors. */
static bool put_all(struct metrics_out *o, FILE *to, const struct summary *sum,
		    const struct stalls *stalls)
{
	put_session(o, to, sum, stalls);
	put_rules(to, sum);
	if (stalls)
		put_stalls(to, stalls);
	put_losses(o, to, sum);
	one(to, METRIC_REQUESTS, never_less(&o->all.requests, sum->counts->requests));
	one(to, METRIC_FREES, never_less(&o->all.frees, sum->counts->frees));
	one(to, METRIC_OUTSTANDING, sum->outstanding);
	one(to, METRIC_PREEXISTING, sum->leaked.preexisting);
	return put_pgmaps(o, to);
}

bool metrics_write(struct metrics_out *o, const struct summary *sum, const struct stalls *stalls)
{
	char *beside;
	int fd = save_beside(o->file, &beside), error = errno;
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	bool good = false;

	if (to) {
		/* nothing is written before all is there, so that errno says why that fails */
		setvbuf(to, NULL, _IOFBF, BUFFER);
		good = put_all(o, to, sum, stalls);
		errno = good ? 0 : ENOMEM;
		good = good && save_rename(to, beside, o->file, false);
		error = errno;
		fclose(to);
	} else if (fd >= 0) {
		error = errno;
		close(fd);
	}
	if (!good && beside)
		unlink(beside);
	free(beside);
	errno = error;
	return good;
}
