// SPDX-License-Identifier: GPL-2.0-only
#include "model/rules.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *text;
} catalogue[PGMT_NR_RULES] = {
#define RULE(id, name, text) [PGMT_RULE_##id] = {name, text},
	PGMT_RULES(RULE)
#undef RULE
};

const char *pgmt_rule_name(unsigned int rule)
{
	return catalogue[rule].name;
}

const char *pgmt_rule_text(unsigned int rule)
{
	return catalogue[rule].text;
}

unsigned int pgmt_rule_by_name(const char *name, size_t len)
{
	for (unsigned int i = 1; i < PGMT_NR_RULES; i++)
		if (strlen(catalogue[i].name) == len && !memcmp(catalogue[i].name, name, len))
			return i;
	return PGMT_RULE_NONE;
}

#define NAME_LEN 32

/* How many letters must come, go or change to make the one name of the other (Levenshtein). */
static unsigned int letters_between(const char *a, const char *b, size_t len)
{
	unsigned int row[NAME_LEN + 1];

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int before = row[0]++;

		for (size_t j = 1; j <= len; j++) {
			unsigned int changed = before + (a[i - 1] != b[j - 1]);
			unsigned int one_less = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			before = row[j];
			row[j] = changed < one_less ? changed : one_less;
		}
	}
	return row[len];
}

/* The rule whose name is nearest, if a third of the letters or fewer are wrong. */
static unsigned int nearest(const char *name, size_t len)
{
	unsigned int rule = PGMT_RULE_NONE, least = len / 3 + 1;

	for (unsigned int i = 1; len <= NAME_LEN && i < PGMT_NR_RULES; i++) {
		unsigned int letters = letters_between(catalogue[i].name, name, len);

		if (letters < least) {
			least = letters;
			rule = i;
		}
	}
	return rule;
}

const char *pgmt_no_rule(char error[PGMT_NO_RULE_LEN], const char *name, size_t len)
{
	unsigned int near = nearest(name, len);

	if (!len)
		return "a rule's name is missing (pgmaptrace rules lists them)";
	snprintf(error, PGMT_NO_RULE_LEN, "no such rule: %.*s%s%s%s (pgmaptrace rules lists them)",
		 len > NAME_LEN ? NAME_LEN : (int)len, name, near ? "; is it " : "",
		 near ? catalogue[near].name : "", near ? "?" : "");
	return error;
}
