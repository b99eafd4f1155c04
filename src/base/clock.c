// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

double clock_seconds(void)
{
	return clock_now() / 1e9;
}

/*
 * A line written to /dev/kmsg and read back tells the offset.  It is stamped soon after
 * the write begins, though the write may end late, since it can be made to print other
 * lines: the least of a few tries counts.
 */
int64_t clock_kernel_log_offset(void)
{
	static const char line[] = "<7>pgmaptrace: reading the log's clock";
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	unsigned long long us;
	char record[8192];
	double least = 0;

	if (fd < 0)
		return 0;
	lseek(fd, 0, SEEK_END);
	for (int i = 0; i < 5; i++) {
		double before = clock_seconds();
		ssize_t n;

		if (write(fd, line, sizeof(line) - 1) < 0)
			break;
		while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
			record[n] = '\0';
			if (!strstr(record, line + 3) || sscanf(record, "%*u,%*u,%llu", &us) != 1)
				continue;
			if (i == 0 || us / 1e6 - before < least)
				least = us / 1e6 - before;
		}
	}
	close(fd);
	return least * 1e9;
}
