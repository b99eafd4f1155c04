// SPDX-License-Identifier: GPL-2.0-only
/* The line that names a pgmap, from a tree of /proc and /sys that is made here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/iomem.c"
#include "report/devices.c"
#include "symbols/ksyms.c"

struct session {
	struct ksyms *symbols;
};

const struct ksyms *session_ksyms(struct session *s, enum session_symbols which)
{
	(void)which;
	return s->symbols;
}

static const char iomem[] = "00000000-00000fff : Reserved\n"
			    "40000000-5fffffff : Persistent Memory (legacy)\n"
			    "  40000000-5fffffff : namespace0.0\n"
			    "60000000-7fffffff : Persistent Memory\n"
			    "  60000000-601fffff : namespace1.0\n"
			    "  60200000-7fffffff : dax1.0\n"
			    "c0000000-febfffff : PCI Bus 0000:00\n"
			    "  c0000000-cfffffff : PCI Bus 0000:02\n"
			    "    c0000000-c7ffffff : 0000:03:00.0\n"
			    "      c0000000-c3ffffff : cmb\n"
			    "    c8000000-c8ffffff : 0000:04:00.1\n"
			    "    c9000000-c9ffffff : 0000:05:00.0\n"
			    "      c9000000-c9ffffff : nvme\n"
			    "    ca000000-caffffff : 0000:06:00.0\n"
			    "      ca000000-caffffff : nvme\n"
			    "    cb000000-cbffffff : 0000:07:00.0\n"
			    "      cb000000-cbffffff : dax4.0\n"
			    "d0000000-dfffffff : Reserved\n"
			    "e0000000-efffffff : Soft Reserved\n"
			    "100000000-1ffffffff : a_gpu\n"
			    "200000000-2ffffffff : a_gpu\n";

static char root[] = "/tmp/pgmaptrace-devices-XXXXXX";

#include "tree.h"

static int make_tree(void **state)
{
	char command[512], path[PATH_MAX];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p proc sys/block/vda sys/bus/pci/devices/0000:03:00.0 "
		 "sys/devices/region0/pfn0.1/block sys/bus/pci/devices/0000:04:00.1",
		 root);
	assert_int_equal(system(command), 0);
	make_file("/proc/iomem", iomem);
	/* not to be read: another's */
	make_file("/sys/devices/region0/pfn0.1/resource", "0x60200000\n");
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/0000:03:00.0/driver", root);
	assert_int_equal(symlink("../../../bus/pci/drivers/nvme", path), 0);
	return 0;
}

static int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void appear_pmem(void)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "cd %s/sys/block && mkdir -p pmem0 && ln -sfn ../../devices/region0/pfn0.1 "
		 "pmem0/device",
		 root);
	assert_int_equal(system(command), 0);
}

static struct pgmt_pgmap pgmap_at(__u64 epoch, __u32 type, __u64 start, __u64 end)
{
	return (struct pgmt_pgmap){.epoch = epoch,
				   .type = type,
				   .nr_range = 1,
				   .range = {{start >> PGMT_PAGE_SHIFT, end >> PGMT_PAGE_SHIFT}}};
}

static void check(struct devices *d, const struct pgmt_pgmap *p, const char *expected)
{
	char line[DEVICE_LINE_LEN];

	devices_describe(d, p, 5000000000, line, sizeof(line));
	assert_string_equal(line, expected);
}

/* The block device comes after the pgmap. */
static void test_fsdax(void **state)
{
	struct pgmt_pgmap p = pgmap_at(2, PGMT_TYPE_FS_DAX, 0x40000000, 0x5fffffff);
	struct devices *d = devices_new(root, NULL);

	(void)state;
	p.since = 1800000000;
	p.maker = 123;
	strcpy(p.maker_comm, "ndctl");
	devices_learn(d, &p);
	check(d, &p,
	      "pgmap: namespace0.0 (fsdax), 0x40000000-0x5fffffff (pfn 0x40000-0x5ffff), "
	      "created by ndctl/123, 3.200 s earlier, epoch 2");
	appear_pmem();
	devices_refresh(d);
	check(d, &p,
	      "pgmap: namespace0.0, pmem0 (fsdax), 0x40000000-0x5fffffff (pfn 0x40000-0x5ffff), "
	      "created by ndctl/123, 3.200 s earlier, epoch 2");
	assert_string_equal(devices_name(d, &p), "namespace0.0");
	assert_string_equal(devices_block(d, &p), "pmem0");
	devices_free(d);
}

