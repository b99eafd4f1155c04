// SPDX-License-Identifier: GPL-2.0-only
#include "report/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"

#define MAJOR(dev) ((dev) >> 20)
#define MINOR(dev) ((dev)&0xfffff)

#define SYS_NAME_LEN 64

/* A mount, perhaps unmounted by now. */
struct mount {
	__u32 dev;
	char *root; /* what of the file system is mounted */
	char *point;
	char block[SYS_NAME_LEN]; /* name of the block device; "": it has none */
	unsigned int seen;	  /* files->looks when mountinfo last had it */
	struct mount *next;
};

struct char_device {
	__u32 rdev;
	char name[SYS_NAME_LEN];
	struct char_device *next;
};

struct files {
	char *root;
	int fd;
	unsigned int looks; /* at mountinfo */
	struct mount *mounts;
	struct char_device *devices;
};

static FILE *open_file(const struct files *fs, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", fs->root, path);
	return fopen(full, "re");
}

struct files *files_new(const char *root)
{
	struct files *fs = calloc(1, sizeof(*fs));
	char path[PATH_MAX];

	if (!fs)
		return NULL;
	fs->root = strdup(root);
	if (!fs->root) {
		free(fs);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	fs->fd = open(path, O_RDONLY | O_CLOEXEC);
	files_learn(fs);
	return fs;
}

static void forget_mount(struct mount **at)
{
	struct mount *m = *at;

	*at = m->next;
	free(m->root);
	free(m->point);
	free(m);
}

void files_free(struct files *fs)
{
	struct char_device *c;

	if (!fs)
		return;
	while (fs->mounts)
		forget_mount(&fs->mounts);
	while ((c = fs->devices)) {
		fs->devices = c->next;
		free(c);
	}
	if (fs->fd >= 0)
		close(fs->fd);
	free(fs->root);
	free(fs);
}

int files_fd(const struct files *fs)
{
	return fs->fd;
}

/* mountinfo writes blanks, newlines and backslashes as \ and three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		unsigned int byte;
		int len = 0;

		if (*s == '\\' && sscanf(s + 1, "%3o%n", &byte, &len) == 1 && len == 3) {
			*to++ = (char)byte;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* "pmem0"; "dm-0 (vg-data)" */
static void name_block(const struct files *fs, __u32 dev, char name[SYS_NAME_LEN])
{
	char path[PATH_MAX], target[PATH_MAX], dm[40] = "";
	const char *base;
	ssize_t len;
	FILE *f;

	name[0] = '\0';
	snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u", fs->root, MAJOR(dev), MINOR(dev));
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return;
	target[len] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/name", MAJOR(dev), MINOR(dev));
	f = open_file(fs, path);
	if (f) {
		if (fscanf(f, "%39s", dm) != 1)
			dm[0] = '\0';
		fclose(f);
	}
	if (dm[0])
		snprintf(name, SYS_NAME_LEN, "%.20s (%s)", base, dm);
	else
		snprintf(name, SYS_NAME_LEN, "%.60s", base);
}

/* How many past mounts are remembered: a session may see any number. */
#define PAST_MOUNTS 256

/* Forget @a before @b?  Few DAX file systems are without a block device. */
static bool matters_less(const struct mount *a, const struct mount *b)
{
	if (!a->block[0] != !b->block[0])
		return !a->block[0];
	return a->seen < b->seen;
}

static void forget_past_mounts(struct files *fs)
{
	unsigned int past = 0;

	for (const struct mount *m = fs->mounts; m; m = m->next)
		past += m->seen != fs->looks;
	for (; past > PAST_MOUNTS; past--) {
		struct mount **least = NULL;

		for (struct mount **i = &fs->mounts; *i; i = &(*i)->next)
			if ((*i)->seen != fs->looks && (!least || matters_less(*i, *least)))
				least = i;
		if (least)
			forget_mount(least);
	}
}

/* Remember a mount, once. */
static void remember_mount(struct files *fs, __u32 dev, const char *root, const char *point)
{
	struct mount **i = &fs->mounts, *m;

	for (; *i; i = &(*i)->next) {
		m = *i;
		if (m->dev == dev && !strcmp(m->root, root) && !strcmp(m->point, point)) {
			/* the number may be another device's since, or a dm device be renamed */
			if (m->seen + 1 < fs->looks || !strncmp(m->block, "dm-", 3))
				name_block(fs, dev, m->block);
			m->seen = fs->looks;
			return;
		}
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return;
	m->dev = dev;
	m->seen = fs->looks;
	m->root = strdup(root);
	m->point = strdup(point);
	if (!m->root || !m->point) {
		free(m->root);
		free(m->point);
		free(m);
		return;
	}
	name_block(fs, dev, m->block);
	*i = m;
}

static void learn_mounts(struct files *fs)
{
	FILE *f = open_file(fs, "/proc/self/mountinfo");
	char *line = NULL;
	size_t room = 0;

	if (!f)
		return;
	fs->looks++;
	while (getline(&line, &room, f) > 0) {
		char *field[5], *rest = line;
		unsigned int major, minor;
		int n = 0;

		/* 36 35 98:0 /root /point options... */
		while (n < 5 && (field[n] = strsep(&rest, " ")))
			n++;
		if (n < 5 || sscanf(field[2], "%u:%u", &major, &minor) != 2)
			continue;
		unescape(field[3]);
		unescape(field[4]);
		remember_mount(fs, major << 20 | minor, field[3], field[4]);
	}
	free(line);
	fclose(f);
	forget_past_mounts(fs);
}

/* Return: the device with that number, new if there was none; NULL without memory. */
static struct char_device *find_device(struct files *fs, __u32 rdev)
{
	struct char_device *c = fs->devices;

	while (c && c->rdev != rdev)
		c = c->next;
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->rdev = rdev;
	c->next = fs->devices;
	fs->devices = c;
	return c;
}

static void remember_device(struct files *fs, const char *name)
{
	unsigned int major, minor;
	struct char_device *c;
	char path[PATH_MAX];
	int n;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/dev", name);
	f = open_file(fs, path);
	if (!f)
		return;
	n = fscanf(f, "%u:%u", &major, &minor);
	fclose(f);
	if (n != 2)
		return;
	c = find_device(fs, major << 20 | minor);
	if (c)
		snprintf(c->name, sizeof(c->name), "%.60s", name);
}

static void learn_devices(struct files *fs)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/sys/bus/dax/devices", fs->root);
	d = opendir(path);
	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			remember_device(fs, e->d_name);
	closedir(d);
}

void files_learn(struct files *fs)
{
	learn_mounts(fs);
	learn_devices(fs);
}

/* Is @path, from the root of the file system, below what is mounted? */
static bool shows(const struct mount *m, const char *path)
{
	size_t len = strlen(m->root);

	if (!strcmp(m->root, "/"))
		return true;
	return !strncmp(m->root, path, len) && (path[len] == '/' || !path[len]);
}

/* Is @a better than @b to name a file?  It is mounted, or was later, or shows more. */
static bool better(const struct mount *a, const struct mount *b)
{
	if (a->seen != b->seen)
		return a->seen > b->seen;
	return strlen(a->root) < strlen(b->root);
}

/* @path: what the mount must show, "/" all of the file system; NULL: anything of it */
static const struct mount *find_mount(const struct files *fs, __u32 dev, const char *path)
{
	const struct mount *best = NULL;

	for (const struct mount *m = fs->mounts; m; m = m->next) {
		if (m->dev != dev || (path && !shows(m, path)))
			continue;
		if (!best || better(m, best))
			best = m;
	}
	return best;
}

/* "/dir/a" of the names of a finding, which has "a", "dir" */
static void join_path(const struct pgmt_file *file, char *path)
{
	size_t begin[PGMT_PATH_NAMES];
	int n = 0;

	for (size_t i = 0; n < PGMT_PATH_NAMES && i < PGMT_PATH_LEN && file->path[i]; n++) {
		begin[n] = i;
		i += strnlen(file->path + i, PGMT_PATH_LEN - i) + 1;
	}
	*path = '\0';
	while (n-- > 0)
		path += sprintf(path, "/%.*s", (int)(PGMT_PATH_LEN - begin[n]),
				file->path + begin[n]);
}

/* A name may hold anything: what would break the line is written as \ooo. */
static void print_name(FILE *to, const char *name)
{
	while (*name) {
		int len = *name == '\\' ? 1 : control_len(name);

		if (!len)
			fputc(*name++, to);
		for (; len; len--)
			fprintf(to, "\\%03o", (unsigned char)*name++);
	}
}

/* For a shell: in quotes if it must be.  What is shown as ? has to be typed. */
static void print_quoted(FILE *to, const char *name)
{
	if (!name[strspn(name, "/._-+,:@%=0123456789abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]) {
		fputs(name, to);
		return;
	}
	fputc('\'', to);
	for (int len; *name; name += len ? len : 1) {
		len = control_len(name);
		if (len)
			fputc('?', to);
		else if (*name == '\'')
			fputs("'\\''", to);
		else
			fputc(*name, to);
	}
	fputc('\'', to);
}

/* A device that is not on the DAX bus: of another driver that maps device pages. */
static void name_char_device(const struct files *fs, struct char_device *c)
{
	char path[PATH_MAX], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/uevent", MAJOR(c->rdev), MINOR(c->rdev));
	f = open_file(fs, path);
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "DEVNAME=%63[^\n]", c->name) == 1)
			break;
	fclose(f);
}

/* Its name in /dev; NULL: not known. */
static const char *device_name(struct files *fs, const struct pgmt_file *file)
{
	struct char_device *c = find_device(fs, file->rdev);

	if (c && !c->name[0])
		name_char_device(fs, c);
	return c && c->name[0] ? c->name : NULL;
}

static void print_device(FILE *to, struct files *fs, const struct pgmt_file *file)
{
	const char *named = device_name(fs, file);

	if (named)
		fprintf(to, "/dev/%s (", named);
	fprintf(to, "char device %u:%u%s", MAJOR(file->rdev), MINOR(file->rdev), named ? ")" : "");
}

/* "inode 131, xfs on pmem0 259:0" */
static void print_inode(FILE *to, const struct files *fs, const struct pgmt_file *file)
{
	const struct mount *m = find_mount(fs, file->dev, NULL);
	char block[SYS_NAME_LEN];

	if (m)
		strcpy(block, m->block);
	else
		name_block(fs, file->dev, block);
	fprintf(to, "inode %llu, %.*s on %s%s%u:%u", file->inode, PGMT_FS_LEN, file->type, block,
		*block ? " " : "", MAJOR(file->dev), MINOR(file->dev));
}

static void print_named(FILE *to, const struct files *fs, const struct pgmt_file *file)
{
	bool deleted = file->flags & PGMT_FILE_DELETED, cut = file->flags & PGMT_FILE_CUT;
	char path[PGMT_PATH_LEN + PGMT_PATH_NAMES + 1];
	const struct mount *m;

	join_path(file, path);
	/* a path that was cut may be anywhere in the file system */
	m = find_mount(fs, file->dev, cut ? "/" : path);
	if (m) {
		print_name(to, strcmp(m->point, "/") ? m->point : "");
		fputs(cut ? "/..." : "", to);
		print_name(to, path + (strcmp(m->root, "/") ? strlen(m->root) : 0));
	} else {
		fputs(cut ? "..." : "", to);
		print_name(to, path);
	}
	fprintf(to, "%s%s (", deleted ? " (deleted)" : "", m ? "" : " in its file system");
	print_inode(to, fs, file);
	fputc(')', to);
}

static void print_nameless(FILE *to, const struct files *fs, const struct pgmt_file *file)
{
	const struct mount *m = find_mount(fs, file->dev, "/");
	bool deleted = file->flags & PGMT_FILE_DELETED;

	fprintf(to, "name not known%s, ", deleted ? " (deleted)" : "");
	print_inode(to, fs, file);
	if (!m)
		return;
	fputs(m->seen == fs->looks ? " at " : ", last mounted at ", to);
	print_name(to, m->point);
	if (deleted)
		return;
	fputs(" (find ", to);
	print_quoted(to, m->point);
	fprintf(to, " -xdev -inum %llu)", file->inode);
}

/* One that is known. */
static void print_file(FILE *to, struct files *fs, const struct pgmt_file *file)
{
	if (file->rdev)
		print_device(to, fs, file);
	else if (file->flags & PGMT_FILE_NAMED)
		print_named(to, fs, file);
	else
		print_nameless(to, fs, file);
	if (file->flags & PGMT_FILE_OFFSET)
		fprintf(to, ", offset 0x%llx", file->offset);
}

bool files_describe_other(struct files *fs, const struct pgmt_finding *f, char *line, size_t size)
{
	FILE *to = f->other.flags & PGMT_FILE_KNOWN ? fmemopen(line, size, "w") : NULL;

	if (!to)
		return false;
	fputs("also stored in: ", to);
	print_file(to, fs, &f->other);
	fclose(to);
	line[size - 1] = '\0';
	return true;
}

bool files_describe(struct files *fs, const struct pgmt_finding *f, char *line, size_t size)
{
	const struct pgmt_file *file = &f->file;
	bool known = file->flags & PGMT_FILE_KNOWN;
	FILE *to;

	if (!known && file->sharers < 2)
		return false;
	to = fmemopen(line, size, "w");
	if (!to)
		return false;
	fputs("file: ", to);
	if (known)
		print_file(to, fs, file);
	else
		fprintf(to, "not known, %u files share it", file->sharers);
	if (known && file->sharers > 1)
		fprintf(to, ", one of %u files that share it", file->sharers);
	if (known && file->flags & PGMT_FILE_ZAPPED)
		fputs(", whose entry there is zapped: the file does not hold it", to);
	else if (known && file->flags & PGMT_FILE_NO_ENTRY)
		fputs(", where no entry has it: the file does not hold it", to);
	fclose(to);
	line[size - 1] = '\0';
	return true;
}

bool files_path(struct files *fs, const struct pgmt_finding *f, char *path, size_t size)
{
	char inside[PGMT_PATH_LEN + PGMT_PATH_NAMES + 1];
	const struct pgmt_file *file = &f->file;
	const struct mount *m;
	const char *device;

	if (!(file->flags & PGMT_FILE_KNOWN))
		return false;
	if (file->rdev) {
		device = device_name(fs, file);
		if (!device)
			return false;
		snprintf(path, size, "/dev/%s", device);
		return true;
	}
	if (!(file->flags & PGMT_FILE_NAMED) || file->flags & PGMT_FILE_CUT)
		return false;
	join_path(file, inside);
	m = find_mount(fs, file->dev, inside);
	if (!m)
		return false;
	snprintf(path, size, "%s%s", strcmp(m->point, "/") ? m->point : "",
		 inside + (strcmp(m->root, "/") ? strlen(m->root) : 0));
	return true;
}
