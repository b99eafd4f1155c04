// SPDX-License-Identifier: GPL-2.0-only
#include "output/junit.h"

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

static void test_case(FILE *to, const struct summary *sum, int rule, const char *text)
{
	const char *name = pgmt_rule_name(rule);
	char why[256];

	summary_why(sum, rule, why, sizeof(why));
	fprintf(to, "    <testcase classname=\"pgmaptrace\" name=\"%s\">", name);
	switch (summary_of_rule(sum, rule)) {
	case RULE_FAILED:
		element(to, "failure", name, why, text);
		break;
	case RULE_UNSURE:
		element(to, "error", "inconclusive", why, text);
		break;
	case RULE_OFF:
		fprintf(to, "<skipped message=\"%s\"/>", why);
		break;
	default:
		if (text) {
			fputs("<system-out>", to);
			escape(to, text);
			fputs("</system-out>", to);
		}
		break;
	}
	fputs("</testcase>\n", to);
}

void junit_write(FILE *to, const struct summary *sum, char *const text[PGMT_NR_RULES],
		 const char *last, double seconds)
{
	unsigned int rules[NR_RULE_VERDICTS] = {0};
	bool own = sum->verdict != VERDICT_PASS;

	for (int i = 1; i < PGMT_NR_RULES; i++)
		rules[summary_of_rule(sum, i)]++;
	/* the verdict is the last test case */
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", to);
	fprintf(to,
		"  <testsuite name=\"pgmaptrace\" tests=\"%d\" failures=\"%u\" errors=\"%u\" "
		"skipped=\"%u\" time=\"%.3f\">\n",
		PGMT_NR_RULES, rules[RULE_FAILED] + (sum->verdict == VERDICT_FAIL),
		rules[RULE_UNSURE] + (sum->verdict == VERDICT_INCONCLUSIVE), rules[RULE_OFF],
		seconds);
	for (int i = 1; i < PGMT_NR_RULES; i++)
		test_case(to, sum, i, text[i]);
	fputs("    <testcase classname=\"pgmaptrace\" name=\"verdict\">", to);
	if (own)
		element(to, sum->verdict == VERDICT_FAIL ? "failure" : "error", "verdict",
			verdict_name(sum->verdict), last);
	fputs("</testcase>\n    <system-out>", to);
	escape(to, last);
	fputs("</system-out>\n  </testsuite>\n</testsuites>\n", to);
}
