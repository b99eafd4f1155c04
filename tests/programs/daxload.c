// SPDX-License-Identifier: GPL-2.0-only
/*
 * Balanced DAX traffic: map a file, write and check every page, unmap, again.
 * Each page of each round makes one request and one free, so a tracer's counts
 * can be compared with what this program prints.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)sysconf(_SC_PAGESIZE))
#define HUGE_BYTES (PAGE_BYTES / 8 * PAGE_BYTES)

struct load {
	const char *file;
	size_t size;
	unsigned long procs;
	unsigned long rounds;
	bool huge;
	bool shared;
	bool exercise;
	bool keep;
};

static void usage(void)
{
	fprintf(stderr, "Usage: daxload [-h] [-k] [-s] [-x] [-p PROCS] [-r ROUNDS] FILE SIZE\n"
			"\n"
			"Map FILE of SIZE bytes, write and check every page, unmap.\n"
			"SIZE and numbers may end in K, M or G.\n"
			"\n"
			"  -h         2 MiB pages where the file allows (default 4 KiB)\n"
			"  -k         say \"mapped\" after the first round, and keep it mapped\n"
			"             until a signal comes\n"
			"  -p PROCS   processes at once, each with its own FILE.N (default 1)\n"
			"  -r ROUNDS  rounds of each process (default 1)\n"
			"  -s         all processes share FILE, each its own part of a page\n"
			"  -x         also truncate, punch a hole, rename and unlink FILE\n"
			"             while it is mapped\n");
}

static unsigned long number(const char *text)
{
	unsigned long value, unit = 1;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	switch (*end) {
	case 'K':
		unit = 1UL << 10;
		break;
	case 'M':
		unit = 1UL << 20;
		break;
	case 'G':
		unit = 1UL << 30;
		break;
	}
	if (unit > 1)
		end++;
	if (errno || *end || end == text || *text == '-' || !value || value > LONG_MAX / unit)
		errx(2, "%s: not a number above 0", text);
	return value * unit;
}

static uint64_t pattern(unsigned long proc, unsigned long round, size_t at)
{
	return 0x9e3779b97f4a7c15ULL * (at + 1) + (round << 32) + proc;
}

/* Processes that share a file write different words of its pages. */
static uint64_t *word(char *map, size_t at, unsigned long proc)
{
	return (uint64_t *)(map + at) + proc;
}

static void fill(char *map, size_t len, unsigned long proc, unsigned long round)
{
	for (size_t at = 0; at < len; at += PAGE_BYTES)
		*(volatile uint64_t *)word(map, at, proc) = pattern(proc, round, at);
}

static void check(char *map, size_t from, size_t to, unsigned long proc, unsigned long round,
		  bool zero)
{
	for (size_t at = from; at < to; at += PAGE_BYTES) {
		uint64_t want = zero ? 0 : pattern(proc, round, at);
		uint64_t got = *(volatile uint64_t *)word(map, at, proc);

		if (got != want)
			errx(1, "process %lu, round %lu, offset %#zx: %#llx, not %#llx", proc,
			     round, at, (unsigned long long)got, (unsigned long long)want);
	}
}

/*
 * A PMD needs the same offset inside 2 MiB in the file and in memory, and mmap
 * promises that only for some file systems.
 */
