// SPDX-License-Identifier: GPL-2.0-only
#include "out_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* The same symbol as the frame before, within its first instructions. */
static bool is_trampoline_site(const char *name, const char *previous)
{
	size_t len = strcspn(name, "+") + 1;

	return !strncmp(name, previous, len) && strtoul(name + len, NULL, 16) < 16;
}

static void stack(struct text_out *o, uint32_t key)
{
	const struct ksyms *k = session_ksyms(o->session);
	char name[256] = "", previous[256] = "";
	struct pt_stack st;

	if (!session_stack(o->session, key, &st)) {
		fprintf(o->to, "    (no stack kept: see --stack)\n");
		return;
	}
	/*
	 * What is no symbol's text is BPF's own, programs and trampolines, and
	 * a trampoline leaves a second frame of the function that it is on.
	 */
	for (int i = 0; i < PT_STACK_DEPTH && st.frame[i]; i++) {
		if (!ksyms_resolve(k, st.frame[i], name, sizeof(name)))
			continue;
		if (is_trampoline_site(name, previous))
			continue;
		fprintf(o->to, "    %s\n", name);
		strcpy(previous, name);
	}
}

/* What a folio's last request and last free are called; NULL: there is no such thing. */
struct words {
	const char *request, *free;
};

static struct words words_of(enum pt_profile profile, unsigned int type)
{
	if (profile == PT_PROFILE_REQUEST)
		return (struct words){"requested", "freed"};
	if (type == PT_TYPE_GENERIC)
		return (struct words){"mapped", NULL};
	if (type == PT_TYPE_FS_DAX && profile == PT_PROFILE_CLASSIC)
		return (struct words){"stored in a file", "taken out of a file"};
	if (type == PT_TYPE_FS_DAX)
		return (struct words){"requested for a mapping", "freed"};
	return (struct words){"requested", "freed"};
}

static void touch(struct text_out *o, const struct pt_finding *f, const struct pt_touch *t,
		  const char *did)
{
	char comm[PT_COMM_LEN + 1] = "?";
	double earlier;

	if (!t->tick) {
		fprintf(o->to, "  not %s since %s\n", did,
			f->pgmap.since ? "its pgmap was made" : "tracing began");
		return;
	}
	session_comm(o->session, t->tid, comm);
	earlier = ((double)f->time - (double)session_touch_time(o->session, t)) / 1e9;
	fprintf(o->to, "  last %s by %s/%u, %.3f s earlier\n", did, comm, t->tid,
		earlier > 0 ? earlier : 0);
	stack(o, t->stack);
}

/* What one rule's event did to the folio, after its description. */
static const char *what_happened(unsigned int rule)
{
	switch (rule) {
	case PT_RULE_REQUEST_NOT_IDLE:
		return "requested while in use";
	case PT_RULE_DOUBLE_REQUEST:
		return "requested twice";
	case PT_RULE_REQUEST_DYING:
		return "requested after its pgmap was killed";
	case PT_RULE_REQUEST_OUTSIDE:
		return "requested from a pgmap that does not cover it";
	case PT_RULE_ORDER_MISMATCH:
		return "has another order than was asked for";
	case PT_RULE_PARTIAL_REQUEST:
		return "left out of a request";
	case PT_RULE_RELEASE_UNREQUESTED:
		return "released without a request";
	case PT_RULE_FREE_UNREQUESTED:
		return "freed without a request";
	case PT_RULE_DOUBLE_FREE:
		return "freed twice";
	case PT_RULE_FREE_REFERENCED:
		return "freed while in use";
	case PT_RULE_PAGES_UNBALANCED:
		return "not freed with the rest of its folio";
	case PT_RULE_FLOW_ORDER:
		return "used before its huge folio was complete";
	case PT_RULE_REF_IMBALANCE:
		return "was killed with other references than its folios explain";
	case PT_RULE_GENERIC_OVERPUT:
		return "lost its last reference";
	case PT_RULE_MAP_UNREQUESTED:
		return "mapped without a request";
	case PT_RULE_ASSOCIATION_CONFLICT:
		return "stored for a second file";
	case PT_RULE_ENTRY_DROPPED_BUSY:
		return "taken out of its file while in use";
	case PT_RULE_RESET_BUSY:
		return "reset while in use";
	case PT_RULE_PGMAP_OVERLAP:
		return "mapped a second time";
	case PT_RULE_TEARDOWN_LIVE:
		return "went away while in use";
	case PT_RULE_LEAK:
		return "never freed";
	}
	return "";
}

