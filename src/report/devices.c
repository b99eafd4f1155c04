// SPDX-License-Identifier: GPL-2.0-only
#include "report/devices.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/printable.h"

struct device {
	struct pgmt_pgmap pgmap;
	char name[DEVICE_NAME_LEN];   /* "?": not known */
	char block[DEVICE_NAME_LEN];  /* fsdax; "": not known */
	char pci[DEVICE_NAME_LEN];    /* address; "": on no PCI device */
	char driver[DEVICE_NAME_LEN]; /* of the PCI device; "": none */
	struct device *next;
};

struct devices {
	char *root;
	struct device *first;
};

struct devices *devices_new(const char *root)
{
	struct devices *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->root = strdup(root);
	if (!d->root) {
		free(d);
		return NULL;
	}
	return d;
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
	free(d->root);
	free(d);
}

static bool is_pci_address(const char *name)
{
	unsigned int domain, bus, slot, function;
	int len = 0;

	return sscanf(name, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &len) == 4 &&
	       !name[len];
}

/* The last part of a link's target. */
static void link_name(const char *path, char name[DEVICE_NAME_LEN])
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *base;

	if (len < 0)
		return;
	target[len] = '\0';
	base = strrchr(target, '/');
	snprintf(name, DEVICE_NAME_LEN, "%.60s", base ? base + 1 : target);
}

/*
 * The innermost resource of /proc/iomem at the pgmap's last page: the first may belong
 * to the namespace's own metadata.  The BAR of a PCI device is an outer one if its
 * driver has named a part of it.
 */
static void name_from_iomem(const struct devices *d, struct device *i)
{
	unsigned long long start, end, last;
	char path[PATH_MAX], line[256], resource[128];
	FILE *f;

	strcpy(i->name, "?");
	i->pci[0] = '\0';
	snprintf(path, sizeof(path), "%s/proc/iomem", d->root);
	f = fopen(path, "re");
	if (!f)
		return;
	last = i->pgmap.nr_range ? i->pgmap.range[0].end << PGMT_PAGE_SHIFT : 0;
	while (last && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %llx-%llx : %127[^\n]", &start, &end, resource) != 3)
			continue;
		if (start > last || end < last)
			continue;
		snprintf(i->name, DEVICE_NAME_LEN, "%.60s", resource);
		if (is_pci_address(resource))
			snprintf(i->pci, DEVICE_NAME_LEN, "%.60s", resource);
	}
	fclose(f);
}

/* The start of a namespace; false if that can't be read. */
static bool read_resource(const char *block, unsigned long long *at)
{
	char path[PATH_MAX + 32];
	bool read = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/device/resource", block);
	f = fopen(path, "re");
	if (!f)
		return false;
	read = fscanf(f, "%llx", at) == 1;
	fclose(f);
	return read;
}

/* Is @block the pmem driver's name for the disk of namespace @name? */
static bool is_disk_of(const char *block, const char *name)
{
	unsigned int region, nr;
	char disk[32];

	if (sscanf(name, "namespace%u.%u", &region, &nr) != 2)
		return false;
	if (nr)
		snprintf(disk, sizeof(disk), "pmem%u.%u", region, nr);
	else
		snprintf(disk, sizeof(disk), "pmem%u", region);
	return !strcmp(block, disk);
}

/*
 * The block device whose parent is the namespace that begins in the pgmap, or its pfn
 * device.  A pfn device is found by name: reading its start takes the device lock, which
 * a hanging unbind holds.
 */
static void find_block(const struct devices *d, struct device *i)
{
	char path[PATH_MAX], link[PATH_MAX + 8], parent[DEVICE_NAME_LEN];
	unsigned long long at;
	struct dirent *e;
	bool found;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/block", d->root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/sys/block/%s", d->root, e->d_name);
		snprintf(link, sizeof(link), "%s/device", path);
		parent[0] = '\0';
		link_name(link, parent);
		found = !strncmp(parent, "pfn", 3) && is_disk_of(e->d_name, i->name);
		if (!strncmp(parent, "namespace", 9) && read_resource(path, &at))
			for (__u32 r = 0; r < i->pgmap.nr_range; r++)
				found |= at >> PGMT_PAGE_SHIFT >= i->pgmap.range[r].start &&
					 at >> PGMT_PAGE_SHIFT <= i->pgmap.range[r].end;
		if (found)
			snprintf(i->block, DEVICE_NAME_LEN, "%.60s", e->d_name);
	}
	closedir(dir);
}

static void find_names(const struct devices *d, struct device *i)
{
	char path[PATH_MAX];

	if (!strcmp(i->name, "?"))
		name_from_iomem(d, i);
	if (!i->block[0] && i->pgmap.type == PGMT_TYPE_FS_DAX)
		find_block(d, i);
	if (i->pci[0] && !i->driver[0]) {
		snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver", d->root, i->pci);
		link_name(path, i->driver);
	}
}

