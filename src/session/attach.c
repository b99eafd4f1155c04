// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "pgmaptrace.skel.h"

struct bpf_program *program_of(const struct session *s, const struct pgmt_hook *h)
{
	static const char *const prefix[] = {
		[PGMT_ATTACH_FENTRY] = "fentry",
		[PGMT_ATTACH_KPROBE] = "kprobe",
		[PGMT_ATTACH_MULTI] = "kprobe",
		[PGMT_ATTACH_FEXIT] = "fexit",
	};
	bool kret = h->exit && h->attach == PGMT_ATTACH_MULTI;
	char name[128];

	snprintf(name, sizeof(name), "%s_%s", kret ? "kretprobe" : prefix[h->attach], h->function);
	return bpf_object__find_program_by_name(s->skel->obj, name);
}

static void say_rules(uint32_t rules)
{
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (rules & (1u << i))
			say("  rule off: %s", pgmt_rule_name(i));
}

void say_rules_off(const struct session *s)
{
	if (!s->choice.missing)
		return;
	say("%u hooks are not in this kernel (pgmaptrace probe lists them)", s->choice.missing);
	say_rules(s->choice.rules_off);
}

static struct bpf_link *attach_multi(struct bpf_program *p, const struct pgmt_hook *h)
{
	const char *symbol = h->symbol;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = &symbol, .cnt = 1, .retprobe = h->exit);

	return bpf_program__attach_kprobe_multi_opts(p, NULL, &opts);
}

static struct bpf_link *attach_hook(const struct session *s, const struct pgmt_hook *h)
{
	struct bpf_program *p = program_of(s, h);

	if (h->attach == PGMT_ATTACH_KPROBE)
		return bpf_program__attach_kprobe(p, false, h->symbol);
	if (h->attach == PGMT_ATTACH_MULTI)
		return attach_multi(p, h);
	return bpf_program__attach(p);
}

/* Return: 0, or an exit status (said on stderr); a hook that only some rules need may fail. */
static int attach_or_do_without(struct session *s, struct pgmt_hook *h)
{
	struct bpf_link *link = attach_hook(s, h);
	int err = errno;

	if (link) {
		s->link[h - pgmt_hooks] = link;
		h->attached = true;
		return 0;
	}
	if (h->required) {
		say_error("can't attach to %s: %s", h->function, strerror(err));
		return EXIT_KERNEL;
	}
	h->attach = PGMT_ATTACH_NO;
	hooks_without(&s->choice, h, err);
	say("can't attach to %s: %s", h->symbol, strerror(err));
	say_rules(h->rules);
	return 0;
}

int session_attach(struct session *s)
{
	const char *off = hooks_switched_off();
	int err = 0;

	if (off) {
		say_error("%s is 0, so no hook would see anything: set it to 1", off);
		return EXIT_KERNEL;
	}
	for (struct pgmt_hook *h = pgmt_hooks; h->function && !err; h++)
		if (h->attach != PGMT_ATTACH_NO)
			err = attach_or_do_without(s, h);
	if (err)
		return err;
	s->skel->bss->rules_off = s->choice.rules_off | s->options.ignored;
	s->kept.began = s->skel->bss->began = clock_now();
	s->ksyms_old = true;
	/* from here on every hook sees every event */
	s->skel->bss->enabled = 1;
	return 0;
}

void session_check_switches(struct session *s)
{
	if (s->switched_off || !session_began(s))
		return;
	s->switched_off = hooks_switched_off();
	if (s->switched_off)
		say("%s is 0: hooks see nothing until it is 1 again, and the verdict can't be PASS",
		    s->switched_off);
}

const char *session_switched_off(const struct session *s)
{
	return s->switched_off;
}

/*
 * How often the kernel skipped the probe itself, which it counts from 6.7 on.
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

uint64_t session_missed(struct session *s, const struct pgmt_hook *h)
{
	const struct bpf_program *p = s->skel && h->attached ? program_of(s, h) : NULL;
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (!p || bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size))
		return 0;
	return info.recursion_misses + s->missed[h - pgmt_hooks];
}

void session_stop(struct session *s)
{
	if (!s->skel)
		return;
	if (s->skel->bss) {
		s->skel->bss->enabled = 0;
		kept_unpublish(s);
	}
	for (int i = 0; i < PGMT_MAX_HOOKS; i++) {
		if (!s->link[i])
			continue;
		s->missed[i] = link_missed(s->link[i]);
		bpf_link__destroy(s->link[i]);
		s->link[i] = NULL;
	}
	while (s->ring && session_consume(s) >= SESSION_EVENTS)
		;
}
