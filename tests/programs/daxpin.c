// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold a long reference on one page of a DAX file or a device-dax device, as
 * DMA would: vmsplice() makes the page a pipe buffer, and no driver is needed.
 *
 * Output, one word a line: "pinned", then "released" once told to release.
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)sysconf(_SC_PAGESIZE))
#define SPAN_BYTES (2UL << 20)

static void usage(FILE *out)
{
	fprintf(out, "Usage: daxpin [-r] [-u] [-o OFFSET] [-w FIFO] FILE\n"
		     "\n"
		     "Map FILE shared, touch one page, pin it, say \"pinned\" and wait.\n"
		     "\n"
		     "  -r         only read the page, and map it read-only\n"
		     "  -u         unmap after the pin\n"
		     "  -o OFFSET  the page's offset in FILE (default 0)\n"
		     "  -w FIFO    take the orders \"release\" and \"exit\" from FIFO\n"
		     "  -h         show this text\n");
}

static unsigned long number(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || *end || end == text || *text == '-')
		errx(2, "%s: not a number", text);
	return value;
}

/* A character device has no size, and device-dax maps only whole alignments. */
static size_t span(int fd, const char *name, unsigned long base)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		err(1, "%s", name);
	if (!S_ISREG(st.st_mode))
		return SPAN_BYTES;
	if ((unsigned long)st.st_size <= base)
		errx(1, "%s: the offset is at or behind its end", name);
	if ((unsigned long)st.st_size - base < SPAN_BYTES)
		return (unsigned long)st.st_size - base;
	return SPAN_BYTES;
}

static void say(const char *word)
{
	printf("%s\n", word);
	fflush(stdout);
}

static void pin(int pipe_write, void *page)
{
	struct iovec vec = {.iov_base = page, .iov_len = PAGE_BYTES};
	ssize_t done;

	/* SPLICE_F_GIFT would let the pipe take the page away. */
	done = vmsplice(pipe_write, &vec, 1, 0);
	if (done < 0)
		err(1, "can't pin the page with vmsplice");
	if ((size_t)done != PAGE_BYTES)
		errx(1, "vmsplice took %zd bytes of a page", done);
}

static void release(int pipe_read)
{
	char page[PAGE_BYTES];
	size_t left = PAGE_BYTES;

	while (left) {
		ssize_t done = read(pipe_read, page, left);

		if (done <= 0)
			err(1, "can't drain the pipe");
		left -= (size_t)done;
	}
}

static void obey(const char *fifo, int pipe_read)
{
	bool pinned = true;
	char line[64];
	FILE *orders;

	if (!fifo) {
		for (;;)
			pause();
	}
	orders = fopen(fifo, "re");
	if (!orders)
		err(1, "%s", fifo);
	while (fgets(line, sizeof(line), orders)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "exit"))
			break;
		if (strcmp(line, "release"))
			errx(2, "unknown order \"%s\" (release or exit)", line);
		if (!pinned)
			errx(2, "nothing is pinned any more");
		release(pipe_read);
		pinned = false;
		say("released");
	}
	fclose(orders);
}

int main(int argc, char **argv)
{
	bool read_only = false, unmap = false;
	unsigned long offset = 0, base;
	const char *fifo = NULL;
	volatile char *page;
	int fd, option, ends[2];
	size_t len;
	char *map;

	while ((option = getopt(argc, argv, "hruo:w:")) != -1) {
		switch (option) {
		case 'h':
			usage(stdout);
			return 0;
		case 'r':
			read_only = true;
			break;
		case 'u':
			unmap = true;
			break;
		case 'o':
			offset = number(optarg);
			break;
		case 'w':
			fifo = optarg;
			break;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		return 2;
	}

	fd = open(argv[optind], (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[optind]);
	base = offset & ~(SPAN_BYTES - 1);
	len = span(fd, argv[optind], base);
	offset = (offset - base) & ~(PAGE_BYTES - 1);
	if (offset >= len)
		errx(1, "%s: the offset is at or behind its end", argv[optind]);
	map = mmap(NULL, len, PROT_READ | (read_only ? 0 : PROT_WRITE), MAP_SHARED, fd,
		   (off_t)base);
	if (map == MAP_FAILED)
		err(1, "can't map %s", argv[optind]);
	page = map + offset;
	if (read_only)
		(void)*page;
	else
		*page = 'p';
	if (pipe(ends) < 0)
		err(1, "pipe");
	pin(ends[1], map + offset);
	if (unmap && munmap(map, len) < 0)
		err(1, "can't unmap %s", argv[optind]);
	/*
	 * An open file would keep an unlinked inode, and the file system,
	 * alive; the pin alone must not.
	 */
	if (unmap)
		close(fd);
	say("pinned");
	obey(fifo, ends[0]);
	return 0;
}
