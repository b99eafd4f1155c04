/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of pgmaps.  The kernel has none: the name is that of the device whose
 * resource covers the range, and it is gone when the device is, so it is
 * looked up while the pgmap lives and kept.
 */
#ifndef PGMAPTRACE_DEVICES_H
#define PGMAPTRACE_DEVICES_H

#include "wire.h"

#define DEVICE_NAME_LEN 64

struct devices;

struct devices *devices_new(void);
void devices_free(struct devices *d);
void devices_learn(struct devices *d, const struct pt_pgmap *p);
/* Never NULL: "?" if no resource covers the pgmap. */
const char *devices_name(struct devices *d, const struct pt_pgmap *p);
/* Of a pgmap that was learnt; "?" if it was not. */
const char *devices_name_of_epoch(const struct devices *d, __u64 epoch);
/* "private", "coherent", "fsdax", "generic", "p2pdma" */
const char *devices_type(unsigned int type);

#endif /* PGMAPTRACE_DEVICES_H */
