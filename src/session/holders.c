// SPDX-License-Identifier: GPL-2.0-only
#include "session/holders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "arch/arch.h"
#include "base/clock.h"
#include "base/iomem.h"
#include "base/printable.h"
#include "session/filter.h"
#include "session/internal.h"
#include "session/layout.h"
#include "holders.skel.h"

#define SEARCH_NS 1000000000ULL

struct holders {
	struct holders_bpf *skel;
	struct bpf_link *names, *stacks; /* iterators over tasks */
	struct pgmt_search *search;	 /* room for a whole value of the map */
	size_t size;
	const struct pgmt_waits *waits; /* the map of that name */
};

static void set_symbols(const struct layout *l, struct holders_bpf *skel)
{
	skel->rodata->page_shift = PGMT_PAGE_SHIFT;
	skel->rodata->at_io_uring_fops = l->io_uring_fops;
	skel->rodata->at_bit_wait_table = l->bit_wait_table;
	skel->rodata->at_folio_wait_table = l->folio_wait_table;
	skel->bss->pgmap_root = l->pgmap_array;
}

static int read_word(void *skel, uint64_t address, uint64_t *value)
{
	const struct holders_bpf *programs = skel;
	struct pgmt_read r = {.address = address};
	int err = run_program(programs->progs.read_word, &r, sizeof(r));

	*value = r.value;
	return err;
}

static bool set_memory(const struct layout *l, struct holders_bpf *skel)
{
	struct memory m;

	if (layout_memory(l, read_word, skel, &m)) {
		errno = ENXIO;
		return false;
	}
	skel->bss->vmemmap = m.vmemmap;
	skel->bss->direct_map = m.direct_map;
	skel->bss->physical_mask = m.physical_mask;
	skel->bss->top_shift = m.top_shift;
	return true;
}

struct holders *holders_load(const struct layout *l, const char *btf, int log_level)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = btf,
		    .kernel_log_level = log_level);
	struct holders *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return NULL;
	h->skel = holders_bpf__open_opts(&opts);
	if (!h->skel)
		goto fail;
	set_symbols(l, h->skel);
	if (holders_bpf__load(h->skel) || !set_memory(l, h->skel))
		goto fail;
	h->names = bpf_program__attach_iter(h->skel->progs.name_holders, NULL);
	if (!h->names)
		goto fail;
	h->stacks = bpf_program__attach_iter(h->skel->progs.stack_waiters, NULL);
	if (!h->stacks)
		goto fail;
	h->waits = mmap(NULL, sizeof(*h->waits), PROT_READ, MAP_SHARED,
			bpf_map__fd(h->skel->maps.waits), 0);
	if (h->waits == MAP_FAILED) {
		h->waits = NULL;
		goto fail;
	}
	h->size = bpf_map__value_size(h->skel->maps.states);
	h->search = malloc(h->size);
	if (!h->search)
		goto fail;
	return h;
fail:
	err = errno;
	holders_free(h);
	errno = err;
	return NULL;
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	bpf_link__destroy(h->names);
	bpf_link__destroy(h->stacks);
	if (h->waits)
		munmap((void *)h->waits, sizeof(*h->waits));
	holders_bpf__destroy(h->skel);
	free(h->search);
	free(h);
}

static int run(struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
}

