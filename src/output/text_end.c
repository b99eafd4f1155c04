// SPDX-License-Identifier: GPL-2.0-only
#include "output/text_end.h"

#include <sys/utsname.h>

#include "base/printable.h"

void text_leaks(struct text_out *o, const struct leaked *l)
{
	if (!l->definite && !l->outstanding && !l->unverifiable && !l->pgmaps)
		return;
	fprintf(o->to,
		"pgmaptrace: leaked: definite=%llu pgmaps=%llu outstanding=%llu preexisting=%llu "
		"unverifiable=%llu\n",
		(unsigned long long)l->definite, (unsigned long long)l->pgmaps,
		(unsigned long long)l->outstanding, (unsigned long long)l->preexisting,
		(unsigned long long)l->unverifiable);
}

/* @until: "in all", "so far" */
static void group_line(struct text_out *o, struct finding_group *g, const char *until)
{
	const struct sources *from = o->from;

	fprintf(o->to, "pgmaptrace: %s", pgmt_rule_name(g->key.rule));
	if (g->nr_examples && !report_is_about_pgmap(&g->example[0]))
		fprintf(o->to, " at pfn 0x%llx",
			(unsigned long long)report_pfn(from, g->example[0].pgmap.epoch,
						       g->example[0].pfn));
	fprintf(o->to, ": %llu time%s %s, first %.6f, last %.6f", g->count.times,
		g->count.times == 1 ? "" : "s", until, report_seconds(from, g->count.first),
		report_seconds(from, g->count.last));
	for (unsigned int i = 1; i < g->nr_examples; i++) {
		const struct pgmt_finding *f = &g->example[i];

		fprintf(o->to, "%s0x%llx", i == 1 ? "; also pfn " : ", ",
			(unsigned long long)report_pfn(from, f->pgmap.epoch, f->pfn));
		if (f->tid)
			fprintf(o->to, " by %s/%u", comm_text(f->comm).text,
				report_pid(from, f->tid));
	}
	fprintf(o->to, "\n");
	g->counted = g->count.times;
}

void text_progress(struct text_out *o, struct findings *all)
{
	for (struct finding_group *g = all->groups; g; g = g->next)
		if (g->shown && g->count.times >= 10 && g->count.times >= g->counted * 10)
			group_line(o, g, "so far");
}

/* "leak, pages-unbalanced"; "any rule" if all are */
static void rule_names(FILE *to, uint32_t rules)
{
	const char *before = "";

	if ((rules & PGMT_ALL_RULES) == PGMT_ALL_RULES) {
		fputs("any rule", to);
		return;
	}
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		if (!(rules & (1u << i)))
			continue;
		fprintf(to, "%s%s", before, pgmt_rule_name(i));
		before = ", ";
	}
}

void text_groups(struct text_out *o, struct findings *all)
{
	for (struct finding_group *g = all->groups; g; g = g->next) {
		if (findings_suppressed(g))
			continue;
		if (g->count.times > 1 || !g->nr_examples)
			group_line(o, g, "in all");
		if (!g->nr_examples)
			text_site(o, g->key.site);
	}
}

void text_ledger(struct text_out *o, const struct summary *sum)
{
	const struct ledger *l = &sum->ledger;

	for (unsigned int i = 0; i < l->nr; i++) {
		const struct loss *loss = &l->loss[i];

		fputs("pgmaptrace: ", o->to);
		if (loss->times)
			fprintf(o->to, "lost: %llu ", (unsigned long long)loss->times);
		fputs(loss->text, o->to);
		if (loss->touches) {
			fputs("; may hide: ", o->to);
			rule_names(o->to, loss->touches);
		}
		fputc('\n', o->to);
	}
	if (sum->unverified)
		fprintf(o->to,
			"pgmaptrace: %llu violation%s not counted: a missed event would explain "
			"%s\n",
			(unsigned long long)sum->unverified,
			sum->unverified == 1 ? " above is" : "s above are",
			sum->unverified == 1 ? "it" : "them");
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (sum->rule[i].found != sum->rule[i].expected && sum->rule[i].expected)
			fprintf(o->to, "pgmaptrace: expected %llu of %s, found %llu\n",
				(unsigned long long)sum->rule[i].expected, pgmt_rule_name(i),
				(unsigned long long)sum->rule[i].found);
}

