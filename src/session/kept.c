// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/say.h"
#include "session/each_key.h"
#include "pgmaptrace.skel.h"

/* ---- whose maps are read ---- */

void kept_open(struct session *s)
{
	s->kept = (struct kept){
		.sections = bpf_map__fd(s->skel->maps.sections),
		.histories = bpf_map__fd(s->skel->maps.histories),
		.sites = bpf_map__fd(s->skel->maps.sites),
		.stacks = bpf_map__fd(s->skel->maps.stacks),
		.tasks = bpf_map__fd(s->skel->maps.tasks),
		.spins = bpf_map__fd(s->skel->maps.spins),
		.pid = getpid(),
		.history = s->options.stack != PGMT_STACK_NONE,
	};
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

static void set_info(const struct session *s, const struct pgmt_session_info *info)
{
	__u32 zero = 0;

	bpf_map_update_elem(bpf_map__fd(s->skel->maps.pgmaptrace), &zero, info, BPF_ANY);
}

void kept_publish(const struct session *s)
{
	struct pgmt_session_info info = {
		.layout = PGMT_LAYOUT,
		.pid = s->kept.pid,
		.began = s->kept.began,
		.history = s->kept.history,
		.sections = map_id(s->kept.sections),
		.histories = map_id(s->kept.histories),
		.sites = map_id(s->kept.sites),
		.stacks = map_id(s->kept.stacks),
		.tasks = map_id(s->kept.tasks),
		.spins = map_id(s->kept.spins),
	};

	set_info(s, &info);
}

void kept_unpublish(const struct session *s)
{
	set_info(s, &(struct pgmt_session_info){0});
}

bool session_join(struct session *s, uint32_t *pid, uint64_t *began)
{
	uint32_t other;

	s->peer_sought = true;
	if (!peers_find(&s->peer, &other)) {
		if (other == PEERS_NOT_PERMITTED)
			say("without CAP_SYS_ADMIN a running session can't be found");
		else if (other == UINT32_MAX)
			say("a session of another version is running: it can't be read");
		else if (other)
			say("the session of pid %u is of another version: it can't be read", other);
		return false;
	}
	s->kept = s->peer;
	*pid = s->peer.pid;
	*began = s->peer.began;
	return true;
}

/* ---- tasks that spin ---- */

bool kept_map_spins(struct session *s)
{
	void *spins = mmap(NULL, sizeof(*s->spins), PROT_READ, MAP_SHARED, s->kept.spins, 0);

	s->spins = spins == MAP_FAILED ? NULL : spins;
	return s->spins;
}

void kept_unmap_spins(struct session *s)
{
	if (s->spins)
		munmap((void *)s->spins, sizeof(*s->spins));
	s->spins = NULL;
}

bool kept_spins(struct session *s, struct pgmt_spins *all)
{
	uint32_t other, zero = 0;

	if (s->spins) {
		*all = *s->spins;
		return true;
	}
	if (!s->peer_sought)
		peers_find(&s->peer, &other);
	s->peer_sought = true;
	return s->peer.spins >= 0 && !bpf_map_lookup_elem(s->peer.spins, &zero, all);
}

void kept_frames(struct session *s, uint32_t site, __u64 frame[PGMT_STACK_DEPTH])
{
	const struct kept *k = s->spins ? &s->kept : &s->peer;
	struct pgmt_stack stack = {0};

	if (site & PGMT_SITE_IS_ADDRESS)
		stack.frame[0] = pgmt_address_of_site(site, session_text(s));
	else if (site && bpf_map_lookup_elem(k->stacks, &site, &stack))
		stack.frame[0] = 0;
	memcpy(frame, stack.frame, sizeof(stack.frame));
}

/* ---- states and histories ---- */

/* Return: all zero if there is none. */
static const struct pgmt_section *read_section(struct session *s, uint64_t pfn)
{
	struct recent *r = &s->recent;
	uint64_t key = pfn >> PGMT_SECTION_SHIFT;

	if (r->section_known && r->section_key == key)
		return &r->section;
	r->section_known = true;
	r->section_key = key;
	if (bpf_map_lookup_elem(s->kept.sections, &key, &r->section))
		memset(&r->section, 0, sizeof(r->section));
	return &r->section;
}

static const struct pgmt_page_history *find_history(struct session *s, uint64_t pfn)
{
	struct recent *r = &s->recent;
	uint64_t key = pfn / PGMT_HISTORY_SPAN;

	if (!r->history_known || r->history_key != key) {
		r->history_known = true;
		r->history_key = key;
		if (bpf_map_lookup_elem(s->kept.histories, &key, &r->history))
			memset(&r->history, 0, sizeof(r->history));
	}
	return &r->history.page[pfn % PGMT_HISTORY_SPAN];
}

static struct pgmt_last_event read_last(struct session *s, const struct pgmt_page_history *history,
					enum pgmt_last_kind kind)
{
	uint32_t index = history->site[kind], *site;

	if (index > PGMT_SITES + PGMT_SITE_WAYS)
		index = 0;
	site = &s->recent.site[index];
	/* once there, it never changes */
	if (index && !*site && bpf_map_lookup_elem(s->kept.sites, &index, site))
		*site = 0;
	return (struct pgmt_last_event){
		.tick = history->tick[kind], .who = history->who[kind], .site = *site};
}

static struct pgmt_last_event read_request(struct session *s, const struct pgmt_section *section,
					   uint64_t pfn)
{
	struct pgmt_last_event t = read_last(s, find_history(s, pfn), PGMT_LAST_REQUEST);

	pgmt_latest_request(&t, section);
	return t;
}

bool session_history(struct session *s, uint64_t pgmap, uint64_t pfn,
		     struct session_history *history)
{
	const struct pgmt_section *section = read_section(s, pfn);

	if (section->pgmap != pgmap)
		return false;
	*history = (struct session_history){
		.word = pgmt_normalise(pgmt_word(section, pfn % PGMT_SECTION_PAGES),
				       section->fresh),
		.last_request = read_request(s, section, pfn),
		.last_free = read_last(s, find_history(s, pfn), PGMT_LAST_FREE),
	};
	return true;
}

void session_forget_recent(struct session *s)
{
	s->recent.section_known = false;
	s->recent.history_known = false;
}

bool session_keeps_history(const struct session *s)
{
	return s->kept.history;
}

struct of_outstanding {
	struct session *session;
	session_folio_fn fn;
	void *arg;
};

static bool read_outstanding(void *arg, const void *key)
{
	const struct of_outstanding *of = arg;
	struct pgmt_last_event request;
	struct pgmt_section section;
	uint64_t number, pfn;
	uint32_t word;

	memcpy(&number, key, sizeof(number));
	if (bpf_map_lookup_elem(bpf_map__fd(of->session->skel->maps.sections), key, &section) ||
	    section.unsure)
		return true;
	for (int i = 0; i < PGMT_SECTION_PAGES; i++) {
		word = pgmt_word(&section, i);
		if (!pgmt_is_outstanding(word))
			continue;
		pfn = (number << PGMT_SECTION_SHIFT) + i;
		request = read_request(of->session, &section, pfn);
		if (!of->fn(of->arg, pfn, word, &request))
			return false;
	}
	return true;
}

bool session_outstanding(struct session *s, session_folio_fn fn, void *arg)
{
	struct of_outstanding of = {s, fn, arg};

	s->recent.history_known = false;
	return each_key(bpf_map__fd(s->skel->maps.sections), sizeof(uint64_t), read_outstanding,
			&of);
}

/* ---- times, stacks and tasks ---- */

uint64_t session_tick_time(const struct session *s, uint32_t tick)
{
	return s->kept.began + pgmt_tick_ns(tick);
}

uint64_t session_event_time(const struct session *s, const struct pgmt_last_event *t)
{
	return session_tick_time(s, t->tick);
}

bool session_stack(struct session *s, uint32_t site, struct pgmt_stack *stack)
{
	return site && !(site & PGMT_SITE_IS_ADDRESS) &&
	       !bpf_map_lookup_elem(s->kept.stacks, &site, stack);
}

bool session_is_interrupt(struct session *s, uint32_t site)
{
	uint64_t last = 0;
	struct pgmt_stack st;

	if (!session_stack(s, site, &st))
		return false;
	for (int i = 0; i < PGMT_STACK_DEPTH && st.frame[i]; i++)
		last = st.frame[i];
	for (int i = 0; i < 2; i++)
		if (last >= s->skel->rodata->irq_text[i].start &&
		    last < s->skel->rodata->irq_text[i].end)
			return true;
	return false;
}

static uint32_t key_of_stack(const struct pgmt_stack *stack)
{
	uint64_t hash = PGMT_STACK_HASH;

	for (int i = 0; i < PGMT_STACK_DEPTH; i++)
		hash = pgmt_hash_frame(hash, stack->frame[i]);
	return pgmt_stack_key(hash);
}

/* Return: false if there is no room, or another stack has the key. */
static bool store_stack(int stacks, uint32_t key, const struct pgmt_stack *stack)
{
	struct pgmt_stack known;

	if (!bpf_map_update_elem(stacks, &key, stack, BPF_NOEXIST))
		return true;
	return !bpf_map_lookup_elem(stacks, &key, &known) && !memcmp(&known, stack, sizeof(known));
}

uint32_t session_keep_stack(struct session *s, const __u64 frame[PGMT_STACK_DEPTH])
{
	struct pgmt_stack stack;
	uint32_t key;

	if (!frame[0])
		return 0;
	memcpy(stack.frame, frame, sizeof(stack.frame));
	key = key_of_stack(&stack);
	if (store_stack(bpf_map__fd(s->skel->maps.stacks), key, &stack))
		return key;
	s->lost_stacks++;
	return 0;
}

bool session_comm(struct session *s, const struct pgmt_last_event *t, char comm[PGMT_COMM_LEN])
{
	uint32_t tid = PGMT_TID(t->who);
	struct pgmt_task task;

	if (!tid) {
		snprintf(comm, PGMT_COMM_LEN, "swapper");
		return true;
	}
	/* another task may have got the number since */
	if (bpf_map_lookup_elem(s->kept.tasks, &tid, &task) || task.tick > t->tick)
		return false;
	memcpy(comm, task.comm, PGMT_COMM_LEN);
	return true;
}