/* Run an iterator for each task. */
static int run_over_tasks(struct bpf_link *iterator)
{
	int fd = bpf_iter_create(bpf_link__fd(iterator));
	char unused[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* the program writes nothing; EAGAIN comes after a million tasks */
	do {
		n = read(fd, unused, sizeof(unused));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

/* @fd: as struct pgmt_search has it */
static int search(struct holders *h, const struct holders_query *q, int fd)
{
	int map = bpf_map__fd(h->skel->maps.states), err;
	__u32 zero = 0;

	memset(h->search, 0, h->size);
	h->search->pfn = q->pfn;
	h->search->pages = q->pages;
	h->search->mapping = q->mapping;
	h->search->offset = q->offset;
	h->search->fd = fd;
	h->search->until = clock_now() + SEARCH_NS;
	if (bpf_map_update_elem(map, &zero, h->search, BPF_ANY))
		return -errno;
	err = run(h->skel->progs.find_holders);
	if (!err)
		err = run_over_tasks(h->names);
	if (!err && bpf_map_lookup_elem(map, &zero, h->search))
		err = -errno;
	if (!err && !h->search->pgmap && !q->pages)
		err = -ENXIO;
	return err;
}

/*
 * The file of sysfs by which processes map P2P memory of the device that has @pfn.  It may have
 * gone, and while it goes it can't be opened: neither waits for the device.
 * Return: a file descriptor; -1: there is none
 */
static int open_p2pmem(uint64_t pfn)
{
	struct iomem_place place;
	char path[PATH_MAX];

	if (!iomem_find("", pfn << PGMT_PAGE_SHIFT, &place) || !place.pci[0])
		return -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/p2pmem/allocate", place.pci);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The same, with the one file that leads to P2P memory where that is mapped. */
static int search_all(struct holders *h, const struct holders_query *q)
{
	int err = search(h, q, -1), fd;

	if (err || h->search->type != PGMT_TYPE_PCI_P2PDMA || h->search->mapcount <= 0)
		return err;
	fd = open_p2pmem(h->search->pfn);
	if (fd < 0)
		return 0;
	err = search(h, q, fd);
	close(fd);
	return err;
}

static void keep(struct holders_found *found, const struct pgmt_holder *h)
{
	if (found->nr < HOLDERS_MAX)
		found->holder[found->nr++] = *h;
	else
		found->more++;
}

#define PINS (1u << PGMT_HOW_PIPE | 1u << PGMT_HOW_URING | 1u << PGMT_HOW_DIO)

int holders_find(struct holders *h, const struct holders_query *q, struct holders_found *found)
{
	const struct pgmt_search *s = h->search;
	int err = search_all(h, q);

	*found = (struct holders_found){.pfn = s->pfn, .pages = s->pages};
	if (err)
		return err;
	found->refcount = s->refcount;
	found->mapcount = s->mapcount;
	found->looked = s->looked;
	found->more = s->more;
	/* a task iterator visits only tasks that its reader can see */
	found->namespaced = in_pid_namespace();
	if (found->namespaced)
		found->looked &= ~PINS;
	/* what matters is the one that pins it, not the many that map it */
	for (int pins = 1; pins >= 0; pins--)
		for (__u32 i = 0; i < s->nr; i++)
			if (holder_pins(&s->found[i]) == pins)
				keep(found, &s->found[i]);
	for (__u32 i = 0; i < s->nr_mm; i++)
		if (!s->mm[i].tgid)
			keep(found, &s->mm[i]);
	return 0;
}

int holders_waits(struct holders *h, struct pgmt_waits *found)
{
	int err = run(h->skel->progs.find_waits);

	if (err)
		return err;
	*found = *h->waits;
	if (!found->nr)
		return 0;
	err = run_over_tasks(h->stacks);
	*found = *h->waits;
	return err;
}

static const char *entry_name(const struct pgmt_holder *h)
{
	if (h->not_here)
		return "device-private entry";
	if (h->entry == 1)
		return "PTE";
	return h->entry == PGMT_PMD_PAGES ? "PMD" : "PUD";
}

static const char *call_name(__u32 call)
{
	static const char *const names[] = {
		[SYS_read] = "read",	     [SYS_write] = "write",	[SYS_pread64] = "pread64",
		[SYS_pwrite64] = "pwrite64", [SYS_readv] = "readv",	[SYS_writev] = "writev",
		[SYS_preadv] = "preadv",     [SYS_pwritev] = "pwritev", [SYS_preadv2] = "preadv2",
		[SYS_pwritev2] = "pwritev2",
	};

	return call < sizeof(names) / sizeof(*names) && names[call] ? names[call] : "?";
}

bool holder_waits(const struct pgmt_holder *h)
{
	return h->how == PGMT_HOW_WAIT || h->how == PGMT_HOW_SPIN || h->how == PGMT_HOW_LOCK ||
	       h->how == PGMT_HOW_PGMAP;
}

bool holder_pins(const struct pgmt_holder *h)
{
	return h->how < PGMT_NR_HOW && PINS >> h->how & 1;
}

bool holders_any_pins(const struct holders_found *found)
{
	for (uint32_t i = 0; i < found->nr; i++)
		if (holder_pins(&found->holder[i]))
			return true;
	return false;
}

void holder_text(const struct pgmt_holder *h, char *buf, size_t size)
{
	static const char *const waits[PGMT_NR_HOW] = {
		[PGMT_HOW_WAIT] = "waits for it",
		[PGMT_HOW_LOCK] = "waits for its lock or a flag",
		[PGMT_HOW_PGMAP] = "waits for its pgmap",
		[PGMT_HOW_SPIN] = "spins until it is idle",
	};
	char who[64] = "a process that is ending, or not visible";
	const char *what = h->how == PGMT_HOW_PIPE ? "pipe" : "io_uring fixed buffer";

	if (h->tid)
		snprintf(who, sizeof(who), "%s/%u", comm_text(h->comm).text, h->tid);
	if (h->how == PGMT_HOW_MAP)
		snprintf(buf, size, "%s: maps it at 0x%llx, %s", who, h->address, entry_name(h));
	else if (h->how == PGMT_HOW_DIO)
		snprintf(buf, size, "%s: direct I/O, %s on fd %d from 0x%llx, in flight%s", who,
			 call_name(h->call), h->fd, h->address,
			 h->in_io ? "" : " or about to begin");
	else if (h->how < PGMT_NR_HOW && waits[h->how])
		snprintf(buf, size, "%s: %s", who, waits[h->how]);
	else if (h->fd < 0)
		snprintf(buf, size, "%s: %s, registered ring", who, what);
	else
		snprintf(buf, size, "%s: %s, fd %d", who, what, h->fd);
}

void holders_not_looked(const struct holders_found *found, char *buf, size_t size)
{
	static const char *const names[PGMT_NR_HOW] = {
		[PGMT_HOW_MAP] = "mappings",
		[PGMT_HOW_PIPE] = "pipes",
		[PGMT_HOW_URING] = "io_uring buffers",
		[PGMT_HOW_WAIT] = "who waits for it",
		[PGMT_HOW_LOCK] = "who waits for its lock",
		[PGMT_HOW_PGMAP] = "who waits for its pgmap",
		[PGMT_HOW_DIO] = "direct I/O",
	};
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < PGMT_NR_HOW && len < size; i++)
		if (names[i] && !(found->looked & (1u << i)))
			len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "", names[i]);
	if (found->namespaced && len < size)
		snprintf(buf + len, size - len, " (of processes outside of this pid namespace)");
}
