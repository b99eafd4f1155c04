// SPDX-License-Identifier: GPL-2.0-only
#include "session/privileges.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include "base/say.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static const struct {
	const char *name;
	int cap;
} names_need[] = {
	{"CAP_SYS_ADMIN", CAP_SYS_ADMIN},	      /* /proc/iomem */
	{"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH}, /* resources in /sys */
};

static uint64_t effective_set(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, data))
		return UINT64_MAX; /* then the calls that need one will tell */
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void add_name(char *buf, size_t size, const char *name)
{
	size_t n = strlen(buf);

	snprintf(buf + n, size - n, "%s%s", n ? ", " : "", name);
}

bool privileges_missing(uint64_t effective, bool hidden, bool old, char *buf, size_t size)
{
	buf[0] = '\0';
	/* it stands for all that was split off from it, but for CAP_SYSLOG */
	if (!(effective & BIT(CAP_SYS_ADMIN))) {
		if (old)
			add_name(buf, size, "CAP_SYS_ADMIN");
		if (!old && !(effective & BIT(CAP_BPF)))
			add_name(buf, size, "CAP_BPF");
		if (!old && !(effective & BIT(CAP_PERFMON)))
			add_name(buf, size, "CAP_PERFMON");
	}
	if (hidden && !(effective & BIT(CAP_SYSLOG)))
		add_name(buf, size, "CAP_SYSLOG");
	return buf[0];
}

/* ---- lockdown */

static bool loads(const struct bpf_insn *program, size_t instructions)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "pgmap_lockdown", "GPL", program, instructions,
			       NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * Does the kernel refuse programs that read its memory?  Every kernel that can be traced has
 * the helper, so without it the program must load if it is not for lockdown.
 */
static bool forbids_reading(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const size_t all = sizeof(program) / sizeof(*program), end = 2;

	return !loads(program, all) && loads(program + all - end, end);
}

bool privileges_check(bool hidden, bool old)
{
	char missing[64];

	if (privileges_missing(effective_set(), hidden, old, missing, sizeof(missing))) {
		say_error("not permitted without %s: run as root, or with %s and CAP_SYSLOG",
			  missing, old ? "CAP_SYS_ADMIN" : "CAP_BPF, CAP_PERFMON");
		return false;
	}
	if (hidden) {
		say_error("/proc/kallsyms hides the address of pgmap_array, even from root: "
			  "sysctl kernel.kptr_restrict=1 shows it");
		return false;
	}
	if (forbids_reading()) {
		say_error("this kernel is in lockdown (confidentiality), where BPF programs may "
			  "not read its memory: boot it with lockdown=integrity, or without");
		return false;
	}
	return true;
}

void privileges_note_names(void)
{
	uint64_t effective = effective_set();
	char missing[64] = "";

	for (size_t i = 0; i < sizeof(names_need) / sizeof(*names_need); i++)
		if (!(effective & BIT(names_need[i].cap)))
			add_name(missing, sizeof(missing), names_need[i].name);
	if (missing[0])
		say("without %s some pgmaps have no name", missing);
}

const char *privileges_btf(const char *given)
{
	if (given || effective_set() & BIT(CAP_SYS_ADMIN))
		return given;
	return "/sys/kernel/btf/vmlinux";
}
