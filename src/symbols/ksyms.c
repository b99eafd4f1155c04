// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/ksyms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/arch.h"

/*
 * kallsyms has no sizes.  The next function bounds a function; the last one of a
 * module is taken to end with the page that it begins in, since other code may
 * follow.
 */
#define PAGE	 (1ULL << PGMT_PAGE_SHIFT)
#define BPF_TEXT (64 << 10) /* the most that one BPF program is taken to have */

#define MAX_UNLOADED 64

struct symbol {
	uint64_t address;
	uint32_t name;	 /* offset in names */
	uint32_t module; /* its index in module[] plus 1; 0: the kernel itself */
	bool text;
};

struct module {
	char name[64];
	uint64_t start, end;  /* from /proc/modules: from 6.4 on, end is only a bound */
	uint64_t first, last; /* function between these; 0: none */
	uint64_t instance;    /* another number when it is loaded again */
	bool listed;	      /* in /proc/modules; [bpf] and the like are not */
	bool unloaded;
};

struct ksyms {
	struct ksyms_files files;
	struct symbol *symbol;
	size_t nr, room;
	char *names;
	size_t names_len, names_room;
	struct module *module;
	size_t nr_modules;
	uint64_t etext;
	bool strangers; /* modules whose addresses are hidden may have those of unloaded ones */
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

static struct module *add_module(struct ksyms *k, const struct module *module)
{
	struct module *m = realloc(k->module, (k->nr_modules + 1) * sizeof(*m));