static void test_device_dax(void **state)
{
	struct pgmt_pgmap p = pgmap_at(1, PGMT_TYPE_GENERIC, 0x60000000, 0x7fffffff);
	struct devices *d = devices_new(root, NULL);

	(void)state;
	check(d, &p,
	      "pgmap: dax1.0 (generic), 0x60000000-0x7fffffff (pfn 0x60000-0x7ffff), "
	      "created before tracing began, epoch 1");
	devices_free(d);
}

static void test_pci(void **state)
{
	struct pgmt_pgmap p = pgmap_at(1, PGMT_TYPE_PCI_P2PDMA, 0xc0000000, 0xc3ffffff);
	struct devices *d = devices_new(root, NULL);

	(void)state;
	check(d, &p,
	      "pgmap: 0000:03:00.0, cmb [nvme] (p2pdma), 0xc0000000-0xc3ffffff (pfn "
	      "0xc0000-0xc3fff), created before tracing began, epoch 1");
	p = pgmap_at(2, PGMT_TYPE_PCI_P2PDMA, 0xc8000000, 0xc8ffffff);
	check(d, &p,
	      "pgmap: 0000:04:00.1 (p2pdma), 0xc8000000-0xc8ffffff (pfn 0xc8000-0xc8fff), "
	      "created before tracing began, epoch 2");
	/* outside any BAR: the device is not said to be there */
	p = pgmap_at(3, PGMT_TYPE_PRIVATE, 0x100000000, 0x1ffffffff);
	check(d, &p,
	      "pgmap: a_gpu (private), 0x100000000-0x1ffffffff (pfn 0x100000-0x1fffff), "
	      "created before tracing began, epoch 3");
	devices_free(d);
}

static void test_ranges(void **state)
{
	struct pgmt_pgmap p = pgmap_at(1, PGMT_TYPE_COHERENT, 0x300000000, 0x3000fffff);
	struct devices *d = devices_new(root, NULL);

	(void)state;
	p.nr_range = 2;
	p.range[1] = (struct pgmt_range){0x400000, 0x400000};
	check(d, &p,
	      "pgmap: ? (coherent), 0x300000000-0x3000fffff (pfn 0x300000-0x3000ff), "
	      "0x400000000-0x400000fff (pfn 0x400000-0x400000), created before tracing began, "
	      "epoch 1");
	devices_free(d);
}

static struct ksyms *some_symbols(void)
{
	static char kallsyms[PATH_MAX], modules[PATH_MAX];
	struct ksyms *k;

	make_file("/proc/kallsyms", "0000000000001000 T kernel_free\n"
				    "0000000000002000 T _etext\n"
				    "0000000000003000 d kernel_ops\n"
				    "0000000000005000 r module_ops\t[a_module]\n");
	make_file("/proc/modules", "a_module 4096 0 - Live 0x0000000000005000\n");
	snprintf(kallsyms, sizeof(kallsyms), "%s/proc/kallsyms", root);
	snprintf(modules, sizeof(modules), "%s/proc/modules", root);
	k = ksyms_load(&(struct ksyms_files){kallsyms, modules, root});
	assert_non_null(k);
	return k;
}

static void described(struct devices *d, const struct pgmt_pgmap *p, const char *expected)
{
	char line[DEVICE_LINE_LEN];

	devices_describe(d, p, 0, line, sizeof(line));
	assert_string_equal(line, expected);
}

static void test_operations(void **state)
{
	struct session session = {some_symbols()};
	struct devices *d = devices_new(root, &session);
	struct pgmt_pgmap p = {.type = PGMT_TYPE_PRIVATE, .ops = 0x3000};

	(void)state;
	described(d, &p, "pgmap: ? (private), created before tracing began, ops kernel_ops");
	p.ops = 0x5000;
	described(d, &p,
		  "pgmap: ? (private), created before tracing began, ops module_ops [a_module]");
	p.page_free = 0x1000;
	described(d, &p, "pgmap: ? (private), created before tracing began, page_free kernel_free");
	p.page_free = 0;
	p.ops = 0x3008;
	described(d, &p, "pgmap: ? (private), created before tracing began");
	ksyms_free(session.symbols);
	devices_free(d);
}

static void names(struct devices *d, const struct pgmt_pgmap *p, const char *expected)
{
	assert_string_equal(devices_name(d, p), expected);
}

