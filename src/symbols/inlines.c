// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/inlines.h"
#include "base/say.h"

#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <elfutils/libdwfl.h>

#define MAX_BUILD_ID 64

struct build_id {
	uint8_t byte[MAX_BUILD_ID];
	size_t len;
};

/* The debug info of the kernel or of a module, or that there is none. */
struct object {
	struct object *next;
	char name[64]; /* "": the kernel */
	struct build_id id;
	Dwfl *dwfl; /* NULL: none */
	Dwfl_Module *module;
	uint64_t bias; /* of the kernel: running address minus address in the file */
};

struct inlines {
	const char *vmlinux;
	struct utsname uname;
	struct object *objects;
};

/*
 * libdw.a has a constructor that loads libdebuginfod with dlopen(), which in a
 * static program means a second libc.  Only libdwfl's own search for debug info
 * needs it, and we do not use that.  The rest of libdwfl refers to its object
 * file by this one function: defined here, the linker leaves the object out.
 */
void __libdwfl_debuginfod_end(void *client);

void __libdwfl_debuginfod_end(void *client)
{
	(void)client;
}

/* Do not search for a separate debug file: one without debug info is of no use. */
static int no_other_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			 const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)found;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = no_other_file,
	.section_address = dwfl_offline_section_address,
};

struct inlines *inlines_new(const char *vmlinux)
{
	struct inlines *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->vmlinux = vmlinux;
	uname(&in->uname);
	return in;
}

void inlines_free(struct inlines *in)
{
	struct object *o, *next;

	if (!in)
		return;
	for (o = in->objects; o; o = next) {
		next = o->next;
		dwfl_end(o->dwfl);
		free(o);
	}
	free(in);
}

/* ---- build IDs ---- */

/* The build ID among the notes in @file.  Return: false if there is none. */
static bool read_build_id(const char *file, struct build_id *id)
{
	_Alignas(Elf64_Nhdr) char notes[4096];
	FILE *f = fopen(file, "re");
	size_t len, at = 0;

	if (!f)
		return false;
	len = fread(notes, 1, sizeof(notes), f);
	fclose(f);
	while (at + sizeof(Elf64_Nhdr) <= len) {
		const Elf64_Nhdr *n = (const Elf64_Nhdr *)(notes + at);
		size_t name = at + sizeof(*n);
		size_t desc = name + ((n->n_namesz + 3ULL) & ~3ULL);

		at = desc + ((n->n_descsz + 3ULL) & ~3ULL);
		if (at > len || at <= name)
			return false;
		if (n->n_type != NT_GNU_BUILD_ID || n->n_namesz != 4 ||
		    memcmp(notes + name, "GNU", 4))
			continue;
		if (!n->n_descsz || n->n_descsz > MAX_BUILD_ID)
			return false;
		id->len = n->n_descsz;
		memcpy(id->byte, notes + desc, id->len);
		return true;
	}
	return false;
}

static bool running_build_id(const char *module, struct build_id *id)
{
	char file[160];

	if (!module)
		return read_build_id("/sys/kernel/notes", id);
	snprintf(file, sizeof(file), "/sys/module/%s/notes/.note.gnu.build-id", module);
	return read_build_id(file, id);
}

static bool same_build(const struct build_id *a, const struct build_id *b)
{
	return a->len == b->len && !memcmp(a->byte, b->byte, a->len);
}

/* ---- files ---- */

/* Return: is @file the build of @o, with debug info in it?  Then it stays open. */
static bool try_file(struct object *o, const char *file)
{
	struct build_id id = {0};
	const unsigned char *bits;
	GElf_Addr unused;
	Dwarf_Addr bias;
	int len;

	o->dwfl = dwfl_begin(&callbacks);
	if (!o->dwfl)
		return false;
	o->module = dwfl_report_offline(o->dwfl, "", file, -1);
	dwfl_report_end(o->dwfl, NULL, NULL);
	if (!o->module)
		goto no;
	len = dwfl_module_build_id(o->module, &bits, &unused);
	if (len <= 0 || len > MAX_BUILD_ID)
		goto no;
	id.len = len;
	memcpy(id.byte, bits, len);
	if (same_build(&id, &o->id) && dwfl_module_getdwarf(o->module, &bias))
		return true;
no:
	dwfl_end(o->dwfl);
	o->dwfl = NULL;
	o->module = NULL;
	return false;
}

const char *inlines_refusal(const char *file)
{
	const char *why = NULL;
	Dwfl_Module *module;
	Dwarf_Addr bias;
	struct stat st;
	Dwfl *dwfl;

	if (stat(file, &st) || access(file, R_OK))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a file";
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return "out of memory";
	module = dwfl_report_offline(dwfl, "", file, -1);
	dwfl_report_end(dwfl, NULL, NULL);
	if (!module)
		why = "not an ELF file, as vmlinux is one";
	else if (!dwfl_module_getdwarf(module, &bias))
		why = "no debug info in it";
	dwfl_end(dwfl);
	return why;
}

