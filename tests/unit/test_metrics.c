// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of metrics, of a session that is made up here.  With METRICS_OUT=FILE, what should be
 * in tests/fleet/metrics.prom is written to FILE.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#undef VERSION
#define VERSION "1.2"
#include "base/save.c"
#include "model/rules.c"
#include "output/live.c"
#include "output/metrics.c"

#define SECOND 1000000000ULL

static struct {
	struct pgmt_choice choice;
	struct pgmt_counts counts;
	uint64_t began;
	struct pgmt_pgmap pgmap[8];
	const char *name[8];
	struct pgmt_rates rates[8]; /* of pgmap[] */
	struct pgmt_refs refs[8];
	size_t nr;
} made;

void say_error(const char *format, ...)
{
	(void)format;
}

const char *error_text(int error)
{
	return strerror(error);
}

uint64_t clock_now(void)
{
	return 160 * SECOND;
}

double clock_wall(void)
{
	return 1700000060.25;
}

int uname(struct utsname *u)
{
	*u = (struct utsname){.release = "7.3.4"};
	return 0;
}

uint64_t session_began(const struct session *s)
{
	(void)s;
	return made.began;
}

uint64_t session_tick_time(const struct session *s, uint32_t tick)
{
	(void)s;
	return 100 * SECOND + pgmt_tick_ns(tick);
}

const struct pgmt_choice *session_choice(const struct session *session)
{
	(void)session;
	return &made.choice;
}

void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg)
{
	(void)s;
	for (size_t i = made.nr; i-- > 0;)
		fn(arg, &made.pgmap[i]);
}

void session_rates(struct session *s, uint64_t epoch, struct pgmt_rates *r)
{
	(void)s;
	for (size_t i = 0; i < made.nr; i++)
		if (made.pgmap[i].epoch == epoch)
			*r = made.rates[i];
}

bool session_refs(struct session *s, uint64_t address, struct pgmt_refs *r)
{
	(void)s;
	*r = made.refs[address];
	return r->known;
}

const char *devices_name(struct devices *d, const struct pgmt_pgmap *p)
{
	(void)d;
	return made.name[p->address];
}

const char *devices_type(unsigned int type)
{
	return type == PGMT_TYPE_FS_DAX ? "fsdax" : "generic";
}

const char *pgmt_profile_name(enum pgmt_profile profile)
{
	return profile == PGMT_PROFILE_COUNTED ? "counted" : "classic";
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {"PASS", "FAIL", "INCONCLUSIVE"};

	return names[v];
}

static struct sources from;
static struct metrics_out out;
static struct summary sum;
static struct stalls stalls;
static char dir[] = "/tmp/test_metrics.XXXXXX", file[64];
static char written[1 << 16];

static int begin_one(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	memset(&out, 0, sizeof(out));
	memset(&sum, 0, sizeof(sum));
	memset(&stalls, 0, sizeof(stalls));
	made.began = 100 * SECOND;
	made.choice.profile = PGMT_PROFILE_COUNTED;
	sum.counts = &made.counts;
	out.from = &from;
	out.file = file;
	return 0;
}

/* At @start bytes; one that is idle. */
static void make(unsigned int type, const char *name, uint64_t start)
{
	size_t i = made.nr++;

	made.pgmap[i] = (struct pgmt_pgmap){.address = i,
					    .type = type,
					    .epoch = i + 1,
					    .nr_range = 1,
					    .range = {{.start = start >> PGMT_PAGE_SHIFT}}};
	made.name[i] = name;
	made.refs[i] = (struct pgmt_refs){.known = 1, .own = 1, .live = 1, .live_known = 1};
}

static const char *read_back(void)
{
	FILE *f = fopen(file, "r");

	assert_non_null(f);
	written[fread(written, 1, sizeof(written) - 1, f)] = '\0';
	fclose(f);
	return written;
}

static const char *write_all(const struct stalls *s)
{
	assert_true(metrics_write(&out, &sum, s));
	return read_back();
}

/* Is @line one of them? */
static bool has(const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	return strstr(written, whole);
}

#define HAS(line)                                                                                  \
	do {                                                                                       \
		if (!has(line))                                                                    \
			fail_msg("no line %s in\n%s", line, written);                              \
	} while (0)

/* The collector fails as a whole if a series is there twice, and if one has no type before it. */
static void is_well_formed(void)
{
	static char text[sizeof(written)], *line[1024];
	char family[128] = "", *rest = text;
	size_t nr = 0;

	strcpy(text, written);
	while (*rest) {
		char *l = strsep(&rest, "\n");

		assert_non_null(rest);
		if (!strncmp(l, "# TYPE ", 7)) {
			assert_int_equal(sscanf(l + 7, "%100s", family), 1);
			continue;
		}
		if (!strncmp(l, "# HELP ", 7))
			continue;
		assert_true(!strncmp(l, family, strlen(family)) && strchr("{ ", l[strlen(family)]));
		*strrchr(l, ' ') = '\0';
		for (size_t i = 0; i < nr; i++)
			assert_string_not_equal(line[i], l);
		line[nr++] = l;
	}
}

