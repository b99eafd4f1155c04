// SPDX-License-Identifier: GPL-2.0-only
#include "ksyms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
	uint64_t address;
	uint32_t name;	 /* offset in names */
	uint32_t module; /* offset in names, 0 for the kernel itself */
	bool text;
};

struct module {
	char name[64];
	uint64_t start, end;
};

struct ksyms {
	struct symbol *symbol;
	size_t nr, room;
	char *names;
	size_t names_len, names_room;
	struct module *module;
	size_t nr_modules;
	uint64_t etext;
};

static bool add_name(struct ksyms *k, const char *name, uint32_t *offset)
{
	size_t len = strlen(name) + 1;

	if (k->names_len + len > k->names_room) {
		size_t room = k->names_room ? k->names_room * 2 : 1 << 20;
		char *names = realloc(k->names, room);

		if (!names)
			return false;
		k->names = names;
		k->names_room = room;
	}
	memcpy(k->names + k->names_len, name, len);
	*offset = k->names_len;
	k->names_len += len;
	return true;
}

static bool add_symbol(struct ksyms *k, uint64_t address, char type, const char *name,
		       const char *module)
{
	struct symbol *s;

	if (k->nr == k->room) {
		size_t room = k->room ? k->room * 2 : 1 << 16;

		s = realloc(k->symbol, room * sizeof(*s));
		if (!s)
			return false;
		k->symbol = s;
		k->room = room;
	}
	s = &k->symbol[k->nr];
	s->address = address;
	s->text = strchr("tTwW", type) != NULL;
	s->module = 0;
	if (!add_name(k, name, &s->name) || (*module && !add_name(k, module, &s->module)))
		return false;
	k->nr++;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* Return: false if there was no memory.  A kernel without modules has none. */
static bool load_modules(struct ksyms *k)
{
	FILE *f = fopen("/proc/modules", "re");
	unsigned long long size, start;
	char line[4096], name[64];
	struct module *m;

	if (!f)
		return true;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %llu %*s %*s %*s %llx", name, &size, &start) != 3)
			continue;
		m = realloc(k->module, (k->nr_modules + 1) * sizeof(*m));
		if (!m) {
			fclose(f);
			return false;
		}
		k->module = m;
		m = &m[k->nr_modules++];
		strcpy(m->name, name);
		m->start = start;
		m->end = start + size;
	}
	fclose(f);
	return true;
}

bool ksyms_stale(const struct ksyms *k)
{
	struct ksyms now = {0};
	bool stale;

	load_modules(&now);
	stale = now.nr_modules != k->nr_modules;
	for (size_t i = 0; !stale && i < now.nr_modules; i++)
		stale = now.module[i].start != k->module[i].start ||
			strcmp(now.module[i].name, k->module[i].name);
	free(now.module);
	return stale;
}

struct ksyms *ksyms_load(void)
{
	struct ksyms *k = calloc(1, sizeof(*k));
	char line[1024], name[512], module[64], type;
	unsigned long long address;
	uint32_t unused;
	FILE *f;

	if (!k)
		return NULL;
	f = fopen("/proc/kallsyms", "re");
	if (!f || !add_name(k, "", &unused) || !load_modules(k))
		goto fail;
	while (fgets(line, sizeof(line), f)) {
		module[0] = '\0';
		if (sscanf(line, "%llx %c %511s [%63[^]]", &address, &type, name, module) < 3)
			continue;
		if (!strcmp(name, "_etext"))
			k->etext = address;
		if (!add_symbol(k, address, type, name, module))
			goto fail;
	}
	fclose(f);
	qsort(k->symbol, k->nr, sizeof(*k->symbol), by_address);
	return k;
fail:
	if (f)
		fclose(f);
	ksyms_free(k);
	return NULL;
}

void ksyms_free(struct ksyms *k)
{
	if (!k)
		return;
	free(k->symbol);
	free(k->names);
	free(k->module);
	free(k);
}

bool ksyms_hidden(const struct ksyms *k)
{
	return k->nr && !k->symbol[k->nr - 1].address;
}

uint64_t ksyms_address(const struct ksyms *k, const char *name)
{
	for (size_t i = 0; i < k->nr; i++)
		if (!strcmp(k->names + k->symbol[i].name, name))
			return k->symbol[i].address;
	return 0;
}

const char *ksyms_clone(const struct ksyms *k, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < k->nr; i++) {
		const char *s = k->names + k->symbol[i].name;

		if (!k->symbol[i].text || strncmp(s, name, len) || s[len] != '.')
			continue;
		if (strstr(s + len, ".part") || strstr(s + len, ".cold"))
			continue;
		return s;
	}
	return NULL;
}

static bool in_module(const struct ksyms *k, const char *name, uint64_t address)
{
	for (size_t i = 0; i < k->nr_modules; i++)
		if (!strcmp(k->module[i].name, name))
			return address >= k->module[i].start && address < k->module[i].end;
	return false;
}

bool ksyms_resolve(const struct ksyms *k, uint64_t address, char *buf, size_t size)
{
	size_t low = 0, high = k->nr;
	const struct symbol *s;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 0 && !k->symbol[low - 1].text)
		low--;
	if (!low)
		return false;
	s = &k->symbol[low - 1];
	if (s->module) {
		/* BPF programs lie between the modules and belong to none */
		if (!in_module(k, k->names + s->module, address))
			return false;
		snprintf(buf, size, "%s+0x%llx [%s]", k->names + s->name,
			 (unsigned long long)(address - s->address), k->names + s->module);
		return true;
	}
	if (k->etext && address >= k->etext)
		return false;
	snprintf(buf, size, "%s+0x%llx", k->names + s->name,
		 (unsigned long long)(address - s->address));
	return true;
}

bool ksyms_data(const struct ksyms *k, uint64_t address, char *buf, size_t size)
{
	for (size_t i = 0; i < k->nr; i++) {
		const struct symbol *s = &k->symbol[i];

		if (s->address != address || s->text)
			continue;
		if (s->module)
			snprintf(buf, size, "%s [%s]", k->names + s->name, k->names + s->module);
		else
			snprintf(buf, size, "%s", k->names + s->name);
		return true;
	}
	return false;
}
