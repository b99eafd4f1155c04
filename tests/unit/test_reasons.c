// SPDX-License-Identifier: GPL-2.0-only
/* The words of a report: the sentence of each rule, and what references consist of. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "report/folio.c"
#include "report/reasons.c"
#include "report/sentence.c"
#include "model/rules.c"

static struct reason_facts facts = {
	.profile = PGMT_PROFILE_COUNTED,
	.device = "dax0.0",
	.since_request = 0.5,
	.since_free = 0.25,
};

/* Each finding has words of its own, and no sentence is that of another rule. */
static void test_each_rule(void **state)
{
	char said[PGMT_NR_RULES][512];

	(void)state;
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		struct pgmt_finding f = {.rule = i, .pfn = 0x1234, .refcount = 3};

		if (!reasons[i].words[0].why || !reasons[i].cause)
			fail_msg("src/report/reasons.c has no words for %s", pgmt_rule_name(i));
		reason_sentence(&f, &facts, said[i], sizeof(said[i]));
		assert_true(strlen(said[i]) > 20);
		assert_true(strlen(said[i]) < sizeof(said[i]) - 1);
		assert_true(strlen(reason_headline(&f)) > 0);
		assert_true(strlen(reason_cause(i)) > 20);
		for (int j = 1; j < i; j++)
			assert_string_not_equal(said[i], said[j]);
	}
}

/* In each case of each rule: all that is in braces is a field, and there is a last case. */
static void test_each_case(void **state)
{
	struct pgmt_finding f = {.refcount = 3};
	char said[512];

	(void)state;
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		const struct words *w = reasons[i].words;
		bool last = false;

		for (int j = 0; j < MOST_CASES && !last; j++) {
			struct sentence s = {.f = &f, .facts = &facts};

			if (!w[j].why)
				fail_msg("src/report/reasons.c has no unconditional words for %s",
					 pgmt_rule_name(i));
			last = !w[j].when;
			s.to = fmemopen(said, sizeof(said), "w");
			assert_non_null(s.to);
			put_sentence(&s, w[j].why);
			fclose(s.to);
			if (strpbrk(said, "{}"))
				fail_msg("%s: \"%s\"", pgmt_rule_name(i), said);
		}
		assert_true(last);
	}
}

/* What does not fit is cut, and what is no field is left as it is. */
static void test_sentence(void **state)
{
	struct pgmt_finding f = {.rule = PGMT_RULE_LEAK};
	struct sentence s = {.f = &f, .facts = &facts};
	char said[64];

	(void)state;
	reason_sentence(&f, &facts, said, 10);
	assert_string_equal(said, "requested");
	s.to = fmemopen(said, sizeof(said), "w");
	assert_non_null(s.to);
	put_sentence(&s, "a {no field} {order} {");
	fclose(s.to);
	assert_string_equal(said, "a {no field} 0 {}");
}

static void says(const struct pgmt_finding *f, const char *text)
{
	char said[512];

	reason_sentence(f, &facts, said, sizeof(said));
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in \"%s\"", text, said);
}

static void says_not(const struct pgmt_finding *f, const char *text)
{
	char said[512];

	reason_sentence(f, &facts, said, sizeof(said));
	assert_null(strstr(said, text));
}

