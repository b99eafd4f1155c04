/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which kernel functions are hooked, how, and which rules need them: data, and the
 * choice for the running kernel.  Not here: attaching them.
 */
#ifndef PGMAPTRACE_SESSION_HOOKS_H
#define PGMAPTRACE_SESSION_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

struct btf;
struct ksyms;

enum pgmt_attach {
	PGMT_ATTACH_NO, /* not for this profile, or not in this kernel */
	PGMT_ATTACH_FENTRY,
	PGMT_ATTACH_KPROBE,
	PGMT_ATTACH_MULTI, /* kprobe program on an fprobe; 6.7 and later count its misses */
	PGMT_ATTACH_FEXIT,
};

struct pgmt_hook {
	const char *function;
	bool exit;	   /* attached where the function returns */
	bool argless;	   /* its program can do without the arguments there */
	uint32_t profiles; /* bit (1 << enum pgmt_profile) */
	bool required;	   /* on these profiles no rule works without it */
	bool alternative;  /* one of several for the same job: nothing is missing without it */
	bool rare;	   /* fentry even where the kernel preempts: see kernel_preempts() */
	bool part;	   /* a part that the compiler split off, at its end, will do, too */
	bool first_only;   /* reads only the first argument, which a clone has too */
	uint32_t rules;	   /* bit (1 << enum pgmt_rule): off without this hook */
	int group;	   /* of one group a kernel has one; 0: none */

	/* filled by hooks_choose() */
	enum pgmt_attach attach;
	const char *symbol; /* the function, or the clone that is probed */
	bool attached;
	bool uncounted; /* this kernel does not count how often its program could not run */
	/* filled by hooks_without() */
	uint32_t off; /* rules of this profile that are off without it */
	int error;    /* errno: why it can't be attached; 0: it is not in this kernel */
};

#define PGMT_MAX_HOOKS 32

/* The table ends with a NULL function. */
extern struct pgmt_hook pgmt_hooks[];

struct pgmt_choice {
	enum pgmt_profile profile;
	uint32_t rules_off;
	bool init_names_pgmap; /* zone_device_page_init(page, pgmap, order) */
	bool can_cast;	       /* bpf_rdonly_cast() is there */
	unsigned int missing;  /* hooks that rules need and this kernel does not have */
	char error[256];       /* why this kernel can't be traced; "" if it can */
};

/* Choose profile and hooks from what the kernel offers, never from its version. */
void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c);

/*
 * Do without @h: its rules are off, and it counts as missing if this profile has
 * any of them.  @error: as h->error has it
 */
void hooks_without(struct pgmt_choice *c, struct pgmt_hook *h, int error);

/*
 * The kernel has switches that silence all hooks, without an error.
 * Return: one that is off now; NULL: none
 */
const char *hooks_switched_off(void);

/* Is an exit hook attached to @symbol?  Then the hook's trampoline calls it. */
bool hooks_wrap(const char *symbol);

const char *pgmt_profile_name(enum pgmt_profile profile);
const char *pgmt_attach_name(enum pgmt_attach attach);

#endif /* PGMAPTRACE_SESSION_HOOKS_H */
