/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finding with all that is known of it, put together once, when it is reported,
 * for all outputs.  Not here: how an output words it.
 */
#ifndef PGMAPTRACE_REPORT_REPORT_H
#define PGMAPTRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "report/devices.h"
#include "report/files.h"
#include "report/folio.h"
#include "session/holders.h"
#include "symbols/inlines.h"
#include "verdict/outstanding.h"
#include "verdict/policy.h"
#include "session/session.h"
#include "verdict/stalls.h"
#include "verdict/suppressions.h"

#define FRAME_NAME_LEN 128

/* Where outputs get facts from, and which of them they may show. */
struct sources {
	struct session *session;
	struct devices *devices;
	struct inlines *inlines; /* NULL: no source lines */
	struct files *files;
	const struct policy *policy;
	int64_t clock_offset; /* ns, from CLOCK_MONOTONIC to the kernel log's clock */
	/* show no times, pids or addresses and do not look for holders: pfns count from
	 * the start of their pgmap */
	bool deterministic;
};

/* Who did something to a folio, where and when. */
struct report_event {
	bool known;  /* false: not seen since tracing began, or since the pgmap was created */
	bool unseen; /* no hook of this kernel sees such an event: it may have happened */
	char comm[PGMT_COMM_LEN + 1];
	uint32_t tid;
	uint32_t cpu;	/* PGMT_CPU_UNKNOWN and above: not known */
	uint32_t site;	/* where in the kernel */
	bool interrupt; /* it was an interrupt, over that task */
	double ago;	/* seconds before the event */
};

/* Who holds the folio when it is reported, which is later than the event. */
struct report_holders {
	uint64_t when;
	int64_t outstanding; /* folios of the pgmap; negative: not known */
	bool looked;	     /* for holders */
	int error;	     /* of that; negative errno */
	struct holders_found found;
};

struct report {
	struct pgmt_finding f;
	bool warning;	  /* by the policy */
	bool about_pgmap; /* its references as a whole, and no folio holds any of them */
	bool about_folio; /* a single one, whose history matters */
	const char *device, *type;
	char sentence[512];
	char pgmap[DEVICE_LINE_LEN]; /* "": not known */
	char file[FILE_LINE_LEN];    /* "": not known */
	char other[FILE_LINE_LEN];   /* a second file; "": none is known */
	struct report_event event, last_request, last_free;
	double waited; /* seconds, of a stall */
	struct report_holders holders;
	const struct outstanding_group *groups; /* outstanding folios to show with it; NULL: none */
};

/*
 * report_make - collect all facts about @f
 * @groups: kept, not copied
 * @now: look for holders, which may take a second
 */
void report_make(const struct sources *from, const struct pgmt_finding *f,
		 const struct outstanding_group *groups, bool now, struct report *r);

/* Holders of a folio that are none any more. */
struct former_holders {
	unsigned int nr;
	char text[HOLDERS_MAX][256];
};

/* A stall that was reported and lasts: how things are now, and what has changed. */
struct report_lasting {
	struct report now;
	uint64_t pfn_before; /* the folio that it was about; the same, unless a pgmap waits */
	int refcount_before;
	bool references_changed; /* of the folio, if it is the same */
	struct folio_references before;
	struct former_holders let_go;
	const char *what_is_left; /* a sentence: who must let go, if no pin is left; or NULL */
};

/* @f: the finding, as of now; @st: as it was reported last */
void report_stall_lasts(const struct sources *from, const struct stall *st,
			const struct pgmt_finding *f, struct report_lasting *l);

/* How a reported stall ended. */
struct report_end {
	struct report about; /* as it was when it was last reported */
	double after;	     /* seconds that it lasted */
	bool given_up;	     /* the folio is not idle, but nobody waits for it any more */
	int refcount;	     /* of that folio */
	bool of_pgmap;	     /* the release dropped the pgmap's last reference */
	struct report_event release;
	struct former_holders let_go; /* if the release was not seen */
};

void report_stall_end(const struct sources *from, const struct stall *st, struct report_end *e);

/* "pfn 0x140 order 0 refcount 2 mapcount 0, dax0.0 (generic) freed twice" */
void report_headline(const struct report *r, char *buf, size_t size);

/* A folio's last request or free, with its age at @time, ns. */
struct report_event report_event_of(const struct sources *from, const struct pgmt_last_event *t,
				    uint64_t time);

/* Seconds since boot, as the kernel log has them. */
double report_seconds(const struct sources *from, uint64_t time);
/* The same in ns. */
uint64_t report_time(const struct sources *from, uint64_t time);
/* A pid, and a pfn of the pgmap with that epoch, as they are to be shown. */
uint32_t report_pid(const struct sources *from, uint32_t pid);
uint64_t report_pfn(const struct sources *from, uint64_t epoch, uint64_t pfn);
/* Is it about its references as a whole, and no folio holds any of them? */
bool report_is_about_pgmap(const struct pgmt_finding *f);

/* The search for holders of the folio of @f. */
struct holders_query report_query(const struct pgmt_finding *f);

/*
 * report_frames - the text of a site: a line for each frame, innermost first
 * Return: for free(), "" if no stack was kept; NULL without memory
 */
char *report_frames(const struct sources *from, uint32_t site);

#define STACK_TEXTS 64

/* A cache of such texts, for outputs that show the same sites again and again. */
struct site_texts {
	struct {
		uint32_t site;
		char *text; /* NULL: none */
	} kept[STACK_TEXTS];
};

/* As report_frames().  Return: valid until the next call. */
const char *site_text(const struct sources *from, struct site_texts *all, uint32_t site);
/* Empty the cache: functions may have other names by now. */
void site_texts_free(struct site_texts *all);

/* What a suppression looks at. */
struct report_subject {
	struct suppress_subject subject;
	char name[PGMT_STACK_DEPTH][FRAME_NAME_LEN];
	const char *frame[PGMT_STACK_DEPTH];
	char file[FILE_LINE_LEN];
};

void report_subject(const struct sources *from, const struct pgmt_finding *f,
		    struct report_subject *s);

/*
 * report_functions - the functions of a site, innermost first, without inlined ones
 * One without a symbol is "?".
 * Return: how many; at most @most
 */
unsigned int report_functions(const struct sources *from, uint32_t site,
			      char name[][FRAME_NAME_LEN], unsigned int most);

#endif /* PGMAPTRACE_REPORT_REPORT_H */
