/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BPF maps for tests that run the BPF programs as ordinary code: hash tables, arrays, arrays
 * with a copy a CPU, and ring buffers.  A map's definition is a struct of pointers that
 * nobody follows, whose types say what it holds; its first leads to its table.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_MAPS_H
#define PGMAPTRACE_TESTS_NATIVE_MAPS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "machine.h"

#define HASH_CHAINS 256

/* Its key and its value follow, each in whole words. */
struct map_element {
	struct map_element *next;
	__u64 data[];
};

struct map_table {
	struct map_table *next; /* of all */
	unsigned int type;	/* enum bpf_map_type */
	unsigned int key_size, value_size;
	unsigned int stride; /* of values, in whole words */
	unsigned int max_entries, entries;
	struct map_element *chain[HASH_CHAINS];
	__u64 *array;		/* of each CPU, one after the other */
	unsigned char *touched; /* its elements that may not be zero */
};

struct ring_record {
	struct ring_record *next;
	__u64 size;
	bool submitted;
	__u64 data[];
};

struct ring_table {
	struct ring_table *next;
	struct ring_record *first, **last;
	__u64 size, used; /* bytes */
};

static struct map_table *map_tables;
static struct ring_table *ring_tables;

static inline void *zeroed(size_t nr, size_t size)
{
	void *memory = calloc(nr, size);

	if (!memory)
		abort();
	return memory;
}

