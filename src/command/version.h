/* SPDX-License-Identifier: GPL-2.0-only */
/* What --version prints. */
#ifndef PGMAPTRACE_COMMAND_VERSION_H
#define PGMAPTRACE_COMMAND_VERSION_H

#include <stdio.h>

/* Version, commit, and what else decides how the tool behaves: a line each, "NAME: VALUE". */
void version_print(FILE *to);

#endif /* PGMAPTRACE_COMMAND_VERSION_H */