/* Two controllers of one driver; and when one gives up its resource, it keeps its name. */
static void test_pci_names(void **state)
{
	struct devices *d = devices_new(root, NULL);
	struct pgmt_pgmap first = pgmap_at(1, PGMT_TYPE_PCI_P2PDMA, 0xc9000000, 0xc9ffffff);
	struct pgmt_pgmap second = pgmap_at(2, PGMT_TYPE_PCI_P2PDMA, 0xca000000, 0xcaffffff);
	struct pgmt_pgmap part = pgmap_at(3, PGMT_TYPE_PRIVATE, 0xca200000, 0xca3fffff);
	struct pgmt_pgmap dax = pgmap_at(4, PGMT_TYPE_GENERIC, 0xcb000000, 0xcbffffff);

	(void)state;
	names(d, &first, "0000:05:00.0");
	names(d, &second, "0000:06:00.0");
	names(d, &part, "0000:06:00.0@0xca200000");
	names(d, &dax, "dax4.0");
	assert_true(devices_is_called(d, &first, "nvme"));
	assert_true(devices_is_called(d, &first, "0000:05:00.0"));
	assert_false(devices_is_called(d, &first, "0000:06:00.0"));
	assert_string_equal(devices_base(d, &part), "0000:06:00.0");
	make_file("/proc/iomem", "c9000000-c9ffffff : 0000:05:00.0\n");
	names(d, &first, "0000:05:00.0");
	names(d, &second, "0000:06:00.0");
	devices_free(d);
	d = devices_new(root, NULL);
	names(d, &first, "0000:05:00.0");
	devices_free(d);
	make_file("/proc/iomem", iomem);
}

/* One driver's resources have one name: the later one has its place in it, and keeps it. */
static void test_unique(void **state)
{
	struct pgmt_pgmap first = pgmap_at(1, PGMT_TYPE_PRIVATE, 0x100000000, 0x1ffffffff);
	struct pgmt_pgmap second = pgmap_at(2, PGMT_TYPE_PRIVATE, 0x200000000, 0x2ffffffff);
	struct pgmt_pgmap again = pgmap_at(3, PGMT_TYPE_PRIVATE, 0x200000000, 0x2ffffffff);
	struct pgmt_pgmap part = pgmap_at(4, PGMT_TYPE_PRIVATE, 0x180000000, 0x1800fffff);
	struct devices *d = devices_new(root, NULL);

	(void)state;
	names(d, &first, "a_gpu");
	names(d, &second, "a_gpu@0x200000000");
	names(d, &again, "a_gpu@0x200000000");
	names(d, &part, "a_gpu");
	names(d, &first, "a_gpu");
	assert_true(devices_is_called(d, &second, "a_gpu"));
	assert_true(devices_is_called(d, &first, "a_gpu@0x100000000"));
	assert_false(devices_is_called(d, &first, "a_gpu@0x200000000"));
	devices_free(d);
}

/* A kind of memory names no device: the driver does, if it is known. */
static void test_driver(void **state)
{
	struct session session = {some_symbols()};
	struct devices *d = devices_new(root, &session);
	struct pgmt_pgmap p = pgmap_at(1, PGMT_TYPE_COHERENT, 0xd0000000, 0xd0ffffff);
	struct pgmt_pgmap second = pgmap_at(2, PGMT_TYPE_COHERENT, 0xd2000000, 0xd2ffffff);
	struct pgmt_pgmap built_in = pgmap_at(3, PGMT_TYPE_PRIVATE, 0x900000000, 0x9000fffff);
	struct pgmt_pgmap soft = pgmap_at(4, PGMT_TYPE_GENERIC, 0xe0000000, 0xe0ffffff);
	struct pgmt_pgmap gone = pgmap_at(5, PGMT_TYPE_PRIVATE, 0xa00000000, 0xa000fffff);
	struct pgmt_pgmap unknown = pgmap_at(6, PGMT_TYPE_PRIVATE, 0xb00000000, 0xb000fffff);

	(void)state;
	p.ops = second.ops = 0x5000;
	built_in.ops = 0x3000;
	names(d, &p, "a_module");
	names(d, &second, "a_module@0xd2000000");
	names(d, &built_in, "kernel_ops");
	names(d, &soft, "Soft Reserved");
	/* it was torn down before its name was looked for */
	gone.page_free = 0x5004;
	gone.ops = 0x5000;
	names(d, &gone, "a_module@0xa00000000");
	names(d, &unknown, "?");
	unknown.epoch = 7;
	unknown.range[0].start++;
	names(d, &unknown, "?");
	/* the next one there has a name, and that one keeps what it was called */
	make_file("/proc/iomem", "a00000000-affffffff : another\n");
	devices_refresh(d);
	names(d, &gone, "a_module@0xa00000000");
	make_file("/proc/iomem", iomem);
	ksyms_free(session.symbols);
	devices_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fsdax),	   cmocka_unit_test(test_device_dax),
		cmocka_unit_test(test_pci),	   cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_operations), cmocka_unit_test(test_pci_names),
		cmocka_unit_test(test_unique),	   cmocka_unit_test(test_driver),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
