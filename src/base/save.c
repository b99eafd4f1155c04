// SPDX-License-Identifier: GPL-2.0-only
#include "base/save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/say.h"

static int save_failed(const struct save *s)
{
	say_error("can't write %s: %s", s->file, error_text(errno));
	return EXIT_INTERNAL;
}

int save_beside(const char *file, char **name)
{
	int fd;

	if (asprintf(name, "%s.XXXXXX", file) < 0) {
		*name = NULL;
		return -1;
	}
	fd = mkstemp(*name);
	if (fd < 0) {
		free(*name);
		*name = NULL;
	}
	return fd;
}

bool save_settled(FILE *f)
{
	int again;

	if (fflush(f) || ferror(f))
		return false;
	again = dup(fileno(f));
	return again >= 0 && !close(again);
}

int save_stdout(void)
{
	if (save_settled(stdout))
		return EXIT_CLEAN;
	say_error("can't write the output: %s", error_text(errno));
	return EXIT_INTERNAL;
}

int save_begin(struct save *s, const char *file)
{
	struct stat st;
	int fd;

	*s = (struct save){.file = file};
	if (!lstat(file, &st) && !S_ISREG(st.st_mode)) {
		say_error("%s is not a regular file and would be replaced: give another name",
			  file);
		return EXIT_USAGE;
	}
	fd = save_beside(file, &s->temporary);
	if (fd < 0)
		return save_failed(s);
	s->to = fdopen(fd, "w");
	if (s->to)
		return 0;
	close(fd);
	return save_failed(s);
}

int save_end(struct save *s, bool good)
{
	mode_t mask = umask(0);

	umask(mask);
	if (!good)
		errno = ENOMEM;
	/* mkstemp() lets only the owner read it */
	good = good && !fchmod(fileno(s->to), 0666 & ~mask) && save_settled(s->to) &&
	       !fsync(fileno(s->to));
	if (!good || rename(s->temporary, s->file))
		return save_failed(s);
	free(s->temporary);
	s->temporary = NULL;
	return 0;
}

void save_drop(struct save *s)
{
	if (s->to)
		fclose(s->to);
	if (s->temporary)
		unlink(s->temporary);
	free(s->temporary);
	*s = (struct save){0};
}

void save_read_boot(char boot[BOOT_ID_LEN])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(boot, BOOT_ID_LEN, f))
		boot[0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	if (f)
		fclose(f);
}