/* Where Debian, Fedora and others put it, with the release between the two strings. */
static bool find_vmlinux(const struct inlines *in, struct object *o)
{
	static const char *const places[][2] = {
		{"/usr/lib/debug/boot/vmlinux-", ""},
		{"/usr/lib/debug/lib/modules/", "/vmlinux"},
		{"/usr/lib/debug/lib/modules/", "/vmlinux.debug"},
		{"/usr/lib/debug/usr/lib/modules/", "/vmlinux"},
		{"/usr/lib/debug/boot/vmlinux-", ".debug"},
		{"/usr/lib/debug/vmlinux-", ""},
		{"/boot/vmlinux-", ""},
		{"/lib/modules/", "/vmlinux"},
		{"/lib/modules/", "/build/vmlinux"},
	};
	char file[160];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(file, sizeof(file), "%s%s%s", places[i][0], in->uname.release,
			 places[i][1]);
		if (try_file(o, file))
			return true;
	}
	return false;
}

/* Is @file that of module @name?  In module names - and _ are the same. */
static bool is_module_file(const char *file, const char *name)
{
	for (; *name; name++, file++)
		if (*file != *name && !(*name == '_' && *file == '-'))
			return false;
	return !strncmp(file, ".ko", 3) && (!file[3] || file[3] == '.');
}

static bool find_module(const struct inlines *in, struct object *o)
{
	static const char *const roots[] = {
		"/usr/lib/debug/lib/modules/",
		"/usr/lib/debug/usr/lib/modules/",
		"/lib/modules/",
	};
	bool found = false;
	char root[128];
	FTSENT *e;
	FTS *fts;

	for (size_t i = 0; !found && i < sizeof(roots) / sizeof(*roots); i++) {
		snprintf(root, sizeof(root), "%s%s", roots[i], in->uname.release);
		fts = fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT,
			       NULL);
		while (fts && !found && (e = fts_read(fts)))
			found = e->fts_info != FTS_D && e->fts_info != FTS_DP &&
				is_module_file(e->fts_name, o->name) && try_file(o, e->fts_path);
		if (fts)
			fts_close(fts);
	}
	return found;
}

static bool find_by_build_id(struct object *o)
{
	char file[64 + 2 * MAX_BUILD_ID] = "/usr/lib/debug/.build-id/";
	char *at = file + strlen(file);

	for (size_t i = 0; i < o->id.len; i++)
		at += sprintf(at, i == 0 ? "%02x/" : "%02x", o->id.byte[i]);
	strcpy(at, ".debug");
	return try_file(o, file);
}

/*
 * The address of a function in the file.
 * Return: 0 if the file does not have it, or has two of that name.
 */
static uint64_t file_symbol(Dwfl_Module *module, const char *name)
{
	int nr = dwfl_module_getsymtab(module);
	uint64_t address = 0;

	for (int i = 1; i < nr; i++) {
		GElf_Addr value;
		GElf_Sym sym;
		const char *s = dwfl_module_getsym_info(module, i, &sym, &value, NULL, NULL, NULL);

		if (!s || strcmp(s, name) || sym.st_shndx == SHN_UNDEF)
			continue;
		if (address && address != value)
			return 0;
		address = value;
	}
	return address;
}

static void open_object(const struct inlines *in, const struct ksyms *k, struct object *o)
{
	uint64_t running, linked;

	if (*o->name) {
		if (!find_by_build_id(o))
			find_module(in, o);
		return;
	}
	if (in->vmlinux && !try_file(o, in->vmlinux))
		say("%s: no debug info of the running kernel", in->vmlinux);
	if (!o->dwfl && !find_by_build_id(o) && !find_vmlinux(in, o))
		return;
	running = ksyms_address(k, "_text");
	linked = file_symbol(o->module, "_text");
	o->bias = running - linked;
	if (running && linked)
		return;
	dwfl_end(o->dwfl);
	o->dwfl = NULL;
}

/* Return: NULL if no debug info is certain to be the right one. */
static struct object *find_object(struct inlines *in, const struct ksyms *k,
				  const struct ksyms_symbol *s)
{
	struct build_id id;
	struct object *o;

	/* nobody knows any more which build of an unloaded module that was */
	if (s->unloaded || !running_build_id(s->module, &id))
		return NULL;
	for (o = in->objects; o; o = o->next)
		if (!strcmp(o->name, s->module ? s->module : "") && same_build(&o->id, &id))
			return o->dwfl ? o : NULL;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	if (s->module)
		snprintf(o->name, sizeof(o->name), "%s", s->module);
	o->id = id;
	o->next = in->objects;
	in->objects = o;
	open_object(in, k, o);
	return o->dwfl ? o : NULL;
}

