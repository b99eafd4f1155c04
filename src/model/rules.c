// SPDX-License-Identifier: GPL-2.0-only
#include "model/rules.h"

#include <string.h>

static const struct {
	const char *name, *text, *cause;
} catalogue[PT_NR_RULES] = {
#define RULE(id, name, text, cause) [PT_RULE_##id] = {name, text, cause},
	PT_RULES(RULE)
#undef RULE
};

const char *pt_rule_name(unsigned int rule)
{
	return catalogue[rule].name;
}

const char *pt_rule_text(unsigned int rule)
{
	return catalogue[rule].text;
}

const char *pt_rule_cause(unsigned int rule)
{
	return catalogue[rule].cause;
}

unsigned int pt_rule_by_name(const char *name, size_t len)
{
	for (unsigned int i = 1; i < PT_NR_RULES; i++)
		if (strlen(catalogue[i].name) == len && !memcmp(catalogue[i].name, name, len))
			return i;
	return PT_RULE_NONE;
}