static void nothing_yet(void **state)
{
	(void)state;
	made.began = 0;
	write_all(&stalls);
	HAS("pgmaptrace_findings{rule=\"leak\",result=\"violation\"} 0");
	HAS("pgmaptrace_verdict{verdict=\"PASS\"} 1");
	HAS("pgmaptrace_verdict{verdict=\"FAIL\"} 0");
	HAS("pgmaptrace_lost_total{loss=\"records\"} 0");
	HAS("pgmaptrace_requests_total 0");
	HAS("pgmaptrace_stalled_waits{rule=\"break-stall\"} 0");
	assert_null(strstr(written, "pgmaptrace_pgmap_"));
	assert_null(strstr(written, "start_time"));
	assert_null(strstr(written, "lost_uncounted"));
	is_well_formed();
}

/* A pmem of an fsdax file system, a dax device, a finding, a stall, and losses. */
static void make_golden(void)
{
	static struct stall pgmap = {.reported = true, .wait.how = PGMT_HOW_PGMAP},
			    folio = {.reported = true, .wait.how = PGMT_HOW_WAIT, .next = &pgmap},
			    over = {.reported = true, .over = true, .next = &folio},
			    not_due = {.next = &over};

	make(PGMT_TYPE_FS_DAX, "namespace0.0", 0x40000000);
	make(PGMT_TYPE_GENERIC, "dax1.0", 0x80000000);
	made.rates[0] = (struct pgmt_rates){.requests = 500, .frees = 380};
	made.refs[0].outstanding = 120;
	made.refs[0].oldest = pgmt_tick(10 * SECOND);
	made.refs[0].preexisting = 7;
	made.refs[0].live = 131073;
	made.refs[1].live = 257;
	made.counts = (struct pgmt_counts){.requests = 600, .frees = 480};
	sum.outstanding = 120;
	sum.leaked.preexisting = 7;
	sum.verdict = VERDICT_FAIL;
	for (int i = 1; i < PGMT_NR_RULES; i++)
		sum.rule[i].on = i != PGMT_RULE_GENERIC_OVERPUT;
	sum.rule[PGMT_RULE_ENTRY_DROPPED_BUSY].found = 2;
	sum.rule[PGMT_RULE_BREAK_STALL].warned = 1;
	sum.rule[PGMT_RULE_DOUBLE_FREE].suppressed = 3;
	sum.rule[PGMT_RULE_LEAK].hidden = true;
	made.counts.lost[PGMT_LOSS_STACK] = 4;
	sum.ledger.loss[0] = (struct loss){.name = "stacks", .times = 4};
	sum.ledger.loss[1] = (struct loss){.name = "missed-dax_insert_entry", .times = 9};
	sum.ledger.loss[2] = (struct loss){.name = "no-hook-memunmap_pages-return"};
	sum.ledger.nr = 3;
	stalls.all = &not_due;
}

static FILE *open_golden(void)
{
	static const char this[] = "tests/unit/test_metrics.c";
	int root = strlen(__FILE__) - strlen(this);
	char path[512];

	assert_string_equal(&__FILE__[root], this);
	snprintf(path, sizeof(path), "%.*stests/fleet/metrics.prom", root, __FILE__);
	return fopen(path, "r");
}

static void copy_out(void)
{
	const char *name = getenv("METRICS_OUT");
	FILE *f = name ? fopen(name, "w") : NULL;

	if (!f)
		return;
	fputs(written, f);
	fclose(f);
}

