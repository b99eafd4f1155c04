// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "session/kprobe_events.h"
#include "pgmaptrace.skel.h"

#define LOOKS	    50	/* at most, for numbers that nothing has changed meanwhile */
#define QUIET_LOOKS 5	/* are enough */
#define LOOK_TIME   500 /* us between two */

/*
 * How often the kernel skipped a probe that has no name, which it counts from 6.7 on.
 * The headers that we build with may be older than these members of struct
 * bpf_link_info, so their offsets are given here.
 */
static uint64_t link_missed(const struct bpf_link *link)
{
	enum { KPROBE_MULTI_MISSED = 32, KPROBE_MISSED = 48 }; /* bytes */
	union {
		struct bpf_link_info info;
		uint64_t word[16];
	} u = {0};
	__u32 size = sizeof(u);
	size_t offset;

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &u, &size))
		return 0;
	if (u.info.type == BPF_LINK_TYPE_KPROBE_MULTI)
		offset = KPROBE_MULTI_MISSED;
	else if (u.info.type == BPF_LINK_TYPE_PERF_EVENT)
		offset = KPROBE_MISSED;
	else
		return 0;
	return offset + sizeof(uint64_t) <= size ? u.word[offset / sizeof(uint64_t)] : 0;
}

/* How often the program of @h ran. */
static uint64_t runs_of(struct session *s, const struct pgmt_hook *h)
{
	int cpus = libbpf_num_possible_cpus(), number = h - pgmt_hooks;
	uint64_t *each = calloc(cpus, sizeof(*each)), sum = 0;

	if (each && !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.runs), &number, each))
		for (int i = 0; i < cpus; i++)
			sum += each[i];
	free(each);
	return sum;
}

/*
 * So many times the program of a kprobe with a name did not run.  A hit is counted before its
 * run is, and hits are read between two looks at the runs: where these are equal, hits less runs
 * is what was missed, or more, by runs that are just beginning.  So the least of several is taken.
 * @most: if there is no quiet moment: rather too many than too few
 * Return: false if the kernel does not say.
 */
static bool named_missed(struct session *s, const struct pgmt_hook *h, bool most, uint64_t *missed)
{
	uint64_t quiet = UINT64_MAX, other = UINT64_MAX, hits, skipped = 0;

	for (int i = 0, found = 0; i < LOOKS && found < QUIET_LOOKS; i++) {
		uint64_t before = runs_of(s, h), after, runs;

		if (!kprobe_event_counts(h - pgmt_hooks, &hits, &skipped))
			return false;
		after = runs_of(s, h);
		runs = most ? before : after;
		if (hits < runs)
			runs = hits;
		if (hits - runs < other)
			other = hits - runs;
		if (before == after && hits - runs < quiet)
			quiet = hits - runs;
		found += before == after;
		usleep(LOOK_TIME);
	}
	*missed = (quiet != UINT64_MAX ? quiet : other) + skipped;
	return true;
}

void missed_begin(struct session *s)
{
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attached && h->named &&
		    !named_missed(s, h, false, &s->before[h - pgmt_hooks]))
			h->uncounted = true;
}

void missed_end(struct session *s, struct pgmt_hook *h)
{
	uint64_t *missed = &s->missed[h - pgmt_hooks], before = s->before[h - pgmt_hooks];

	if (!h->named) {
		*missed = link_missed(s->link[h - pgmt_hooks]);
		return;
	}
	if (!session_began(s) || h->uncounted)
		return;
	if (!named_missed(s, h, true, missed))
		h->uncounted = true;
	*missed = *missed > before ? *missed - before : 0;
}

uint64_t session_missed(struct session *s, const struct pgmt_hook *h)
{
	const struct bpf_program *p = s->skel && h->attached ? program_of(s, h) : NULL;
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (!p || bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size))
		return 0;
	return info.recursion_misses + s->missed[h - pgmt_hooks];
}
