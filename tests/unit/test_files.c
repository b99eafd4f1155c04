// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line that names a file, from a finding and a tree of /proc and /sys that
 * is made here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "report/files.c"

#define PMEM0 (259u << 20)
#define DAX0  (252u << 20 | 1)

static const char mounts[] = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
			     "30 22 259:0 /dir /mnt/bind rw - xfs /dev/pmem0 rw,dax=always\n"
			     "31 22 259:0 / /mnt/pmem\\0400 rw - xfs /dev/pmem0 rw,dax=always\n"
			     "32 22 259:0 / /mnt/second rw - xfs /dev/pmem0 rw,dax=always\n"
			     "33 22 254:3 / /srv\\134a\\012b rw - ext4 /dev/mapper/vg-data rw\n"
			     "34 22 259:2 /only /part rw - ext4 /dev/pmem2 rw\n"
			     "not a line of mountinfo\n";

static char root[] = "/tmp/pgmaptrace-files-XXXXXX";

#include "tree.h"

static void make_dir(const char *path)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "mkdir -p %s%s", root, path);
	assert_int_equal(system(command), 0);
}

static void make_link(const char *path, const char *to)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(symlink(to, full), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	make_dir("/proc/self");
	make_dir("/sys/dev/block");
	make_dir("/sys/bus/dax/devices/dax0.0");
	make_dir("/sys/devices/virtual/block/dm-0/dm");
	make_dir("/sys/dev/char/10:123");
	make_file("/sys/dev/char/10:123/uevent", "MAJOR=10\nMINOR=123\nDEVNAME=misc/lab\n");
	make_file("/sys/bus/dax/devices/dax0.0/dev", "252:1\n");
	make_file("/sys/devices/virtual/block/dm-0/dm/name", "vg-data\n");
	make_link("/sys/dev/block/259:0",
		  "../../devices/platform/ndbus0/region0/pfn0.1/block/pmem0");
	make_link("/sys/dev/block/254:3", "../../devices/virtual/block/dm-0");
	return 0;
}

static int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static struct files *new_files(void)
{
	make_file("/proc/self/mountinfo", mounts);
	return files_new(root);
}

/* @names: the innermost first, each with its NUL; the literal's own ends the last */
static struct pgmt_finding finding_at(__u32 dev, const char *names, size_t len)
{
	struct pgmt_finding f = {
		.file = {.flags = PGMT_FILE_KNOWN | PGMT_FILE_OFFSET | PGMT_FILE_NAMED,
			 .dev = dev,
			 .inode = 131,
			 .offset = 0x200000,
			 .type = "xfs"}};

	assert_true(len <= sizeof(f.file.path));
	memcpy(f.file.path, names, len);
	return f;
}

#define FINDING(dev, names) finding_at(dev, names, sizeof(names))

static void check(struct files *fs, const struct pgmt_finding *f, const char *expected)
{
	char line[FILE_LINE_LEN];

	files_learn(fs);
	assert_true(files_describe(fs, f, line, sizeof(line)));
	assert_string_equal(line, expected);
}

static void test_named(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a b\0dir");
	struct files *fs = new_files();

	(void)state;
	check(fs, &f, "file: /mnt/pmem 0/dir/a b (inode 131, xfs on pmem0 259:0), offset 0x200000");
	f.file.flags |= PGMT_FILE_DELETED;
	check(fs, &f,
	      "file: /mnt/pmem 0/dir/a b (deleted) (inode 131, xfs on pmem0 259:0), offset "
	      "0x200000");
	f.file.flags &= ~(PGMT_FILE_DELETED | PGMT_FILE_OFFSET);
	f.file.sharers = 2;
	check(fs, &f,
	      "file: /mnt/pmem 0/dir/a b (inode 131, xfs on pmem0 259:0), one of 2 files that "
	      "share it");
	f = FINDING(254u << 20, "x");
	check(fs, &f, "file: /x (inode 131, xfs on 254:0), offset 0x200000");
	files_free(fs);
}

static void test_names_that_break_lines(void **state)
{
	struct pgmt_finding f = FINDING(254u << 20 | 3, "new\nline\033\\");
	struct files *fs = new_files();

	(void)state;
	check(fs, &f,
	      "file: /srv\\134a\\012b/new\\012line\\033\\134 (inode 131, xfs on dm-0 (vg-data) "
	      "254:3), offset 0x200000");
	files_free(fs);
}

