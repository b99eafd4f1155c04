// SPDX-License-Identifier: GPL-2.0-only
#include "report/devices.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/iomem.h"
#include "base/printable.h"

struct device {
	struct pgmt_pgmap pgmap;
	char name[DEVICE_NAME_LEN];	/* "?": not known */
	char base[DEVICE_NAME_LEN];	/* the same without its place; "": not looked for */
	char resource[DEVICE_NAME_LEN]; /* where it lies, by /proc/iomem; "": in none */
	__u64 at;			/* start of what the name is from */
	char block[DEVICE_NAME_LEN];	/* fsdax; "": not known */
	char pci[DEVICE_NAME_LEN];	/* address; "": on no PCI device */
	char driver[DEVICE_NAME_LEN];	/* of the PCI device; "": none */
	struct device *next;
};

struct devices {
	char *root;
	struct session *session; /* NULL: no symbols */
	struct device *first;
	bool bare; /* no name has an address */
};

struct devices *devices_new(const char *root, struct session *session)
{
	struct devices *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->session = session;
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

void devices_hide_addresses(struct devices *d)
{
	d->bare = true;
}

static const struct ksyms *symbols(const struct devices *d)
{
	return d->session ? session_ksyms(d->session, SYMBOLS_MODULES) : NULL;
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
 * The driver, by its module; built in, by its table of operations.  For a pgmap that no
 * resource names, or that was torn down before its name was looked for.
 */
static bool name_by_driver(const struct devices *d, struct device *i)
{
	const struct ksyms *k = symbols(d);
	char symbol[256] = "", module[DEVICE_NAME_LEN] = "";
	struct ksyms_symbol s;

	if (!k || !i->pgmap.ops)
		return false;
	ksyms_data(k, i->pgmap.ops, symbol, sizeof(symbol));
	if (i->pgmap.page_free && ksyms_find(k, i->pgmap.page_free, &s) && s.module)
		snprintf(module, sizeof(module), "%.60s", s.module);
	else
		sscanf(symbol, "%*s [%60[^]]", module);
	snprintf(i->base, DEVICE_NAME_LEN, "%.60s", module[0] ? module : strtok(symbol, " ") ?: "");
	return i->base[0];
}

/* Namespaces and DAX devices have names of their own, wherever their memory lies. */
static bool is_unique(const char *name)
{
	unsigned int region, nr;
	int len = 0;

	return (sscanf(name, "namespace%u.%u%n", &region, &nr, &len) == 2 && !name[len]) ||
	       (sscanf(name, "dax%u.%u%n", &region, &nr, &len) == 2 && !name[len]);
}

/*
 * The name without what makes it unique, and the place that does.  A PCI address stays when
 * the driver has given up its own resource, whose name two devices may have besides.  Looked
 * for at the last page: the first may belong to the namespace's own metadata.
 */
static void find_base(const struct devices *d, struct device *i)
{
	__u64 last = i->pgmap.range[0].end << PGMT_PAGE_SHIFT;
	struct iomem_place place;

	iomem_find(d->root, last, &place);
	strcpy(i->pci, place.pci);
	strcpy(i->resource, place.name);
	if (place.name[0] && (!place.pci[0] || is_unique(place.name))) {
		/* those that its driver makes of one resource share its name */
		strcpy(i->base, place.name);
		i->at = place.start;
		return;
	}
	i->at = i->pgmap.range[0].start << PGMT_PAGE_SHIFT;
	if (place.pci[0])
		strcpy(i->base, place.pci);
	else if (!name_by_driver(d, i))
		strcpy(i->base, place.kind[0] ? place.kind : "?");
}

/* Is there another one of that name elsewhere?  The first keeps the bare name. */
static bool is_taken(const struct devices *d, const struct device *i)
{
	for (const struct device *other = d->first; other; other = other->next)
		if (other != i && other->at != i->at && !strcmp(other->name, i->base))
			return true;
	return false;
}

static void print_placed(const struct device *i, char name[DEVICE_NAME_LEN])
{
	snprintf(name, DEVICE_NAME_LEN, "%.40s@0x%llx", i->base, i->at);
}

/* Once, at the first look: later its range may be another's. */
static void find_name(const struct devices *d, struct device *i)
{
	if (i->base[0] || !i->pgmap.nr_range)
		return;
	find_base(d, i);
	if (!d->bare && strcmp(i->base, "?") && is_taken(d, i))
		print_placed(i, i->name);
	else
		strcpy(i->name, i->base);
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

	find_name(d, i);
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

const char *devices_base(struct devices *d, const struct pgmt_pgmap *p)
{
	const struct device *i = learn(d, p);

	return i && i->base[0] ? i->base : "?";
}

const char *devices_block(struct devices *d, const struct pgmt_pgmap *p)
{
	const struct device *i = learn(d, p);

	return i ? i->block : "";
}

static bool is_called(const struct device *i, const char *name)
{
	char placed[DEVICE_NAME_LEN];

	if (!i)
		return false;
	print_placed(i, placed);
	return !strcmp(i->name, name) || !strcmp(i->base, name) || !strcmp(i->block, name) ||
	       !strcmp(i->resource, name) || !strcmp(placed, name);
}

bool devices_is_called(struct devices *d, const struct pgmt_pgmap *p, const char *name)
{
	return is_called(learn(d, p), name);
}

bool devices_epoch_is_called(const struct devices *d, __u64 epoch, const char *name)
{
	return is_called(find(d, epoch), name);
}

bool devices_any_is_called(const struct devices *d, const char *name)
{
	for (const struct device *i = d->first; i; i = i->next)
		if (is_called(i, name))
			return true;
	return false;
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
	if (i->pci[0] && strcmp(i->pci, i->base))
		fprintf(to, ", %s", i->pci);
	if (i->resource[0] && strcmp(i->resource, i->base) && strcmp(i->resource, i->driver))
		fprintf(to, ", %s", i->resource);
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
static void print_operations(FILE *to, const struct devices *d, const struct pgmt_pgmap *p)
{
	const struct ksyms *k = symbols(d);
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

void devices_describe(struct devices *d, const struct pgmt_pgmap *p, __u64 now, char *line,
		      size_t size)
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
	print_operations(to, d, p);
	fclose(to);
	line[size - 1] = '\0';
}
