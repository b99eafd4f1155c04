// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make DST share all blocks of SRC, so that a DAX folio gets a second owner.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int src, dst;

	if (argc != 3) {
		fprintf(stderr, "Usage: reflink SRC DST\n");
		return 2;
	}
	src = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (src < 0)
		err(1, "%s", argv[1]);
	dst = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (dst < 0)
		err(1, "%s", argv[2]);
	if (ioctl(dst, FICLONE, src) < 0)
		err(1, "can't clone %s to %s", argv[1], argv[2]);
	/* ext4 and xfs report late errors here at the earliest. */
	if (fsync(dst) < 0)
		err(1, "can't sync %s", argv[2]);
	return 0;
}
