// SPDX-License-Identifier: GPL-2.0-only
#include "session/hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/btf.h>

#include "arch/arch.h"
#include "session/kprobe_events.h"
#include "session/profiles.h"

#define RULE(name) (1 << PGMT_RULE_##name)

enum { NO_GROUP, FREE, MAP_PMD, NR_GROUPS };

#define REQUEST_RULES                                                                              \
	(RULE(REQUEST_NOT_IDLE) | RULE(DOUBLE_REQUEST) | RULE(REQUEST_DYING) |                     \
	 RULE(REQUEST_OUTSIDE) | RULE(ORDER_MISMATCH) | RULE(PAGES_UNBALANCED) |                   \
	 RULE(FREE_UNREQUESTED) | RULE(DOUBLE_FREE) | RULE(LEAK))
#define SPAN_RULES  (REQUEST_RULES | RULE(PARTIAL_REQUEST) | RULE(REF_IMBALANCE))
#define FREE_RULES  (REQUEST_RULES | RULE(FREE_REFERENCED) | RULE(GENERIC_OVERPUT))
#define MAP_RULES   (RULE(MAP_UNREQUESTED) | RULE(FREE_UNREQUESTED) | RULE(LEAK))
#define STORE_RULES (RULE(MAP_UNREQUESTED) | RULE(PARTIAL_REQUEST) | RULE(FLOW_ORDER))
#define ASSOC_RULES (RULE(ASSOCIATION_CONFLICT) | RULE(ENTRY_DROPPED_BUSY))

/* Rules that a profile's contract does not have; docs/rules.md says more of each. */
static const struct {
	uint32_t profiles, rules;
	const char *why;
} foreign[] = {
	{CLASSIC, RULE(MAP_UNREQUESTED), "a mapping takes no reference here"},
	{CLASSIC, RULE(REQUEST_OUTSIDE), "zone_device_page_init takes no pgmap here"},
	{CLASSIC, RULE(ORDER_MISMATCH) | RULE(PAGES_UNBALANCED),
	 "only single pages are requested here"},
	{DRIVER, RULE(PARTIAL_REQUEST), "only pgmap_request_folios takes a span"},
	{DRIVER, RULE(RELEASE_UNREQUESTED), "only the request contract has a release"},
	{DRIVER, RULE(FLOW_ORDER), "no pages are requested here to build a huge folio"},
	{DRIVER, RULE(REF_IMBALANCE), "pgmap references are taken in bulk here, not per folio"},
	{CLASSIC | REQUEST, RULE(RESET_BUSY), "there is no dax_folio_reset_order here"},
	{REQUEST, RULE(GENERIC_OVERPUT),
	 "device-dax folios idle at 0 here: free-unrequested or double-free"},
	{REQUEST, ASSOC_RULES, "each file entry holds a reference here, and is judged as one"},
};

static uint32_t foreign_rules(enum pgmt_profile profile)
{
	uint32_t rules = 0;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (foreign[i].profiles & (1 << profile))
			rules |= foreign[i].rules;
	return rules;
}