/* "fsdax, generic": the types of which @profile shows no requests and frees; false if none */
static bool unpaired_types(enum pgmt_profile profile, char *buf, size_t size)
{
	const char *before = "";
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned int type = 1; type < PGMT_NR_TYPES && n < size; type++) {
		if (pgmt_is_paired(profile, type))
			continue;
		n += snprintf(buf + n, size - n, "%s%s", before, devices_type(type));
		before = ", ";
	}
	return n;
}

void text_not_visible(struct text_out *o, const struct summary *sum)
{
	enum pgmt_profile profile = session_profile(o->from->session);
	char types[64];

	if (sum->counts->requests || sum->counts->frees ||
	    !unpaired_types(profile, types, sizeof(types)))
		return;
	fprintf(o->to,
		"pgmaptrace: not visible on this kernel: requests and frees of %s folios; "
		"stored= and removed= count file entries of fsdax, mapped= mappings of generic\n",
		types);
}

void text_suppressions(struct text_out *o, const struct suppressions *all)
{
	for (const struct suppression *s = all->first; s; s = s->next)
		fprintf(o->to, "pgmaptrace: suppressed: %llu by %s:%u, %s (%s)\n",
			(unsigned long long)s->used, s->file, s->line, pgmt_rule_name(s->rule),
			s->reason);
}

static void command_keys(FILE *to, const struct command_result *ran)
{
	if (ran->ended)
		fprintf(to, " command_status=%d", ran->status);
	else if (ran->started)
		fputs(" command_status=running", to);
	if (ran->started)
		fprintf(to, " command_timed_out=%s", ran->timed_out ? "yes" : "no");
}

void text_summary(FILE *to, const struct summary *sum, enum pgmt_profile profile)
{
	const char *separator = " rules=";
	struct utsname u;

	fprintf(to, "pgmaptrace: %s findings=%llu", verdict_name(sum->verdict),
		(unsigned long long)sum->findings);
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		if (!sum->rule[i].found)
			continue;
		fprintf(to, "%s%s", separator, pgmt_rule_name(i));
		separator = ",";
	}
	fprintf(to, " requests=%llu frees=%llu outstanding=%llu preexisting=%llu",
		sum->counts->requests, sum->counts->frees, (unsigned long long)sum->outstanding,
		sum->counts->preexisting);
	fprintf(to, " stored=%llu removed=%llu lost=%llu", sum->counts->stores,
		sum->counts->removals, (unsigned long long)sum->ledger.lost);
	if (sum->counts->mapped)
		fprintf(to, " mapped=%llu", sum->counts->mapped);
	if (sum->warnings)
		fprintf(to, " warnings=%llu", (unsigned long long)sum->warnings);
	if (sum->suppressed)
		fprintf(to, " suppressed=%llu", (unsigned long long)sum->suppressed);
	if (sum->unused)
		fprintf(to, " unused_suppressions=%u", sum->unused);
	if (sum->unverified)
		fprintf(to, " unverified=%llu", (unsigned long long)sum->unverified);
	if (sum->scope)
		fprintf(to, " judged=%s not_judged=%llu", sum->scope, sum->counts->out_of_scope);
	uname(&u);
	fprintf(to, " kernel=%s profile=%s", u.release, pgmt_profile_name(profile));
	if (sum->required)
		fprintf(to, " events=%llu events_required=%llu", (unsigned long long)sum->events,
			(unsigned long long)sum->required);
	command_keys(to, &sum->ran);
	fputc('\n', to);
}
