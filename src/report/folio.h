/* SPDX-License-Identifier: GPL-2.0-only */
/* Words for a folio: its flags, its state in the model, and who its references are. */
#ifndef PGMAPTRACE_REPORT_FOLIO_H
#define PGMAPTRACE_REPORT_FOLIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/wire.h"

struct btf;

/* The page flags that matter, by the kernel's own names: "head|locked"; "none". */
void folio_flags(const struct btf *btf, uint64_t flags, char *buf, size_t size);

/* What the model knows: "requested at order 9, in DAX entries of 1 file". */
void folio_state(uint32_t word, char *buf, size_t size);

/* What happened to it, an enum pgmt_op: "request", "free"... */
const char *folio_event(unsigned int op);

/* "requested", "freed"... */
const char *folio_life(uint32_t word);

/* What a reference count consists of, as far as it can be told. */
struct folio_references {
	int idle;	 /* that a folio has which nobody uses */
	int mapped;	 /* held by page table entries */
	int files;	 /* held by i_pages entries */
	int requester;	 /* held by who requested it */
	int unexplained; /* the rest: pins, and whoever else has one */
};

void folio_references(const struct pgmt_finding *f, enum pgmt_profile profile,
		      struct folio_references *r);
/* Has it references that none of the above explains? */
bool folio_has_unexplained(const struct pgmt_finding *f, enum pgmt_profile profile);

#endif /* PGMAPTRACE_REPORT_FOLIO_H */
