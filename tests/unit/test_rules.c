// SPDX-License-Identifier: GPL-2.0-only
/* Names of rules that are nearly right, and the page of each rule. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "command/rule_page.c"
#include "command/wrap.c"
#include "model/rules.c"

static void is_it(const char *name, const char *said)
{
	char error[PGMT_NO_RULE_LEN], wanted[PGMT_NO_RULE_LEN];

	snprintf(wanted, sizeof(wanted), "no such rule: %s%s (pgmaptrace rules lists them)", name,
		 said);
	assert_string_equal(pgmt_no_rule(error, name, strlen(name)), wanted);
}

static void test_near_names(void **unused)
{
	char error[PGMT_NO_RULE_LEN], many[3000] = "";

	(void)unused;
	is_it("leek", "; is it leak?");
	is_it("leaks", "; is it leak?");
	is_it("double_free", "; is it double-free?");
	is_it("teardown-stal", "; is it teardown-stall?");
	is_it("refcount-undreflow", "; is it refcount-underflow?");
	/* nothing like it */
	is_it("x", "");
	is_it("no-such-rule", "");
	is_it("l", "");
	/* only what is named counts */
	assert_string_equal(pgmt_no_rule(error, "leek,double-free", 4),
			    "no such rule: leek; is it leak? (pgmaptrace rules lists them)");
	memset(many, 'x', sizeof(many) - 1);
	assert_true(strlen(pgmt_no_rule(error, many, strlen(many))) < PGMT_NO_RULE_LEN);
}

static void test_page_of_each_rule(void **unused)
{
	(void)unused;
	for (unsigned int rule = 1; rule < PGMT_NR_RULES; rule++) {
		char *page = NULL, *line, *at;
		size_t size;
		FILE *f = open_memstream(&page, &size);

		print_rule_page(f, rule);
		fclose(f);
		assert_int_equal(strncmp(page, pgmt_rule_name(rule), strlen(pgmt_rule_name(rule))),
				 0);
		assert_non_null(strstr(page, "\n\nWhat: "));
		assert_non_null(strstr(page, "\n\nCan't see:"));
		assert_non_null(strstr(page, "\n\nReport: "));
		assert_int_not_equal(page[size - 2], '\n');
		for (line = strtok_r(page, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
			if (!strncmp(line, REPORT, strlen(REPORT)))
				continue;
			assert_true(strlen(line) <= WIDTH || !strchr(line + 2, ' '));
			assert_null(strstr(line, "**"));
			assert_null(strstr(line, "]("));
			assert_null(strchr(line, '`'));
		}
		free(page);
	}
}

static void test_marks(void **unused)
{
	static const char line[] = "- **Bold**, [a link](glossary.md#pgmap) and `code`\nnext";
	char text[64];

	(void)unused;
	unmark(text, line, strcspn(line, "\n"));
	assert_string_equal(text, "- Bold, a link and code");
	unmark(text, line, strlen("- **Bold**, [a li"));
	assert_string_equal(text, "- Bold, a li");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near_names),
		cmocka_unit_test(test_page_of_each_rule),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
