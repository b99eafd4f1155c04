// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run COMMAND as user 65534 with these capabilities and no others: what a tool that needs
 * privileges can do with only some of them.
 */
#include <err.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

static const struct {
	const char *name;
	int cap;
} caps[] = {
	{"bpf", CAP_BPF},
	{"perfmon", CAP_PERFMON},
	{"syslog", CAP_SYSLOG},
	{"sys_admin", CAP_SYS_ADMIN},
	{"sys_ptrace", CAP_SYS_PTRACE},
	{"dac_read_search", CAP_DAC_READ_SEARCH},
};

static int cap_of(const char *name)
{
	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++)
		if (!strcmp(caps[i].name, name))
			return caps[i].cap;
	errx(2, "%s: not a capability that is known here", name);
}

int main(int argc, char **argv)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	unsigned long long set = 0;

	if (argc < 3) {
		fprintf(stderr, "Usage: withcaps CAPABILITY[,CAPABILITY]...|none COMMAND...\n");
		return 2;
	}
	if (strcmp(argv[1], "none"))
		for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ","))
			set |= 1ULL << cap_of(name);
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		err(2, "can't become user %d", NOBODY);
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = data[i].inheritable = set >> 32 * i;
	if (syscall(SYS_capset, &head, data))
		err(2, "capset");
	for (int cap = 0; cap < 64; cap++)
		if (set & 1ULL << cap && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			err(2, "can't keep capability %d", cap);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
