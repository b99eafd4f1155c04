// SPDX-License-Identifier: GPL-2.0-only
#include "session/refusal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "session/hooks.h"
#include "session/kconfig.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

static char text[256];

static const char *built_without(enum kconfig option, const char *so)
{
	snprintf(text, sizeof(text), "this kernel was built without %s, so %s: build it with %s=y",
		 kconfig_name(option), so, kconfig_name(option));
	return text;
}

/* "none integrity [confidentiality]" */
static bool is_confidential(void)
{
	FILE *f = fopen(LOCKDOWN, "re");
	char line[128] = "";

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, "[confidentiality]");
}

const char *refusal_to_look(const struct ksyms *k)
{
	if (is_confidential())
		return LOCKDOWN " is confidentiality, so no BPF program may read this kernel's "
				"memory: boot it with lockdown=integrity, or without";
	if (kconfig_lacks(k, KCONFIG_BPF_EVENTS))
		return built_without(KCONFIG_BPF_EVENTS,
				     "it runs no BPF program that reads memory");
	return NULL;
}

const char *refusal_to_trace(const struct ksyms *k)
{
	const char *off;

	if (kconfig_lacks(k, KCONFIG_DIRECT_CALLS))
		return built_without(KCONFIG_DIRECT_CALLS, "no hook can be attached");
	off = hooks_switched_off();
	if (!off)
		return NULL;
	snprintf(text, sizeof(text), "%s is 0, so no hook would see anything: set it to 1", off);
	return text;
}
