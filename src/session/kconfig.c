// SPDX-License-Identifier: GPL-2.0-only
#include "session/kconfig.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "symbols/ksyms.h"

/* Global symbols, each in all kernels from 6.1 to 7.3 that have the option, and in no other. */
static const struct {
	const char *name;
	const char *symbol[3];
} options[KCONFIG_NR] = {
	[KCONFIG_THP] = {"CONFIG_TRANSPARENT_HUGEPAGE",
			 {"transparent_hugepage_flags", "do_huge_pmd_anonymous_page",
			  "vmf_insert_pfn_pmd"}},
	[KCONFIG_FS_DAX] = {"CONFIG_FS_DAX",
			    {"dax_iomap_fault", "dax_iomap_rw", "dax_finish_sync_fault"}},
	[KCONFIG_BPF_EVENTS] = {"CONFIG_BPF_EVENTS",
				{"kprobe_prog_ops", "tracing_prog_ops", "tracepoint_prog_ops"}},
	[KCONFIG_DIRECT_CALLS] = {"CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
				  {"register_ftrace_direct", "unregister_ftrace_direct",
				   "modify_ftrace_direct"}},
};

const char *kconfig_name(enum kconfig option)
{
	return options[option].name;
}

/* Does a configuration say that the option is on?  What can't be read says nothing. */
static bool says_on(const char *file, const char *option)
{
	size_t len = strlen(option);
	gzFile f = gzopen(file, "re"); /* plain text, too */
	char line[256];
	bool on = false;

	if (!f)
		return false;
	while (!on && gzgets(f, line, sizeof(line)))
		on = !strncmp(line, option, len) && line[len] == '=';
	gzclose(f);
	return on;
}

static bool configured(const char *option)
{
	static const char *const places[] = {"/boot/config-%s", "/lib/modules/%s/config"};
	struct utsname u;
	char file[512];

	if (says_on("/proc/config.gz", option))
		return true;
	uname(&u);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(file, sizeof(file), places[i], u.release);
		if (says_on(file, option))
			return true;
	}
	return false;
}

bool kconfig_lacks(const struct ksyms *k, enum kconfig option)
{
	if (option == KCONFIG_NONE)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (ksyms_has(k, options[option].symbol[i]))
			return false;
	return !configured(options[option].name);
}
