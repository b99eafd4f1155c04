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
#include "session/kconfig.h"
#include "symbols/ksyms.h"

struct btf;

enum pgmt_attach {
	PGMT_ATTACH_NO, /* not for this profile, or as enum pgmt_absence has it */
	PGMT_ATTACH_FENTRY,
	PGMT_ATTACH_KPROBE, /* at a return: a kretprobe */
	PGMT_ATTACH_MULTI,  /* kprobe program on an fprobe; 6.7 and later count its misses */
	PGMT_ATTACH_FEXIT,
};

/* Why there is no hook at a function that this profile has one for. */
enum pgmt_absence {
	PGMT_HOOKED,
	PGMT_ELSEWHERE,	    /* another of its kind is hooked */
	PGMT_BUILT_WITHOUT, /* it can't exist here, and so there are no events to be seen */
	PGMT_NOT_FOUND,
	PGMT_IN_PIECES, /* the compiler made something else of it, or several things */
	PGMT_REFUSED,	/* the kernel refused to attach: @error */
};

struct pgmt_hook {
	const char *function;
	bool exit;	    /* attached where the function returns */
	bool argless;	    /* its program can do without the arguments there */
	uint32_t profiles;  /* bit (1 << enum pgmt_profile) */
	bool required;	    /* on these profiles no rule works without it */
	bool alternative;   /* one of several for the same job: nothing is missing without it */
	bool rare;	    /* fentry even where the kernel preempts: see kernel_preempts() */
	bool part;	    /* the rest of it, which the compiler split off, will do, too */
	bool first_only;    /* can do with the first argument alone, which a clone has, too */
	uint32_t rules;	    /* bit (1 << enum pgmt_rule): off without this hook */
	int group;	    /* of one group a kernel has one; 0: none */
	enum kconfig needs; /* without it the kernel can't have the function */

	/* filled by hooks_choose() */
	enum pgmt_attach attach;
	enum pgmt_absence absence;
	char *symbol[KSYMS_CLONES + 1]; /* what is hooked: the function, or clones of it */
	unsigned int nr_symbols;
	bool one_argument; /* only the first one can be trusted */
	bool named;	   /* a kprobe with a name: see kprobe_events.h */
	bool attached;
	bool uncounted; /* this kernel does not count how often its program could not run */
	/* filled by hooks_without() */
	uint32_t off; /* rules of this profile that are off without it */
	int error;    /* errno: why it can't be attached */
};

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

/* Longer than any hooks_absence(). */
#define PGMT_WHY_LEN 256

/* Choose profile and hooks from what the kernel offers, never from its version. */
void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c);

/* Has the kernel bpf_rdonly_cast() for programs?  From 6.2 on. */
bool hooks_can_cast(const struct btf *btf);

/*
 * Do without @h: its rules are off, and it counts as missing if this profile has
 * any of them.  @error: the kernel's, if it refused to attach it
 */
void hooks_without(struct pgmt_choice *c, struct pgmt_hook *h, int error);

/* Why @h is not attached, in words. */
const char *hooks_absence(const struct pgmt_hook *h, char why[PGMT_WHY_LEN]);
/* Why @rule is off on this kernel, in words; NULL: it is on. */
const char *hooks_rule_off(const struct pgmt_choice *c, unsigned int rule, char why[PGMT_WHY_LEN]);

/*
 * hooks_see - does a hook of this kernel see the last request of such folios, or their last free?
 * What none sees may have happened.  Of device-dax, where its folios are not requested, a
 * mapping; of classic fsdax a store and a removal.
 * @order: of the folio: it is mapped whole
 */
bool hooks_see(enum pgmt_profile profile, unsigned int type, unsigned int order,
	       enum pgmt_last_kind what);

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
