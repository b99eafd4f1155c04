// SPDX-License-Identifier: GPL-2.0-only
#include "report/reasons.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/printable.h"
#include "report/folio.h"

const char *reason_headline(const struct pgmt_finding *f)
{
	switch (f->rule) {
	case PGMT_RULE_REQUEST_NOT_IDLE:
		return "requested while in use";
	case PGMT_RULE_DOUBLE_REQUEST:
		return "requested twice";
	case PGMT_RULE_REQUEST_DYING:
		return "requested after its pgmap was killed";
	case PGMT_RULE_REQUEST_OUTSIDE:
		return "requested from a pgmap that does not cover it";
	case PGMT_RULE_ORDER_MISMATCH:
		return "has another order than was asked for";
	case PGMT_RULE_PARTIAL_REQUEST:
		return "left out of a request";
	case PGMT_RULE_RELEASE_UNREQUESTED:
		return "released without a request";
	case PGMT_RULE_FREE_UNREQUESTED:
		return "freed without a request";
	case PGMT_RULE_DOUBLE_FREE:
		return "freed twice";
	case PGMT_RULE_FREE_REFERENCED:
		return "freed while in use";
	case PGMT_RULE_PAGES_UNBALANCED:
		return "not freed with the rest of its folio";
	case PGMT_RULE_FLOW_ORDER:
		return "used before its huge folio was complete";
	case PGMT_RULE_REF_IMBALANCE:
		return "has other references than its folios explain";
	case PGMT_RULE_GENERIC_OVERPUT:
		return "lost its last reference";
	case PGMT_RULE_MAP_UNREQUESTED:
		return f->op == PGMT_OP_STORE ? "stored in a file without a request"
					      : "mapped without a request";
	case PGMT_RULE_ASSOCIATION_CONFLICT:
		return "stored for a second file";
	case PGMT_RULE_ENTRY_DROPPED_BUSY:
		return "taken out of its file while in use";
	case PGMT_RULE_RESET_BUSY:
		return "reset while in use";
	case PGMT_RULE_PGMAP_OVERLAP:
		return "mapped a second time";
	case PGMT_RULE_TEARDOWN_LIVE:
		return "went away while in use";
	case PGMT_RULE_TEARDOWN_STALL:
		return "keeps memunmap_pages waiting";
	case PGMT_RULE_BREAK_STALL:
		return "keeps its file system waiting";
	case PGMT_RULE_LEAK:
		return "never freed";
	}
	return "";
}

/* "3 references, where an idle folio has 1" */
static const char *references(const struct pgmt_finding *f, const struct reason_facts *facts)
{
	static char text[96];

	snprintf(text, sizeof(text), "%d reference%s, where an idle folio has %d", f->refcount,
		 f->refcount == 1 ? "" : "s", pgmt_idle_count(facts->profile, f->pgmap.type));
	return text;
}

/* "0.012 s after the last request" */
static const char *after(double seconds, const char *what)
{
	static char text[96];

	if (seconds < 0)
		snprintf(text, sizeof(text), "though no %s was seen", what);
	else
		snprintf(text, sizeof(text), "%.3f s after the last %s", seconds, what);
	return text;
}

static void outside(const struct pgmt_finding *f, char *buf, size_t size)
{
	unsigned long long pages = f->asked << f->asked_order, start = f->named.start;

	if (f->named.end && f->pfn >= start && f->pfn <= f->named.end &&
	    f->pfn + pages - 1 > f->named.end)
		snprintf(buf, size,
			 "%llu pages are asked for from pfn 0x%llx on, but the pgmap ends at "
			 "0x%llx: "
			 "%llu of them are not its own",
			 pages, f->pfn, f->named.end, f->pfn + pages - 1 - f->named.end);
	else if (f->named.end)
		snprintf(buf, size,
			 "the pgmap that the request names has no page for pfn 0x%llx (it has "
			 "0x%llx-0x%llx%s): the reference is taken of one pgmap, and will be given "
			 "back to another",
			 f->pfn, start, f->named.end,
			 f->pfn >= start && f->pfn <= f->named.end ? ", with an altmap in front"
								   : "");
	else
		snprintf(
			buf, size,
			"the pgmap that the request names is none that is known to have pfn 0x%llx",
			f->pfn);
}

static void order_mismatch(const struct pgmt_finding *f, char *buf, size_t size)
{
	if (f->op != PGMT_OP_REQUEST)
		snprintf(buf, size,
			 "freed at order %u, though what was requested at its head is of order %u, "
			 "and "
			 "pfn 0x%llx, which is freed with it, was not requested at all",
			 f->order, f->asked_order, f->busy ? f->busy : f->pfn);
	else if (f->order != f->asked_order)
		snprintf(buf, size,
			 "asked for at order %u, but the folio is of order %u: the caller works on "
			 "%s pages than it will give back",
			 f->asked_order, f->order, f->asked_order < f->order ? "fewer" : "more");
	else
		snprintf(buf, size,
			 "%llu folios are asked for at once, and not all of them have the order %u "
			 "of "
			 "the first",
			 f->asked, f->order);
}