/* A rule is on only with all of its hooks. */
struct pgmt_hook pgmt_hooks[] = {
	{.function = "memremap_pages", .profiles = ALL, .rules = RULE(PGMAP_OVERLAP)},
	{.function = "memremap_pages",
	 .exit = true,
	 .argless = true,
	 .profiles = ALL,
	 .required = true},
	{.function = "memunmap_pages", .profiles = ALL, .rules = RULE(REF_IMBALANCE)},
	/*
	 * Sees who ended a wait; no rule needs it.  It runs in a softirq, on top of any
	 * other program: a kprobe is skipped then, fentry only on top of itself.
	 */
	{.function = "dev_pagemap_percpu_release", .profiles = ALL, .rare = true},
	{.function = "memunmap_pages",
	 .exit = true,
	 .argless = true,
	 .profiles = ALL,
	 .required = true},
	/* it scans all pages, too long with preemption off as a kprobe has it */
	{.function = "remove_pfn_range_from_zone",
	 .profiles = ALL,
	 .rare = true,
	 .rules = RULE(TEARDOWN_LIVE) | RULE(REFCOUNT_UNDERFLOW)},
	/*
	 * These see whose layout is broken, and who spins for that.  No rule needs them: a
	 * task that spins and was missed once asks again.
	 */
	{.function = "dax_layout_busy_page_range",
	 .profiles = ALL,
	 .alternative = true,
	 .needs = KCONFIG_FS_DAX},
	{.function = "dax_layout_busy_page_range",
	 .exit = true,
	 .argless = true,
	 .profiles = ALL,
	 .alternative = true,
	 .needs = KCONFIG_FS_DAX},
	{.function = "dax_zap_mappings_range", .profiles = REQUEST, .needs = KCONFIG_FS_DAX},
	{.function = "dax_zap_mappings_range",
	 .exit = true,
	 .argless = true,
	 .profiles = REQUEST,
	 .needs = KCONFIG_FS_DAX},
	{.function = "zone_device_page_init", .profiles = DRIVER, .rules = REQUEST_RULES},
	{.function = "pgmap_request_folios",
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_request_folios",
	 .exit = true,
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_request_folio",
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_request_folio",
	 .exit = true,
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_get_folio",
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_get_folio",
	 .exit = true,
	 .profiles = REQUEST,
	 .alternative = true,
	 .rules = SPAN_RULES},
	{.function = "pgmap_release_folios",
	 .profiles = REQUEST,
	 .rules = RULE(RELEASE_UNREQUESTED)},
	{.function = "pgmap_release_folios",
	 .exit = true,
	 .profiles = REQUEST,
	 .rules = RULE(REFCOUNT_UNDERFLOW)},
	{.function = "free_zone_device_page", .profiles = ALL, .rules = FREE_RULES, .group = FREE},
	{.function = "free_zone_device_folio", .profiles = ALL, .rules = FREE_RULES, .group = FREE},
	{.function = "vmf_insert_page_mkwrite",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES},
	{.function = "vmf_insert_folio_pmd",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES,
	 .needs = KCONFIG_THP},
	/* on classic these see who mapped a device-dax page; its contract has none of their rules
	 */
	{.function = "vmf_insert_mixed",
	 .profiles = CLASSIC | REQUEST,
	 .rules = RULE(MAP_UNREQUESTED)},
	{.function = "vmf_insert_mixed_mkwrite",
	 .profiles = REQUEST,
	 .rules = RULE(MAP_UNREQUESTED)},
	{.function = "vmf_insert_pfn_pmd_prot",
	 .profiles = CLASSIC | REQUEST,
	 .rules = RULE(FLOW_ORDER),
	 .group = MAP_PMD,
	 .needs = KCONFIG_THP},
	{.function = "vmf_insert_pfn_pmd",
	 .profiles = CLASSIC | REQUEST,
	 .rules = RULE(FLOW_ORDER),
	 .group = MAP_PMD,
	 .needs = KCONFIG_THP},
	{.function = "dax_insert_entry",
	 .profiles = DRIVER,
	 .rules = ASSOC_RULES,
	 .needs = KCONFIG_FS_DAX},
	/* makes room for the histories of a huge entry; without it some may be lost */
	{.function = "dax_insert_entry", .profiles = REQUEST, .needs = KCONFIG_FS_DAX},
	{.function = "dax_insert_entry",
	 .exit = true,
	 .profiles = REQUEST,
	 .rules = STORE_RULES,
	 .needs = KCONFIG_FS_DAX},
	/*
	 * Its beginning returns for entries that name no folio; all else works on the folio.  GCC
	 * hands to a part arguments only, and no value such as that folio, so it can split there
	 * alone.
	 */
	{.function = "dax_disassociate_entry",
	 .profiles = DRIVER,
	 .part = true,
	 .first_only = true,
	 .rules = ASSOC_RULES,
	 .needs = KCONFIG_FS_DAX},
	{.function = "dax_folio_reset_order",
	 .profiles = COUNTED,
	 .rules = RULE(RESET_BUSY),
	 .needs = KCONFIG_FS_DAX},
	{0},
};

_Static_assert(sizeof(pgmt_hooks) / sizeof(*pgmt_hooks) - 1 <= PGMT_MAX_HOOKS,
	       "a session has room for all hooks");

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* How many parameters @name has; 0 if it is not there. */
static unsigned int parameters(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	t = t ? btf__type_by_id(btf, t->type) : NULL;
	return t ? btf_vlen(t) : 0;
}

