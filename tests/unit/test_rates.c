// SPDX-License-Identifier: GPL-2.0-only
/* The table of rates, of a session that is made up here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "output/live.c"
#include "output/rates.c"

#define SECOND 1000000000ULL

static struct {
	struct pgmt_choice choice;
	uint64_t now;
	struct pgmt_pgmap pgmap[8];
	struct pgmt_rates rates[8]; /* of pgmap[] */
	struct pgmt_refs refs[8];
	size_t nr;
	bool walked_twice;
} made;

uint64_t clock_now(void)
{
	return made.now;
}

uint64_t session_began(const struct session *s)
{
	(void)s;
	return 100 * SECOND;
}

uint64_t session_tick_time(const struct session *s, uint32_t tick)
{
	return session_began(s) + pgmt_tick_ns(tick);
}

const struct pgmt_choice *session_choice(const struct session *session)
{
	(void)session;
	return &made.choice;
}

double report_seconds(const struct sources *sources, uint64_t time)
{
	return ((double)time + sources->clock_offset) / 1e9;
}

void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg)
{
	(void)s;
	for (size_t i = made.nr; i-- > 0;)
		fn(arg, &made.pgmap[i]);
	if (made.walked_twice)
		fn(arg, &made.pgmap[0]);
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
	static const char *const names[] = {"pmem", "dax0.0", "a b", "gpu"};

	(void)d;
	return names[p->address & 3];
}

const char *devices_type(unsigned int type)
{
	return type == PGMT_TYPE_COHERENT ? "coherent" : "generic";
}

static struct sources from;
static struct text_out text;
static struct rates_out out;
static char printed[8192];

static int begin(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	memset(&text, 0, sizeof(text));
	memset(&out, 0, sizeof(out));
	made.choice.profile = PGMT_PROFILE_COUNTED;
	memset(&from, 0, sizeof(from));
	text.from = &from;
	out.text = &text;
	return 0;
}

static void make(unsigned int type, uint64_t epoch)
{
	size_t i = made.nr++;

	made.pgmap[i].address = i;
	made.pgmap[i].type = type;
	made.pgmap[i].epoch = epoch;
	made.refs[i] = (struct pgmt_refs){.known = 1, .own = 1, .live = 1, .live_known = 1};
}

/* One table, @seconds after tracing began. */
static const char *table(double seconds)
{
	made.now = session_began(NULL) + (uint64_t)(seconds * SECOND);
	memset(printed, 0, sizeof(printed));
	text.to = fmemopen(printed, sizeof(printed), "w");
	assert_non_null(text.to);
	rates_table(&out);
	fclose(text.to);
	return printed;
}

#define HEADER                                                                                     \
	"DEVICE             TYPE          REQ/s     FREE/s OUTSTANDING    OLDEST       REFS\n"

/* Of sessions that go on for weeks and years. */
static void ticks_do_not_come_again(void **state)
{
	const uint64_t day = 24 * 3600 * SECOND,
		       most = 1ULL << (PGMT_TICK_SHIFT + PGMT_TICK_COARSENS);
	uint32_t before = 0;

	(void)state;
	assert_int_equal(pgmt_tick(0), 1);
	for (uint64_t ns = 0; ns < 4 * 365 * day; ns += day / 7) {
		uint32_t tick = pgmt_tick(ns);
		uint64_t back = pgmt_tick_ns(tick), most_now = ns < 26 * day ? 1ULL << 20 : most;

		assert_true(tick > before);
		assert_true(back > ns ? back - ns <= most_now : ns - back <= most_now);
		before = tick;
	}
}

static void rates_are_of_the_measured_interval(void **state)
{
	(void)state;
	make(PGMT_TYPE_COHERENT, 1);
	made.rates[0] = (struct pgmt_rates){.requests = 30, .frees = 10};
	made.refs[0].outstanding = 20;
	made.refs[0].oldest = pgmt_tick(2 * SECOND);
	made.refs[0].live = 21;
	assert_string_equal(table(4), HEADER "pmem               coherent        7.5        2.5  "
					     "        20       2.0         21\n");
	/* half a second late, and 11 more */
	made.rates[0].requests += 11;
	assert_string_equal(table(9.5), "pmem               coherent        2.0        0.0  "
					"        20       7.5         21\n");
	assert_string_equal(table(10), "pmem               coherent        0.0        0.0  "
				       "        20       8.0         21\n");
}

