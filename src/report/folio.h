/* SPDX-License-Identifier: GPL-2.0-only */
/* Words for a folio: its flags, its state, its events, and who holds its references. */
#ifndef PGMAPTRACE_REPORT_FOLIO_H
#define PGMAPTRACE_REPORT_FOLIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/wire.h"

struct btf;

/* The page flags that matter, by the kernel's own names: "head|locked"; "none". */
void folio_flags(const struct btf *btf, uint64_t flags, char *buf, size_t size);

/* Its state: "requested at order 9, in DAX entries of 1 file". */
void folio_state(uint32_t word, char *buf, size_t size);

/* An enum pgmt_op: "request", "free"... */
const char *folio_event(unsigned int op);

/* The lifetime in its state: "requested", "freed"... */
const char *folio_life(uint32_t word);

/* The terms of a reference count, as far as they can be counted. */
struct folio_references {
	int idle;	 /* also held when nobody uses it */
	int mapped;	 /* held by page table entries */
	int files;	 /* held by i_pages entries */
	int requester;	 /* held by the requester */
	int unexplained; /* the rest: pins, leaks */
};

void folio_references(const struct pgmt_finding *f, enum pgmt_profile profile,
		      struct folio_references *r);
/* Has it unexplained references? */
bool folio_has_unexplained(const struct pgmt_finding *f, enum pgmt_profile profile);

#endif /* PGMAPTRACE_REPORT_FOLIO_H */
