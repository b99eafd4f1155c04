/* SPDX-License-Identifier: GPL-2.0-only */
/* Which kernel functions are hooked, how, and which rules need them. */
#ifndef PGMAPTRACE_SESSION_HOOKS_H
#define PGMAPTRACE_SESSION_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct btf;
struct ksyms;

enum pt_attach {
	PT_ATTACH_NO, /* not wanted on this profile, or not there */
	PT_ATTACH_FENTRY,
	PT_ATTACH_KPROBE,
	PT_ATTACH_MULTI, /* kprobe program on an fprobe; from 6.7 on its misses are counted */
	PT_ATTACH_FEXIT,
};

struct pt_hook {
	const char *function;
	bool exit;	   /* attached where the function returns */
	bool argless;	   /* which can be done without its arguments */
	uint32_t profiles; /* bit (1 << enum pt_profile) */
	bool required;	   /* on these profiles: without it nothing can be said */
	bool alternative;  /* one of several that do the same: without it nothing is missing */
	bool rare;	   /* fentry even where the kernel preempts: see kernel_preempts() */
	bool first_only;   /* takes only the first argument, which a clone has too */
	uint32_t rules;	   /* bit (1 << enum pt_rule): off without this hook */
	int group;	   /* hooks of one group replace each other; 0: none */

	/* filled by hooks_choose() */
	enum pt_attach attach;
	const char *symbol; /* what the kprobe goes to */
	bool attached;
	bool uncounted; /* this kernel does not say how often its program could not run */
	/* filled by hooks_without() */
	uint32_t off; /* rules that this kernel could have, and that are off for want of it */
	int error;    /* why it can't be attached, errno; 0: it is not in this kernel */
};

/* The table ends with a NULL function. */
extern struct pt_hook pt_hooks[];

struct pt_choice {
	enum pt_profile profile;
	uint32_t rules_off;
	bool init_names_pgmap; /* zone_device_page_init(page, pgmap, order) */
	bool can_cast;	       /* bpf_rdonly_cast() is there */
	unsigned int missing;  /* hooks that rules need, and that are not there */
	char error[256];       /* why this kernel can't be traced; "" if it can */
};

/* Choose profile and hooks from what the kernel offers, never from its version. */
void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pt_choice *c);

/*
 * @h is not there, or can't be attached: its rules are off, and count as missing
 * if they mattered.  @error: as h->error has it
 */
void hooks_without(struct pt_choice *c, struct pt_hook *h, int error);

/*
 * The kernel has switches by which attached hooks, and those that are attached then,
 * see nothing and say nothing.  Return: what is off now; NULL: nothing that is known.
 */
const char *hooks_switched_off(void);

const char *pt_profile_name(enum pt_profile profile);
const char *pt_attach_name(enum pt_attach attach);

#endif /* PGMAPTRACE_SESSION_HOOKS_H */
