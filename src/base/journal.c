// SPDX-License-Identifier: GPL-2.0-only
#include "base/journal.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOTIFY_VARIABLE "NOTIFY_SOCKET"

bool journal_reads(FILE *f)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &inode) == 2 && !fstat(fileno(f), &st) &&
	       st.st_dev == dev && st.st_ino == inode;
}

/* @flags: of sendto(2) */
static void send_to_manager(const char *state, int flags)
{
	const char *name = getenv(NOTIFY_VARIABLE);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = name ? strlen(name) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path) || !strchr("/@", *name))
		return;
	memcpy(to.sun_path, name, len);
	/* that is how an address in the abstract namespace is written */
	if (*name == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL | flags, (struct sockaddr *)&to,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}

bool notify_is_wanted(void)
{
	return getenv(NOTIFY_VARIABLE);
}

void notify(const char *state)
{
	send_to_manager(state, 0);
}

void notify_status(const char *format, ...)
{
	char state[512] = "STATUS=";
	size_t len = strlen(state);
	va_list args;

	va_start(args, format);
	vsnprintf(state + len, sizeof(state) - len, format, args);
	va_end(args);
	/* one line: what follows would be another message */
	state[strcspn(state, "\n")] = '\0';
	send_to_manager(state, MSG_DONTWAIT);
}
