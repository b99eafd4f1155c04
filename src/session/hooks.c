// SPDX-License-Identifier: GPL-2.0-only
#include "session/hooks.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/btf.h>

#include "symbols/ksyms.h"

#define CLASSIC	   (1 << PGMT_PROFILE_CLASSIC)
#define COUNTED	   (1 << PGMT_PROFILE_COUNTED)
#define REQUEST	   (1 << PGMT_PROFILE_REQUEST)
#define DRIVER	   (CLASSIC | COUNTED) /* only drivers request */
#define ALL	   (DRIVER | REQUEST)
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

/* Rules that a profile's contract does not have; docs/rules.md says why, for each. */
static const uint32_t foreign_rules[PGMT_NR_PROFILES] = {
	[PGMT_PROFILE_CLASSIC] = RULE(MAP_UNREQUESTED) | RULE(RESET_BUSY) | RULE(REQUEST_OUTSIDE) |
				 RULE(ORDER_MISMATCH) | RULE(PARTIAL_REQUEST) |
				 RULE(RELEASE_UNREQUESTED) | RULE(PAGES_UNBALANCED) |
				 RULE(FLOW_ORDER) | RULE(REF_IMBALANCE),
	[PGMT_PROFILE_COUNTED] = RULE(PARTIAL_REQUEST) | RULE(RELEASE_UNREQUESTED) |
				 RULE(FLOW_ORDER) | RULE(REF_IMBALANCE),
	[PGMT_PROFILE_REQUEST] = RULE(GENERIC_OVERPUT) | RULE(RESET_BUSY) | ASSOC_RULES,
};

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
	 .rules = RULE(TEARDOWN_LIVE)},
	/*
	 * These see whose layout is broken, and who spins for that.  No rule needs them: a
	 * task that spins and was missed once asks again.
	 */
	{.function = "dax_layout_busy_page_range", .profiles = ALL},
	{.function = "dax_layout_busy_page_range", .exit = true, .argless = true, .profiles = ALL},
	{.function = "dax_zap_mappings_range", .profiles = REQUEST},
	{.function = "dax_zap_mappings_range", .exit = true, .argless = true, .profiles = REQUEST},
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
	{.function = "free_zone_device_page", .profiles = ALL, .rules = FREE_RULES, .group = FREE},
	{.function = "free_zone_device_folio", .profiles = ALL, .rules = FREE_RULES, .group = FREE},
	{.function = "vmf_insert_page_mkwrite",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES},
	{.function = "vmf_insert_folio_pmd",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES},
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
	 .group = MAP_PMD},
	{.function = "vmf_insert_pfn_pmd",
	 .profiles = CLASSIC | REQUEST,
	 .rules = RULE(FLOW_ORDER),
	 .group = MAP_PMD},
	{.function = "dax_insert_entry", .profiles = DRIVER, .rules = ASSOC_RULES},
	/* makes room for the histories of a huge entry; without it some may be lost */
	{.function = "dax_insert_entry", .profiles = REQUEST},
	{.function = "dax_insert_entry", .exit = true, .profiles = REQUEST, .rules = STORE_RULES},
	{.function = "dax_disassociate_entry",
	 .profiles = DRIVER,
	 .first_only = true,
	 .rules = ASSOC_RULES},
	{.function = "dax_folio_reset_order", .profiles = COUNTED, .rules = RULE(RESET_BUSY)},
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

	if (!has_function(btf, "memremap_pages") || !ksyms_address(k, "pgmap_array")) {
		snprintf(c->error, sizeof(c->error),
			 "no device pages: memremap_pages and pgmap_array are not in this kernel "
			 "(CONFIG_ZONE_DEVICE, CONFIG_KALLSYMS_ALL)");
		return;
	}
	uname(&u);
	if (strcmp(u.machine, "x86_64")) {
		snprintf(c->error, sizeof(c->error), "%s is not supported: only x86_64 is",
			 u.machine);
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
	if (c->profile)
		return;
	if (has_function(btf, "dax_break_layout"))
		c->profile = PGMT_PROFILE_COUNTED;
	else if (has_function(btf, "__put_devmap_managed_page_refs") ||
		 has_function(btf, "__put_devmap_managed_folio_refs"))
		c->profile = PGMT_PROFILE_CLASSIC;
	else
		snprintf(c->error, sizeof(c->error),
			 "unknown contract for device pages: neither dax_break_layout nor "
			 "__put_devmap_managed_*_refs is in this kernel's BTF (CONFIG_FS_DAX)");
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

/* @probes: prefer kprobes and fprobes to fentry */
static void choose_hook(struct pgmt_hook *h, const struct btf *btf, const struct ksyms *k,
			bool probes)
{
	bool fprobe = has_function(btf, "register_fprobe_ips");

	h->symbol = h->function;
	if (h->exit) {
		if (probes && fprobe && h->argless && ksyms_address(k, h->function))
			h->attach = PGMT_ATTACH_MULTI;
		else if (has_function(btf, h->function))
			h->attach = PGMT_ATTACH_FEXIT;
		return;
	}
	if (has_function(btf, h->function) && (h->rare || !probes)) {
		h->attach = PGMT_ATTACH_FENTRY;
		return;
	}
	if (!ksyms_address(k, h->function))
		h->symbol = h->first_only ? ksyms_clone(k, h->function) : NULL;
	if (h->symbol)
		h->attach = fprobe ? PGMT_ATTACH_MULTI : PGMT_ATTACH_KPROBE;
}

static bool is_probe(const struct pgmt_hook *h)
{
	return h->attach == PGMT_ATTACH_KPROBE || h->attach == PGMT_ATTACH_MULTI;
}

void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pgmt_choice *c)
{
	bool preempts = kernel_preempts(), counted = counts_missed_probes(btf);
	bool group[NR_GROUPS] = {false};

	*c = (struct pgmt_choice){0};
	choose_profile(btf, k, c);
	if (c->error[0])
		return;
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		h->attach = PGMT_ATTACH_NO;
		h->off = 0;
		h->uncounted = false;
		if (!(h->profiles & (1 << c->profile)) || group[h->group])
			continue;
		/* all kernels count what fentry misses */
		choose_hook(h, btf, k, preempts && counted);
		h->uncounted = preempts && !counted && is_probe(h);
		if (h->attach != PGMT_ATTACH_NO && h->group)
			group[h->group] = true;
		if (h->attach == PGMT_ATTACH_NO && h->required) {
			snprintf(c->error, sizeof(c->error),
				 "can't attach to %s: not in this kernel's BTF", h->function);
			return;
		}
	}
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (!(h->profiles & (1 << c->profile)) || h->attach != PGMT_ATTACH_NO ||
		    h->alternative || group[h->group])
			continue;
		hooks_without(c, h, 0);
	}
	c->rules_off |= foreign_rules[c->profile];
	c->can_cast = has_function(btf, "bpf_rdonly_cast");
	c->init_names_pgmap = parameters(btf, "zone_device_page_init") > 1;
}

void hooks_without(struct pgmt_choice *c, struct pgmt_hook *h, int error)
{
	h->uncounted = false;
	c->rules_off |= h->rules;
	h->off = h->rules & ~foreign_rules[c->profile];
	h->error = error;
	if (h->off)
		c->missing++;
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
		if (h->attached && h->exit && !strcmp(h->symbol, symbol))
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