static void test_numbers(void **state)
{
	struct pgmt_finding f = {.rule = PGMT_RULE_DOUBLE_REQUEST};

	(void)state;
	says(&f, "0.500 s after the last request");
	f = (struct pgmt_finding){.rule = PGMT_RULE_DOUBLE_FREE};
	says(&f, "0.250 s after the last free");
	facts.since_free = -1;
	says(&f, "page_free is called again some time after the last free");
	facts.since_free = 0.25;
	f = (struct pgmt_finding){.rule = PGMT_RULE_TEARDOWN_LIVE, .refcount = 2};
	f.pgmap.type = PGMT_TYPE_GENERIC;
	says(&f,
	     "has 2 references (1 when idle): whoever drops the last one later uses freed memory");
	f = (struct pgmt_finding){
		.rule = PGMT_RULE_REQUEST_OUTSIDE,
		.pfn = 0x1ff,
		.asked = 2,
		.named = {0x100, 0x1ff},
	};
	says(&f, "for 2 pages from pfn 0x1ff on, but the pgmap ends at 0x1ff: 1 page too many");
	f.pfn = 0x300;
	says(&f, "pfn 0x300 is not in the pgmap that the request names (0x100-0x1ff)");
	f = (struct pgmt_finding){
		.rule = PGMT_RULE_ORDER_MISMATCH,
		.op = PGMT_OP_FREE,
		.order = 3,
		.asked_order = 2,
		.busy = 0x104,
	};
	says(&f, "freed at order 3, but its head was requested at order 2: pfn 0x104");
	assert_string_equal(reason_headline(&f), "freed at another order than requested");
	f.op = PGMT_OP_REQUEST;
	says(&f,
	     "requested at order 2, but the folio is of order 3: the caller will use fewer pages");
	f = (struct pgmt_finding){
		.rule = PGMT_RULE_REF_IMBALANCE, .refs = 5, .least = 2, .most = 3};
	says(&f, "dax0.0 has 5 references after it was killed, unchanged for a second, but its "
		 "outstanding folios account for 3 only");
	f.refs = 1;
	says(&f, "dax0.0 has 1 reference after it was killed");
	says(&f, "must hold 2");
	f = (struct pgmt_finding){.rule = PGMT_RULE_LEAK, .op = PGMT_OP_TEARDOWN};
	says(&f, "requested 0.500 s ago and not freed, and its pgmap is being torn down");
	f = (struct pgmt_finding){
		.rule = PGMT_RULE_TEARDOWN_STALL, .waited = 4000000000, .refs = 1};
	says(&f, "waited for 4.0 s: dax0.0 still has 1 reference, but no outstanding folio");
	f.most = PGMT_REFS_ANY;
	says(&f, "how many of them are allocations");
	f.most = 1;
	says(&f, "still has 1 reference, held by outstanding folios");
	f.refs = 2;
	says(&f, "still has 2 references. Outstanding folios account for 1, and nothing");
	f.refs = PGMT_REFS_UNKNOWN;
	says(&f, "the reference count of dax0.0 is not known yet");
	f.refs = -1;
	says(&f, "the reference count of dax0.0 is -1, below zero");
	f.wait_over = 1;
	says(&f, "waited for 4.0 s for the references of dax0.0. The wait was over when");
	assert_string_equal(reason_headline(&f), "kept memunmap_pages waiting");
	f = (struct pgmt_finding){.rule = PGMT_RULE_BREAK_STALL,
				  .waited = 4000000000,
				  .refcount = 2,
				  .pgmap.type = PGMT_TYPE_FS_DAX};
	says(&f, " has waited for 4.0 s until the folio is idle. It has 2 references");
	says(&f, "The file system can't free or move the storage");
	assert_string_equal(reason_headline(&f), "keeps its file system waiting");
	f.spins = 5000;
	says(&f, " has spun for 4.0 s until the folio is idle: it does not sleep, and has asked "
		 "5000 times");
	assert_string_equal(reason_headline(&f), "keeps its file system spinning");
	f.spins = 0;
	f.pgmap.type = PGMT_TYPE_GENERIC;
	says(&f, " has waited for 4.0 s until the folio is idle. It has 2 references");
	says_not(&f, "file system");
	assert_string_equal(reason_headline(&f), "keeps a task waiting");
	assert_null(strstr(reason_cause(f.rule), "file"));
	assert_non_null(strstr(reason_cause(PGMT_RULE_MAP_UNREQUESTED), "copy-on-write"));
	f = (struct pgmt_finding){.rule = PGMT_RULE_REF_IMBALANCE, .refs = -1};
	says(&f, "the reference count of dax0.0 is -1, unchanged for a second after it was "
		 "killed: below zero");
	assert_string_equal(reason_headline(&f), "has a reference count below zero");
}