static void ref_imbalance(const struct pgmt_finding *f, const struct reason_facts *facts, char *buf,
			  size_t size)
{
	const char *earlier = f->pgmap.since ? "" : " (what was taken before tracing is not known)";

	if (f->refs > (long long)f->most)
		snprintf(buf, size,
			 "%s still has %lld reference%s after its kill, unchanged for a second, "
			 "but its "
			 "outstanding folios explain only %llu: memunmap_pages waits for ever for "
			 "what "
			 "nobody will give back%s",
			 facts->device, f->refs, f->refs == 1 ? "" : "s", f->most, earlier);
	else
		snprintf(buf, size,
			 "%s has %lld reference%s after its kill, unchanged for a second, but its "
			 "outstanding folios must hold %llu: memunmap_pages will not wait for all "
			 "of "
			 "them",
			 facts->device, f->refs, f->refs == 1 ? "" : "s", f->least);
}

static void teardown_stall(const struct pgmt_finding *f, const struct reason_facts *facts,
			   char *buf, size_t size)
{
	const char *s = f->refs == 1 ? "" : "s";
	size_t len;

	len = snprintf(buf, size, "memunmap_pages has waited for %.1f s until nobody refers to %s",
		       f->waited / 1e9, facts->device);
	if (len >= size)
		return;
	buf += len;
	size -= len;
	if (f->refs < 0)
		snprintf(buf, size, ", whose reference count is not known yet");
	else if (f->most == PGMT_REFS_ANY)
		snprintf(buf, size,
			 ": reference count %lld. How many of these are allocations of memory that "
			 "were not given back is not seen",
			 f->refs);
	else if (!f->most)
		snprintf(buf, size,
			 ": reference count %lld, explained 0. No folio is out that would give "
			 "%s back: it may wait for ever",
			 f->refs, f->refs == 1 ? "it" : "them");
	else if (f->refs > (long long)f->most)
		snprintf(buf, size,
			 ": reference count %lld, explained %llu, by folios that are not freed. "
			 "Nothing explains the rest",
			 f->refs, f->most);
	else
		snprintf(buf, size, ": %lld reference%s, of folios that are not freed", f->refs, s);
}