static void test_long_path(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a\0dir\0up");
	struct files *fs = new_files();

	(void)state;
	f.file.flags |= PGMT_FILE_CUT;
	check(fs, &f,
	      "file: /mnt/pmem 0/.../up/dir/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	/* full to the last byte, with no NUL more */
	memset(f.file.path, 'n', PGMT_PATH_LEN - 3);
	memcpy(f.file.path + PGMT_PATH_LEN - 3, "\0d", 3);
	f.file.flags &= ~PGMT_FILE_CUT;
	char expected[PGMT_PATH_LEN + 100];
	snprintf(expected, sizeof(expected),
		 "file: /mnt/pmem 0/d/%.*s (inode 131, xfs on pmem0 259:0), offset 0x200000",
		 PGMT_PATH_LEN - 3, f.file.path);
	check(fs, &f, expected);
	files_free(fs);
}

static void test_part_of_a_file_system(void **state)
{
	struct pgmt_finding f = FINDING(259u << 20 | 2, "a\0only");
	struct files *fs = new_files();

	(void)state;
	check(fs, &f, "file: /part/a (inode 131, xfs on 259:2), offset 0x200000");
	f = FINDING(259u << 20 | 2, "a\0only2");
	check(fs, &f,
	      "file: /only2/a in its file system (inode 131, xfs on 259:2), offset 0x200000");
	f = FINDING(7, "a");
	check(fs, &f, "file: /a in its file system (inode 131, xfs on 0:7), offset 0x200000");
	files_free(fs);
}

static void test_nameless(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "");
	struct files *fs = new_files();

	(void)state;
	f.file.flags &= ~PGMT_FILE_NAMED;
	check(fs, &f,
	      "file: name not known, inode 131, xfs on pmem0 259:0 at /mnt/pmem 0 "
	      "(find '/mnt/pmem 0' -xdev -inum 131), offset 0x200000");
	f.file.flags |= PGMT_FILE_DELETED;
	check(fs, &f,
	      "file: name not known (deleted), inode 131, xfs on pmem0 259:0 at /mnt/pmem 0, "
	      "offset 0x200000");
	f = FINDING(7, "");
	f.file.flags &= ~PGMT_FILE_NAMED;
	check(fs, &f, "file: name not known, inode 131, xfs on 0:7, offset 0x200000");
	files_free(fs);
}

static void test_device_dax(void **state)
{
	struct pgmt_finding f = {
		.file = {.flags = PGMT_FILE_KNOWN | PGMT_FILE_OFFSET, .rdev = DAX0}};
	struct files *fs = new_files();

	(void)state;
	check(fs, &f, "file: /dev/dax0.0 (char device 252:1), offset 0x0");
	f.file.rdev++;
	check(fs, &f, "file: char device 252:2, offset 0x0");
	f.file.rdev = 10 << 20 | 123;
	check(fs, &f, "file: /dev/misc/lab (char device 10:123), offset 0x0");
	files_free(fs);
}

/* The folio names a file that does not hold it, or a second one that does. */
static void test_who_holds_it(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a"), other = FINDING(PMEM0, "b");
	struct files *fs = new_files();
	char line[FILE_LINE_LEN];

	(void)state;
	assert_false(files_describe_other(fs, &f, line, sizeof(line)));
	f.other = other.file;
	assert_true(files_describe_other(fs, &f, line, sizeof(line)));
	assert_string_equal(line, "also stored in: /mnt/pmem 0/b (inode 131, xfs on pmem0 259:0), "
				  "offset 0x200000");
	f.file.flags |= PGMT_FILE_NO_ENTRY;
	check(fs, &f,
	      "file: /mnt/pmem 0/a (inode 131, xfs on pmem0 259:0), offset 0x200000, where no "
	      "entry has it: the file does not hold it");
	f.file.flags ^= PGMT_FILE_NO_ENTRY | PGMT_FILE_ZAPPED;
	check(fs, &f,
	      "file: /mnt/pmem 0/a (inode 131, xfs on pmem0 259:0), offset 0x200000, whose entry "
	      "there is zapped: the file does not hold it");
	files_free(fs);
}

static void test_no_file(void **state)
{
	struct pgmt_finding f = {.file = {.sharers = 1}};
	char line[FILE_LINE_LEN];
	struct files *fs = new_files();

	(void)state;
	assert_false(files_describe(fs, &f, line, sizeof(line)));
	f.file.sharers = 3;
	check(fs, &f, "file: not known, 3 files share it");
	files_free(fs);
}

