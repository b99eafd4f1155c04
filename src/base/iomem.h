/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /proc/iomem: which resources an address lies in.  Reading it takes no lock of a device.
 * Not here: what a pgmap is called.
 */
#ifndef PGMAPTRACE_BASE_IOMEM_H
#define PGMAPTRACE_BASE_IOMEM_H

#include <stdbool.h>
#include <stdint.h>

#define IOMEM_NAME_LEN 64

struct iomem_place {
	/* of the innermost resource that is more than a kind of memory; "": none */
	char name[IOMEM_NAME_LEN];
	uint64_t start;		   /* of that one */
	char kind[IOMEM_NAME_LEN]; /* of the innermost resource that is only a kind; "": none */
	char pci[IOMEM_NAME_LEN];  /* address of the PCI device whose BAR it is; "": none */
};

/* @root: prefix of /proc: "" except in tests.  Return: false if no resource covers @address. */
bool iomem_find(const char *root, uint64_t address, struct iomem_place *place);

#endif /* PGMAPTRACE_BASE_IOMEM_H */
