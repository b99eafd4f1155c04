// SPDX-License-Identifier: GPL-2.0-only
#include "session/refusal.h"

#include <stdio.h>

#include "session/hooks.h"
#include "session/kconfig.h"

static char text[256];

static const char *built_without(enum kconfig option, const char *so)
{
	snprintf(text, sizeof(text), "this kernel was built without %s, so %s: build it with %s=y",
		 kconfig_name(option), so, kconfig_name(option));
	return text;
}

const char *refusal_to_look(const struct ksyms *k)
{
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
