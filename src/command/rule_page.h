/* SPDX-License-Identifier: GPL-2.0-only */
/* What docs/rules.md says of a rule, for a terminal. */
#ifndef PGMAPTRACE_COMMAND_RULE_PAGE_H
#define PGMAPTRACE_COMMAND_RULE_PAGE_H

#include <stdio.h>

/* @rule: enum pgmt_rule, but for PGMT_RULE_NONE */
void print_rule_page(FILE *to, unsigned int rule);

#endif /* PGMAPTRACE_COMMAND_RULE_PAGE_H */
