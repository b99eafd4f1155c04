// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is kept of a folio's life is kept by the hook of some function: where that is not
 * hooked, nothing can be said of such an event.
 */
#include "session/hooks.h"

#include <string.h>

#include "model/model.h"
#include "session/profiles.h"

#define TYPE(name)  (1 << PGMT_TYPE_##name)
#define ANY_TYPE    ((1 << PGMT_NR_TYPES) - 1)
#define UP_TO_PMD   (PGMT_ORDER_MASK + 1) /* known when it runs: PGMT_PMD_ORDER */
#define ORDERS_PTE  0, 0
#define ORDERS_PMD  1, UP_TO_PMD
#define ORDERS_ALL  0, PGMT_ORDER_MASK
#define LAST(event) PGMT_LAST_##event

/* What is kept of an event, and by the hook of which function; pgmt_kept_as() has the rest. */
static const struct {
	const char *function;
	uint32_t profiles, types;
	unsigned int least, most; /* orders */
	enum pgmt_last_kind what;
} seen[] = {
	{"zone_device_page_init", DRIVER, TYPE(PRIVATE) | TYPE(COHERENT), ORDERS_ALL,
	 LAST(REQUEST)},
	{"pgmap_request_folios", REQUEST, ANY_TYPE, ORDERS_ALL, LAST(REQUEST)},
	{"pgmap_request_folio", REQUEST, ANY_TYPE, ORDERS_ALL, LAST(REQUEST)},
	{"pgmap_get_folio", REQUEST, ANY_TYPE, ORDERS_ALL, LAST(REQUEST)},
	{"dax_insert_entry", CLASSIC, TYPE(FS_DAX), ORDERS_ALL, LAST(REQUEST)},
	{"dax_disassociate_entry", CLASSIC, TYPE(FS_DAX), ORDERS_ALL, LAST(FREE)},
	{"vmf_insert_page_mkwrite", COUNTED, TYPE(FS_DAX), ORDERS_ALL, LAST(REQUEST)},
	{"vmf_insert_page_mkwrite", COUNTED, TYPE(GENERIC), ORDERS_PTE, LAST(REQUEST)},
	{"vmf_insert_folio_pmd", COUNTED, TYPE(GENERIC), ORDERS_PMD, LAST(REQUEST)},
	{"vmf_insert_mixed", CLASSIC, TYPE(GENERIC), ORDERS_PTE, LAST(REQUEST)},
	{"vmf_insert_pfn_pmd_prot", CLASSIC, TYPE(GENERIC), ORDERS_PMD, LAST(REQUEST)},
	{"vmf_insert_pfn_pmd", CLASSIC, TYPE(GENERIC), ORDERS_PMD, LAST(REQUEST)},
	{"free_zone_device_page", CLASSIC, ANY_TYPE & ~TYPE(FS_DAX), ORDERS_ALL, LAST(FREE)},
	{"free_zone_device_folio", CLASSIC, ANY_TYPE & ~TYPE(FS_DAX), ORDERS_ALL, LAST(FREE)},
	{"free_zone_device_page", COUNTED | REQUEST, ANY_TYPE, ORDERS_ALL, LAST(FREE)},
	{"free_zone_device_folio", COUNTED | REQUEST, ANY_TYPE, ORDERS_ALL, LAST(FREE)},
};

static bool is_hooked(const char *function)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (h->attach != PGMT_ATTACH_NO && !strcmp(h->function, function))
			return true;
	return false;
}

static unsigned int most_of(size_t i)
{
	return seen[i].most == UP_TO_PMD ? PGMT_PMD_ORDER : seen[i].most;
}

bool hooks_see(enum pgmt_profile profile, unsigned int type, unsigned int order,
	       enum pgmt_last_kind what)
{
	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++)
		if (seen[i].what == what && seen[i].profiles >> profile & 1 &&
		    seen[i].types >> type & 1 && order >= seen[i].least && order <= most_of(i) &&
		    is_hooked(seen[i].function))
			return true;
	return false;
}
