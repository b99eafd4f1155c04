// SPDX-License-Identifier: GPL-2.0-only
#include "output/ktap.h"

void ktap_begin(FILE *to)
{
	/* the rules, of which enum pgmt_rule has one too many, and the verdict */
	fprintf(to, "KTAP version 1\n1..%d\n", PGMT_NR_RULES);
}

const char *ktap_before(const char *line)
{
	(void)line;
	return "# ";
}

void ktap_end(FILE *to, const struct summary *sum)
{
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		enum rule_verdict v = summary_of_rule(sum, i);
		char why[256];

		summary_why(sum, i, why, sizeof(why));
		fprintf(to, "%s %d %s%s%s\n",
			v == RULE_FAILED || v == RULE_UNSURE ? "not ok" : "ok", i,
			pgmt_rule_name(i),
			v == RULE_OFF ? " # SKIP "
			: *why	      ? " # "
				      : "",
			why);
	}
	fprintf(to, "%s %d verdict # %s\n", sum->verdict == VERDICT_PASS ? "ok" : "not ok",
		PGMT_NR_RULES, verdict_name(sum->verdict));
}
