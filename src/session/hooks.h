/* SPDX-License-Identifier: GPL-2.0-only */
/* Which kernel functions are hooked, how, and which rules need them. */
#ifndef PGMAPTRACE_SESSION_HOOKS_H
#define PGMAPTRACE_SESSION_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct btf;
struct ksyms;

enum pgmt_attach {
	PGMT_ATTACH_NO, /* not wanted on this profile, or not there */
	PGMT_ATTACH_FENTRY,
	PGMT_ATTACH_KPROBE,
	PGMT_ATTACH_MULTI, /* kprobe program on an fprobe; from 6.7 on its misses are counted */
	PGMT_ATTACH_FEXIT,
};

struct pgmt_hook {
	const char *function;
	bool exit;	   /* attached where the function returns */
	bool argless;	   /* which can be done without its arguments */
	uint32_t profiles; /* bit (1 << enum pgmt_profile) */
	bool required;	   /* on these profiles: without it nothing can be said */
	bool alternative;  /* one of several that do the same: without it nothing is missing */
	bool rare;	   /* fentry even where the kernel preempts: see kernel_preempts() */
	bool first_only;   /* takes only the first argument, which a clone has too */
	uint32_t rules;	   /* bit (1 << enum pgmt_rule): off without this hook */
	int group;	   /* hooks of one group replace each other; 0: none */

	/* filled by hooks_choose() */
	enum pgmt_attach attach;
	const char *symbol; /* what the kprobe goes to */
	bool attached;
	bool uncounted; /* this kernel does not say how often its program could not run */
	/* filled by hooks_without() */
	uint32_t off; /* rules that this kernel could have, and that are off for want of it */
	int error;    /* why it can't be attached, errno; 0: it is not in this kernel */
};

#define PGMT_MAX_HOOKS 32

/* The table ends with a NULL function. */
extern struct pgmt_hook pgmt_hooks[];

struct pgmt_choice {
	enum pgmt_profile profile;
	uint32_t rules_off;
	bool init_names_pgmap; /* zone_device_page_init(page, pgmap, order) */
	bool can_cast;	       /* bpf_rdonly_cast() is there */
	unsigned int missing;  /* hooks that rules need, and that are not there */
	char error[256];       /* why this kernel can't be traced; "" if it can */
};

/* Choose profile and hooks from what the kernel offers, never from its version. */
void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c);

/*
 * @h is not there, or can't be attached: its rules are off, and count as missing
 * if they mattered.  @error: as h->error has it
 */
void hooks_without(struct pgmt_choice *c, struct pgmt_hook *h, int error);

/*
 * The kernel has switches by which attached hooks, and those that are attached then,
 * see nothing and say nothing.  Return: what is off now; NULL: nothing that is known.
 */
const char *hooks_switched_off(void);

const char *pgmt_profile_name(enum pgmt_profile profile);
const char *pgmt_attach_name(enum pgmt_attach attach);

#endif /* PGMAPTRACE_SESSION_HOOKS_H */