static void choose_profile(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c)
{
	static const char *const request[] = {"pgmap_request_folios", "pgmap_request_folio",
					      "pgmap_get_folio"};
	struct utsname u;

	if (!has_function(btf, "memremap_pages")) {
		snprintf(c->error, sizeof(c->error),
			 "this kernel has no device pages: memremap_pages is not in it (build it "
			 "with CONFIG_ZONE_DEVICE=y)");
		return;
	}
	if (!ksyms_address(k, "pgmap_array")) {
		snprintf(c->error, sizeof(c->error),
			 "/proc/kallsyms lists no variables: pgmap_array is not in it (build the "
			 "kernel with CONFIG_KALLSYMS_ALL=y)");
		return;
	}
	uname(&u);
	if (strcmp(u.machine, PGMT_MACHINE)) {
		snprintf(c->error, sizeof(c->error), "this pgmaptrace is for %s, not for %s",
			 PGMT_MACHINE, u.machine);
		return;
	}
	if (btf__resolve_size(btf, btf__find_by_name_kind(btf, "page", BTF_KIND_STRUCT)) != 64) {
		snprintf(c->error, sizeof(c->error),
			 "not supported: struct page does not have 64 bytes in this kernel");
		return;
	}
	for (size_t i = 0; i < sizeof(request) / sizeof(*request); i++)
		if (has_function(btf, request[i]))
			c->profile = PGMT_PROFILE_REQUEST;
	/* huge entries of single pages are judged a section at a time */
	if (c->profile && PGMT_PMD_PAGES != PGMT_SECTION_PAGES)
		snprintf(c->error, sizeof(c->error),
			 "not supported: device pages are requested, and have more than 4 KiB");
	if (c->profile)
		return;
	if (has_function(btf, "dax_break_layout"))
		c->profile = PGMT_PROFILE_COUNTED;
	else if (has_function(btf, "__put_devmap_managed_page_refs") ||
		 has_function(btf, "__put_devmap_managed_folio_refs"))
		c->profile = PGMT_PROFILE_CLASSIC;
	else if (kconfig_lacks(k, KCONFIG_FS_DAX))
		snprintf(c->error, sizeof(c->error),
			 "this kernel was built without CONFIG_FS_DAX, so its contract for device "
			 "pages is not known: build it with CONFIG_FS_DAX=y");
	else
		snprintf(c->error, sizeof(c->error),
			 "unknown contract for device pages: neither dax_break_layout nor "
			 "__put_devmap_managed_*_refs is in this kernel's BTF");
}

/*
 * Can a task be preempted inside the kernel?  Then a fentry program can be, too,
 * and meanwhile BPF skips that program for every other task on its CPU: under
 * load that hid thousands of events.  kprobes and fprobes run with preemption
 * off.  If the kernel does not say, take it for yes.
 */
static bool kernel_preempts(void)
{
	FILE *f = fopen("/sys/kernel/debug/sched/preempt", "re");
	char line[128] = "";
	struct utsname u;

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	if (strchr(line, '('))
		return !strstr(line, "(none)") && !strstr(line, "(voluntary)");
	uname(&u);
	if (strstr(u.version, "PREEMPT(none)") || strstr(u.version, "PREEMPT(voluntary)"))
		return false;
	return strstr(u.version, "PREEMPT") != NULL;
}

/* Return: type of the member @name of struct or union @type, or of an unnamed one in it; 0: none */
static uint32_t member_type(const struct btf *btf, uint32_t type, const char *name)
{
	const struct btf_type *t = btf__type_by_id(btf, type);
	const struct btf_member *m = btf_members(t);

	for (uint16_t i = 0; btf_is_composite(t) && i < btf_vlen(t); i++) {
		const char *own = btf__name_by_offset(btf, m[i].name_off);
		uint32_t found = *own ? 0 : member_type(btf, m[i].type, name);

		if (found || !strcmp(own, name))
			return found ? found : m[i].type;
	}
	return 0;
}

/*
 * The program of a kprobe or fprobe does not run while another one runs on that
 * CPU, or a task is inside bpf(2) there.  6.7 and later count that.
 */
static bool counts_missed_probes(const struct btf *btf)
{
	int info = btf__find_by_name_kind(btf, "bpf_link_info", BTF_KIND_STRUCT);
	uint32_t probes = info > 0 ? member_type(btf, info, "kprobe_multi") : 0;

	return probes && member_type(btf, probes, "missed");
}

/* How hooks can be attached to this kernel. */
struct means {
	bool prefer_probes; /* kprobes and fprobes to fentry */
	bool counted;	    /* the kernel counts what the programs of both miss */
	bool multi;	    /* there are fprobes */
	bool named;	    /* there are kprobes with names, which count their hits */
};

