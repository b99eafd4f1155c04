// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "session/kprobe_events.h"
#include "pgmaptrace.skel.h"

struct bpf_program *program_of(const struct session *s, const struct pgmt_hook *h)
{
	static const char *const prefix[] = {
		[PGMT_ATTACH_FENTRY] = "fentry",
		[PGMT_ATTACH_KPROBE] = "kprobe",
		[PGMT_ATTACH_MULTI] = "kprobe",
		[PGMT_ATTACH_FEXIT] = "fexit",
	};
	bool kret = h->exit && h->attach != PGMT_ATTACH_FEXIT;
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

void say_rules_off(void)
{
	char why[PGMT_WHY_LEN];

	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (!h->off)
			continue;
		say("no hook at the %s of %s: %s", h->exit ? "return" : "entry", h->function,
		    hooks_absence(h, why));
		say_rules(h->off);
	}
}

static struct bpf_link *attach_multi(struct bpf_program *p, const struct pgmt_hook *h)
{
	/* libbpf changes none of them */
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = (const char **)h->symbol,
		    .cnt = h->nr_symbols, .retprobe = h->exit);

	return bpf_program__attach_kprobe_multi_opts(p, NULL, &opts);
}

static struct bpf_link *attach_named(struct bpf_program *p, const struct pgmt_hook *h)
{
	unsigned int number = h - pgmt_hooks;
	LIBBPF_OPTS(bpf_perf_event_opts, opts, .bpf_cookie = number);
	int fd = kprobe_event_open(number, h->symbol[0], h->exit);
	struct bpf_link *link;
	int err;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	link = bpf_program__attach_perf_event_opts(p, fd, &opts);
	if (link)
		return link;
	err = errno;
	close(fd);
	kprobe_event_remove(number);
	errno = err;
	return NULL;
}

static struct bpf_link *attach_hook(const struct session *s, const struct pgmt_hook *h)
{
	struct bpf_program *p = program_of(s, h);

	if (h->named)
		return attach_named(p, h);
	if (h->attach == PGMT_ATTACH_KPROBE)
		return bpf_program__attach_kprobe(p, h->exit, h->symbol[0]);
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
		say_error("can't attach to %s: %s", h->function, error_text(err));
		return EXIT_KERNEL;
	}
	h->attach = PGMT_ATTACH_NO;
	hooks_without(&s->choice, h, err);
	say("can't attach to %s: %s", h->symbol[0], error_text(err));
	say_rules(h->off);
	return 0;
}

int session_attach(struct session *s)
{
	int err = session_can_trace(s);

	if (err)
		return err;
	if (s->skel->rodata->counts_runs)
		kprobe_events_tidy();
	for (struct pgmt_hook *h = pgmt_hooks; h->function && !err; h++)
		if (h->attach != PGMT_ATTACH_NO)
			err = attach_or_do_without(s, h);
	if (err)
		return err;
	missed_begin(s);
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
		missed_end(s, &pgmt_hooks[i]);
		bpf_link__destroy(s->link[i]);
		s->link[i] = NULL;
		if (pgmt_hooks[i].named)
			kprobe_event_remove(i);
	}
	while (s->ring && session_consume(s) >= SESSION_EVENTS)
		;
}
