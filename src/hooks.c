// SPDX-License-Identifier: GPL-2.0-only
#include "hooks.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/btf.h>

#include "ksyms.h"

#define CLASSIC	   (1 << PT_PROFILE_CLASSIC)
#define COUNTED	   (1 << PT_PROFILE_COUNTED)
#define BOTH	   (CLASSIC | COUNTED)
#define RULE(name) (1 << PT_RULE_##name)

enum { NO_GROUP, FREE, MAP_PMD, NR_GROUPS };

#define REQUEST_RULES                                                                              \
	(RULE(REQUEST_NOT_IDLE) | RULE(DOUBLE_REQUEST) | RULE(FREE_UNREQUESTED) |                  \
	 RULE(DOUBLE_FREE) | RULE(LEAK))
#define FREE_RULES  (REQUEST_RULES | RULE(FREE_REFERENCED) | RULE(GENERIC_OVERPUT))
#define MAP_RULES   (RULE(MAP_UNREQUESTED) | RULE(FREE_UNREQUESTED) | RULE(LEAK))
#define ASSOC_RULES (RULE(ASSOCIATION_CONFLICT) | RULE(ENTRY_DROPPED_BUSY))

/* A rule is off unless all of its hooks are there. */
struct pt_hook pt_hooks[] = {
	{.function = "memremap_pages",
	 .profiles = BOTH,
	 .rare = true,
	 .rules = RULE(PGMAP_OVERLAP)},
	{.function = "memremap_pages", .exit = true, .profiles = BOTH, .required = true},
	{.function = "memunmap_pages", .exit = true, .profiles = BOTH, .required = true},
	/* scans the pages: with preemption off that could be long */
	{.function = "remove_pfn_range_from_zone",
	 .profiles = BOTH,
	 .rare = true,
	 .rules = RULE(TEARDOWN_LIVE)},
	{.function = "zone_device_page_init", .profiles = BOTH, .rules = REQUEST_RULES},
	{.function = "free_zone_device_page", .profiles = BOTH, .rules = FREE_RULES, .group = FREE},
	{.function = "free_zone_device_folio",
	 .profiles = BOTH,
	 .rules = FREE_RULES,
	 .group = FREE},
	{.function = "vmf_insert_page_mkwrite",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES},
	{.function = "vmf_insert_folio_pmd",
	 .profiles = COUNTED,
	 .required = true,
	 .rules = MAP_RULES},
	/* these tell who mapped a device-dax page, and no rule hangs on them */
	{.function = "vmf_insert_mixed", .profiles = CLASSIC},
	{.function = "vmf_insert_pfn_pmd_prot", .profiles = CLASSIC, .group = MAP_PMD},
	{.function = "vmf_insert_pfn_pmd", .profiles = CLASSIC, .group = MAP_PMD},
	{.function = "dax_insert_entry", .profiles = BOTH, .rules = ASSOC_RULES},
	{.function = "dax_disassociate_entry",
	 .profiles = BOTH,
	 .first_only = true,
	 .rules = ASSOC_RULES},
	{.function = "dax_folio_reset_order", .profiles = COUNTED, .rules = RULE(RESET_BUSY)},
	{0},
};

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