static struct means find_means(const struct btf *btf)
{
	struct means m = {
		.counted = counts_missed_probes(btf),
		.multi = has_function(btf, "register_fprobe_ips"),
		.named = kprobe_events_usable(),
	};

	/* what a program misses has to be known; all kernels count what fentry misses */
	m.prefer_probes = kernel_preempts() && (m.counted || m.named);
	return m;
}

/* The table of symbols is read anew when modules come and go, and these stay. */
static void keep_symbol(struct pgmt_hook *h, unsigned int i, const char *name)
{
	free(h->symbol[i]);
	h->symbol[i] = name ? strdup(name) : NULL;
}

/*
 * Take the symbols at which @h sees every call.
 * @typed: BTF has the function.  It leaves out those whose arguments are not where they
 * should be.
 */
static bool take_symbols(struct pgmt_hook *h, const struct ksyms_forms *f, bool typed)
{
	bool only_part = h->part && f->nr_parts == 1 && !f->whole && !f->nr_clones;

	keep_symbol(h, 0, f->whole ? f->whole : f->nr_clones ? f->clone[0] : f->part);
	h->one_argument = f->nr_clones || only_part || !typed;
	h->nr_symbols = 0;
	if (!h->symbol[0])
		h->absence = PGMT_NOT_FOUND;
	else if ((f->part && !only_part) || f->nr_whole > 1 || f->nr_clones > KSYMS_CLONES ||
		 (f->nr_clones && !h->first_only))
		h->absence = PGMT_IN_PIECES;
	else if (h->one_argument && !h->first_only && !(h->exit && h->argless))
		h->absence = PGMT_NOT_FOUND;
	else
		h->absence = PGMT_HOOKED;
	if (h->absence != PGMT_HOOKED)
		return false;
	h->nr_symbols = f->whole || only_part;
	for (unsigned int i = 0; i < f->nr_clones; i++)
		keep_symbol(h, h->nr_symbols++, f->clone[i]);
	return true;
}

static void choose_hook(struct pgmt_hook *h, const struct btf *btf, const struct ksyms *k,
			const struct means *m)
{
	bool typed = has_function(btf, h->function), needs_all = h->exit && !h->argless;
	struct ksyms_forms f;
	bool trampoline;

	ksyms_forms(k, h->function, &f);
	if (!take_symbols(h, &f, typed))
		return;
	trampoline = typed && h->nr_symbols == 1 && !strcmp(h->symbol[0], h->function);
	if (trampoline && (needs_all || h->rare || !m->prefer_probes)) {
		h->attach = h->exit ? PGMT_ATTACH_FEXIT : PGMT_ATTACH_FENTRY;
	} else if (needs_all) {
		h->absence = PGMT_NOT_FOUND;
	} else if (m->named && !m->counted && h->nr_symbols == 1) {
		h->attach = PGMT_ATTACH_KPROBE;
		h->named = true;
	} else if (m->multi) {
		h->attach = PGMT_ATTACH_MULTI;
	} else if (h->nr_symbols == 1) {
		h->attach = PGMT_ATTACH_KPROBE;
	} else {
		h->absence = PGMT_IN_PIECES;
	}
}

static bool is_probe(const struct pgmt_hook *h)
{
	return h->attach == PGMT_ATTACH_KPROBE || h->attach == PGMT_ATTACH_MULTI;
}

/*
 * @h is not attached.  What the kernel was built without is no loss: what can't exist is not
 * called.  @of_group: another of its group is hooked
 */
static void settle_absence(struct pgmt_choice *c, struct pgmt_hook *h, bool of_group)
{
	char why[PGMT_WHY_LEN];

	if (of_group || (h->alternative && !h->symbol[0]))
		h->absence = PGMT_ELSEWHERE;
	if (h->absence == PGMT_ELSEWHERE || h->absence == PGMT_BUILT_WITHOUT)
		return;
	if (h->required)
		snprintf(c->error, sizeof(c->error), "can't attach to %s: %s", h->function,
			 hooks_absence(h, why));
	else
		hooks_without(c, h, 0);
}

bool hooks_can_cast(const struct btf *btf)
{
	return has_function(btf, "bpf_rdonly_cast");
}

