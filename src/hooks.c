// SPDX-License-Identifier: GPL-2.0-only
#include "hooks.h"

#include <stdio.h>
#include <bpf/btf.h>

#include "ksyms.h"

#define CLASSIC	   (1 << PT_PROFILE_CLASSIC)
#define COUNTED	   (1 << PT_PROFILE_COUNTED)
#define BOTH	   (CLASSIC | COUNTED)
#define RULE(name) (1 << PT_RULE_##name)

enum { NO_GROUP, FREE, MAP_PMD };

/*
 * A rule is off unless all of its hooks are there.  GENERIC_OVERPUT and the
 * device-private rules need only the free and request hooks, which every
 * kernel with device pages has.
 */
struct pt_hook pt_hooks[] = {
	{ .function = "memremap_pages", .profiles = BOTH, .rules = RULE(PGMAP_OVERLAP) },
	{ .function = "memremap_pages", .exit = true, .profiles = BOTH, .required = true },
	{ .function = "memunmap_pages", .exit = true, .profiles = BOTH, .required = true },
	{ .function = "remove_pfn_range_from_zone",
	  .profiles = BOTH,
	  .rules = RULE(TEARDOWN_LIVE) },
	{ .function = "zone_device_page_init",
	  .profiles = BOTH,
	  .rules = RULE(REQUEST_NOT_IDLE) | RULE(DOUBLE_REQUEST) },
	{ .function = "free_zone_device_page", .profiles = BOTH, .group = FREE },
	{ .function = "free_zone_device_folio", .profiles = BOTH, .group = FREE },
	{ .function = "vmf_insert_page_mkwrite",
	  .profiles = COUNTED,
	  .required = true,
	  .rules = RULE(MAP_UNREQUESTED) },
	{ .function = "vmf_insert_folio_pmd",
	  .profiles = COUNTED,
	  .required = true,
	  .rules = RULE(MAP_UNREQUESTED) },
	/* these tell who mapped a device-dax page, and no rule hangs on them */
	{ .function = "vmf_insert_mixed", .profiles = CLASSIC },
	{ .function = "vmf_insert_pfn_pmd_prot", .profiles = CLASSIC, .group = MAP_PMD },
	{ .function = "vmf_insert_pfn_pmd", .profiles = CLASSIC, .group = MAP_PMD },
	{ .function = "dax_insert_entry",
	  .profiles = BOTH,
	  .rules = RULE(ASSOCIATION_CONFLICT) | RULE(ENTRY_DROPPED_BUSY) },
	{ .function = "dax_disassociate_entry",
	  .profiles = BOTH,
	  .rules = RULE(ASSOCIATION_CONFLICT) | RULE(ENTRY_DROPPED_BUSY) },
	{ .function = "dax_folio_reset_order", .profiles = COUNTED, .rules = RULE(RESET_BUSY) },
	{ 0 },
};

/* The rules that a free hook serves; which function it is differs. */
#define FREE_RULES                                                                                 \
	(RULE(FREE_UNREQUESTED) | RULE(DOUBLE_FREE) | RULE(FREE_REFERENCED) |                      \
	 RULE(GENERIC_OVERPUT) | RULE(DOUBLE_REQUEST) | RULE(REQUEST_NOT_IDLE) | RULE(LEAK))

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

static void choose_profile(const struct btf *btf, const struct ksyms *k, struct pt_choice *c)
{
	static const char *const request[] = { "pgmap_request_folios", "pgmap_request_folio",
					       "pgmap_get_folio" };

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

static void choose_hook(struct pt_hook *h, const struct btf *btf, const struct ksyms *k)
{
	h->symbol = h->function;
	if (has_function(btf, h->function)) {
		h->attach = h->exit ? PT_ATTACH_FEXIT : PT_ATTACH_FENTRY;
		return;
	}
	if (h->exit)
		return;
	h->symbol = ksyms_address(k, h->function) ? h->function : ksyms_clone(k, h->function);
	if (h->symbol)
		h->attach = PT_ATTACH_KPROBE;
}

void hooks_choose(const struct btf *btf, const struct ksyms *k, struct pt_choice *c)
{
	bool group[8] = { false };

	*c = (struct pt_choice){ 0 };
	choose_profile(btf, k, c);
	if (c->error[0])
		return;
	for (struct pt_hook *h = pt_hooks; h->function; h++) {
		h->attach = PT_ATTACH_NO;
		if (!(h->profiles & (1 << c->profile)))
			continue;
		if (h->group && group[h->group])
			continue;
		choose_hook(h, btf, k);
		if (h->attach != PT_ATTACH_NO) {
			group[h->group] = true;
			continue;
		}
		c->rules_off |= h->rules;
		if (h->required) {
			snprintf(c->error, sizeof(c->error),
				 "can't attach to %s: not in this kernel's BTF", h->function);
			return;
		}
	}
	if (!group[FREE])
		c->rules_off |= FREE_RULES;
	/* mapping takes no reference, and folios are not built and split */
	if (c->profile == PT_PROFILE_CLASSIC)
		c->rules_off |= RULE(MAP_UNREQUESTED) | RULE(RESET_BUSY);
}

const char *pt_profile_name(enum pt_profile profile)
{
	static const char *const names[] = { "none", "classic", "counted" };

	return names[profile];
}

const char *pt_attach_name(enum pt_attach attach)
{
	static const char *const names[] = { "-", "fentry", "kprobe", "fexit" };

	return names[attach];
}

#undef RULE

const char *pt_rule_name(unsigned int rule)
{
	static const char *const names[] = {
		"none",
#define RULE(id, name, text) name,
		PT_RULES(RULE)
#undef RULE
	};

	return names[rule];
}

const char *pt_rule_text(unsigned int rule)
{
	static const char *const texts[] = {
		"",
#define RULE(id, name, text) text,
		PT_RULES(RULE)
#undef RULE
	};

	return texts[rule];
}
