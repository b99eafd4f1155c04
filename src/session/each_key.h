/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a BPF map that programs may change meanwhile.  Not here: the values. */
#ifndef PGMAPTRACE_SESSION_EACH_KEY_H
#define PGMAPTRACE_SESSION_EACH_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* Return: false ends the walk. */
typedef bool (*key_fn)(void *arg, const void *key);

/*
 * each_key - each key of a map once, in ascending order
 *
 * A key that is in the map all the time is never left out and never comes twice.
 * One that comes or goes meanwhile may or may not be among them.
 * @size: of a key, bytes; its order is that of a little-endian number
 * Return: false if @fn has ended it, or if the keys could not all be had
 */
bool each_key(int map, size_t size, key_fn fn, void *arg);

#endif /* PGMAPTRACE_SESSION_EACH_KEY_H */