/* The refused request was told of in the table before. */
static void a_request_is_taken_back(void **state)
{
	(void)state;
	make(PGMT_TYPE_COHERENT, 1);
	made.rates[0].requests = 10;
	table(1);
	made.rates[0].requests = 9;
	assert_non_null(strstr(table(2), " coherent        0.0 "));
	made.rates[0].requests = 12;
	assert_non_null(strstr(table(3), " coherent        2.0 "));
	assert_int_equal(out.last[1].requests, 12);
}

static void what_is_not_known_is_a_dash(void **state)
{
	(void)state;
	/* what it says of folios that do not pair means nothing */
	make(PGMT_TYPE_GENERIC, 1);
	made.refs[0].outstanding = 5;
	made.refs[0].oldest = 1;
	made.refs[0].live_known = 0;
	assert_string_equal(table(1), HEADER "pmem               generic           -          -  "
					     "         -         -          -\n");
	/* the request of none that is out was kept */
	make(PGMT_TYPE_COHERENT, 2);
	made.refs[1].outstanding = 5;
	assert_non_null(strstr(table(2), "           5         -          1\n"));
	/* it goes away while the table is made */
	made.refs[1].known = 0;
	assert_null(strstr(table(3), "coherent"));
}

static void oldest_pgmap_first(void **state)
{
	const char *one, *other;

	(void)state;
	make(PGMT_TYPE_COHERENT, 9);
	make(PGMT_TYPE_COHERENT, 3);
	table(1);
	one = strstr(printed, "dax0.0");
	other = strstr(printed, "pmem");
	assert_true(one && other && one < other);
	/* one word */
	make(PGMT_TYPE_COHERENT, 4);
	assert_non_null(strstr(table(2), "\na_b "));
	made.walked_twice = true;
	one = strstr(table(3), "pmem");
	assert_true(one && !strstr(one + 1, "pmem"));
}

static void slots_come_round(void **state)
{
	(void)state;
	make(PGMT_TYPE_COHERENT, 2);
	made.rates[0].requests = 100;
	table(1);
	/* another has its slot, and goes on counting in it */
	made.nr = 0;
	make(PGMT_TYPE_COHERENT, 2 + PGMT_SLOTS);
	made.rates[0].requests = 103;
	assert_non_null(strstr(table(2), " coherent        3.0 "));
}

static void no_pgmap(void **state)
{
	(void)state;
	assert_string_equal(table(1), HEADER "no pgmaps\n");
	assert_string_equal(table(2), "no pgmaps\n");
	text.timestamps = true;
	from.clock_offset = 5 * SECOND;
	assert_string_equal(table(3), "       108.000 no pgmaps\n");
}

static unsigned int headers(unsigned int tables)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tables; i++)
		n += !strncmp(table(100 + i), "DEVICE", 6);
	return n;
}

static void header_comes_again(void **state)
{
	(void)state;
	make(PGMT_TYPE_COHERENT, 1);
	make(PGMT_TYPE_COHERENT, 2);
	assert_int_equal(headers(100), 1);
	/* after a report */
	text.reports++;
	assert_int_equal(headers(100), 1);
	/* 20 lines a screen, one of them the header */
	out.terminal = true;
	assert_int_equal(headers(90), 10);
}

static void explained(void **state)
{
	(void)state;
	text.verbose = true;
	make(PGMT_TYPE_COHERENT, 1);
	made.refs[0].least = made.refs[0].most = 4;
	assert_non_null(strstr(table(1), "          1                5\n"));
	made.refs[0].least = 2;
	assert_non_null(strstr(table(2), "          1              3-5\n"));
	made.refs[0].most = PGMT_REFS_ANY;
	assert_non_null(strstr(table(3), "          1               3+\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_do_not_come_again),
		cmocka_unit_test_setup(rates_are_of_the_measured_interval, begin),
		cmocka_unit_test_setup(a_request_is_taken_back, begin),
		cmocka_unit_test_setup(what_is_not_known_is_a_dash, begin),
		cmocka_unit_test_setup(oldest_pgmap_first, begin),
		cmocka_unit_test_setup(slots_come_round, begin),
		cmocka_unit_test_setup(no_pgmap, begin),
		cmocka_unit_test_setup(header_comes_again, begin),
		cmocka_unit_test_setup(explained, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
