// SPDX-License-Identifier: GPL-2.0-only
#include "output/junit.h"

#include <stdlib.h>

/* XML can't represent most control characters, which file names may contain. */
static void escape(FILE *to, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '<')
			fputs("&lt;", to);
		else if (c == '>')
			fputs("&gt;", to);
		else if (c == '&')
			fputs("&amp;", to);
		else if (c == '"')
			fputs("&quot;", to);
		else if ((c < ' ' && c != '\n' && c != '\t') || c >= 0x7f)
			fputc('?', to);
		else
			fputc(c, to);
	}
}

/* <@tag message="@why" type="@name">@text</@tag> */
static void element(FILE *to, const char *tag, const char *name, const char *why, const char *text)
{
	fprintf(to, "<%s message=\"", tag);
	escape(to, why);
	fprintf(to, "\" type=\"%s\">", name);
	escape(to, text ? text : "");
	fprintf(to, "</%s>", tag);
}

static void system_out(FILE *to, const char *text)
{
	if (!text)
		return;
	fputs("<system-out>", to);
	escape(to, text);
	fputs("</system-out>", to);
}

static void begin_case(FILE *to, const char *name)
{
	fprintf(to, "    <testcase classname=\"pgmaptrace\" name=\"%s\">", name);
}

/* A rule fails for its own findings only: what was lost is one error, of the verdict. */
static void rule_case(FILE *to, const struct summary *sum, int rule, const char *text)
{
	const char *name = pgmt_rule_name(rule);
	char why[256];

	summary_why(sum, rule, why, sizeof(why));
	begin_case(to, name);
	switch (summary_of_rule(sum, rule)) {
	case RULE_FAILED:
		element(to, "failure", name, why, text);
		break;
	case RULE_UNSURE:
	case RULE_OFF:
		fprintf(to, "<skipped message=\"%s\"/>", why);
		system_out(to, text);
		break;
	default:
		system_out(to, text);
		break;
	}
	fputs("</testcase>\n", to);
}

/* What was lost that may hide a finding, a line each; for free(), NULL without memory. */
static char *losses(const struct ledger *l)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (unsigned int i = 0; i < l->nr; i++)
		if (l->loss[i].touches)
			fprintf(to, "%s\n", l->loss[i].text);
	fclose(to);
	return text;
}

/* What no rule has failed for. */
static void verdict_case(FILE *to, const struct summary *sum)
{
	const char *name = verdict_name(sum->verdict);
	char *lost;

	begin_case(to, "verdict");
	switch (sum->verdict) {
	case VERDICT_PASS:
		break;
	case VERDICT_FAIL:
		if (sum->unused_fails)
			element(to, "failure", "verdict", "suppressions that matched no finding",
				NULL);
		else
			fprintf(to, "<skipped message=\"%s by the rules above\"/>", name);
		break;
	case VERDICT_INCONCLUSIVE:
		lost = losses(&sum->ledger);
		element(to, "error", "inconclusive", name, lost);
		free(lost);
		break;
	}
	fputs("</testcase>\n", to);
}

/* In UTC, as is usual. */
static void attributes(FILE *to, const struct junit_run *run)
{
	char timestamp[32] = "";
	struct tm utc;

	if (gmtime_r(&run->began, &utc))
		strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(to, " time=\"%.3f\" timestamp=\"%s\" hostname=\"", run->seconds, timestamp);
	escape(to, run->host);
	fputs("\">\n", to);
}

void junit_write(FILE *to, const struct summary *sum, char *const text[PGMT_NR_RULES],
		 const struct junit_run *run)
{
	unsigned int rules[NR_RULE_VERDICTS] = {0};
	bool fails = sum->verdict == VERDICT_FAIL;

	for (int i = 1; i < PGMT_NR_RULES; i++)
		rules[summary_of_rule(sum, i)]++;
	/* the verdict is the last test case */
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", to);
	fprintf(to,
		"  <testsuite name=\"pgmaptrace\" tests=\"%d\" failures=\"%u\" errors=\"%u\" "
		"skipped=\"%u\"",
		PGMT_NR_RULES, rules[RULE_FAILED] + sum->unused_fails,
		sum->verdict == VERDICT_INCONCLUSIVE,
		rules[RULE_OFF] + rules[RULE_UNSURE] + (fails && !sum->unused_fails));
	attributes(to, run);
	for (int i = 1; i < PGMT_NR_RULES; i++)
		rule_case(to, sum, i, text[i]);
	verdict_case(to, sum);
	fputs("    <system-out>", to);
	escape(to, run->last);
	fputs("</system-out>\n  </testsuite>\n</testsuites>\n", to);
}
