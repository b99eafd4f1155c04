// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "session/each_key.h"
#include "pgmaptrace.skel.h"

#define SCAN_PAGES  (1 << 16) /* 256 MiB a step */
#define MADE_WITHIN 30	      /* seconds: the struct pages of a large pgmap take a while */

static int pgmap_next(struct session *s, struct pgmt_walk *w)
{
	int err = run_program(s->skel->progs.pgmap_next, w, sizeof(*w));

	if (!err)
		return 0;
	say_error("can't walk pgmap_array: %s", error_text(-err));
	return EXIT_INTERNAL;
}

int session_each_pgmap(struct session *s, bool (*interrupted)(void), session_walk_fn fn, void *arg)
{
	struct pgmt_walk w = {0};

	s->unmade = false;
	while (!w.done && !interrupted()) {
		uint64_t from = w.pfn, first;
		int err = pgmap_next(s, &w);

		if (err)
			return err;
		s->unmade |= w.unmade;
		first = w.pgmap.range[0].start;
		/* once, whatever lies between its ranges: where the first of them begins */
		if (!w.found || first < from || first >= w.pfn)
			continue;
		err = fn(arg, &w);
		if (err)
			return err;
	}
	return 0;
}

bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w)
{
	uint64_t address = w->pgmap.address;

	w->pfn = w->pgmap.range[0].start;
	return !pgmap_next(s, w) && w->found && w->pgmap.address == address;
}

/* ---- the initial scan ---- */

struct initial_scan {
	struct session *session;
	bool (*interrupted)(void);
};

static int scan_pgmap(void *arg, const struct pgmt_walk *w)
{
	const struct initial_scan *of = arg;
	const struct pgmt_pgmap *p = &w->pgmap;

	for (uint32_t i = 0; i < p->nr_range; i++) {
		uint64_t pfn = p->range[i].start;

		if (i == 0 && p->first > pfn)
			pfn = p->first;
		while (pfn <= p->range[i].end && !of->interrupted()) {
			struct pgmt_scan scan = {.pfn = pfn, .nr = p->range[i].end - pfn + 1};
			int err;

			if (scan.nr > SCAN_PAGES)
				scan.nr = SCAN_PAGES;
			err = run_program(of->session->skel->progs.scan_initial, &scan,
					  sizeof(scan));
			if (err) {
				say_error("can't scan the pages of a pgmap: %s", error_text(-err));
				return EXIT_INTERNAL;
			}
			pfn += scan.nr;
		}
	}
	return 0;
}

int session_initial_scan(struct session *s, bool (*interrupted)(void))
{
	uint64_t end = clock_now() + MADE_WITHIN * NS_PER_S;
	struct initial_scan scan = {s, interrupted};
	int err;

	do {
		err = session_each_pgmap(s, interrupted, scan_pgmap, &scan);
		if (err)
			return err;
	} while (s->unmade && clock_now() < end && !interrupted() && !poll(NULL, 0, 100));
	s->skel->bss->settled = 1;
	if (!interrupted())
		kept_publish(s);
	return 0;
}

const uint64_t *session_scan_leaks(struct session *s, struct pgmt_leak_scan *l)
{
	int err = run_program(s->skel->progs.scan_leaks, l, sizeof(*l));

	if (!err)
		return (const uint64_t *)s->skel->bss->unexplained_pfn;
	say_error("can't scan the pages of a pgmap: %s", error_text(-err));
	return NULL;
}

/* ---- the table of the programs ---- */

bool session_pgmap(struct session *s, uint64_t address, struct pgmt_pgmap *p)
{
	return !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.pgmaps), &address, p);
}

struct of_pgmaps {
	struct session *session;
	session_pgmap_fn fn;
	void *arg;
};

static bool read_pgmap(void *arg, const void *key)
{
	const struct of_pgmaps *of = arg;
	struct pgmt_pgmap p;

	if (!bpf_map_lookup_elem(bpf_map__fd(of->session->skel->maps.pgmaps), key, &p))
		of->fn(of->arg, &p);
	return true;
}

void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg)
{
	struct of_pgmaps of = {s, fn, arg};

	if (s->skel)
		each_key(bpf_map__fd(s->skel->maps.pgmaps), sizeof(uint64_t), read_pgmap, &of);
}

struct of_torn_down {
	int map;
	session_torn_down_fn fn;
	void *arg;
};

static bool read_torn_down(void *arg, const void *key)
{
	const struct of_torn_down *of = arg;
	struct pgmt_torn_down torn_down;

	if (!bpf_map_lookup_elem(of->map, key, &torn_down))
		of->fn(of->arg, key, &torn_down);
	return true;
}

void session_torn_down(struct session *s, session_torn_down_fn fn, void *arg)
{
	struct of_torn_down of = {bpf_map__fd(s->skel->maps.torn_down), fn, arg};

	each_key(of.map, sizeof(struct pgmt_torn_down_key), read_torn_down, &of);
}

uint64_t session_break_mapping(struct session *s, uint32_t tid)
{
	struct pgmt_break b;

	return bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.breaks), &tid, &b) ? 0 : b.mapping;
}

void session_expect_free(struct session *s, uint64_t pfn, bool expect)
{
	int map = bpf_map__fd(s->skel->maps.waited);
	uint8_t one = 1;

	if (expect ? !bpf_map_update_elem(map, &pfn, &one, BPF_NOEXIST)
		   : !bpf_map_delete_elem(map, &pfn))
		s->skel->bss->nr_waited += expect ? 1 : -1;
}
