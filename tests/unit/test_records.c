// SPDX-License-Identifier: GPL-2.0-only
/* Records of leaks: what is written is read again, and other files are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "leaks/saved.c"
#include "output/jsonl.c"
#include "leaks/records.c"

#define BOOT "11111111-2222-3333-4444-555555555555"

static char path[] = "/tmp/pgmaptrace-records-XXXXXX";
static char why[512];

static const struct record_start start = {
	.version = "0.1",
	.release = "6.1.0",
	.profile = "request",
	.boot = BOOT,
	.time = 1,
	.session = 77,
	.session_began = UINT64_MAX - 1,
};
static const struct record_pgmap fsdax = {
	.device = "namespace0.0",
	.block = "pmem0",
	.type = "fsdax",
	.first = 0x40000,
	.last = 0x5ffff,
	.references = -1,
};
static const struct record_pgmap killed_one = {
	.device = "dax\"0.0\n",
	.block = "",
	.type = "generic",
	.first = 0x60000,
	.last = 0x6ffff,
	.killed = true,
	.references = 3,
};
static const struct record_pgmap off_by_one = {
	.device = "dax1.0",
	.block = "",
	.type = "generic",
	.first = 0x70000,
	.last = 0x7ffff,
	.live = {.known = true, .references = 0x10002, .own = 0x10001, .excess = 1},
};
static const struct record_summary summary = {.pgmaps = 3};

static struct record_folio folio_at(uint64_t pfn, uint64_t requested)
{
	return (struct record_folio){
		.pgmap = &fsdax,
		.pfn = pfn,
		.refcount = 2,
		.mapcount = -1,
		.file = "/mnt/\"a\"\t\n\\ \xc3\xa4",
		.inode = 1ULL << 63,
		.offset = 1ULL << 40,
		.requested = requested,
		.age = 1500000000,
	};
}

static FILE *begin_file(void)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	return f;
}

static struct saved_set *load_of(enum saved_by of)
{
	why[0] = '\0';
	return saved_load(path, BOOT, of, why, sizeof(why));
}

static struct saved_set *load(void)
{
	return load_of(SAVED_BY_LEAKS);
}

static void write_all(FILE *f)
{
	struct record_folio a = folio_at(0x40200, 5000000000), b = folio_at(0x40100, 0);

	assert_true(record_start(f, &start));
	assert_true(record_pgmap(f, &fsdax));
	assert_true(record_folio(f, &a));
	assert_true(record_folio(f, &b));
	assert_true(record_pgmap(f, &killed_one));
	assert_true(record_pgmap(f, &off_by_one));
	assert_true(record_summary(f, &summary));
}

static void test_round_trip(void **state)
{
	struct record_pgmap other = fsdax;
	struct saved_set *b;
	FILE *f = begin_file();

	(void)state;
	write_all(f);
	fclose(f);
	b = load();
	assert_string_equal(why, "");
	assert_non_null(b);
	/* the same request, as near as two sessions tell; or not known, here or there */
	assert_true(saved_has_folio(b, &fsdax, 0x40200, 5000000000));
	assert_true(saved_has_folio(b, &fsdax, 0x40200, 5002000000));
	assert_true(saved_has_folio(b, &fsdax, 0x40200, 0));
	assert_true(saved_has_folio(b, &fsdax, 0x40100, 9000000000));
	assert_false(saved_has_folio(b, &fsdax, 0x40200, 5100000000));
	assert_false(saved_has_folio(b, &fsdax, 0x40201, 0));
	/* the same pfn in another pgmap */
	other.last++;
	assert_false(saved_has_folio(b, &other, 0x40200, 0));
	other = fsdax;
	other.type = "generic";
	assert_false(saved_has_folio(b, &other, 0x40200, 0));
	assert_true(saved_has_references(b, &killed_one, 0));
	assert_false(saved_has_references(b, &fsdax, 0));
	assert_true(saved_has_references(b, &off_by_one, 1));
	assert_false(saved_has_references(b, &off_by_one, 2));
	assert_false(saved_has_references(b, &off_by_one, -1));
	/* it is the same one that keeps it once it is killed */
	other = off_by_one;
	other.killed = true;
	assert_true(saved_has_references(b, &other, 0));
	other.first++;
	assert_false(saved_has_references(b, &other, 0));
	saved_free(b);
}

