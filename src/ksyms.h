/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel symbols, from /proc/kallsyms and /proc/modules. */
#ifndef PGMAPTRACE_KSYMS_H
#define PGMAPTRACE_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ksyms;

/* Return: a new table, NULL with errno set.  Freed by ksyms_free(). */
struct ksyms *ksyms_load(void);
void ksyms_free(struct ksyms *k);

/* Are the addresses hidden (kernel.kptr_restrict, no CAP_SYSLOG)? */
bool ksyms_hidden(const struct ksyms *k);

/* Were modules loaded or unloaded since? */
bool ksyms_stale(const struct ksyms *k);

/* Return: address of the symbol with exactly that name, 0 if there is none. */
uint64_t ksyms_address(const struct ksyms *k, const char *name);

/*
 * A clone that the compiler made of function @name and that keeps its first
 * argument (name.isra.N, name.constprop.N).  Return: its name, owned by @k, or
 * NULL.  A .part clone is only a piece of the function and does not count.
 */
const char *ksyms_clone(const struct ksyms *k, const char *name);

/* Write "symbol+0xoffset [module]"; return false if @address is no known text. */
bool ksyms_resolve(const struct ksyms *k, uint64_t address, char *buf, size_t size);

/* Write "symbol [module]" of the data that begins at @address; false if none is known. */
bool ksyms_data(const struct ksyms *k, uint64_t address, char *buf, size_t size);

#endif /* PGMAPTRACE_KSYMS_H */