void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c)
{
	bool group[NR_GROUPS] = {false};
	struct means m = find_means(btf);

	*c = (struct pgmt_choice){0};
	choose_profile(btf, k, c);
	if (c->error[0])
		return;
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		h->attach = PGMT_ATTACH_NO;
		h->absence = PGMT_ELSEWHERE;
		keep_symbol(h, 0, NULL);
		h->off = h->error = 0;
		h->named = h->uncounted = false;
		if (!(h->profiles & (1 << c->profile)) || group[h->group])
			continue;
		choose_hook(h, btf, k, &m);
		h->uncounted = is_probe(h) && !h->named && !m.counted && kernel_preempts();
		if (h->attach != PGMT_ATTACH_NO)
			group[h->group] = h->group;
		else if (!h->symbol[0] && kconfig_lacks(k, h->needs))
			h->absence = PGMT_BUILT_WITHOUT;
	}
	for (struct pgmt_hook *h = pgmt_hooks; h->function && !c->error[0]; h++)
		if (h->profiles & (1 << c->profile) && h->attach == PGMT_ATTACH_NO)
			settle_absence(c, h, group[h->group]);
	c->rules_off |= foreign_rules(c->profile);
	c->can_cast = hooks_can_cast(btf);
	c->init_names_pgmap = parameters(btf, "zone_device_page_init") > 1;
}

void hooks_without(struct pgmt_choice *c, struct pgmt_hook *h, int error)
{
	h->uncounted = false;
	c->rules_off |= h->rules;
	h->off = h->rules & ~foreign_rules(c->profile);
	h->error = error;
	if (error)
		h->absence = PGMT_REFUSED;
	if (h->off)
		c->missing++;
}

/* ---- why not, in words */

const char *hooks_absence(const struct pgmt_hook *h, char why[PGMT_WHY_LEN])
{
	const char *text = "not in this kernel";

	switch (h->absence) {
	case PGMT_HOOKED:
		break;
	case PGMT_NOT_FOUND:
		if (h->symbol[0])
			text = "it is not in this kernel's BTF, or not by that name";
		break;
	case PGMT_ELSEWHERE:
		text = "another of its kind is hooked";
		break;
	case PGMT_BUILT_WITHOUT:
		snprintf(why, PGMT_WHY_LEN, "built without %s: nothing to see",
			 kconfig_name(h->needs));
		return why;
	case PGMT_IN_PIECES:
		snprintf(why, PGMT_WHY_LEN, "not all calls can be seen: the compiler made %s of it",
			 h->symbol[0]);
		return why;
	case PGMT_REFUSED:
		text = strerror(h->error);
		break;
	}
	snprintf(why, PGMT_WHY_LEN, "%s", text);
	return why;
}

const char *hooks_rule_off(const struct pgmt_choice *c, unsigned int rule, char why[PGMT_WHY_LEN])
{
	uint32_t bit = 1u << rule;
	char absence[PGMT_WHY_LEN];

	if (!(c->rules_off & bit))
		return NULL;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (foreign[i].profiles & (1 << c->profile) && foreign[i].rules & bit)
			return foreign[i].why;
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (!(h->off & bit))
			continue;
		snprintf(why, PGMT_WHY_LEN, "no hook at the %s of %s: %.128s",
			 h->exit ? "return" : "entry", h->function, hooks_absence(h, absence));
		return why;
	}
	return "no hook";
}

static bool any_kprobe(void)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attach == PGMT_ATTACH_KPROBE)
			return true;
	return false;
}

/* Without the file there is no such switch. */
static bool is_off(const char *file)
{
	FILE *f = fopen(file, "re");
	int c = f ? getc(f) : EOF;

	if (f)
		fclose(f);
	return c == '0';
}

const char *hooks_switched_off(void)
{
	if (is_off("/proc/sys/kernel/ftrace_enabled"))
		return "sysctl kernel.ftrace_enabled";
	if (any_kprobe() && is_off("/sys/kernel/debug/kprobes/enabled"))
		return "/sys/kernel/debug/kprobes/enabled";
	return NULL;
}

bool hooks_wrap(const char *symbol)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attached && h->exit && !strcmp(h->symbol[0], symbol))
			return true;
	return false;
}

const char *pgmt_profile_name(enum pgmt_profile profile)
{
	static const char *const names[] = {"none", "classic", "counted", "request"};

	return names[profile];
}

const char *pgmt_attach_name(enum pgmt_attach attach)
{
	static const char *const names[] = {
		[PGMT_ATTACH_NO] = "-",		 [PGMT_ATTACH_FENTRY] = "fentry",
		[PGMT_ATTACH_KPROBE] = "kprobe", [PGMT_ATTACH_MULTI] = "kprobe.multi",
		[PGMT_ATTACH_FEXIT] = "fexit",
	};

	return names[attach];
}
