// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/exit_status.h"
#include "base/say.h"
#include "pgmaptrace.skel.h"

/* 4 TiB.  Beyond that the buckets alone, which are allocated at once, are too large. */
#define MOST_SECTIONS (1 << 21)
#define EVENTS_BYTES  (8 << 20)

/* Of the machine, in bytes; 0: not known. */
static uint64_t total_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : (uint64_t)info.totalram * info.mem_unit;
}

/*
 * Room for events that the tool has not read yet.  Where all events are shown,
 * up to eight times as much: a power of two, and at most 1/64 of all memory.
 */
static uint32_t size_of_events(const struct session *s)
{
	uint32_t bytes = EVENTS_BYTES;

	while (s->options.watch == PGMT_WATCH_ALL && bytes < 8 * EVENTS_BYTES &&
	       bytes * 2 <= total_memory() / 64)
		bytes *= 2;
	return bytes;
}

/* As many sections as --max-memory allows, with their histories. */
static uint32_t number_of_sections(const struct session *s)
{
	uint64_t bytes = s->options.max_memory, each = PGMT_SECTION_BYTES, sections;

	if (!bytes)
		bytes = total_memory() / 4;
	if (s->options.stack != PGMT_STACK_NONE)
		each += PGMT_HISTORY_BYTES * PGMT_SECTION_PAGES / PGMT_HISTORY_SPAN;
	sections = bytes / each;
	if (!sections)
		return 1;
	return sections < MOST_SECTIONS ? sections : MOST_SECTIONS;
}

static int resize(struct bpf_map *map, uint32_t entries)
{
	int err = bpf_map__set_max_entries(map, entries);

	if (!err)
		return 0;
	say_error("can't give the BPF map %s %u entries: %s", bpf_map__name(map), entries,
		  error_text(-err));
	return EXIT_INTERNAL;
}

/*
 * PGMAPTRACE_MAPS="NAME=ENTRIES[,NAME=ENTRIES]...", for tests: maps that are
 * soon full.  Return: 0, or an exit status.
 */
static int resize_by_environment(struct session *s)
{
	const char *list = getenv("PGMAPTRACE_MAPS"), *next = list;

	while (next) {
		char name[16], entries[8];
		struct bpf_map *map;
		int len = 0;

		if (sscanf(next, "%15[a-z_]=%7[0-9]%n", name, entries, &len) != 2 ||
		    !atoi(entries) || (next[len] && next[len] != ',')) {
			say_error("PGMAPTRACE_MAPS=%s: give NAME=ENTRIES[,NAME=ENTRIES]...", list);
			return EXIT_USAGE;
		}
		map = bpf_object__find_map_by_name(s->skel->obj, name);
		if (!map) {
			say_error("PGMAPTRACE_MAPS: no such map: %s", name);
			return EXIT_USAGE;
		}
		if (resize(map, atoi(entries)))
			return EXIT_USAGE;
		next = next[len] ? next + len + 1 : NULL;
	}
	return 0;
}

int size_tables(struct session *s)
{
	uint32_t sections = number_of_sections(s);
	/* without stacks no history is kept; a map has one entry at least */
	uint32_t recorded = s->options.stack == PGMT_STACK_NONE ? 1 : sections;
	int err = resize(s->skel->maps.sections, sections);

	if (!err)
		err = resize(s->skel->maps.histories,
			     recorded * PGMT_SECTION_PAGES / PGMT_HISTORY_SPAN + 1);
	if (!err && s->options.watch != PGMT_WATCH_NONE)
		err = resize(s->skel->maps.events, size_of_events(s));
	return err ? err : resize_by_environment(s);
}
