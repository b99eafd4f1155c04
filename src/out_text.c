// SPDX-License-Identifier: GPL-2.0-only
#include "out_text.h"

#include <string.h>
#include <sys/utsname.h>

static void stack(struct text_out *o, uint32_t key, const char *none)
{
	bool shown = false, fresh = false;
	struct pt_stack st;
	char name[256];

	if (!session_stack(o->session, key, &st)) {
		fprintf(o->to, "    (%s)\n", none);
		return;
	}
	for (int i = 0; i < PT_STACK_DEPTH && st.frame[i]; i++) {
		const struct ksyms *k = session_ksyms(o->session, false);

		if (!ksyms_resolve(k, st.frame[i], name, sizeof(name))) {
			/* our own frames come first; later ones may be of a new module */
			if (!shown)
				continue;
			if (!fresh)
				k = session_ksyms(o->session, true);
			fresh = true;
			if (!ksyms_resolve(k, st.frame[i], name, sizeof(name)))
				snprintf(name, sizeof(name), "0x%llx", st.frame[i]);
		}
		shown = true;
		fprintf(o->to, "    %s\n", name);
	}
}

static void touch(struct text_out *o, const struct pt_finding *f, const struct pt_touch *t,
		  const char *did, const char *never)
{
	char comm[PT_COMM_LEN + 1] = "?";
	double earlier;

	if (!t->tick) {
		fprintf(o->to, "  %s\n", never);
		return;
	}
	session_comm(o->session, t->tid, comm);
	earlier = ((double)f->time - (double)((uint64_t)t->tick << PT_TICK_SHIFT)) / 1e9;
	fprintf(o->to, "  %s by %s/%u, %.3f s earlier\n", did, comm, t->tid,
		earlier > 0 ? earlier : 0);
	stack(o, t->stack, "no stack kept: see --stack");
}

/* What one rule's event did to the folio, after its description. */
static const char *what_happened(unsigned int rule)
{
	switch (rule) {
	case PT_RULE_REQUEST_NOT_IDLE:
		return "requested while in use";
	case PT_RULE_DOUBLE_REQUEST:
		return "requested twice";
	case PT_RULE_FREE_UNREQUESTED:
		return "freed without a request";
	case PT_RULE_DOUBLE_FREE:
		return "freed twice";
	case PT_RULE_FREE_REFERENCED:
		return "freed while in use";
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
	if (o->timestamps)
		fprintf(o->to, "[%12.6f] ", f->time / 1e9);
	fprintf(o->to, "pgmaptrace: VIOLATION %s: pfn 0x%llx order %u refcount %d mapcount %d, ",
		pt_rule_name(f->rule), f->pfn, f->order, f->refcount, f->mapcount);
	fprintf(o->to, "%s (%s) %s\n", devices_name(o->devices, &f->pgmap),
		devices_type(f->pgmap.type), what_happened(f->rule));
	fprintf(o->to, "  rule: %s\n", pt_rule_text(f->rule));
	if (f->folios > 1)
		fprintf(o->to, "  folios: %llu in this state, this is the first\n", f->folios);
	if (f->pgmap.nr_range)
		fprintf(o->to, "  pgmap: %s (%s), pfn 0x%llx-0x%llx%s\n",
			devices_name(o->devices, &f->pgmap), devices_type(f->pgmap.type),
			f->pgmap.range[0].start, f->pgmap.range[0].end,
			f->pgmap.since ? "" : ", older than this trace");
	if (f->inode)
		fprintf(o->to, "  file: device %u:%u inode %llu offset 0x%llx\n", f->dev >> 20,
			f->dev & 0xfffff, f->inode, f->offset);
	if (f->rule == PT_RULE_LEAK) {
		fprintf(o->to, "  found at the end of tracing\n");
	} else {
		fprintf(o->to, "  by %s/%u on cpu %u\n", f->comm, f->tid, f->cpu);
		stack(o, f->stack, "no stack kept: see --stack");
	}
	if (f->rule == PT_RULE_PGMAP_OVERLAP)
		goto out;
	touch(o, f, &f->request,
	      f->pgmap.type == PT_TYPE_GENERIC ? "last mapped" :
	      f->pgmap.type == PT_TYPE_FS_DAX  ? "last requested for a mapping" :
						 "last requested",
	      f->pgmap.since ? "not requested since its pgmap was made" :
			       "not requested since tracing began");
	/* a device-dax folio is never freed, so there is nothing to miss */
	if (f->pgmap.type != PT_TYPE_GENERIC)
		touch(o, f, &f->free, "last freed",
		      f->pgmap.since ? "not freed since its pgmap was made" :
				       "not freed since tracing began");
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
	static const char *const verdicts[] = { "PASS", "FAIL", "INCONCLUSIVE" };
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
