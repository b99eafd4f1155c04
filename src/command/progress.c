// SPDX-License-Identifier: GPL-2.0-only
#include "command/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define AFTER_NS 1000000000ULL
#define EVERY_NS 250000000ULL

void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t all)
{
	uint64_t now = clock_now();

	if (now - p->began < AFTER_NS || now - p->shown < EVERY_NS || !isatty(STDERR_FILENO))
		return;
	p->shown = now;
	fprintf(stderr, "\r\033[Kpgmaptrace: %s %u %%", what, (unsigned int)(done * 100 / all));
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}
