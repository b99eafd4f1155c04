// SPDX-License-Identifier: GPL-2.0-only
#include "report/folio.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>

/* Append to the text in @buf, cutting what does not fit. */
static void append(char *buf, size_t size, const char *separator, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len ? separator : "", text);
}

/* Return: the number of flag @name in this kernel; -1 if it has none. */
static int flag_number(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, "pageflags", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_enum *e = t ? btf_enum(t) : NULL;

	for (int i = 0; e && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name))
			return e[i].val;
	return -1;
}

void folio_flags(const struct btf *btf, uint64_t flags, char *buf, size_t size)
{
	/* not PG_reserved: all device pages are */
	static const char *const names[] = {
		"PG_head",  "PG_locked",    "PG_waiters", "PG_referenced", "PG_uptodate",
		"PG_dirty", "PG_writeback", "PG_private", "PG_hwpoison",   "PG_swapbacked",
	};

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int number = flag_number(btf, names[i]);

		if (number >= 0 && flags >> number & 1)
			append(buf, size, "|", names[i] + strlen("PG_"));
	}
	if (!buf[0])
		append(buf, size, "", "none");
}

const char *folio_life(uint32_t word)
{
	static const char *const lives[8] = {
		[PGMT_UNKNOWN] = "no request or free seen",
		[PGMT_IDLE] = "never requested",
		[PGMT_PREEXISTING] = "in use since before tracing began",
		[PGMT_REQUESTED] = "requested",
		[PGMT_FREED] = "freed",
		[PGMT_PART] = "part of a folio that was split, not freed yet",
	};
	const char *life = lives[pgmt_life(word)];

	return life ? life : "?";
}

void folio_state(uint32_t word, char *buf, size_t size)
{
	char text[40];

	buf[0] = '\0';
	append(buf, size, "", folio_life(word));
	if (pgmt_order(word)) {
		snprintf(text, sizeof(text), " at order %u", pgmt_order(word));
		append(buf, size, "", text);
	}
	if (pgmt_assoc(word)) {
		snprintf(text, sizeof(text), "in DAX entries of %u file%s", pgmt_assoc(word),
			 pgmt_assoc(word) > 1 ? "s" : "");
		append(buf, size, ", ", text);
	}
	if (word & PGMT_REPORTED)
		append(buf, size, ", ", "in an earlier finding");
}

void folio_references(const struct pgmt_finding *f, enum pgmt_profile profile,
		      struct folio_references *r)
{
	int left = f->refcount;

	memset(r, 0, sizeof(*r));
	r->idle = pgmt_idle_count(profile, f->pgmap.type);
	left -= r->idle;
	if (left > 0 && pgmt_mappings_hold(profile, f->pgmap.type)) {
		r->mapped = f->mapcount < left ? f->mapcount : left;
		left -= r->mapped;
	}
	if (left > 0 && pgmt_files_hold(profile, f->pgmap.type)) {
		/* by their entries: removals are not seen there */
		r->files = (int)f->file.sharers < left ? (int)f->file.sharers : left;
		left -= r->files;
	}
	/* the requester's own, until it passes that on to a mapping or a file */
	if (left > 0 && f->rule != PGMT_RULE_BREAK_STALL && !r->mapped && !r->files &&
	    pgmt_is_outstanding(f->state) && pgmt_is_requested(profile, f->pgmap.type)) {
		r->requester = 1;
		left--;
	}
	r->unexplained = left > 0 ? left : 0;
}

bool folio_has_unexplained(const struct pgmt_finding *f, enum pgmt_profile profile)
{
	struct folio_references r;

	folio_references(f, profile, &r);
	return r.unexplained > 0;
}

const char *folio_event(unsigned int op)
{
	static const char *const names[PGMT_NR_OPS] = {
		[PGMT_OP_REQUEST] = "request",
		[PGMT_OP_ACCEPT] = "granted nevertheless",
		[PGMT_OP_UNDO] = "request refused",
		[PGMT_OP_MAP] = "map",
		[PGMT_OP_RELEASE] = "release",
		[PGMT_OP_RELEASED] = "released",
		[PGMT_OP_FREE] = "free",
		[PGMT_OP_FREE_REST] = "free with head",
		[PGMT_OP_PART] = "split",
		[PGMT_OP_MISSED] = "left out",
		[PGMT_OP_STORE] = "store",
		[PGMT_OP_REMOVE] = "remove",
		[PGMT_OP_RESET] = "reset",
		[PGMT_OP_INITIAL] = "initial scan",
		[PGMT_OP_TEARDOWN] = "teardown",
	};

	return op < PGMT_NR_OPS && names[op] ? names[op] : "?";
}
