// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold one page of a file or device in one of several ways, and say which page
 * frame it is:
 *
 *   cover   map it, and never touch it
 *   map     map it, and touch it
 *   pin     map it, pin it in a pipe with vmsplice()
 *   pipe    the same, and unmap it
 *   uring   map it, register it as a fixed buffer of an io_uring, unmap it
 *   ring    the same, and close the ring's descriptor after registering the ring
 *   dio     map it, and write it to TARGET by direct I/O; "done" when that is done
 *   diov    the same, as the second of two vectors
 *   read    map it, and wait to read into it from a pipe that is O_DIRECT, too
 *   private map anonymous memory, and have the hmm test driver FILE take its pages
 *
 * Output: "pfn 0xN", where the page was touched, then "held".  It ends by a
 * signal.  Raw system calls: liburing is not needed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/io_uring.h>
#include <unistd.h>

#define PAGE_BYTES	((size_t)sysconf(_SC_PAGESIZE))
#define MOST_PAGE_BYTES 65536
/* a huge page: a device maps no less */
#define SPAN_BYTES (PAGE_BYTES / 8 * PAGE_BYTES)

static void say_pfn(const char *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE_BYTES * 8) != 8)
		err(1, "/proc/self/pagemap");
	close(fd);
	/* the low 55 bits are the pfn, or a swap entry that has it behind 5 bits of type */
	printf("pfn 0x%llx\n", (unsigned long long)(entry << 9 >> (entry >> 62 & 1 ? 14 : 9)));
}

static void hold_in_pipe(char *page)
{
	struct iovec vec = {.iov_base = page, .iov_len = PAGE_BYTES};
	int ends[2];

	if (pipe(ends) < 0)
		err(1, "pipe");
	if (vmsplice(ends[1], &vec, 1, 0) != (ssize_t)PAGE_BYTES)
		err(1, "vmsplice");
}

/* These say "held" before, since they may not come back. */
static void write_direct(char *page, const char *target, int vectors)
{
	static char other[MOST_PAGE_BYTES] __attribute__((aligned(MOST_PAGE_BYTES)));
	struct iovec vec[] = {{other, PAGE_BYTES}, {page, PAGE_BYTES}};
	int fd = open(target, O_WRONLY | O_DIRECT | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		err(1, "%s", target);
	puts("held");
	fflush(stdout);
	n = vectors ? pwritev(fd, vec, 2, 0) : pwrite(fd, page, PAGE_BYTES, 0);
	if (n != (ssize_t)PAGE_BYTES * (vectors ? 2 : 1))
		err(1, "can't write %s", target);
	puts("done");
	fflush(stdout);
}

static void read_from_pipe(char *page)
{
	int ends[2];

	if (pipe2(ends, O_DIRECT) < 0)
		err(1, "pipe2");
	puts("held");
	fflush(stdout);
	if (read(ends[0], page, PAGE_BYTES) < 0)
		err(1, "read");
}

static void hold_in_ring(char *page, int closed)
{
	struct io_uring_rsrc_update ring = {.offset = -1U};
	struct iovec vec = {.iov_base = page, .iov_len = PAGE_BYTES};
	struct io_uring_params params = {0};
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		err(1, "io_uring_setup");
	if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &vec, 1) < 0) {
		/* kernels that take no file's page as a fixed buffer */
		if (errno == EOPNOTSUPP)
			errx(3, "this kernel registers no such page");
		err(1, "IORING_REGISTER_BUFFERS");
	}
	if (!closed)
		return;
	ring.data = fd;
	if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_RING_FDS, &ring, 1) != 1)
		err(1, "IORING_REGISTER_RING_FDS");
	close(fd);
}

/* lib/test_hmm_uapi.h */
struct hmm_dmirror_cmd {
	uint64_t addr;
	uint64_t ptr;
	uint64_t npages;
	uint64_t cpages;
	uint64_t faults;
};
#define HMM_DMIRROR_MIGRATE_TO_DEV _IOWR('H', 0x02, struct hmm_dmirror_cmd)

static void give_to_device(int fd, char *page)
{
	static char copy[MOST_PAGE_BYTES];
	struct hmm_dmirror_cmd cmd = {.addr = (uintptr_t)page, .ptr = (uintptr_t)copy, .npages = 1};

	if (ioctl(fd, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd) < 0 || cmd.cpages != 1)
		err(1, "HMM_DMIRROR_MIGRATE_TO_DEV");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	unsigned long offset = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	char *map, *page;
	int fd, private;

	if (argc < 3 || argc > 5 || (argc == 5) != !strncmp(how, "dio", 3))
		errx(2, "usage: hold cover|map|pin|pipe|uring|ring|read|private FILE "
			"[OFFSET below 2 MiB], or hold dio|diov FILE OFFSET TARGET");
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[2]);
	private = !strcmp(how, "private");
	map = mmap(NULL, SPAN_BYTES, PROT_READ | PROT_WRITE,
		   private ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, private ? -1 : fd, 0);
	if (map == MAP_FAILED)
		err(1, "can't map %s", argv[2]);
	/* offsets are those of pages of 4 KiB */
	page = map + (offset & ~(PAGE_BYTES - 1));
	if (strcmp(how, "cover")) {
		*(volatile char *)page = 'h';
		if (private)
			give_to_device(fd, page);
		say_pfn(page);
	}
	if (!strcmp(how, "pipe") || !strcmp(how, "pin"))
		hold_in_pipe(page);
	else if (!strcmp(how, "uring") || !strcmp(how, "ring"))
		hold_in_ring(page, !strcmp(how, "ring"));
	if (!strcmp(how, "pipe") || !strcmp(how, "uring") || !strcmp(how, "ring")) {
		munmap(map, SPAN_BYTES);
		close(fd);
	}
	if (!strncmp(how, "dio", 3)) {
		write_direct(page, argv[4], !strcmp(how, "diov"));
	} else if (!strcmp(how, "read")) {
		read_from_pipe(page);
	} else {
		puts("held");
		fflush(stdout);
	}
	for (;;)
		pause();
}
