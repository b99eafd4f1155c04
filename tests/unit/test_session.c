// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the references of killed pgmaps are compared, and of which; and stacks
 * that are kept from user space.  The maps and the kernel are made up.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <setjmp.h>
#include <cmocka.h>

#include "session/kept.c"
#include "session/references.c"

static struct pgmaptrace_bpf skel;
static struct session session;
static uint64_t now;

/* One pgmap, as the kernel has it. */
static struct {
	struct pgmt_pgmap table; /* of the programs; address 0: not there */
	bool stands;
	struct pgmt_refs refs;
	unsigned int walks, reads;
	struct pgmt_finding finding;
	unsigned int findings;
} made;

uint64_t clock_now(void)
{
	return now;
}

void say(const char *format, ...)
{
	(void)format;
}

int run_program(const struct bpf_program *p, void *ctx, size_t size)
{
	struct pgmt_refs *r = ctx;

	(void)p;
	assert_int_equal(size, sizeof(*r));
	assert_int_equal(r->address, made.table.address);
	made.reads++;
	*r = made.refs;
	r->known = 1;
	return 0;
}

bool session_pgmap(struct session *s, uint64_t address, struct pgmt_pgmap *p)
{
	(void)s;
	*p = made.table;
	return address == p->address;
}

void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg)
{
	(void)s;
	made.walks++;
	if (made.table.address)
		fn(arg, &made.table);
}

uint64_t session_text(const struct session *s)
{
	(void)s;
	return 0;
}

bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w)
{
	(void)s;
	return made.stands && w->pgmap.address == made.table.address;
}

bool session_look(struct session *s, struct pgmt_finding *f)
{
	(void)s;
	(void)f;
	return true;
}

bool count_in_scope(struct session *s, bool task_in_scope, uint32_t word)
{
	(void)s;
	(void)word;
	return task_in_scope;
}

bool peers_find(struct kept *k, uint32_t *other)
{
	(void)k;
	*other = 0;
	return false;
}

bool each_key(int map, size_t size, key_fn fn, void *arg)
{
	(void)map;
	(void)size;
	(void)fn;
	(void)arg;
	return true;
}

static void on_finding(void *arg, const struct pgmt_finding *f)
{
	assert_null(arg);
	made.finding = *f;
	made.findings++;
}

/* A pgmap that was killed with a reference that nothing explains. */
static int set_up(void **state)
{
	static struct pgmaptrace_bpf__bss bss;

	(void)state;
	memset(&bss, 0, sizeof(bss));
	memset(&session, 0, sizeof(session));
	memset(&made, 0, sizeof(made));
	skel.bss = &bss;
	session.skel = &skel;
	now = 100 * NS_PER_S;
	bss.killed = 1;
	made.table = (struct pgmt_pgmap){.address = 0x1000, .epoch = 1, .killed = now};
	made.refs = (struct pgmt_refs){.address = 0x1000, .refs = 1};
	made.stands = true;
	return 0;
}

/* Call it each 100 ms for so many seconds, from now on. */
static void check_for(double seconds)
{
	for (int i = 0; i < seconds * 10; i++) {
		now += NS_PER_S / 10;
		session_check_refs(&session, on_finding, NULL);
	}
}

static void once_a_second(void **state)
{
	(void)state;
	made.refs.refs = 0;
	check_for(5);
	assert_true(made.walks >= 4 && made.walks <= 6);
	assert_int_equal(made.findings, 0);
}

static void reported_once(void **state)
{
	(void)state;
	check_for(5);
	assert_int_equal(made.findings, 1);
	assert_int_equal(made.finding.rule, PGMT_RULE_REF_IMBALANCE);
	assert_int_equal(made.finding.refs, 1);
	assert_int_equal(made.finding.pgmap.epoch, 1);
}

static void settles(void **state)
{
	(void)state;
	assert_true(session_settle_refs(&session, on_finding, NULL));
	now += NS_PER_S / 2;
	assert_true(session_settle_refs(&session, on_finding, NULL));
	assert_int_equal(made.findings, 0);
	now += NS_PER_S;
	assert_false(session_settle_refs(&session, on_finding, NULL));
	assert_int_equal(made.findings, 1);
}

