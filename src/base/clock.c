// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES	5
#define SHARP_SAMPLE_NS 1000000

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

double clock_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

bool clock_offset_of(const struct clock_sample *samples, unsigned int nr, int64_t *offset)
{
	for (unsigned int i = 0; i < nr; i++) {
		int64_t ahead = samples[i].stamp - samples[i].before;

		if (i == 0 || ahead < *offset)
			*offset = ahead;
	}
	return nr;
}

/* Return: false if @fd, which is at the end of the log, does not show the line. */
static bool take_sample(int fd, struct clock_sample *s)
{
	char line[80], record[8192];
	uint64_t us;
	ssize_t n;
	int len;

	s->before = clock_now();
	/* A number that no other line has: there may be more of us.  Without the newline the
	 * kernel would show the line only when another follows. */
	len = snprintf(line, sizeof(line), "<7>pgmaptrace: reading the log's clock, %" PRIx64 "\n",
		       s->before);
	if (write(fd, line, len) != len)
		return false;
	s->after = clock_now();
	line[len - 1] = '\0';
	while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		if (!strstr(record, line + 3) || sscanf(record, "%*u,%*u,%" SCNu64, &us) != 1)
			continue;
		s->stamp = us * 1000;
		return true;
	}
	return false;
}

bool clock_kernel_log_offset(int64_t *offset)
{
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct clock_sample samples[MAX_SAMPLES];
	unsigned int nr = 0;
	bool sharp = false;

	if (fd < 0)
		return false;
	lseek(fd, 0, SEEK_END);
	for (int i = 0; i < MAX_SAMPLES && !sharp; i++) {
		if (!take_sample(fd, &samples[nr]))
			continue;
		sharp = samples[nr].after - samples[nr].before < SHARP_SAMPLE_NS;
		nr++;
	}
	close(fd);
	return clock_offset_of(samples, nr, offset);
}
