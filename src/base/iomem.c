// SPDX-License-Identifier: GPL-2.0-only
#include "base/iomem.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/*
 * What firmware, boot options and buses say of memory: a kind, and no device.  The words of
 * arch/x86/kernel/e820.c and of the drivers of host bridges.
 */
static bool is_kind(const char *name)
{
	static const char *const begins[] = {
		"System RAM",	"Reserved",	   "reserved",		"Soft Reserved",
		"RAM buffer",	"Unusable memory", "Persistent Memory", "ACPI ",
		"PCI Bus ",	"PCI ECAM ",	   "PCI MMCONFIG ",	"CXL Window ",
		"Unknown E820",
	};

	for (unsigned int i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static bool is_pci_address(const char *name)
{
	unsigned int domain, bus, slot, function;
	int len = 0;

	return sscanf(name, "%x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &len) == 4 &&
	       !name[len];
}

bool iomem_find(const char *root, uint64_t address, struct iomem_place *place)
{
	char path[PATH_MAX], line[256], name[128];
	unsigned long long start, end;
	bool found = false;
	FILE *f;

	*place = (struct iomem_place){0};
	snprintf(path, sizeof(path), "%s/proc/iomem", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	/* outer ones come before those that lie in them */
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %llx-%llx : %127[^\n]", &start, &end, name) != 3 ||
		    start > address || end < address)
			continue;
		found = true;
		if (is_kind(name)) {
			snprintf(place->kind, sizeof(place->kind), "%.60s", name);
			continue;
		}
		snprintf(place->name, sizeof(place->name), "%.60s", name);
		place->start = start;
		if (is_pci_address(name))
			snprintf(place->pci, sizeof(place->pci), "%.60s", name);
	}
	fclose(f);
	return found;
}
