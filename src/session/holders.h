/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who holds a folio now: the processes that map it, have it in a pipe, an io_uring
 * buffer or a direct I/O, or wait for it; and who waits for any device page.
 * Takes no lock of the kernel and about a second at most, so that it works on a
 * box that hangs.  Not here: what is printed around it.
 */
#ifndef PGMAPTRACE_SESSION_HOLDERS_H
#define PGMAPTRACE_SESSION_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/wire.h"

struct holders;
struct layout;

#define HOLDERS_MAX 16

/* Holders that can't be found.  Say so wherever no pin is found. */
#define HOLDERS_NEVER_SEEN                                                                         \
	"not visible: direct I/O that no task sleeps in (AIO, io_uring), whose buffer was "        \
	"unmapped or whose file is not O_DIRECT (FUSE, CIFS); rings, buffer rings and zcrx areas " \
	"of io_uring; RDMA, VFIO and other pins of drivers; sockets; files that only a socket, "   \
	"an io_uring or a mapping holds"

struct holders_query {
	uint64_t pfn;
	uint64_t pages;	  /* 0: the folio that pfn is in; else the pgmap may be torn down */
	uint64_t mapping; /* struct address_space, in case the folio has lost it; 0 */
	uint64_t offset;  /* with mapping: of pfn in the file, bytes */
};

struct holders_found {
	uint64_t pfn, pages; /* whose holders these are */
	int32_t refcount, mapcount;
	uint32_t looked; /* bit (1 << enum pgmt_how): the search for these is complete */
	uint32_t nr;	 /* of holder[] */
	uint32_t more;	 /* at most so many more: one may be counted twice */
	bool namespaced; /* only processes of our own pid namespace were looked at */
	struct pgmt_holder holder[HOLDERS_MAX]; /* pins first */
};

/*
 * holders_load - load the programs; attaches nothing to the kernel's functions
 * @l: after layout_check_waits()
 * @btf: file, or NULL for the running kernel's
 * @log_level: libbpf's kernel_log_level
 * Return: NULL with errno set.
 */
struct holders *holders_load(const struct layout *l, const char *btf, int log_level);
void holders_free(struct holders *h);

/* Return: 0; -ENXIO: no device page, and pages is 0; another negative errno. */
int holders_find(struct holders *h, const struct holders_query *q, struct holders_found *found);

/*
 * holders_waits - all tasks that wait for device pages or a pgmap now
 * Cheap while there are none.
 * Return: 0; a negative errno, and @found means nothing.
 */
int holders_waits(struct holders *h, struct pgmt_waits *found);

/* Does it only wait? */
bool holder_waits(const struct pgmt_holder *h);
/* Does it have a reference of its own, beside those of mappings? */
bool holder_pins(const struct pgmt_holder *h);
bool holders_any_pins(const struct holders_found *found);
/* One line, as "daxpin/145: pipe, fd 4" */
void holder_text(const struct pgmt_holder *h, char *buf, size_t size);

/* Where the search is not complete, as "pipes, io_uring buffers"; "" if it is. */
void holders_not_looked(const struct holders_found *found, char *buf, size_t size);

#endif /* PGMAPTRACE_SESSION_HOLDERS_H */
