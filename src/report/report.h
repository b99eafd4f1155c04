/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finding with all that is known of it, put together once, at the moment it
 * is told of, for whatever output tells of it.
 */
#ifndef PGMAPTRACE_REPORT_REPORT_H
#define PGMAPTRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "report/devices.h"
#include "report/files.h"
#include "session/holders.h"
#include "symbols/inlines.h"
#include "verdict/outstanding.h"
#include "verdict/policy.h"
#include "session/session.h"
#include "verdict/stalls.h"
#include "verdict/suppressions.h"

#define FRAME_NAME_LEN 128

/* Where what is told comes from, and how it is told. */
struct sources {
	struct session *session;
	struct devices *devices;
	struct inlines *inlines; /* NULL: no source lines */
	struct files *files;
	const struct policy *policy;
	int64_t clock_offset; /* ns, from CLOCK_MONOTONIC to the kernel log's clock */
	/* no times, no pids, no addresses, no look at who holds what by now: pfns count
	 * from the start of their pgmap */
	bool deterministic;
};

/* Who did something to a folio, where and when. */
struct report_event {
	bool known; /* false: not since tracing began, or since the pgmap was made */
	char comm[PGMT_COMM_LEN + 1];
	uint32_t tid;
	uint32_t cpu;	/* PGMT_CPU_UNKNOWN and above: not known */
	uint32_t site;	/* where in the kernel */
	bool interrupt; /* over that task, which did not do it itself */
	double ago;	/* seconds before the event */
};

/* How things are when it is told of; what it is about happened earlier. */
struct held {
	uint64_t when;
	int64_t outstanding; /* folios of the pgmap; negative: not known */
	bool looked;	     /* for who holds the folio */
	int error;	     /* negative errno: they can't be known */
	struct holders_found found;
};

struct report {
	struct pgmt_finding f;
	bool warning;	  /* by what it was asked to be */
	bool about_pgmap; /* its references as a whole, and no folio has any of them */
	bool about_folio; /* one, whose past tells something */
	const char *device, *type;
	char sentence[512];
	char pgmap[DEVICE_LINE_LEN]; /* "": none is known */
	char file[FILE_LINE_LEN];    /* the same */
	struct report_event event, last_request, last_free;
	double waited; /* seconds, of a stall */
	struct held held;
	const struct outstanding_group *groups; /* folios that have to do with it; NULL: none */
};

/*
 * Put together what there is to say of @f.
 * @groups: kept, not copied
 * @now: look for who holds it, which may take a second
 */
void report_make(const struct sources *from, const struct pgmt_finding *f,
		 const struct outstanding_group *groups, bool now, struct report *r);

/* How a stall ended, of which a report was made. */
struct report_end {
	struct report about; /* as it was when it was last told of */
	double after;	     /* seconds that it has lasted */
	bool given_up;	     /* the folio is not free: who waited waits no more */
	int refcount;	     /* of that folio */
	bool of_pgmap;	     /* the release gave back the pgmap's last reference */
	struct report_event release;
	unsigned int nr_let_go; /* if the release was not seen: who holds it no more */
	char let_go[HOLDERS_MAX][256];
};

void report_stall_end(const struct sources *from, const struct stall *st, struct report_end *e);

/* "pfn 0x140 order 0 refcount 2 mapcount 0, dax0.0 (generic) freed twice" */
void report_headline(const struct report *r, char *buf, size_t size);

/* A touch of a folio as of @time, ns. */
struct report_event report_event_of(const struct sources *from, const struct pgmt_last_event *t,
				    uint64_t time);

/* Seconds since boot, as the kernel log has them. */
double report_seconds(const struct sources *from, uint64_t time);
/* The same in ns. */
uint64_t report_time(const struct sources *from, uint64_t time);
/* A pid, and the pfn of a page of the pgmap with that epoch, as they are to be told. */
uint32_t report_pid(const struct sources *from, uint32_t pid);
uint64_t report_pfn(const struct sources *from, uint64_t epoch, uint64_t pfn);
/* Its references as a whole, and no folio has any of them? */
bool report_is_about_pgmap(const struct pgmt_finding *f);

/* What to ask of who holds the folio of @f now. */
struct holders_query report_query(const struct pgmt_finding *f);

/*
 * report_frames - a stack or a call site in words, a line a frame, innermost first
 * Return: for free(), "" if none was kept; NULL without memory
 */
char *report_frames(const struct sources *from, uint32_t site);

#define STACK_TEXTS 64

/* Those that were asked for last, for what has the same ones again and again. */
struct site_texts {
	struct {
		uint32_t site;
		char *text; /* NULL: none */
	} kept[STACK_TEXTS];
};

/* As report_frames().  Return: it stays until the next call. */
const char *site_text(const struct sources *from, struct site_texts *all, uint32_t site);
/* Forget them: functions may have other names by now. */
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
 * The functions of a stack or of a call site, the innermost first, without those that
 * the compiler has inlined; "?" is one without a symbol.  Return: how many; at most @most.
 */
unsigned int report_functions(const struct sources *from, uint32_t site,
			      char name[][FRAME_NAME_LEN], unsigned int most);

#endif /* PGMAPTRACE_REPORT_REPORT_H */
