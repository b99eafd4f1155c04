// SPDX-License-Identifier: GPL-2.0-only
#include "devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SHIFT 12

struct device {
	__u64 epoch;
	char name[DEVICE_NAME_LEN];
	struct device *next;
};

struct devices {
	struct device *first;
};

struct devices *devices_new(void)
{
	return calloc(1, sizeof(struct devices));
}

void devices_free(struct devices *d)
{
	struct device *next;

	if (!d)
		return;
	for (struct device *i = d->first; i; i = next) {
		next = i->next;
		free(i);
	}
	free(d);
}

/*
 * The innermost resource of /proc/iomem at the pgmap's last page: the start
 * may belong to the namespace's own metadata.
 */
static void name_from_iomem(const struct pt_pgmap *p, char name[DEVICE_NAME_LEN])
{
	unsigned long long start, end, last;
	char line[256], resource[128];
	FILE *f = fopen("/proc/iomem", "re");

	strcpy(name, "?");
	if (!f)
		return;
	if (!p->nr_range) {
		fclose(f);
		return;
	}
	last = p->range[0].end << PAGE_SHIFT;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %llx-%llx : %127[^\n]", &start, &end, resource) != 3)
			continue;
		if (start <= last && end >= last)
			snprintf(name, DEVICE_NAME_LEN, "%.60s", resource);
	}
	fclose(f);
}

static struct device *find(const struct devices *d, __u64 epoch)
{
	for (struct device *i = d->first; i; i = i->next)
		if (i->epoch == epoch)
			return i;
	return NULL;
}

void devices_learn(struct devices *d, const struct pt_pgmap *p)
{
	struct device *i = find(d, p->epoch);

	if (!i) {
		i = calloc(1, sizeof(*i));
		if (!i)
			return;
		i->epoch = p->epoch;
		i->next = d->first;
		d->first = i;
		name_from_iomem(p, i->name);
	} else if (!strcmp(i->name, "?")) {
		name_from_iomem(p, i->name);
	}
}

const char *devices_name(struct devices *d, const struct pt_pgmap *p)
{
	devices_learn(d, p);
	return devices_name_of_epoch(d, p->epoch);
}

const char *devices_name_of_epoch(const struct devices *d, __u64 epoch)
{
	const struct device *i = find(d, epoch);

	return i ? i->name : "?";
}

const char *devices_type(unsigned int type)
{
	static const char *const names[PT_NR_TYPES] = {"no pgmap", "private", "coherent",
						       "fsdax",	   "generic", "p2pdma"};

	return type < PT_NR_TYPES ? names[type] : "unknown type";
}
