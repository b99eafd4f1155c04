/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program by which the tool learns where memory lies, in each object that has to know.
 * Not here: what is read (session/layout.c).
 */
#ifndef PGMAPTRACE_BPF_READ_WORD_BPF_H
#define PGMAPTRACE_BPF_READ_WORD_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

/* One word of kernel memory: a variable such as vmemmap_base. */
SEC("syscall")
int read_word(struct pgmt_read *r)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)r->address);
	r->value = value;
	return 0;
}

#endif /* PGMAPTRACE_BPF_READ_WORD_BPF_H */
