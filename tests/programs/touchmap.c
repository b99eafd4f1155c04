// SPDX-License-Identifier: GPL-2.0-only
/* Map a part of a file or a DAX device and read a byte at each so many of its bytes. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* sysexits.h */
#define EXIT_USAGE 64

int main(int argc, char **argv)
{
	volatile char *map;
	size_t from, bytes, step;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "Usage: touchmap FILE FROM BYTES STEP\n");
		return EXIT_USAGE;
	}
	from = strtoull(argv[2], NULL, 0);
	bytes = strtoull(argv[3], NULL, 0);
	step = strtoull(argv[4], NULL, 0);
	if (!bytes || !step)
		errx(EXIT_USAGE, "%s %s: give numbers", argv[3], argv[4]);
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(EXIT_FAILURE, "%s", argv[1]);
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, from);
	if (map == MAP_FAILED)
		err(EXIT_FAILURE, "%s: mmap", argv[1]);
	for (size_t at = 0; at < bytes; at += step)
		(void)map[at];
	return 0;
}
