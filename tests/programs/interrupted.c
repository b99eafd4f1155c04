// SPDX-License-Identifier: GPL-2.0-only
/*
 * Truncate FILE to nothing while a timer interrupts every MS milliseconds, as that of a
 * profiler or a runtime does: interrupted MS FILE
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static void on_alarm(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval every = {0};
	long ms;

	if (argc != 3)
		errx(64, "usage: interrupted MS FILE");
	ms = atol(argv[1]);
	every.it_interval.tv_sec = ms / 1000;
	every.it_interval.tv_usec = ms % 1000 * 1000;
	every.it_value = every.it_interval;
	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &every, NULL))
		err(1, "timer");
	if (truncate(argv[2], 0))
		err(1, "%s", argv[2]);
	return 0;
}
