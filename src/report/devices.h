/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of pgmaps.  The kernel has none: the name is that of the device whose
 * resource covers the range, and it is gone when the device is, so it is
 * looked up while the pgmap lives and kept.
 */
#ifndef PGMAPTRACE_REPORT_DEVICES_H
#define PGMAPTRACE_REPORT_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "symbols/ksyms.h"
#include "model/wire.h"

#define DEVICE_NAME_LEN 64
#define DEVICE_LINE_LEN 2048

struct devices;

/* @root: what comes before /proc and /sys: "" but for tests.  NULL: no memory. */
struct devices *devices_new(const char *root);
void devices_free(struct devices *d);
void devices_learn(struct devices *d, const struct pgmt_pgmap *p);
/* A block device comes after its pgmap: look for those that were not there. */
void devices_refresh(struct devices *d);
/* Never NULL: "?" if no resource covers the pgmap. */
const char *devices_name(struct devices *d, const struct pgmt_pgmap *p);
/* Its block device, as "pmem0"; "" if none is known. */
const char *devices_block(struct devices *d, const struct pgmt_pgmap *p);
/* Is @name one of the two? */
bool devices_is_called(struct devices *d, const struct pgmt_pgmap *p, const char *name);
/* The same of a pgmap that was learnt; false if it was not. */
bool devices_epoch_is_called(const struct devices *d, __u64 epoch, const char *name);
/* Of a pgmap that was learnt; "?" if it was not. */
const char *devices_name_of_epoch(const struct devices *d, __u64 epoch);
/* The pfn that it begins with; 0 if it was not learnt. */
__u64 devices_first_pfn(const struct devices *d, __u64 epoch);
/*
 * One line, without its end, that tells of a pgmap: devices, ranges, age.
 * @k: the symbols, which name its driver; NULL: leave that out
 * @now: ns of CLOCK_MONOTONIC; its age is told as of then
 */
void devices_describe(struct devices *d, const struct ksyms *k, const struct pgmt_pgmap *p,
		      __u64 now, char *line, size_t size);
/* "private", "coherent", "fsdax", "generic", "p2pdma" */
const char *devices_type(unsigned int type);

#endif /* PGMAPTRACE_REPORT_DEVICES_H */
