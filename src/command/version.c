// SPDX-License-Identifier: GPL-2.0-only
#include "command/version.h"

#include <bpf/libbpf.h>

#include "output/jsonl.h"

/* The Makefile sets it for this file only, so that a commit does not build all of it again. */
#ifndef COMMIT
#define COMMIT ""
#endif

void version_print(FILE *to)
{
	/* of the library that runs, which may not be the one that it was built with */
	const char *libbpf = libbpf_version_string();

	fprintf(to, "pgmaptrace %s\n", VERSION);
	fprintf(to, "commit: %s\n", *COMMIT ? COMMIT : "unknown");
	fprintf(to, "libbpf: %s\n", *libbpf == 'v' ? libbpf + 1 : libbpf);
	fprintf(to, "JSON schema: %d\n", JSON_SCHEMA);
	fputs("licence: GPL-2.0-only\n", to);
}