	if (!m)
		return NULL;
	k->module = m;
	m += k->nr_modules++;
	*m = *module;
	return m;
}

static bool add_symbol(struct ksyms *k, uint64_t address, bool text, const char *name,
		       uint32_t module)
{
	struct symbol *s;
	struct module *m;

	if (k->nr == k->room) {
		size_t room = k->room ? k->room * 2 : 1 << 16;

		s = realloc(k->symbol, room * sizeof(*s));
		if (!s)
			return false;
		k->symbol = s;
		k->room = room;
	}
	s = &k->symbol[k->nr];
	*s = (struct symbol){.address = address, .module = module, .text = text};
	if (!add_name(k, name, &s->name))
		return false;
	k->nr++;
	if (!module || !text)
		return true;
	m = &k->module[module - 1];
	if (address < m->start || address >= m->end)
		return true;
	if (!m->first || address < m->first)
		m->first = address;
	if (address > m->last)
		m->last = address;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* The inode of its directory in sysfs: such numbers are not used again soon. */
static uint64_t instance_of(const struct ksyms *k, const char *module)
{
	char dir[256];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s/%s", k->files.sys_module, module);
	return stat(dir, &st) ? 0 : st.st_ino;
}

/* Return: false if there is no memory.  A kernel without modules has no such file. */
static bool load_modules(struct ksyms *k)
{
	FILE *f = fopen(k->files.modules, "re");
	unsigned long long size, start;
	char line[4096];

	if (!f)
		return true;
	while (fgets(line, sizeof(line), f)) {
		struct module m = {.listed = true};

		if (sscanf(line, "%63s %llu %*s %*s %*s %llx", m.name, &size, &start) != 3)
			continue;
		m.start = start;
		m.end = start + size;
		m.instance = instance_of(k, m.name);
		if (!add_module(k, &m)) {
			fclose(f);
			return false;
		}
	}
	fclose(f);
	return true;
}

/* The symbols of one module follow each other: @last is tried first.  Return: 0: no memory. */
static uint32_t module_of_symbol(struct ksyms *k, const char *name, uint32_t last)
{
	struct module unlisted = {0};

	if (last && !strcmp(k->module[last - 1].name, name))
		return last;
	for (size_t i = 0; i < k->nr_modules; i++)
		if (!strcmp(k->module[i].name, name))
			return i + 1;
	strcpy(unlisted.name, name);
	return add_module(k, &unlisted) ? k->nr_modules : 0;
}

/* A line of /proc/kallsyms. */
struct listed {
	uint64_t address;
	char type;
	const char *name;
	const char *module; /* empty: the kernel itself */
};

/*
 * There are some 200,000 lines, and sscanf() would take a quarter of the start.
 * @line: is cut into the strings of @s
 * Return: false if it is not a symbol's
 */
static bool parse_symbol(char *line, struct listed *s)
{
	char *at, *name;

	s->address = strtoull(line, &at, 16);
	if (at == line || at[0] != ' ' || !at[1] || at[2] != ' ')
		return false;
	s->type = at[1];
	name = at + 3;
	at = name + strcspn(name, " \t\n");
	/* in modules for arm64, $x and $d say where code and data begin */
	if (at == name || *name == '$')
		return false;
	s->name = name;
	s->module = "";
	if (*at)
		*at++ = '\0';
	if (*at == '[') {
		s->module = at + 1;
		at[strcspn(at, "]")] = '\0';
	}
	return strlen(s->module) < sizeof(((struct module *)0)->name);
}

static bool load_symbols(struct ksyms *k, FILE *f)
{
	char line[1024];
	struct listed s;
	uint32_t last = 0;

	while (fgets(line, sizeof(line), f)) {
		if (!parse_symbol(line, &s))
			continue;
		if (!strcmp(s.name, "_etext"))
			k->etext = s.address;
		if (*s.module) {
			last = module_of_symbol(k, s.module, last);
			if (!last)
				return false;
		}
		if (!add_symbol(k, s.address, strchr("tTwW", s.type), s.name, *s.module ? last : 0))
			return false;
	}
	return !ferror(f);
}

struct ksyms *ksyms_load(const struct ksyms_files *files)
{
	struct ksyms *k = calloc(1, sizeof(*k));
	FILE *f;
	bool ok;

	if (!k)
		return NULL;
	k->files = *files;
	f = fopen(files->kallsyms, "re");
	ok = f && load_modules(k) && load_symbols(k, f);
	if (f)
		fclose(f);
	if (!ok) {
		ksyms_free(k);
		return NULL;
	}
	if (k->nr)
		qsort(k->symbol, k->nr, sizeof(*k->symbol), by_address);
	return k;
}

static void free_tables(struct ksyms *k)
{
	free(k->symbol);
	free(k->names);
	free(k->module);
}

void ksyms_free(struct ksyms *k)
{
	if (!k)
		return;
	free_tables(k);
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

bool ksyms_has(const struct ksyms *k, const char *name)
{
	for (size_t i = 0; i < k->nr; i++)
		if (!strcmp(k->names + k->symbol[i].name, name))
			return true;
	return false;
}

bool ksyms_any(const struct ksyms *k, const char *prefix, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < k->nr; i++)
		if (k->symbol[i].address >= start && k->symbol[i].address < end &&
		    !strncmp(k->names + k->symbol[i].name, prefix, strlen(prefix)))
			return true;
	return false;
}

/* Code that is never called by that name: it is jumped to, or aligns what follows. */
static bool is_cold(const char *suffix)
{
	return strstr(suffix, ".cold");
}

static bool only_makes_unique(const char *suffix)
{
	return !*suffix || !strncmp(suffix, ".llvm.", 6) || !strncmp(suffix, ".__uniq.", 8);
}

static void add_form(struct ksyms_forms *f, const char *symbol, const char *suffix)
{
	if (is_cold(suffix))
		return;
	if (strstr(suffix, ".part")) {
		f->part = symbol;
		f->nr_parts++;
	} else if (only_makes_unique(suffix)) {
		f->whole = symbol;
		f->nr_whole++;
	} else {
		if (f->nr_clones < KSYMS_CLONES)
			f->clone[f->nr_clones] = symbol;
		f->nr_clones++;
	}
}

void ksyms_forms(const struct ksyms *k, const char *name, struct ksyms_forms *forms)
{
	size_t len = strlen(name);

	*forms = (struct ksyms_forms){0};
	for (size_t i = 0; i < k->nr; i++) {
		const struct symbol *s = &k->symbol[i];
		const char *symbol = k->names + s->name;

		if (!s->text || s->module || strncmp(symbol, name, len))
			continue;
		if (symbol[len] == '\0' || symbol[len] == '.')
			add_form(forms, symbol, symbol + len);
	}
}

static struct module *find_live(const struct ksyms *k, const char *name)
{
	for (size_t i = 0; i < k->nr_modules; i++) {
		struct module *m = &k->module[i];

		if (m->listed && !m->unloaded && !strcmp(m->name, name))
			return m;
	}
	return NULL;
}

static bool same(const struct module *a, const struct module *b)
{
	return a && b && a->start == b->start && a->end == b->end && a->instance == b->instance;
}

/* Are modules of @now and @k different? */
static bool differ(const struct ksyms *k, const struct ksyms *now)
{
	size_t live = 0;

	for (size_t i = 0; i < k->nr_modules; i++)
		live += k->module[i].listed && !k->module[i].unloaded;
	if (live != now->nr_modules)
		return true;
	for (size_t i = 0; i < now->nr_modules; i++)
		if (!same(&now->module[i], find_live(k, now->module[i].name)))
			return true;
	return false;
}

static bool same_instance(const struct module *a, const struct module *b)
{
	return a && b && a->instance == b->instance;
}

/* Even where addresses are hidden, the list says which modules are loaded. */
static void compare_instances(struct ksyms *k, const struct ksyms *now)
{
	for (size_t i = 0; i < k->nr_modules; i++) {
		struct module *m = &k->module[i];

		if (m->listed && !same_instance(m, find_live(now, m->name)))
			m->unloaded = true;
	}
	for (size_t i = 0; i < now->nr_modules; i++)
		if (!find_live(k, now->module[i].name))
			k->strangers = true;
}

static uint64_t page_end(uint64_t address)
{
	return (address | (PAGE - 1)) + 1;
}

static bool overlap(const struct module *a, const struct module *b)
{
	return a->last && b->last && a->first < page_end(b->last) && b->first < page_end(a->last);
}

/* Take over an unloaded module from @old.  Return: false if there is no memory. */
static bool keep_module(struct ksyms *k, const struct ksyms *old, uint32_t index)
{
	const struct module *m = &old->module[index];
	uint32_t new_index;

	for (size_t i = 0; i < k->nr_modules; i++)
		if (overlap(&k->module[i], m))
			return true;
	if (!add_module(k, m))
		return false;
	k->module[k->nr_modules - 1].unloaded = true;
	new_index = k->nr_modules;
	for (size_t i = 0; i < old->nr; i++) {
		const struct symbol *s = &old->symbol[i];

		/* what lay outside was its init code, which is freed before the module is */
		if (s->module != index + 1 || !s->text || s->address < m->first ||
		    s->address > m->last)
			continue;
		if (!add_symbol(k, s->address, true, old->names + s->name, new_index))
			return false;
	}
	return true;
}

/* The later one was unloaded, the better its claim: those loaded until now come first. */
static bool keep_unloaded(struct ksyms *k, const struct ksyms *old)
{
	unsigned int kept = 0;

	for (int unloaded = 0; unloaded < 2; unloaded++) {
		for (size_t i = 0; i < old->nr_modules && kept < MAX_UNLOADED; i++) {
			const struct module *m = &old->module[i];

			if (!m->listed || !m->last || m->unloaded != unloaded)
				continue;
			if (!unloaded && same(m, find_live(k, m->name)))
				continue;
			if (!keep_module(k, old, i))
				return false;
			kept++;
		}
	}
	qsort(k->symbol, k->nr, sizeof(*k->symbol), by_address);
	return true;
}

enum ksyms_news ksyms_refresh(struct ksyms *k, bool force)
{
	struct ksyms names = {.files = k->files};
	enum ksyms_news news = KSYMS_FAILED;
	struct ksyms *now = NULL;

	if (!load_modules(&names))
		goto out;
	news = KSYMS_SAME;
	if (!force && !differ(k, &names))
		goto out;
	news = KSYMS_HIDDEN;
	if (names.nr_modules && !names.module[0].start)
		goto hidden;
	news = KSYMS_FAILED;
	now = ksyms_load(&k->files);
	if (!now)
		goto out;
	news = KSYMS_HIDDEN;
	if (ksyms_hidden(now))
		goto hidden;
	news = KSYMS_FAILED;
	if (!now->nr || !keep_unloaded(now, k))
		goto out;
	news = KSYMS_RELOADED;
	free_tables(k);
	*k = *now;
	free(now);
	now = NULL;
	goto out;
hidden:
	compare_instances(k, &names);
out:
	ksyms_free(now);
	free(names.module);
	return news;
}

static bool covers(const struct ksyms *k, const struct symbol *s, uint64_t address)
{
	const struct module *m;

	if (!s->module)
		return !k->etext || address < k->etext;
	m = &k->module[s->module - 1];
	if (m->unloaded && k->strangers)
		return false;
	if (!strcmp(m->name, "bpf") && !strncmp(k->names + s->name, "bpf_prog_", 9))
		return address - s->address < BPF_TEXT;
	if (s->address >= m->first && s->address < m->last)
		return address < m->end;
	return address < page_end(s->address);
}

/* Return: index of the first symbol above @address */
static size_t first_above(const struct ksyms *k, uint64_t address)
{
	size_t low = 0, high = k->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t ksyms_room(const struct ksyms *k, uint64_t address)
{
	size_t next = first_above(k, address);

	return next < k->nr ? k->symbol[next].address - address : 0;
}

bool ksyms_find(const struct ksyms *k, uint64_t address, struct ksyms_symbol *found)
{
	size_t low = first_above(k, address);
	const struct symbol *s;
	const struct module *m;

	while (low > 0 && !k->symbol[low - 1].text)
		low--;
	if (!low)
		return false;
	s = &k->symbol[low - 1];
	if (!covers(k, s, address))
		return false;
	m = s->module ? &k->module[s->module - 1] : NULL;
	*found = (struct ksyms_symbol){
		.name = k->names + s->name,
		.module = m ? m->name : NULL,
		.address = s->address,
		.unloaded = m && m->unloaded,
	};
	return true;
}

bool ksyms_data(const struct ksyms *k, uint64_t address, char *buf, size_t size)
{
	for (size_t i = 0; i < k->nr; i++) {
		const struct symbol *s = &k->symbol[i];

		if (s->address != address || s->text)
			continue;
		if (s->module)
			snprintf(buf, size, "%s [%s]", k->names + s->name,
				 k->module[s->module - 1].name);
		else
			snprintf(buf, size, "%s", k->names + s->name);
		return true;
	}
	return false;
}