/* The sentence and the line of references have the same sum. */
static void test_stall_by_files(void **state)
{
	struct pgmt_finding f = {.rule = PGMT_RULE_BREAK_STALL,
				 .refcount = 2,
				 .file.sharers = 1,
				 .pgmap.type = PGMT_TYPE_FS_DAX};

	(void)state;
	facts.profile = PGMT_PROFILE_REQUEST;
	says(&f, "It has 2 references (0 when idle): 1 by the file, 0 by mappings, 1 unexplained,");
	f.file.sharers = 0;
	says(&f, "It has 2 references (0 when idle): 0 by mappings, 2 unexplained, such as pins");
	facts.profile = PGMT_PROFILE_COUNTED;
	f.file.sharers = 1;
	says(&f, "It has 2 references (0 when idle): 0 by mappings, 2 unexplained, such as pins");
}

static void check_references(const struct pgmt_finding *f, enum pgmt_profile profile, int idle,
			     int mapped, int files, int requester, int unexplained)
{
	struct folio_references r;

	folio_references(f, profile, &r);
	assert_int_equal(r.idle, idle);
	assert_int_equal(r.mapped, mapped);
	assert_int_equal(r.files, files);
	assert_int_equal(r.requester, requester);
	assert_int_equal(r.unexplained, unexplained);
}

static void test_references(void **state)
{
	struct pgmt_finding f = {.refcount = 3, .mapcount = 2, .pgmap.type = PGMT_TYPE_FS_DAX};

	(void)state;
	/* two mappings and a pin */
	check_references(&f, PGMT_PROFILE_COUNTED, 0, 2, 0, 0, 1);
	/* mappings take none: all above idle is somebody else's */
	check_references(&f, PGMT_PROFILE_CLASSIC, 1, 0, 0, 0, 2);
	/* the entry has one */
	f.state = PGMT_REQUESTED;
	f.file.sharers = 1;
	check_references(&f, PGMT_PROFILE_REQUEST, 0, 0, 1, 0, 2);
	/* whose file names it, and has no entry of it: what a layout break waits for is not known
	 */
	f = (struct pgmt_finding){.rule = PGMT_RULE_BREAK_STALL,
				  .refcount = 1,
				  .state = PGMT_REQUESTED,
				  .pgmap.type = PGMT_TYPE_FS_DAX};
	check_references(&f, PGMT_PROFILE_REQUEST, 0, 0, 0, 0, 1);
	/* a pin that outlives its device */
	f = (struct pgmt_finding){.refcount = 2, .pgmap.type = PGMT_TYPE_GENERIC};
	check_references(&f, PGMT_PROFILE_COUNTED, 1, 0, 0, 0, 1);
	/* a driver's folio that nobody else has */
	f = (struct pgmt_finding){
		.refcount = 1, .state = PGMT_REQUESTED, .pgmap.type = PGMT_TYPE_PRIVATE};
	check_references(&f, PGMT_PROFILE_COUNTED, 0, 0, 0, 1, 0);
	/* less than idle, and more mappings than references: nothing is negative */
	f = (struct pgmt_finding){.refcount = 0, .pgmap.type = PGMT_TYPE_GENERIC};
	check_references(&f, PGMT_PROFILE_COUNTED, 1, 0, 0, 0, 0);
	f = (struct pgmt_finding){.refcount = 1, .mapcount = 4, .pgmap.type = PGMT_TYPE_FS_DAX};
	check_references(&f, PGMT_PROFILE_COUNTED, 0, 1, 0, 0, 0);
}

static void check_state(unsigned int word, const char *text)
{
	char said[128];

	folio_state(word, said, sizeof(said));
	assert_string_equal(said, text);
}

static void test_state(void **state)
{
	(void)state;
	check_state(0, "no request or free seen");
	check_state(pgmt_set_requested(0, 0), "requested");
	check_state(pgmt_set_requested(0, 9), "requested at order 9");
	check_state(pgmt_set_assoc(PGMT_FREED, 1), "freed, in DAX entries of 1 file");
	check_state(pgmt_set_assoc(PGMT_REQUESTED, 2), "requested, in DAX entries of 2 files");
	check_state(pgmt_set_assoc(PGMT_IDLE, 0) | PGMT_REPORTED,
		    "never requested, in an earlier finding");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule),      cmocka_unit_test(test_each_case),
		cmocka_unit_test(test_sentence),       cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_stall_by_files), cmocka_unit_test(test_references),
		cmocka_unit_test(test_state),
	};

	return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