void reason_sentence(const struct pgmt_finding *f, const struct reason_facts *facts, char *buf,
		     size_t size)
{
	struct folio_references r;

	folio_references(f, facts->profile, &r);
	buf[0] = '\0';
	switch (f->rule) {
	case PGMT_RULE_REQUEST_NOT_IDLE:
		snprintf(
			buf, size,
			"it is requested while it has %s: when these go, it is freed under its new "
			"owner",
			references(f, facts));
		break;
	case PGMT_RULE_DOUBLE_REQUEST:
		snprintf(buf, size,
			 "it is requested again (%llu folio%s of order %u at once) %s, and was not "
			 "freed in between: unless the kernel refuses, one free is to come and two "
			 "owners wait for it",
			 f->asked ? f->asked : 1, f->asked > 1 ? "s" : "", f->asked_order,
			 after(facts->since_request, "request"));
		break;
	case PGMT_RULE_REQUEST_DYING:
		snprintf(buf, size,
			 "the reference count of %s is dead: memunmap_pages may take this struct "
			 "page "
			 "away while the new owner uses it",
			 facts->device);
		break;
	case PGMT_RULE_REQUEST_OUTSIDE:
		outside(f, buf, size);
		break;
	case PGMT_RULE_ORDER_MISMATCH:
		order_mismatch(f, buf, size);
		break;
	case PGMT_RULE_PARTIAL_REQUEST:
		if (f->asked > 1)
			snprintf(buf, size,
				 "a span of %llu folios was granted, but pfn 0x%llx of it has no "
				 "reference",
				 f->asked, f->pfn);
		else
			snprintf(buf, size,
				 "a huge entry of %d pages is stored, but pfn 0x%llx of it was not "
				 "requested: it will be freed once for no request",
				 PGMT_SECTION_PAGES, f->pfn);
		break;
	case PGMT_RULE_RELEASE_UNREQUESTED:
		snprintf(buf, size,
			 "it is released at a reference count of %d, and its state is: %s",
			 f->refcount, folio_life(f->state));
		break;
	case PGMT_RULE_FREE_UNREQUESTED:
		snprintf(buf, size,
			 "page_free is called for it, but nobody has requested it since its pgmap "
			 "was "
			 "made: what is taken back was never handed out");
		break;
	case PGMT_RULE_DOUBLE_FREE:
		snprintf(buf, size,
			 "page_free is called again %s, and it was not requested in between: the "
			 "page "
			 "may have two new owners",
			 after(facts->since_free, "free"));
		break;
	case PGMT_RULE_FREE_REFERENCED:
		snprintf(buf, size,
			 "page_free is called while it has a reference count of %d and a mapcount "
			 "of "
			 "%d, both of which must be 0: who has it still will free it again",
			 f->refcount, f->mapcount);
		break;
	case PGMT_RULE_PAGES_UNBALANCED:
		if (f->op == PGMT_OP_REQUEST)
			snprintf(buf, size,
				 "it is requested while pages of the folio that was here before, "
				 "and was "
				 "taken apart, have not been freed");
		else
			snprintf(buf, size,
				 "the large folio that it was a page of came back in parts, and "
				 "this part "
				 "is not freed%s",
				 f->op == PGMT_OP_TEARDOWN ? " now that its pgmap goes away" : "");
		break;
	case PGMT_RULE_GENERIC_OVERPUT:
		snprintf(buf, size,
			 "its reference count fell to 0, where an idle device-dax page has 1: "
			 "somebody "
			 "gave back a reference that was not his");
		break;
	case PGMT_RULE_MAP_UNREQUESTED:
		snprintf(buf, size,
			 "it is %s at a reference count of %d, and its state is: %s. Nothing keeps "
			 "its storage from being given to someone else",
			 f->op != PGMT_OP_STORE ? "mapped"
			 : f->asked_order	? "stored in a file, as a huge entry,"
						: "stored in a file",
			 f->refcount, folio_life(f->state));
		break;
	case PGMT_RULE_FLOW_ORDER:
		if (f->op == PGMT_OP_MAP)
			snprintf(buf, size,
				 "a PMD is made for it, but no huge entry was stored for it since "
				 "it "
				 "was requested");
		else
			snprintf(buf, size,
				 "a huge entry is stored while its folio is of order %u with %d "
				 "references: it must be one folio of order 9 with one",
				 f->order, f->refcount);
		break;
	case PGMT_RULE_ASSOCIATION_CONFLICT:
		snprintf(buf, size,
			 "it is stored for a file while it is stored in %u already, and the kernel "
			 "does "
			 "not mark it as shared: when one of them gives it up, the other uses "
			 "storage "
			 "that may be free",
			 pgmt_assoc(f->state));
		break;
	case PGMT_RULE_ENTRY_DROPPED_BUSY:
		snprintf(buf, size,
			 "the file gives it up while it has %s: %d by mappings, %d by others, such "
			 "as "
			 "pins. The file system may now use the storage for other data while they "
			 "still read or write it",
			 references(f, facts), r.mapped, r.others);
		break;
	case PGMT_RULE_RESET_BUSY:
		snprintf(buf, size,
			 "it is taken apart while it has %s: who holds a page of it will give back "
			 "a "
			 "reference of another folio",
			 references(f, facts));
		break;
	case PGMT_RULE_PGMAP_OVERLAP:
		snprintf(buf, size,
			 "memremap_pages asks for a range in which pfn 0x%llx belongs to %s, which "
			 "is "
			 "still there",
			 f->pfn, facts->device);
		break;
	case PGMT_RULE_REF_IMBALANCE:
		/* at teardown it is one folio whose reference got lost */
		if (f->op == PGMT_OP_TEARDOWN)
			snprintf(buf, size,
				 "memunmap_pages has waited for all references, yet this folio is "
				 "requested and has %d: the one that it took of the pgmap is lost",
				 f->refcount);
		else
			ref_imbalance(f, facts, buf, size);
		break;
	case PGMT_RULE_TEARDOWN_LIVE:
		snprintf(buf, size,
			 "memunmap_pages takes its struct page away while it has %s: who gives the "
			 "%s back later uses memory that is gone",
			 references(f, facts),
			 f->refcount - pgmt_idle_count(facts->profile, f->pgmap.type) > 1
				 ? "rest"
				 : "last one");
		break;
	case PGMT_RULE_TEARDOWN_STALL:
		teardown_stall(f, facts, buf, size);
		break;
	case PGMT_RULE_BREAK_STALL:
		snprintf(buf, size,
			 "%s/%u has waited for %.1f s until it is idle, and it has %s: %d by "
			 "mappings, %d by others, such as pins. The file system can't free or move "
			 "its storage before",
			 comm_text(f->comm).text, f->tid, f->waited / 1e9, references(f, facts),
			 r.mapped, r.others);
		break;
	case PGMT_RULE_LEAK:
		snprintf(buf, size, "it was requested %.3f s ago and is not freed%s",
			 facts->since_request < 0 ? 0 : facts->since_request,
			 f->op == PGMT_OP_TEARDOWN ? ", now that its pgmap goes away"
						   : ", and neither mappings nor files explain it");
		break;
	}
}