void text_finding(struct text_out *o, const struct pt_finding *f)
{
	struct words words = words_of(session_choice(o->session)->profile, f->pgmap.type);
	char line[FILE_LINE_LEN];

	if (o->timestamps)
		fprintf(o->to, "[%12.6f] ", ((double)f->time + o->clock_offset) / 1e9);
	fprintf(o->to, "pgmaptrace: VIOLATION %s: pfn 0x%llx order %u refcount %d mapcount %d, ",
		pt_rule_name(f->rule), f->pfn, f->order, f->refcount, f->mapcount);
	fprintf(o->to, "%s (%s) %s\n", devices_name(o->devices, &f->pgmap),
		devices_type(f->pgmap.type), what_happened(f->rule));
	fprintf(o->to, "  rule: %s\n", pt_rule_text(f->rule));
	if (f->folios > 1)
		fprintf(o->to, "  folios: %llu in this state, this is the first\n", f->folios);
	if (f->pgmap.nr_range) {
		devices_describe(o->devices, session_ksyms(o->session), &f->pgmap, f->time, line,
				 sizeof(line));
		fprintf(o->to, "  %s\n", line);
		if (f->pgmap.made_stack)
			stack(o, f->pgmap.made_stack);
	}
	if (files_describe(o->files, f, line, sizeof(line)))
		fprintf(o->to, "  %s\n", line);
	if (f->refs || f->most)
		fprintf(o->to,
			"  references: %lld that memunmap_pages waits for; folios that are out "
			"explain %llu to %llu\n",
			f->refs, f->least, f->most);
	if (f->rule == PT_RULE_LEAK && !f->tid) {
		fprintf(o->to, "  found at the end of tracing\n");
	} else {
		fprintf(o->to, "  by %s/%u on cpu %u\n", f->comm, f->tid, f->cpu);
		stack(o, f->stack);
	}
	if (f->rule == PT_RULE_PGMAP_OVERLAP)
		goto out;
	touch(o, f, &f->request, words.request);
	if (words.free)
		touch(o, f, &f->free, words.free);
out:
	fputc('\n', o->to);
	fflush(o->to);
}

void text_ledger(struct text_out *o, const struct findings *all, const struct summary *sum)
{
	static const char *const texts[] = {
#define LOSS(id, text, state) text,
		PT_LOSSES(LOSS)
#undef LOSS
	};

	for (const struct finding_group *g = all->groups; g; g = g->next)
		if (g->times > 1)
			fprintf(o->to, "pgmaptrace: %s at pfn 0x%llx: %llu times in all\n",
				pt_rule_name(g->first.rule), g->first.pfn,
				(unsigned long long)g->times);
	for (int i = 0; i < PT_NR_LOSSES; i++)
		if (sum->counts->lost[i])
			fprintf(o->to, "pgmaptrace: lost: %llu %s\n", sum->counts->lost[i],
				texts[i]);
	if (sum->missed)
		fprintf(o->to,
			"pgmaptrace: lost: %llu events that came while a hook was running on the "
			"same CPU\n",
			(unsigned long long)sum->missed);
	if (sum->ageless)
		fprintf(o->to, "pgmaptrace: lost: %llu outstanding folios of unknown age\n",
			(unsigned long long)sum->ageless);
	if (sum->unverified)
		fprintf(o->to,
			"pgmaptrace: %llu violations above are not counted: a missed event would "
			"explain them\n",
			(unsigned long long)sum->unverified);
	if (sum->interrupted)
		fprintf(o->to, "pgmaptrace: stopped before tracing was complete\n");
}

void text_summary(FILE *to, const struct summary *sum, enum pt_profile profile)
{
	static const char *const verdicts[] = {"PASS", "FAIL", "INCONCLUSIVE"};
	const char *separator = " rules=";
	struct utsname u;

	fprintf(to, "pgmaptrace: %s findings=%llu", verdicts[sum->verdict],
		(unsigned long long)sum->findings);
	for (int i = 1; i < PT_NR_RULES; i++) {
		if (!sum->rule[i])
			continue;
		fprintf(to, "%s%s", separator, pt_rule_name(i));
		separator = ",";
	}
	fprintf(to, " requests=%llu frees=%llu outstanding=%llu preexisting=%llu",
		sum->counts->requests, sum->counts->frees, (unsigned long long)sum->outstanding,
		sum->counts->preexisting);
	fprintf(to, " stored=%llu removed=%llu lost=%llu", sum->counts->stores,
		sum->counts->removals, (unsigned long long)sum->lost);
	if (sum->unverified)
		fprintf(to, " unverified=%llu", (unsigned long long)sum->unverified);
	uname(&u);
	fprintf(to, " kernel=%s profile=%s\n", u.release, pt_profile_name(profile));
	fflush(to);
}
