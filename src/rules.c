// SPDX-License-Identifier: GPL-2.0-only
#include "rules.h"

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
