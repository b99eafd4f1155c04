/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of records that an earlier leaks wrote: what was held then. */
#ifndef PGMAPTRACE_BASELINE_H
#define PGMAPTRACE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct baseline;
struct record_pgmap;

/*
 * @boot: this boot's boot_id; a file of another boot says nothing of this one
 * Return: NULL if the file is not what a complete leaks has written; @why then
 *	says so, with file and line.
 */
struct baseline *baseline_load(const char *file, const char *boot, char *why, size_t size);
void baseline_free(struct baseline *b);

/*
 * Was the folio at @pfn of this pgmap held then?
 * @requested: when, in ns of CLOCK_MONOTONIC; 0: not known.  If it is known then
 *	and now, it must be the same, as near as two sessions can tell.
 */
bool baseline_has_folio(const struct baseline *b, const struct record_pgmap *p, uint64_t pfn,
			uint64_t requested);
/* Was this pgmap dying and still referenced then? */
bool baseline_has_dying(const struct baseline *b, const struct record_pgmap *p);

#endif /* PGMAPTRACE_BASELINE_H */
