/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that make a tree of files below a directory, root, of their own. */
#ifndef PGMAPTRACE_TREE_H
#define PGMAPTRACE_TREE_H

static void make_file(const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

#endif /* PGMAPTRACE_TREE_H */