static char *map_file(const struct load *load, int fd, const char *name)
{
	char *hint = NULL, *map;

	if (load->huge) {
		char *room = mmap(NULL, load->size + HUGE_BYTES, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (room == MAP_FAILED)
			err(1, "can't reserve address space");
		hint = (char *)(((uintptr_t)room + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
		munmap(room, load->size + HUGE_BYTES);
	}
	map = mmap(hint, load->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | (hint ? MAP_FIXED_NOREPLACE : 0), fd, 0);
	if (map == MAP_FAILED)
		err(1, "can't map %s", name);
	if (!load->huge && madvise(map, load->size, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
		err(1, "can't forbid huge pages in %s", name);
	return map;
}

static int open_file(const struct load *load, const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", name);
	/* Without blocks, the first round would differ from the others. */
	if (fallocate(fd, 0, 0, (off_t)load->size) < 0)
		err(1, "can't allocate %zu bytes for %s", load->size, name);
	return fd;
}

static void exercise(const struct load *load, int fd, char *map, const char *name,
		     unsigned long proc, unsigned long round)
{
	size_t half = load->size / 2 & ~(PAGE_BYTES - 1);
	size_t hole = half / 2 & ~(PAGE_BYTES - 1);
	char *other;

	if (ftruncate(fd, (off_t)half) < 0)
		err(1, "can't truncate %s", name);
	check(map, 0, half, proc, round, false);
	if (hole) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)hole) < 0)
			err(1, "can't punch a hole into %s", name);
		/* Reads first: they map the zero page where no block is. */
		check(map, 0, hole, proc, round, true);
		fill(map, hole, proc, round);
		check(map, 0, half, proc, round, false);
	}
	if (ftruncate(fd, (off_t)load->size) < 0)
		err(1, "can't extend %s", name);
	check(map, half, load->size, proc, round, true);
	fill(map, load->size, proc, round);
	if (asprintf(&other, "%s.renamed", name) < 0)
		err(1, "asprintf");
	if (rename(name, other) < 0)
		err(1, "can't rename %s", name);
	check(map, 0, load->size, proc, round, false);
	if (unlink(other) < 0)
		err(1, "can't unlink %s", other);
	check(map, 0, load->size, proc, round, false);
	free(other);
}

static void work(const struct load *load, unsigned long proc)
{
	char *name;

	if (asprintf(&name, load->shared ? "%s" : "%s.%lu", load->file, proc) < 0)
		err(1, "asprintf");
	for (unsigned long round = 0; round < load->rounds; round++) {
		int fd = open_file(load, name);
		char *map = map_file(load, fd, name);

		fill(map, load->size, proc, round);
		check(map, 0, load->size, proc, round, false);
		if (load->exercise)
			exercise(load, fd, map, name, proc, round);
		if (load->keep) {
			/* the signal comes to the process that was started */
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			puts("mapped");
			fflush(stdout);
			pause();
		}
		if (munmap(map, load->size) < 0)
			err(1, "can't unmap %s", name);
		close(fd);
	}
	free(name);
}

int main(int argc, char **argv)
{
	struct load load = {.procs = 1, .rounds = 1};
	int option, status, result = 0;
	unsigned long pages;

	while ((option = getopt(argc, argv, "hksxp:r:")) != -1) {
		switch (option) {
		case 'h':
			load.huge = true;
			break;
		case 'k':
			load.keep = true;
			break;
		case 's':
			load.shared = true;
			break;
		case 'x':
			load.exercise = true;
			break;
		case 'p':
			load.procs = number(optarg);
			break;
		case 'r':
			load.rounds = number(optarg);
			break;
		default:
			usage();
			return 2;
		}
	}
	if (optind != argc - 2) {
		usage();
		return 2;
	}
	load.file = argv[optind];
	load.size = number(argv[optind + 1]);
	if (load.size % (load.huge ? HUGE_BYTES : PAGE_BYTES))
		errx(2, "%s: not a whole number of pages", argv[optind + 1]);
	if (load.shared && load.exercise && load.procs > 1)
		errx(2, "-x changes the file under the others: not with -s and -p");
	if (load.procs > PAGE_BYTES / sizeof(uint64_t))
		errx(2, "at most %zu processes", PAGE_BYTES / sizeof(uint64_t));

	for (unsigned long proc = 0; proc < load.procs; proc++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			work(&load, proc);
			return 0;
		}
	}
	while (wait(&status) > 0) {
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			result = 1;
	}
	if (result)
		return result;
	pages = load.size / (load.huge ? HUGE_BYTES : PAGE_BYTES);
	printf("%lu mapped\n", pages * load.procs * load.rounds);
	return 0;
}