/* ---- DWARF ---- */

static bool is_function(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

/* The unit that @address is in.  Not all compilers write .debug_aranges. */
static Dwarf_Die *find_unit(Dwfl_Module *module, uint64_t address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

	if (unit)
		return unit;
	while ((unit = dwfl_module_nextcu(module, unit, bias)))
		if (dwarf_haspc(unit, address - *bias) == 1)
			return unit;
	return NULL;
}

/* The name of a file in the kernel tree, without the directory it was built in. */
static const char *short_name(Dwarf_Die *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *dir = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t len = dir ? strlen(dir) : 0;

	if (!file)
		return NULL;
	if (len && !strncmp(file, dir, len) && file[len] == '/')
		file += len + 1;
	while (!strncmp(file, "./", 2) || !strncmp(file, "../", 3))
		file = strchr(file, '/') + 1;
	return file;
}

static unsigned int number(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value))
		return 0;
	return value;
}

/* Where the inlined function @die is called. */
static void call_site(Dwarf_Die *unit, Dwarf_Die *die, struct inline_frame *f)
{
	Dwarf_Files *files;
	size_t nr;

	f->line = number(die, DW_AT_call_line);
	f->file = NULL;
	if (f->line && !dwarf_getsrcfiles(unit, &files, &nr))
		f->file = short_name(
			unit, dwarf_filesrc(files, number(die, DW_AT_call_file), NULL, NULL));
}

/* Is @die the function that the kernel calls @s?  A clone has a suffix there. */
static bool agree(Dwarf_Die *die, const struct ksyms_symbol *s, uint64_t start)
{
	const char *name = dwarf_diename(die);
	size_t len = strcspn(s->name, ".");
	Dwarf_Addr entry;

	if (name && strlen(name) == len && !strncmp(name, s->name, len))
		return true;
	/* another name for the same code */
	return !dwarf_entrypc(die, &entry) && entry == start;
}

/* The functions around @pc, from the innermost to the one that is not inlined. */
static int chain(Dwarf_Die *unit, Dwarf_Addr pc, Dwarf_Die **dies)
{
	Dwarf_Die *scopes = NULL;
	int nr = dwarf_getscopes(unit, pc, &scopes);
	int found = 0;

	*dies = NULL;
	for (int i = 0; i < nr; i++) {
		if (!is_function(&scopes[i]))
			continue;
		/* these nest as the source does; ask how the code is inlined at @pc */
		found = dwarf_getscopes_die(&scopes[i], dies);
		break;
	}
	free(scopes);
	return found;
}

/* What is at @offset of function @s, which begins at @start in the file. */
static int look_up(Dwfl_Module *module, const struct ksyms_symbol *s, uint64_t start,
		   uint64_t offset, struct inline_frame frames[INLINE_DEPTH])
{
	struct inline_frame f = {0};
	Dwarf_Die *unit, *dies;
	int nr, number, at = 0;
	Dwarf_Line *line;
	Dwarf_Addr bias;
	bool ok = false;

	unit = find_unit(module, start + offset, &bias);
	if (!unit)
		return 0;
	start -= bias;
	line = dwarf_getsrc_die(unit, start + offset);
	/* line 0: of no line in particular */
	if (line && !dwarf_lineno(line, &number) && number > 0) {
		f.file = short_name(unit, dwarf_linesrc(line, NULL, NULL));
		f.line = number;
	}
	nr = chain(unit, start + offset, &dies);
	for (int i = 0; i < nr && at < INLINE_DEPTH; i++) {
		if (!is_function(&dies[i]))
			continue;
		f.function = dwarf_diename(&dies[i]);
		if (!f.function)
			break;
		frames[at++] = f;
		if (dwarf_tag(&dies[i]) == DW_TAG_subprogram) {
			ok = agree(&dies[i], s, start);
			break;
		}
		call_site(unit, &dies[i], &f);
	}
	free(dies);
	return ok ? at : 0;
}

int inlines_find(struct inlines *in, const struct ksyms *k, const struct ksyms_symbol *s,
		 uint64_t address, struct inline_frame frames[INLINE_DEPTH])
{
	struct object *o = find_object(in, k, s);
	uint64_t start;

	if (!o)
		return 0;
	start = s->module ? file_symbol(o->module, s->name) : s->address - o->bias;
	if (!start)
		return 0;
	return look_up(o->module, s, start, address - s->address, frames);
}
