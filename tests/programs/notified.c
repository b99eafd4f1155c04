// SPDX-License-Identifier: GPL-2.0-only
/*
 * notified SOCKET COMMAND...: run COMMAND with NOTIFY_SOCKET, as a service manager
 * does, and print what it is told, a line each.  A SOCKET that begins with @ is
 * abstract.  Ends with COMMAND's exit status.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char message[256];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status;
	ssize_t n;
	pid_t child;

	if (argc < 3 || strlen(argv[1]) >= sizeof(name.sun_path))
		return 64;
	strcpy(name.sun_path, argv[1]);
	if (argv[1][0] == '@')
		name.sun_path[0] = '\0';
	if (fd < 0 || bind(fd, (struct sockaddr *)&name,
			   offsetof(struct sockaddr_un, sun_path) + strlen(argv[1]))) {
		perror("notified");
		return 1;
	}
	setenv("NOTIFY_SOCKET", argv[1], 1);
	child = fork();
	if (!child) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(child, &status, 0);
	while ((n = recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT)) >= 0)
		printf("notified: %.*s\n", (int)n, message);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