static void choose_profile(const struct btf *btf, const struct ksyms *k, struct pt_choice *c)
{
	static const char *const request[] = {"pgmap_request_folios", "pgmap_request_folio",
					      "pgmap_get_folio"};

	if (!has_function(btf, "memremap_pages") || !ksyms_address(k, "pgmap_array")) {
		snprintf(c->error, sizeof(c->error),
			 "no device pages: memremap_pages and pgmap_array are not in this kernel "
			 "(CONFIG_ZONE_DEVICE, CONFIG_KALLSYMS_ALL)");
		return;
	}
	if (!ksyms_address(k, "vmemmap_base")) {
		snprintf(c->error, sizeof(c->error),
			 "vmemmap_base is not in /proc/kallsyms: only x86-64 with "
			 "CONFIG_SPARSEMEM_VMEMMAP is supported");
		return;
	}
	for (size_t i = 0; i < sizeof(request) / sizeof(*request); i++) {
		if (has_function(btf, request[i])) {
			snprintf(c->error, sizeof(c->error),
				 "%s is in this kernel: the request profile is not supported yet",
				 request[i]);
			return;
		}
	}
	if (btf__resolve_size(btf, btf__find_by_name_kind(btf, "page", BTF_KIND_STRUCT)) != 64) {
		snprintf(c->error, sizeof(c->error),
			 "struct page is not of 64 bytes in this kernel: not supported");
		return;
	}
	if (has_function(btf, "dax_break_layout"))
		c->profile = PT_PROFILE_COUNTED;
	else if (has_function(btf, "__put_devmap_managed_page_refs") ||
		 has_function(btf, "__put_devmap_managed_folio_refs"))
		c->profile = PT_PROFILE_CLASSIC;
	else
		snprintf(c->error, sizeof(c->error),
			 "neither dax_break_layout nor __put_devmap_managed_*_refs is in this "
			 "kernel's BTF: its contract for device pages is not known "
			 "(CONFIG_FS_DAX)");
}

/*
 * Can a task be preempted inside the kernel?  A fentry program can be, too,
 * and while it is, BPF skips that program for every other task on its CPU:
 * under load thousands of events went unseen.  kprobes and fprobes run with
 * preemption off.  Unknown counts as yes.
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

static void choose_hook(struct pt_hook *h, const struct btf *btf, const struct ksyms *k,
			bool preempts)
{
	bool fprobe = has_function(btf, "register_fprobe_ips");

	h->symbol = h->function;
	if (has_function(btf, h->function) && (h->exit || h->rare || !preempts)) {
		h->attach = h->exit ? PT_ATTACH_FEXIT : PT_ATTACH_FENTRY;
		return;
	}
	if (h->exit)
		return;
	if (!ksyms_address(k, h->function))
		h->symbol = h->first_only ? ksyms_clone(k, h->function) : NULL;
	if (h->symbol)
		h->attach = fprobe ? PT_ATTACH_MULTI : PT_ATTACH_KPROBE;
}

void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pt_choice *c)
{
	bool preempts = kernel_preempts();
	bool group[NR_GROUPS] = {false};

	*c = (struct pt_choice){0};
	choose_profile(btf, k, c);
	if (c->error[0])
		return;
	for (struct pt_hook *h = pt_hooks; h->function; h++) {
		h->attach = PT_ATTACH_NO;
		if (!(h->profiles & (1 << c->profile)) || group[h->group])
			continue;
		choose_hook(h, btf, k, preempts);
		if (h->attach != PT_ATTACH_NO && h->group)
			group[h->group] = true;
		if (h->attach == PT_ATTACH_NO && h->required) {
			snprintf(c->error, sizeof(c->error),
				 "can't attach to %s: not in this kernel's BTF", h->function);
			return;
		}
	}
	for (struct pt_hook *h = pt_hooks; h->function; h++) {
		if (!(h->profiles & (1 << c->profile)) || h->attach != PT_ATTACH_NO ||
		    group[h->group])
			continue;
		c->rules_off |= h->rules;
		if (h->rules)
			c->missing++;
	}
	/* mapping takes no reference, and folios are not built and split */
	if (c->profile == PT_PROFILE_CLASSIC)
		c->rules_off |= RULE(MAP_UNREQUESTED) | RULE(RESET_BUSY);
}

const char *pt_profile_name(enum pt_profile profile)
{
	static const char *const names[] = {"none", "classic", "counted"};

	return names[profile];
}

const char *pt_attach_name(enum pt_attach attach)
{
	static const char *const names[] = {
		[PT_ATTACH_NO] = "-",	       [PT_ATTACH_FENTRY] = "fentry",
		[PT_ATTACH_KPROBE] = "kprobe", [PT_ATTACH_MULTI] = "kprobe.multi",
		[PT_ATTACH_FEXIT] = "fexit",
	};

	return names[attach];
}