static inline bool is_array(const struct map_table *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static inline unsigned int map_copies(const struct map_table *m)
{
	return m->type == BPF_MAP_TYPE_PERCPU_ARRAY ? MACHINE_CPUS : 1;
}

static inline struct map_table *new_table(unsigned int type, unsigned int key_size,
					  unsigned int value_size, unsigned int max_entries)
{
	struct map_table *m = zeroed(1, sizeof(*m));
	unsigned int elements;

	m->type = type;
	m->key_size = key_size;
	m->value_size = value_size;
	m->stride = (value_size + 7) & ~7U;
	m->max_entries = max_entries;
	if (is_array(m)) {
		elements = max_entries * map_copies(m);
		m->array = zeroed(elements, m->stride);
		m->touched = zeroed(elements, 1);
	}
	m->next = map_tables;
	map_tables = m;
	return m;
}

#define table_of(map)                                                                              \
	({                                                                                         \
		if (!(map)->type)                                                                  \
			(map)->type = (void *)new_table(                                           \
				sizeof(*(map)->type) / sizeof(int), sizeof(*(map)->key),           \
				sizeof(*(map)->value), sizeof(*(map)->max_entries) / sizeof(int)); \
		(struct map_table *)(map)->type;                                                   \
	})

static inline struct map_element **map_chain(struct map_table *m, const void *key)
{
	const unsigned char *at = key;
	__u64 hash = 0;
	unsigned int i;

	for (i = 0; i < m->key_size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return &m->chain[(hash ^ hash >> 29) % HASH_CHAINS];
}

/* Return: what leads to the element of @key, or to NULL. */
static inline struct map_element **map_find(struct map_table *m, const void *key)
{
	struct map_element **at = map_chain(m, key);

	while (*at && memcmp((*at)->data, key, m->key_size))
		at = &(*at)->next;
	return at;
}

static inline void *element_value(const struct map_table *m, struct map_element *e)
{
	return e->data + (m->key_size + 7) / 8;
}

static inline void *array_at(struct map_table *m, unsigned int cpu, __u32 index)
{
	__u64 element = index + (__u64)m->max_entries * (cpu % map_copies(m));

	if (index >= m->max_entries)
		return NULL;
	m->touched[element] = 1;
	return m->array + element * (m->stride / 8);
}

static inline void *map_lookup(struct map_table *m, unsigned int cpu, const void *key)
{
	struct map_element *e;

	if (is_array(m))
		return array_at(m, cpu, *(const __u32 *)key);
	e = *map_find(m, key);
	return e ? element_value(m, e) : NULL;
}

static inline void map_remove(struct map_table *m, struct map_element **at)
{
	struct map_element *e = *at;

	*at = e->next;
	free(e);
	m->entries--;
}

static inline long map_delete(struct map_table *m, const void *key)
{
	struct map_element **at = map_find(m, key);

	if (!*at)
		return -ENOENT;
	map_remove(m, at);
	return 0;
}

static inline void map_remove_any(struct map_table *m)
{
	int i = 0;

	while (!m->chain[i])
		i++;
	map_remove(m, &m->chain[i]);
}

static inline struct map_element *map_insert(struct map_table *m, const void *key)
{
	size_t size = (m->key_size + 7) / 8 * 8 + m->stride;
	struct map_element **at, *e;

	if (m->entries >= m->max_entries) {
		if (m->type != BPF_MAP_TYPE_LRU_HASH)
			return NULL;
		map_remove_any(m);
	}
	at = map_find(m, key);
	e = zeroed(1, sizeof(*e) + size);
	memcpy(e->data, key, m->key_size);
	*at = e;
	m->entries++;
	return e;
}

static inline long map_update(struct map_table *m, unsigned int cpu, const void *key,
			      const void *value, __u64 flags)
{
	void *to = map_lookup(m, cpu, key);
	struct map_element *e;

	if (to && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!to) {
		e = is_array(m) ? NULL : map_insert(m, key);
		if (!e)
			return -E2BIG;
		to = element_value(m, e);
	}
	memcpy(to, value, m->value_size);
	return 0;
}

static inline struct ring_table *new_ring(__u64 size)
{
	struct ring_table *r = zeroed(1, sizeof(*r));

	r->last = &r->first;
	r->size = size;
	r->next = ring_tables;
	ring_tables = r;
	return r;
}

#define ring_of(map)                                                                               \
	({                                                                                         \
		if (!(map)->type)                                                                  \
			(map)->type = (void *)new_ring(sizeof(*(map)->max_entries) / sizeof(int)); \
		(struct ring_table *)(map)->type;                                                  \
	})

static inline void *ring_reserve(struct ring_table *r, __u64 size)
{
	struct ring_record *record;

	if (r->used + size > r->size)
		return NULL;
	record = zeroed(1, sizeof(*record) + size);
	record->size = size;
	r->used += size;
	*r->last = record;
	r->last = &record->next;
	return record->data;
}

static inline void ring_submit(void *data, __u64 flags)
{
	(void)flags;
	((struct ring_record *)((char *)data - offsetof(struct ring_record, data)))->submitted =
		true;
}

/* Return: the @i-th record from the first on; NULL: there are not so many. */
static inline const struct ring_record *ring_record(const struct ring_table *r, unsigned int i)
{
	const struct ring_record *record = r->first;

	while (record && i--)
		record = record->next;
	return record;
}

static inline void ring_empty(struct ring_table *r)
{
	while (r->first) {
		struct ring_record *record = r->first;

		r->first = record->next;
		free(record);
	}
	r->last = &r->first;
	r->used = 0;
}

static inline void map_empty(struct map_table *m)
{
	unsigned int i, elements = is_array(m) ? m->max_entries * map_copies(m) : 0;

	for (i = 0; i < HASH_CHAINS; i++)
		while (m->chain[i])
			map_remove(m, &m->chain[i]);
	for (i = 0; i < elements; i++) {
		if (!m->touched[i])
			continue;
		memset(m->array + (__u64)i * (m->stride / 8), 0, m->stride);
		m->touched[i] = 0;
	}
}

/* As they are when a session begins. */
static inline void empty_all_maps(void)
{
	struct map_table *m;
	struct ring_table *r;

	for (m = map_tables; m; m = m->next)
		map_empty(m);
	for (r = ring_tables; r; r = r->next)
		ring_empty(r);
}

/* Return: 0 if all of it is. */
static inline __u64 hash_words(__u64 hash, const __u64 *at, size_t size)
{
	__u64 any = 0;

	for (size /= 8; size; size--, at++) {
		any |= *at;
		hash = (hash ^ *at) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return any ? hash : 0;
}

/* Of all that is in the map, whatever order it came in. */
static inline __u64 map_digest(const struct map_table *m)
{
	unsigned int i, elements = is_array(m) ? m->max_entries * map_copies(m) : 0;
	size_t size = (m->key_size + 7) / 8 * 8 + m->stride;
	const struct map_element *e;
	__u64 sum = m->entries;

	for (i = 0; i < HASH_CHAINS; i++)
		for (e = m->chain[i]; e; e = e->next)
			sum += hash_words(1, e->data, size);
	for (i = 0; i < elements; i++)
		if (m->touched[i])
			sum += hash_words(i + 1, m->array + (__u64)i * (m->stride / 8), m->stride);
	return sum;
}

static inline __u64 ring_digest(const struct ring_table *r)
{
	const struct ring_record *record;
	__u64 hash = 1;

	for (record = r->first; record; record = record->next)
		hash = hash_words(hash + record->submitted, record->data, record->size);
	return hash;
}

#endif /* PGMAPTRACE_TESTS_NATIVE_MAPS_H */
