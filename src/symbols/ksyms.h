/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel symbols, from /proc/kallsyms and /proc/modules.  Not here: inlined
 * functions and source lines (inlines.h), and what is printed of a stack.
 */
#ifndef PGMAPTRACE_SYMBOLS_KSYMS_H
#define PGMAPTRACE_SYMBOLS_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ksyms;

/* A function.  Strings are valid until the table changes. */
struct ksyms_symbol {
	const char *name;
	const char *module; /* NULL: the kernel itself; "bpf" for BPF's own text */
	uint64_t address;
	bool unloaded; /* the module is; it had these addresses last */
};

enum ksyms_news {
	KSYMS_SAME,
	KSYMS_RELOADED,
	KSYMS_HIDDEN, /* the addresses are hidden now; the table stays as it was */
	KSYMS_FAILED, /* errno is set; the table stays as it was */
};

/* The strings are not copied. */
struct ksyms_files {
	const char *kallsyms, *modules; /* in /proc */
	const char *sys_module;		/* a directory that has one for each module */
};

/* Return: a new table, for ksyms_free(); NULL with errno set. */
struct ksyms *ksyms_load(const struct ksyms_files *files);
void ksyms_free(struct ksyms *k);

/* Are the addresses hidden (kernel.kptr_restrict, no CAP_SYSLOG)? */
bool ksyms_hidden(const struct ksyms *k);

/*
 * ksyms_refresh - read the files again if modules were loaded or unloaded, or if @force
 * Symbols of unloaded modules stay until another module has the addresses.
 */
enum ksyms_news ksyms_refresh(struct ksyms *k, bool force);

/* Return: address of the symbol with exactly that name, 0 if there is none. */
uint64_t ksyms_address(const struct ksyms *k, const char *name);

/* Is there a symbol with exactly that name, wherever it is? */
bool ksyms_has(const struct ksyms *k, const char *name);

/* Return: bytes from @address to the next symbol, which bounds what begins there; 0: none. */
uint64_t ksyms_room(const struct ksyms *k, uint64_t address);

/* Does the name of any symbol in [@start, @end) begin with @prefix? */
bool ksyms_any(const struct ksyms *k, const char *prefix, uint64_t start, uint64_t end);

#define KSYMS_CLONES 4

/*
 * What the compiler made of one function of the kernel itself, by the names of its symbols.
 * Where there are clones, each caller calls one of them, or the whole.
 */
struct ksyms_forms {
	/*
	 * It with all of its arguments: its own name, or that with a suffix which only makes
	 * the name unique (name.llvm.N).  NULL: there is none
	 */
	const char *whole;
	unsigned int nr_whole; /* more than 1: other functions have this name, too */
	/*
	 * It without some of its arguments, so that those behind have moved (name.isra.N,
	 * name.constprop.N), as any suffix that is not known.  The names are owned by the table.
	 */
	const char *clone[KSYMS_CLONES];
	unsigned int nr_clones; /* may be more than KSYMS_CLONES */
	/*
	 * A piece that the rest calls (name.part.N).  What comes before it may be inlined in the
	 * callers: then they call the piece, for some calls, and the whole sees nothing of them.
	 */
	const char *part; /* the last of them; NULL: there is none */
	unsigned int nr_parts;
};

void ksyms_forms(const struct ksyms *k, const char *name, struct ksyms_forms *forms);

/* The function that @address is in.  Return: false if none is known. */
bool ksyms_find(const struct ksyms *k, uint64_t address, struct ksyms_symbol *found);

/* Write "symbol [module]" of the variable that begins at @address; false if none is known. */
bool ksyms_data(const struct ksyms *k, uint64_t address, char *buf, size_t size);

#endif /* PGMAPTRACE_SYMBOLS_KSYMS_H */