/* Each line is an object of its own, with its numbers as they were. */
static void test_json(void **state)
{
	FILE *f = begin_file();
	struct json_object *o, *v;
	char *text = NULL;
	size_t size = 0;
	int lines = 0;

	(void)state;
	write_all(f);
	fclose(f);
	f = fopen(path, "r");
	assert_non_null(f);
	while (getline(&text, &size, f) > 0) {
		o = json_tokener_parse(text);
		assert_true(json_object_is_type(o, json_type_object));
		assert_true(json_object_object_get_ex(o, "record", &v));
		if (lines == 0) {
			assert_true(json_object_object_get_ex(o, "session_began_ns", &v));
			assert_true(json_object_get_uint64(v) == UINT64_MAX - 1);
		}
		if (lines == 2) {
			assert_true(json_object_object_get_ex(o, "inode", &v));
			assert_true(json_object_get_uint64(v) == 1ULL << 63);
			assert_true(json_object_object_get_ex(o, "mapcount", &v));
			assert_int_equal(json_object_get_int(v), -1);
			assert_true(json_object_object_get_ex(o, "file", &v));
			assert_string_equal(json_object_get_string(v), "/mnt/\"a\"\t\n\\ \xc3\xa4");
		}
		json_object_put(o);
		lines++;
	}
	assert_int_equal(lines, 7);
	free(text);
	fclose(f);
}

static void test_values(void **state)
{
	struct jsonl l = jsonl_begin("r");

	(void)state;
	/* to the nanosecond for 50 days, and never negative */
	jsonl_seconds(&l, "a_ns", 30.012345678);
	jsonl_seconds(&l, "b_ns", 4000000.000000001);
	jsonl_seconds(&l, "c_ns", -0.5);
	/* not UTF-8: a byte of its own, an overlong slash, a surrogate */
	jsonl_text(&l, "d",
		   "x\xff"
		   "y\xc0\xaf"
		   "z\xed\xa0\x80\xc3\xa4");
	assert_string_equal(jsonl_finish(&l),
			    "{\"record\":\"r\",\"a_ns\":30012345678,\"b_ns\":4000000000000001,"
			    "\"c_ns\":0,\"d\":\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbdz"
			    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4\"}");
	jsonl_free(&l);
}

/* ---- what a session knew */

static const struct record_start ended = {
	.version = "0.1",
	.release = "6.1.0",
	.profile = "counted",
	.boot = BOOT,
	.time = 9000000001,
	.session = 77,
	.session_began = 1000000000,
	.session_ended = 9000000000,
};
static const struct record_summary knew = {
	.of_session = true, .pgmaps = 1, .outstanding = 4, .lost = true};

static char *frames[] = {"vmf_insert_page_mkwrite+0x1f", "f (inlined, \"a b\".c:3)"};

static void write_session(FILE *f)
{
	struct record_folio a = folio_at(0x40200, 5000000000), b = folio_at(0x40100, 6000000000);
	struct record_folio c = folio_at(0x40300, 7000000000), unasked = folio_at(0x40400, 0);
	struct record_pgmap pgmap = fsdax;

	pgmap.of_session = true;
	a.task = b.task = "a task";
	a.tid = 12;
	b.tid = 13;
	a.frame = b.frame = frames;
	a.nr_frames = b.nr_frames = 2;
	/* nothing is known but when */
	c.interrupt = true;
	assert_true(record_start(f, &ended));
	assert_true(record_pgmap(f, &pgmap));
	assert_true(record_folio(f, &a));
	assert_true(record_folio(f, &b));
	assert_true(record_folio(f, &c));
	assert_true(record_folio(f, &unasked));
	assert_true(record_summary(f, &knew));
}

static void test_session(void **state)
{
	struct record_pgmap other = fsdax;
	struct saved_request r = {0}, same = {0};
	struct saved_set *b;
	FILE *f = begin_file();

	(void)state;
	write_session(f);
	fclose(f);
	b = load_of(SAVED_BY_SESSION);
	assert_string_equal(why, "");
	assert_non_null(b);
	assert_int_equal(saved_ended(b), 9000000000);
	assert_true(saved_lost(b));
	assert_true(saved_find_request(b, &fsdax, 0x40200, &r));
	assert_int_equal(r.requested, 5000000000);
	assert_int_equal(r.tid, 12);
	assert_false(r.interrupt);
	assert_string_equal(r.task, "a task");
	assert_string_equal(r.stack, "vmf_insert_page_mkwrite+0x1f\nf (inlined, \"a b\".c:3)\n");
	/* requests at one place are known by that */
	assert_true(saved_find_request(b, &fsdax, 0x40100, &same));
	assert_int_equal(same.tid, 13);
	assert_ptr_equal(same.stack, r.stack);
	assert_ptr_equal(same.task, r.task);
	assert_true(saved_find_request(b, &fsdax, 0x40300, &r));
	assert_null(r.task);
	assert_string_equal(r.stack, "");
	assert_true(r.interrupt);
	/* it was out, and not known since when; it was not out; another pgmap */
	assert_false(saved_find_request(b, &fsdax, 0x40400, &r));
	assert_false(saved_find_request(b, &fsdax, 0x40201, &r));
	other.first++;
	assert_false(saved_find_request(b, &other, 0x40200, &r));
	other = fsdax;
	other.type = "generic";
	assert_false(saved_find_request(b, &other, 0x40200, &r));
	saved_free(b);

	/* what was out is not what was held */
	assert_null(load());
	assert_non_null(strstr(why, ":1: a session has saved it"));
	f = begin_file();
	write_all(f);
	fclose(f);
	assert_null(load_of(SAVED_BY_SESSION));
	assert_non_null(strstr(why, ":1: leaks has saved it"));
	f = begin_file();
	assert_true(record_start(f, &ended));
	fclose(f);
	assert_null(load_of(SAVED_BY_SESSION));
	assert_non_null(strstr(why, ":1: the file ends here, without a summary; save it again: "
				    "pgmaptrace --save FILE"));
}

