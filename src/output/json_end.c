// SPDX-License-Identifier: GPL-2.0-only
#include "output/json.h"

#include <sys/utsname.h>

#include "output/jsonl.h"

static void add_results(struct jsonl *l, const struct summary *sum)
{
	struct jsonl found = jsonl_inner(), expected = jsonl_inner();

	for (int i = 1; i < PGMT_NR_RULES; i++) {
		if (sum->rule[i].found)
			jsonl_number(&found, pgmt_rule_name(i), sum->rule[i].found);
		if (sum->rule[i].expected)
			jsonl_number(&expected, pgmt_rule_name(i), sum->rule[i].expected);
	}
	jsonl_add_inner(l, "rules", &found);
	jsonl_add_inner(l, "expected", &expected);
}

static void add_suppressions(struct jsonl *l, const struct suppressions *all)
{
	struct json_object *array = json_object_new_array();

	for (const struct suppression *s = all->first; s; s = s->next) {
		struct jsonl in = jsonl_inner();

		jsonl_text(&in, "rule", pgmt_rule_name(s->rule));
		jsonl_text(&in, "file", s->file);
		jsonl_number(&in, "line", s->line);
		jsonl_text(&in, "reason", s->reason);
		jsonl_number(&in, "used", s->used);
		jsonl_add_item(l, array, &in);
	}
	jsonl_add(l, "suppressions", array);
}

static uint32_t hidden_rules(const struct summary *sum)
{
	uint32_t rules = 0;

	for (int i = 1; i < PGMT_NR_RULES; i++)
		rules |= sum->rule[i].hidden ? 1u << i : 0;
	return rules;
}

void json_summary(struct json_out *o, const struct summary *sum, const struct suppressions *all,
		  int status)
{
	struct jsonl l = jsonl_begin("summary");
	struct utsname u;

	uname(&u);
	jsonl_text(&l, "verdict", verdict_name(sum->verdict));
	jsonl_signed(&l, "status", status);
	jsonl_number(&l, "findings", sum->findings);
	add_results(&l, sum);
	jsonl_number(&l, "requests", sum->counts->requests);
	jsonl_number(&l, "frees", sum->counts->frees);
	jsonl_number(&l, "outstanding", sum->outstanding);
	jsonl_number(&l, "preexisting", sum->counts->preexisting);
	jsonl_number(&l, "stored", sum->counts->stores);
	jsonl_number(&l, "removed", sum->counts->removals);
	jsonl_number(&l, "mapped", sum->counts->mapped);
	jsonl_number(&l, "lost", sum->ledger.lost);
	jsonl_number(&l, "warnings", sum->warnings);
	jsonl_number(&l, "suppressed", sum->suppressed);
	jsonl_number(&l, "unverified", sum->unverified);
	if (sum->scope) {
		jsonl_text(&l, "scope", sum->scope);
		jsonl_number(&l, "out_of_scope", sum->counts->out_of_scope);
	}
	json_add_rules(&l, "may_hide", hidden_rules(sum));
	add_suppressions(&l, all);
	jsonl_text(&l, "kernel", u.release);
	jsonl_text(&l, "profile", pgmt_profile_name(session_profile(o->from->session)));
	jsonl_number(&l, "events", sum->events);
	if (sum->required)
		jsonl_number(&l, "events_required", sum->required);
	if (sum->ran.ended)
		jsonl_signed(&l, "command_status", sum->ran.status);
	if (sum->ran.started)
		jsonl_bool(&l, "command_timed_out", sum->ran.timed_out);
	json_end_record(o, &l);
}
