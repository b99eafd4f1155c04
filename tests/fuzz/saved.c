// SPDX-License-Identifier: GPL-2.0-only
/* The input is a file as --save writes it: the first byte says which of the two, "l" or "s". */
#include "fuzz.h"

#include "leaks/saved.c"

static const char boot[] = "boot";

static void check(const struct saved_set *s)
{
	struct saved_request request;

	CHECK(!saved_ended(s) == (s->by == SAVED_BY_LEAKS));
	for (size_t i = 0; i < s->nr; i++) {
		const struct saved_entry *e = &s->entry[i];
		struct record_pgmap p = {.type = e->type, .first = e->first, .last = e->last};

		CHECK(!i || s->entry[i - 1].pfn <= e->pfn);
		CHECK(saved_has_folio(s, &p, e->pfn, 0));
		CHECK(saved_has_folio(s, &p, e->pfn, e->requested));
		CHECK(e->pfn != NO_PFN || saved_has_references(s, &p, e->excess));
		if (s->by == SAVED_BY_SESSION && saved_find_request(s, &p, e->pfn, &request)) {
			CHECK(request.requested);
			CHECK(!request.stack[0] ||
			      request.stack[strlen(request.stack) - 1] == '\n');
		}
	}
	saved_lost(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saved_set *s;
	char why[128] = "";
	FILE *f;

	if (size < 2)
		return 0;
	f = fmemopen((void *)(data + 1), size - 1, "r");
	CHECK(f);
	s = load_from(f, "file", boot, *data == 's' ? SAVED_BY_SESSION : SAVED_BY_LEAKS, why,
		      sizeof(why));
	fclose(f);
	if (s)
		check(s);
	else
		CHECK(why[0]);
	saved_free(s);
	return 0;
}