/* The file is refused, and @words say where and why. */
static void refused(const char *text, const char *words)
{
	FILE *f = begin_file();
	struct saved_set *b;

	fputs(text, f);
	fclose(f);
	b = load();
	assert_null(b);
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
}

#define SCHEMA	"{\"record\":\"start\",\"schema\":2"
#define START	SCHEMA ",\"boot_id\":\"" BOOT "\",\"contents\":\"leaks\"}\n"
#define SUMMARY "{\"record\":\"summary\",\"incomplete\":false}\n"
#define FOLIO	"{\"record\":\"folio\",\"type\":\"fsdax\",\"first_pfn\":1,\"last_pfn\":2,\"pfn\":1}\n"

static void test_refused(void **state)
{
	struct saved_set *b;

	(void)state;
	refused("", ":0: the file ends here, without a summary");
	refused("\n", ":1: not a JSON object");
	refused("pfn 0x1 order 0\n", ":1: not a JSON object");
	refused("[1,2]\n", ":1: not a JSON object");
	refused("7\n", ":1: not a JSON object");
	refused("{\"a\":1}\n", ":1: not a record of pgmaptrace");
	refused(FOLIO, ":1: the first record is not a start record");
	refused(SCHEMA "}\n", ":1: the start record has no boot_id");
	refused(SCHEMA ",\"boot_id\":\"other\"}\n", ":1: it was saved in another boot");
	refused(SCHEMA ",\"boot_id\":\"" BOOT "\"}\n", ":1: --save did not write it");
	refused(SCHEMA ",\"boot_id\":\"" BOOT "\",\"contents\":\"session\"}\n",
		":1: --save did not write it");
	refused(START START SUMMARY, ":2: a second start record");
	refused(START FOLIO, ":2: the file ends here, without a summary");
	refused(START "{\"record\":\"folio\",\"type\":\"fsd", ":2: cut off in the middle");
	refused(START "{\"record\":\"folio\"} {}\n" SUMMARY, ":2: not a JSON object");
	refused(START "{\"record\":\"folio\"\n" SUMMARY, ":2: not a JSON object");
	refused(START "{\"record\":\"folio\",\"type\":\"fsdax\",\"first_pfn\":1}\n" SUMMARY,
		":2: a folio record without");
	refused(START "{\"record\":\"folio\",\"type\":\"fsdax\",\"first_pfn\":1,\"last_pfn\":2,"
		      "\"pfn\":\"1\"}\n" SUMMARY,
		":2: a folio record without");
	refused(START "{\"record\":\"folio\",\"type\":\"fsdax\",\"first_pfn\":1,\"last_pfn\":2,"
		      "\"pfn\":-1}\n" SUMMARY,
		":2: a folio record without");
	refused(START "{\"record\":\"summary\",\"incomplete\":true}\n",
		":2: that run did not see everything");
	refused(START SUMMARY FOLIO, ":3: a record after the summary");

	/* a record of a later version is no error */
	refused(START "{\"record\":\"later\"}\n", "without a summary");
	unlink(path);
	b = load();
	assert_null(b);
	assert_non_null(strstr(why, "No such file"));
}

/* Files of other versions are refused for that, before anything else is looked at. */
static void test_schema(void **state)
{
	(void)state;
	refused("{\"record\":\"start\",\"boot\":\"" BOOT "\"}\n" SUMMARY,
		":1: written by pgmaptrace before schema 2; save it again: "
		"pgmaptrace leaks --save FILE");
	refused("{\"record\":\"start\",\"schema\":1,\"boot\":\"other\"}\n",
		":1: written by pgmaptrace before schema 2");
	refused("{\"record\":\"start\",\"schema\":\"2\"}\n", ":1: written by pgmaptrace before");
	refused("{\"record\":\"start\",\"schema\":3}\n",
		":1: written by a later pgmaptrace: its schema is not 2; save it again: ");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_json),
		cmocka_unit_test(test_values),	   cmocka_unit_test(test_session),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