/* Nothing was killed, or what was does not stand any more: there is nothing to walk over. */
static void nothing_stands(void **state)
{
	unsigned int walks;

	(void)state;
	skel.bss->killed = 0;
	check_for(5);
	assert_int_equal(made.walks, 0);
	skel.bss->killed = 1;
	made.refs.refs = 0;
	check_for(2);
	assert_true(made.walks > 0);
	made.table.address = 0;
	check_for(2);
	walks = made.walks;
	check_for(10);
	assert_int_equal(made.walks, walks);
	skel.bss->killed++;
	check_for(2);
	assert_true(made.walks > walks);
}

/* The table still has it, since the return of memunmap_pages was missed. */
static void freed_memory(void **state)
{
	struct pgmt_refs r;

	(void)state;
	made.stands = false;
	check_for(5);
	assert_int_equal(made.reads, 0);
	assert_int_equal(made.findings, 0);
	assert_false(session_settle_refs(&session, on_finding, NULL));
	assert_false(session_refs(&session, made.table.address, &r));
	assert_int_equal(session_pgmap_outstanding(&session, made.table.address), -1);
}

/* ---- stacks ---- */

/* An object that was not loaded has no file descriptors. */
#define STACKS (-EINVAL)

static struct {
	uint32_t key;
	struct pgmt_stack stack;
	bool full;
} kept_stack;

/* Hide where @value points to: the compiler would see other maps' values, which are smaller. */
#define HIDE(value) __asm__("" : "+r"(value))

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	(void)fd;
	HIDE(value);
	assert_int_equal(flags, BPF_NOEXIST);
	if (kept_stack.full || kept_stack.key == *(const uint32_t *)key)
		return -E2BIG;
	kept_stack.key = *(const uint32_t *)key;
	kept_stack.stack = *(const struct pgmt_stack *)value;
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	HIDE(value);
	assert_int_equal(fd, STACKS);
	if (kept_stack.key != *(const uint32_t *)key)
		return -ENOENT;
	memcpy(value, &kept_stack.stack, sizeof(kept_stack.stack));
	return 0;
}

static const struct pgmt_stack a_stack = {{0xffffffff81000010, 0xffffffff81000020}};

/* As the programs do it, frame by frame to the end. */
static uint32_t key_of_programs(const struct pgmt_stack *stack)
{
	uint64_t hash = PGMT_STACK_HASH;

	for (int i = 0; i < PGMT_STACK_DEPTH; i++)
		hash = pgmt_hash_frame(hash, stack->frame[i]);
	return pgmt_stack_key(hash);
}

static void stacks_kept(void **state)
{
	uint32_t key;

	(void)state;
	memset(&kept_stack, 0, sizeof(kept_stack));
	key = session_keep_stack(&session, a_stack.frame);
	assert_int_equal(key, key_of_programs(&a_stack));
	assert_false(key & PGMT_SITE_IS_ADDRESS);
	assert_true(key);
	/* a program had it before */
	assert_int_equal(session_keep_stack(&session, a_stack.frame), key);
	assert_int_equal(session.lost_stacks, 0);
	/* the key is another stack's */
	kept_stack.stack.frame[0]++;
	assert_int_equal(session_keep_stack(&session, a_stack.frame), 0);
	assert_int_equal(session.lost_stacks, 1);
}

static void stacks_lost(void **state)
{
	(void)state;
	memset(&kept_stack, 0, sizeof(kept_stack));
	kept_stack.full = true;
	assert_int_equal(session_keep_stack(&session, a_stack.frame), 0);
	assert_int_equal(session.lost_stacks, 1);
	/* there was none to keep */
	assert_int_equal(session_keep_stack(&session, (__u64[PGMT_STACK_DEPTH]){0}), 0);
	assert_int_equal(session.lost_stacks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(once_a_second, set_up),
		cmocka_unit_test_setup(reported_once, set_up),
		cmocka_unit_test_setup(settles, set_up),
		cmocka_unit_test_setup(nothing_stands, set_up),
		cmocka_unit_test_setup(freed_memory, set_up),
		cmocka_unit_test_setup(stacks_kept, set_up),
		cmocka_unit_test_setup(stacks_lost, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
