// SPDX-License-Identifier: GPL-2.0-only
#include "session/kprobe_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUP	 "pgmaptrace"
#define MAX_NAME 64
/* kretprobes that are under way at once: threads that wait in memunmap_pages */
#define MAX_CALLS 1024

static const char *tracefs(void)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char file[64];

		snprintf(file, sizeof(file), "%s/kprobe_events", places[i]);
		if (!access(file, W_OK))
			return places[i];
	}
	return NULL;
}

bool kprobe_events_usable(void)
{
	char file[64];

	if (!tracefs())
		return false;
	snprintf(file, sizeof(file), "%s/kprobe_profile", tracefs());
	return !access(file, R_OK);
}

static FILE *open_file(const char *name)
{
	char file[384];

	if (!tracefs())
		return NULL;
	snprintf(file, sizeof(file), "%s/%s", tracefs(), name);
	return fopen(file, "re");
}

/* Return: 0; a negative errno */
static int order(const char *text)
{
	char file[128];
	int fd, err;

	snprintf(file, sizeof(file), "%s/kprobe_events", tracefs() ? tracefs() : "");
	/* O_TRUNC would remove the events of all */
	fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* kprobe_profile has no groups, so the name alone must be one of a kind. */
static void event_name(char name[MAX_NAME], unsigned int index)
{
	snprintf(name, MAX_NAME, GROUP "_%d_%u", getpid(), index);
}

void kprobe_events_tidy(void)
{
	FILE *f = open_file("kprobe_events");
	char line[512];
	int pid, index;

	while (f && fgets(line, sizeof(line), f)) {
		/* p:pgmaptrace/pgmaptrace_123_4 symbol, or r1024:... */
		char *at = strstr(line, ":" GROUP "/" GROUP "_"), text[128];

		if (!at || sscanf(at, ":" GROUP "/" GROUP "_%d_%d", &pid, &index) != 2)
			continue;
		/* of another pid namespace's the kernel removes none that is in use */
		if (!kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(text, sizeof(text), "-:" GROUP "/" GROUP "_%d_%d\n", pid, index);
		order(text);
	}
	if (f)
		fclose(f);
}

static int event_id(const char *name)
{
	char file[256];
	int id = -1;
	FILE *f;

	snprintf(file, sizeof(file), "events/" GROUP "/%s/id", name);
	f = open_file(file);
	if (f && fscanf(f, "%d", &id) != 1)
		id = -1;
	if (f)
		fclose(f);
	return id;
}

int kprobe_event_open(unsigned int index, const char *symbol, bool at_return)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .sample_period = 1};
	char name[MAX_NAME], text[256], calls[16] = "";
	int err, fd;

	event_name(name, index);
	if (at_return)
		snprintf(calls, sizeof(calls), "%d", MAX_CALLS);
	snprintf(text, sizeof(text), "%c%s:" GROUP "/%s %s\n", at_return ? 'r' : 'p', calls, name,
		 symbol);
	err = order(text);
	if (err)
		return err;
	attr.config = event_id(name);
	/* a program on any CPU's event is run on all of them */
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		kprobe_event_remove(index);
		return err;
	}
	return fd;
}

void kprobe_event_remove(unsigned int index)
{
	char name[MAX_NAME], text[MAX_NAME + 16];

	event_name(name, index);
	snprintf(text, sizeof(text), "-:" GROUP "/%s\n", name);
	order(text);
}

bool kprobe_event_counts(unsigned int index, uint64_t *hits, uint64_t *skipped)
{
	FILE *f = open_file("kprobe_profile");
	char wanted[MAX_NAME], line[256], name[MAX_NAME];
	unsigned long long hit, miss;
	bool found = false;

	event_name(wanted, index);
	while (f && !found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%63s %llu %llu", name, &hit, &miss) == 3 &&
			!strcmp(name, wanted);
		if (found) {
			*hits = hit;
			*skipped = miss;
		}
	}
	if (f)
		fclose(f);
	return found;
}
