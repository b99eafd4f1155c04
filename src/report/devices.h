/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of pgmaps.  The kernel has none, so it is the name of the device whose resource
 * covers the range: the PCI address, or else what the resource is called.  That vanishes with
 * the device: look it up while the pgmap lives.  Without one it is the driver's name.  A name
 * is found once and stays; of two that would be the same, the later has its address in it.
 */
#ifndef PGMAPTRACE_REPORT_DEVICES_H
#define PGMAPTRACE_REPORT_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "session/session.h"
#include "model/wire.h"

#define DEVICE_NAME_LEN 64
#define DEVICE_LINE_LEN 2048

struct devices;

/*
 * @root: prefix of /proc and /sys: "" except in tests
 * @session: its symbols name drivers; NULL: they have no names
 * Return: NULL without memory
 */
struct devices *devices_new(const char *root, struct session *session);
void devices_free(struct devices *d);
/* From here on no name has an address, even if two are then alike. */
void devices_hide_addresses(struct devices *d);
void devices_learn(struct devices *d, const struct pgmt_pgmap *p);
/* Look for block devices that were not known: they come after their pgmaps. */
void devices_refresh(struct devices *d);
/* Return: "?" if neither a resource nor the driver gives it a name. */
const char *devices_name(struct devices *d, const struct pgmt_pgmap *p);
/* The same without the address that tells it from another one of that name. */
const char *devices_base(struct devices *d, const struct pgmt_pgmap *p);
/* Return: its block device, as "pmem0"; "" if none is known. */
const char *devices_block(struct devices *d, const struct pgmt_pgmap *p);
/* Is @name one of the two, or the name of its resource? */
bool devices_is_called(struct devices *d, const struct pgmt_pgmap *p, const char *name);
/* The same of a pgmap that was learnt; else false. */
bool devices_epoch_is_called(const struct devices *d, __u64 epoch, const char *name);
/* Of any that was learnt. */
bool devices_any_is_called(const struct devices *d, const char *name);
/* Of a pgmap that was learnt; else "?". */
const char *devices_name_of_epoch(const struct devices *d, __u64 epoch);
/* The first pfn of a pgmap that was learnt; else 0. */
__u64 devices_first_pfn(const struct devices *d, __u64 epoch);
/*
 * devices_describe - one line, without its newline: names, ranges, age, driver
 * @now: the age is as of then, ns of CLOCK_MONOTONIC
 */
void devices_describe(struct devices *d, const struct pgmt_pgmap *p, __u64 now, char *line,
		      size_t size);
/* "private", "coherent", "fsdax", "generic", "p2pdma" */
const char *devices_type(unsigned int type);

#endif /* PGMAPTRACE_REPORT_DEVICES_H */
