// SPDX-License-Identifier: GPL-2.0-only
#include "model/rules.h"

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
