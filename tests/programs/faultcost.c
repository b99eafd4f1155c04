// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a DAX page fault, its unmap and the truncate of its page take, by the
 * clock: in a guest whose clock counts instructions, that is what is measured.
 * Prints a line "OPERATION NANOSECONDS" a fault, an entry that is unmapped, one that
 * is truncated, and a fault that is the first after that: of each the median of the
 * rounds, which no timer is part of that falls into one of them.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)sysconf(_SC_PAGESIZE))
#define HUGE_BYTES (PAGE_BYTES / 8 * PAGE_BYTES)

/* sysexits.h */
#define EXIT_USAGE 64

enum operation { FAULT, UNMAP, TRUNCATE, FIRST, NR_OPERATIONS };

#define MAX_ROUNDS 99

static uint64_t cost[NR_OPERATIONS][MAX_ROUNDS]; /* ns, of all entries */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static long faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt + u.ru_majflt;
}

/* Blocks that are written to: a fault of them asks for no journal. */
static void fill(int fd, size_t bytes)
{
	static char zero[1 << 20];

	for (size_t at = 0; at < bytes; at += sizeof(zero))
		if (pwrite(fd, zero, sizeof(zero), at) != sizeof(zero))
			err(EXIT_FAILURE, "write");
}

/* What it takes goes to @fault and @unmap. */
static void touch_and_unmap(int fd, size_t bytes, size_t entry, uint64_t *fault, uint64_t *unmap)
{
	/* where a huge page fits */
	char *hint = (char *)(1UL << 40);
	char *map =
		mmap(hint, bytes, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	uint64_t start, touched;
	long before, more;

	if (map == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	if (entry == PAGE_BYTES && madvise(map, bytes, MADV_NOHUGEPAGE) && errno != EINVAL)
		err(EXIT_FAILURE, "madvise");
	before = faults();
	start = now();
	for (size_t at = 0; at < bytes; at += entry)
		*(volatile char *)(map + at) = 1;
	touched = now();
	if (munmap(map, bytes))
		err(EXIT_FAILURE, "munmap");
	*unmap = now() - touched;
	*fault = touched - start;
	/* the stack may have some of its own */
	more = faults() - before - (long)(bytes / entry);
	if (more < 0 || more > 8)
		errx(EXIT_FAILURE, "%ld faults for %zu entries of %zu bytes",
		     more + (long)(bytes / entry), bytes / entry, entry);
}

static uint64_t truncate_all(int fd)
{
	uint64_t start = now();

	if (ftruncate(fd, 0))
		err(EXIT_FAILURE, "ftruncate");
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *value, size_t n)
{
	qsort(value, n, sizeof(*value), compare);
	return value[n / 2];
}

int main(int argc, char **argv)
{
	bool huge = argc > 1 && !strcmp(argv[1], "-h");
	size_t entry = huge ? HUGE_BYTES : PAGE_BYTES, bytes, n;
	static const char *const names[] = {"fault", "unmap", "truncate", "first"};
	uint64_t unmap;
	long rounds;
	int fd;

	if (argc - huge != 4) {
		fprintf(stderr, "Usage: faultcost [-h] FILE MIBIBYTES ROUNDS\n"
				"\n"
				"  -h   by entries of 2 MiB (default 4 KiB)\n");
		return EXIT_USAGE;
	}
	fd = open(argv[1 + huge], O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		err(EXIT_FAILURE, "%s", argv[1 + huge]);
	bytes = strtoul(argv[2 + huge], NULL, 0) << 20;
	rounds = strtol(argv[3 + huge], NULL, 0);
	n = bytes / entry;
	if (!n || rounds < 1 || rounds > MAX_ROUNDS)
		errx(EXIT_USAGE, "%zu entries, %ld rounds: at least 1, of rounds at most %d", n,
		     rounds, MAX_ROUNDS);
	for (long i = 0; i < rounds; i++) {
		fill(fd, bytes);
		/* makes the entries of i_pages; where folios are requested, that is when */
		touch_and_unmap(fd, bytes, entry, &cost[FIRST][i], &unmap);
		touch_and_unmap(fd, bytes, entry, &cost[FAULT][i], &cost[UNMAP][i]);
		cost[TRUNCATE][i] = truncate_all(fd);
	}
	for (int op = 0; op < NR_OPERATIONS; op++)
		printf("%s %.1f\n", names[op], (double)median(cost[op], rounds) / n);
	return 0;
}
