/* SPDX-License-Identifier: GPL-2.0-only */
/* What leaks prints of a pgmap, its folios and their requesters; and a folio as a record. */
#ifndef PGMAPTRACE_LEAKS_PRINT_H
#define PGMAPTRACE_LEAKS_PRINT_H

#include "leaks/saved.h"
#include "output/text.h"
#include "leaks/records.h"

#define REQUESTER_PFNS 4

/* A folio with unexplained references. */
struct leak_folio {
	struct pgmt_finding f;	   /* as it is now; its last request and free, if they are known */
	bool past_known;	   /* some session has its history */
	bool preexisting;	   /* it was in use when that session began */
	uint64_t requested;	   /* ns; 0: not known */
	uint64_t ended;		   /* when that session ended; 0: it still runs */
	struct saved_request past; /* if it has ended */
	bool looked;		   /* for holders */
	int error;		   /* of that; negative errno */
	struct holders_found found;
};

/* Folios that were requested at one site by tasks of one name. */
struct requester {
	uint32_t site;	   /* if the session still runs; else 0 */
	const char *stack; /* if it has ended, see saved_request; else NULL */
	char comm[PGMT_COMM_LEN + 1];
	uint64_t folios, pages;
	uint64_t oldest; /* ns */
	uint64_t pfn[REQUESTER_PFNS];
};

struct requesters {
	struct requester *one;
	unsigned int nr;
	uint64_t older;	  /* folios that were in use when the session began */
	uint64_t unknown; /* folios with no known request */
};

/* Return: false without memory. */
bool requesters_add(struct requesters *all, struct session *s, const struct leak_folio *f);
void requesters_free(struct requesters *all);

/* @stuck: memunmap_pages waits for the references of this pgmap */
void leaks_pgmap(struct text_out *o, const struct record_pgmap *r, const struct pgmt_pgmap *p,
		 bool stuck);
void leaks_folio(struct text_out *o, const struct leak_folio *f);
/*
 * @time: ages are as of then, ns of CLOCK_MONOTONIC
 * @past: the session has ended
 */
void leaks_requesters(struct text_out *o, const struct requesters *all, uint64_t time, bool past);
void leaks_summary(FILE *to, const struct record_summary *sum, const char *release,
		   const char *profile);

/* A record of a pgmap, but for its counts; it points into from->devices. */
struct record_pgmap leaks_of_pgmap(const struct sources *from, const struct pgmt_pgmap *p);
/* A folio as a record.  Return: as record_folio(). */
bool leaks_record(FILE *to, const struct sources *from, struct site_texts *texts,
		  const struct record_pgmap *p, const struct leak_folio *f);

#endif /* PGMAPTRACE_LEAKS_PRINT_H */