static struct device *find(const struct devices *d, __u64 epoch)
{
	for (struct device *i = d->first; i; i = i->next)
		if (i->pgmap.epoch == epoch)
			return i;
	return NULL;
}

void devices_refresh(struct devices *d)
{
	for (struct device *i = d->first; i; i = i->next)
		find_names(d, i);
}

static struct device *learn(struct devices *d, const struct pgmt_pgmap *p)
{
	struct device *i = find(d, p->epoch);

	if (!i) {
		i = calloc(1, sizeof(*i));
		if (!i)
			return NULL;
		i->pgmap = *p;
		strcpy(i->name, "?");
		i->next = d->first;
		d->first = i;
	}
	find_names(d, i);
	return i;
}

void devices_learn(struct devices *d, const struct pgmt_pgmap *p)
{
	learn(d, p);
}

const char *devices_name(struct devices *d, const struct pgmt_pgmap *p)
{
	const struct device *i = learn(d, p);

	return i ? i->name : "?";
}

const char *devices_block(struct devices *d, const struct pgmt_pgmap *p)
{
	const struct device *i = learn(d, p);

	return i ? i->block : "";
}

static bool is_called(const struct device *i, const char *name)
{
	return i && (!strcmp(i->name, name) || !strcmp(i->block, name));
}

bool devices_is_called(struct devices *d, const struct pgmt_pgmap *p, const char *name)
{
	return is_called(learn(d, p), name);
}

bool devices_epoch_is_called(const struct devices *d, __u64 epoch, const char *name)
{
	return is_called(find(d, epoch), name);
}

const char *devices_name_of_epoch(const struct devices *d, __u64 epoch)
{
	const struct device *i = find(d, epoch);

	return i ? i->name : "?";
}

__u64 devices_first_pfn(const struct devices *d, __u64 epoch)
{
	const struct device *i = find(d, epoch);

	return i && i->pgmap.nr_range ? i->pgmap.range[0].start : 0;
}

const char *devices_type(unsigned int type)
{
	static const char *const names[PGMT_NR_TYPES] = {"no pgmap", "private", "coherent",
							 "fsdax",    "generic", "p2pdma"};

	return type < PGMT_NR_TYPES ? names[type] : "unknown type";
}

static void print_names(FILE *to, const struct device *i)
{
	fputs(i->name, to);
	if (i->block[0])
		fprintf(to, ", %s", i->block);
	if (i->pci[0] && strcmp(i->pci, i->name))
		fprintf(to, ", %s", i->pci);
	if (i->driver[0])
		fprintf(to, " [%s]", i->driver);
}

static void print_created(FILE *to, const struct pgmt_pgmap *p, __u64 now)
{
	if (!p->since) {
		fputs(", created before tracing began", to);
		return;
	}
	fprintf(to, ", created by %s/%u, %.3f s earlier", comm_text(p->maker_comm).text, p->maker,
		now > p->since ? (double)(now - p->since) / 1e9 : 0);
}

/* page_free, or else the table of operations, names the driver. */
static void print_operations(FILE *to, const struct ksyms *k, const struct pgmt_pgmap *p)
{
	struct ksyms_symbol s;
	char name[256];

	if (!k || !p->ops)
		return;
	if (p->page_free && ksyms_find(k, p->page_free, &s)) {
		fprintf(to, ", page_free %s", s.name);
		if (s.module)
			fprintf(to, " [%s]", s.module);
	} else if (ksyms_data(k, p->ops, name, sizeof(name))) {
		fprintf(to, ", ops %s", name);
	}
}

void devices_describe(struct devices *d, const struct ksyms *k, const struct pgmt_pgmap *p,
		      __u64 now, char *line, size_t size)
{
	const struct device *i = learn(d, p);
	FILE *to = fmemopen(line, size, "w");

	if (!to) {
		snprintf(line, size, "pgmap: ?");
		return;
	}
	fputs("pgmap: ", to);
	if (i)
		print_names(to, i);
	else
		fputc('?', to);
	fprintf(to, " (%s)", devices_type(p->type));
	for (__u32 r = 0; r < p->nr_range && r < PGMT_MAX_RANGES; r++)
		fprintf(to, ", 0x%llx-0x%llx (pfn 0x%llx-0x%llx)",
			p->range[r].start << PGMT_PAGE_SHIFT,
			((p->range[r].end + 1) << PGMT_PAGE_SHIFT) - 1, p->range[r].start,
			p->range[r].end);
	print_created(to, p, now);
	if (p->epoch)
		fprintf(to, ", epoch %llu", p->epoch);
	print_operations(to, k, p);
	fclose(to);
	line[size - 1] = '\0';
}
