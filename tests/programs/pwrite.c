// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write LEN bytes at OFFSET through the file interface, not through a mapping:
 * on a reflinked DAX file this is what breaks the sharing.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long long number(const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || end == text || *text == '-')
		errx(2, "%s: not a number", text);
	return value;
}

int main(int argc, char **argv)
{
	unsigned long long offset, len;
	char buffer[65536];
	int fd;

	if (argc != 4) {
		fprintf(stderr, "Usage: pwrite FILE OFFSET LEN\n");
		return 2;
	}
	offset = number(argv[2]);
	len = number(argv[3]);
	fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		err(1, "%s", argv[1]);
	memset(buffer, 'w', sizeof(buffer));
	while (len) {
		size_t want = len < sizeof(buffer) ? len : sizeof(buffer);
		ssize_t done = pwrite(fd, buffer, want, (off_t)offset);

		if (done < 0)
			err(1, "can't write %s at %llu", argv[1], offset);
		offset += (unsigned long long)done;
		len -= (unsigned long long)done;
	}
	if (fsync(fd) < 0)
		err(1, "can't sync %s", argv[1]);
	return 0;
}
