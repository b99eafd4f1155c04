// SPDX-License-Identifier: GPL-2.0-only
/*
 * Be inside bpf(2) nearly all the time, until a signal comes.  A kernel that preempts may then
 * run others while this task is there, and skips every kprobe program on that CPU.
 */
#include <err.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(void)
{
	static char value[1 << 16];
	uint32_t key = 0;
	union bpf_attr attr;
	int map;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = sizeof(key);
	attr.value_size = sizeof(value);
	attr.max_entries = 16;
	map = bpf(BPF_MAP_CREATE, &attr);
	if (map < 0)
		err(1, "no map");
	for (;; key = (key + 1) % 8) {
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = map;
		attr.key = (uintptr_t)&key;
		attr.value = (uintptr_t)value;
		if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
			err(1, "no element");
	}
}