static void golden(void **state)
{
	static char want[sizeof(written)];
	FILE *f = open_golden();

	(void)state;
	make_golden();
	write_all(&stalls);
	copy_out();
	is_well_formed();
	if (!f)
		fail_msg("can't read tests/fleet/metrics.prom: run this where it was built");
	want[fread(want, 1, sizeof(want) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(written, want);
}

static void has_ended(void **state)
{
	(void)state;
	make_golden();
	write_all(NULL);
	HAS("pgmaptrace_session_running 0");
	assert_null(strstr(written, "stalled_waits"));
	HAS("pgmaptrace_findings{rule=\"entry-dropped-busy\",result=\"violation\"} 2");
}

#define PMEM "{device=\"pmem\",type=\"fsdax\",start=\"0x1000\"}"

/* The request was told of in the file before; and CPUs are not read at one moment. */
static void counters_never_fall(void **state)
{
	(void)state;
	make(PGMT_TYPE_FS_DAX, "pmem", 0x1000);
	made.rates[0].requests = made.counts.requests = 10;
	made.counts.lost[PGMT_LOSS_PGMAP] = 1;
	write_all(&stalls);
	made.rates[0].requests = made.counts.requests = 9;
	made.counts.lost[PGMT_LOSS_PGMAP] = 0;
	made.rates[0].frees = -1;
	write_all(&stalls);
	HAS("pgmaptrace_requests_total 10");
	HAS("pgmaptrace_pgmap_requests_total" PMEM " 10");
	HAS("pgmaptrace_pgmap_frees_total" PMEM " 0");
	HAS("pgmaptrace_lost_total{loss=\"pgmaps\"} 1");
	made.rates[0].requests = made.counts.requests = 12;
	write_all(&stalls);
	HAS("pgmaptrace_requests_total 12");
	HAS("pgmaptrace_pgmap_requests_total" PMEM " 12");
}

static void what_is_not_known_is_left_out(void **state)
{
	(void)state;
	/* its folios do not pair, and its references can't be read */
	make(PGMT_TYPE_GENERIC, "dax0.0", 0x1000);
	made.refs[0].outstanding = 5;
	made.refs[0].live_known = 0;
	write_all(&stalls);
	assert_null(strstr(written, "pgmaptrace_pgmap_"));
	/* the request of none that is out was kept */
	make(PGMT_TYPE_FS_DAX, "pmem", 0x2000);
	made.refs[1].outstanding = 5;
	write_all(&stalls);
	HAS("pgmaptrace_pgmap_outstanding_folios{device=\"pmem\",type=\"fsdax\",start=\"0x2000\"} "
	    "5");
	assert_null(strstr(written, "_age_"));
	/* none is */
	made.refs[1].outstanding = 0;
	write_all(&stalls);
	HAS("pgmaptrace_pgmap_oldest_outstanding_age_seconds{device=\"pmem\",type=\"fsdax\",start="
	    "\"0x2000\"} 0.000");
	/* it goes away meanwhile */
	made.refs[1].known = 0;
	write_all(&stalls);
	assert_null(strstr(written, "pmem"));
}

static void names_are_labels(void **state)
{
	(void)state;
	make(PGMT_TYPE_FS_DAX, "a\"b\\c\n\xff", 0x1000);
	write_all(&stalls);
	HAS("pgmaptrace_pgmap_references{device=\"a\\\"b\\\\c??\",type=\"fsdax\",start=\"0x1000\"}"
	    " 1");
}

/* Of one driver; and one that is being torn down while the next is there already. */
static void no_series_twice(void **state)
{
	(void)state;
	make(PGMT_TYPE_FS_DAX, "gpu", 0x1000);
	make(PGMT_TYPE_FS_DAX, "gpu", 0x2000);
	made.refs[0].live = 3;
	write_all(&stalls);
	HAS("pgmaptrace_pgmap_references{device=\"gpu\",type=\"fsdax\",start=\"0x1000\"} 3");
	HAS("pgmaptrace_pgmap_references{device=\"gpu\",type=\"fsdax\",start=\"0x2000\"} 1");
	make(PGMT_TYPE_FS_DAX, "gpu", 0x1000);
	write_all(&stalls);
	HAS("pgmaptrace_pgmap_references{device=\"gpu\",type=\"fsdax\",start=\"0x1000\"} 1");
	is_well_formed();
}

static void the_clock_is_set(void **state)
{
	(void)state;
	out.began = 12;
	write_all(&stalls);
	HAS("pgmaptrace_session_start_time_seconds 12.000");
}

/* ---- errors ---- */

static unsigned int files_in_dir(void)
{
	char command[128];
	unsigned int nr = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", dir);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &nr), 1);
	pclose(f);
	return nr;
}

static void no_directory(void **state)
{
	(void)state;
	out.file = "/nothere/x.prom";
	assert_false(metrics_write(&out, &sum, &stalls));
	assert_int_equal(errno, ENOENT);
}

static void disk_full(void **state)
{
	struct rlimit before, small;

	(void)state;
	write_all(&stalls);
	made.counts.requests = 77;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_false(metrics_write(&out, &sum, &stalls));
	assert_int_equal(errno, EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	/* whole, as it was, and nothing beside it */
	read_back();
	HAS("pgmaptrace_requests_total 0");
	is_well_formed();
	assert_int_equal(files_in_dir(), 1);
}

static void others_may_read(void **state)
{
	mode_t mask = umask(027);
	struct stat st;

	(void)state;
	write_all(&stalls);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	umask(mask);
	assert_int_equal(files_in_dir(), 1);
}

static int begin_all(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/x.prom", dir);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_yet, begin_one),
		cmocka_unit_test_setup(golden, begin_one),
		cmocka_unit_test_setup(has_ended, begin_one),
		cmocka_unit_test_setup(counters_never_fall, begin_one),
		cmocka_unit_test_setup(what_is_not_known_is_left_out, begin_one),
		cmocka_unit_test_setup(names_are_labels, begin_one),
		cmocka_unit_test_setup(no_series_twice, begin_one),
		cmocka_unit_test_setup(the_clock_is_set, begin_one),
		cmocka_unit_test_setup(no_directory, begin_one),
		cmocka_unit_test_setup(disk_full, begin_one),
		cmocka_unit_test_setup(others_may_read, begin_one),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
