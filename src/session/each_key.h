/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk over the keys of a BPF map that programs change at the same time.  Not here: values. */
#ifndef PGMAPTRACE_SESSION_EACH_KEY_H
#define PGMAPTRACE_SESSION_EACH_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* Return: false ends the walk. */
typedef bool (*key_fn)(void *arg, const void *key);

/*
 * each_key - each key of a map once, in ascending order
 *
 * No key comes twice.  One that is added or deleted during the walk may be left out.
 * @size: of a key, bytes; its order is that of a little-endian number
 * Return: false if @fn has ended it, or if not all keys could be read
 */
bool each_key(int map, size_t size, key_fn fn, void *arg);

#endif /* PGMAPTRACE_SESSION_EACH_KEY_H */