/* What was unmounted is remembered, until the device is mounted elsewhere. */
static void test_unmounted(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a");
	struct files *fs = new_files();

	(void)state;
	make_file("/proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/root rw\n");
	check(fs, &f, "file: /mnt/pmem 0/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	make_file("/proc/self/mountinfo", "40 22 259:0 / /new rw - xfs /dev/pmem0 rw\n");
	check(fs, &f, "file: /new/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	make_file("/proc/self/mountinfo", "");
	check(fs, &f, "file: /new/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	f.file.flags &= ~PGMT_FILE_NAMED;
	check(fs, &f,
	      "file: name not known, inode 131, xfs on pmem0 259:0, last mounted at /new "
	      "(find /new -xdev -inum 131), offset 0x200000");
	files_free(fs);
}

/* The number of a device mapper's device is used again, under another name. */
static void test_device_of_another_name(void **state)
{
	struct pgmt_finding f = FINDING(254u << 20 | 3, "x");
	struct files *fs = new_files();

	(void)state;
	make_file("/proc/self/mountinfo", "33 22 254:3 / /srv rw - ext4 /dev/mapper/a rw\n");
	check(fs, &f, "file: /srv/x (inode 131, xfs on dm-0 (vg-data) 254:3), offset 0x200000");
	make_file("/sys/devices/virtual/block/dm-0/dm/name", "other\n");
	check(fs, &f, "file: /srv/x (inode 131, xfs on dm-0 (other) 254:3), offset 0x200000");
	make_file("/proc/self/mountinfo", "33 22 254:3 / /new rw - ext4 /dev/mapper/b rw\n");
	make_file("/sys/devices/virtual/block/dm-0/dm/name", "third\n");
	check(fs, &f, "file: /new/x (inode 131, xfs on dm-0 (third) 254:3), offset 0x200000");
	make_file("/sys/devices/virtual/block/dm-0/dm/name", "vg-data\n");
	files_free(fs);
}

static unsigned int nr_mounts(const struct files *fs)
{
	unsigned int n = 0;

	for (const struct mount *m = fs->mounts; m; m = m->next)
		n++;
	return n;
}

/* A session may see any number of them come and go; that of a device is kept longest. */
static void test_many_gone(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a");
	struct files *fs = new_files();
	char line[256];

	(void)state;
	for (int i = 0; i < 3 * PAST_MOUNTS; i++) {
		snprintf(line, sizeof(line), "40 22 0:%d / /run/%d rw - tmpfs none rw\n", i + 50,
			 i);
		make_file("/proc/self/mountinfo", line);
		files_learn(fs);
	}
	assert_int_equal(nr_mounts(fs), PAST_MOUNTS + 1);
	check(fs, &f, "file: /mnt/pmem 0/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	/* what was there until now, while others of its kind came and went */
	for (int i = 0; i < 2 * PAST_MOUNTS; i++) {
		snprintf(line, sizeof(line),
			 "31 22 259:0 / /mnt/last rw - xfs /dev/pmem0 rw\n"
			 "41 22 254:3 / /srv/%d rw - ext4 /dev/mapper/vg-data rw\n",
			 i);
		make_file("/proc/self/mountinfo", line);
		files_learn(fs);
	}
	make_file("/proc/self/mountinfo", "");
	check(fs, &f, "file: /mnt/last/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	files_free(fs);
	fs = new_files();
	check(fs, &f, "file: /mnt/pmem 0/a (inode 131, xfs on pmem0 259:0), offset 0x200000");
	files_free(fs);
}

/* @path: what files_path() must say; NULL: nothing, and it must leave the buffer alone */
static void check_path(struct files *fs, const struct pgmt_finding *f, const char *path)
{
	char buffer[FILE_LINE_LEN] = "as it was";

	files_learn(fs);
	assert_int_equal(files_path(fs, f, buffer, sizeof(buffer)), path != NULL);
	assert_string_equal(buffer, path ? path : "as it was");
}

static void test_path(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a\0dir");
	struct files *fs = new_files();

	(void)state;
	check_path(fs, &f, "/mnt/pmem 0/dir/a");
	f.file.flags |= PGMT_FILE_CUT;
	check_path(fs, &f, NULL);
	f.file.flags = PGMT_FILE_KNOWN;
	check_path(fs, &f, NULL);
	f.file.rdev = DAX0;
	check_path(fs, &f, "/dev/dax0.0");
	f.file.rdev++;
	check_path(fs, &f, NULL);
	f = FINDING(259u << 20 | 2, "elsewhere");
	check_path(fs, &f, NULL);
	f.file.flags = 0;
	check_path(fs, &f, NULL);
	files_free(fs);
}

static void test_short_line(void **state)
{
	struct pgmt_finding f = FINDING(PMEM0, "a");
	struct files *fs = new_files();
	char line[10];

	(void)state;
	assert_true(files_describe(fs, &f, line, sizeof(line)));
	assert_string_equal(line, "file: /mn");
	files_free(fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_names_that_break_lines),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_part_of_a_file_system),
		cmocka_unit_test(test_nameless),
		cmocka_unit_test(test_device_dax),
		cmocka_unit_test(test_who_holds_it),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_unmounted),
		cmocka_unit_test(test_short_line),
		cmocka_unit_test(test_device_of_another_name),
		cmocka_unit_test(test_many_gone),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
