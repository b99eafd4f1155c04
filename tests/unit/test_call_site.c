// SPDX-License-Identifier: GPL-2.0-only
/* The call site of a function of which somebody traces the return: the BPF programs as code. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "device.h"

#define TRAMPOLINE 0xffffffff81800000ULL
#define CALLER	   0xffffffffc0001234ULL
#define OTHER	   0xffffffff81234567ULL

/* What the task keeps, as kernel/trace/fgraph.c has it. */
static unsigned long words[32];
static struct call_frame frame = {.inside = HOOKED_INSIDE};
static struct hook hook = {.ctx = &frame, .fentry = true};

/* record - one more: of @function, which returns to @to, in @length words before the last */
static void record(int *at, unsigned long to, unsigned long function, int length)
{
	words[*at] = to;
	words[*at + 1] = function;
	words[*at + length] = 1UL << 20 | length;
	*at += length + 1;
}

static void keep(int used)
{
	struct task_struct___returns *task = (void *)&machine.task;

	task->curr_ret_stack = used;
	task->ret_stack = words;
}

static int set_up(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	memset(words, 0, sizeof(words));
	machine.forms = FORM_RETURNS;
	machine_maps(&machine.task, sizeof(machine.task));
	machine_maps(words, sizeof(words));
	machine_maps(&frame, sizeof(frame));
	SET(return_trampoline, TRAMPOLINE);
	frame.caller = TRAMPOLINE;
	return 0;
}

static void nobody_traces_the_return(void **state)
{
	(void)state;
	frame.caller = CALLER;
	keep(0);
	assert_int_equal(return_address(&hook), CALLER);
}

static void the_last_record_has_it(void **state)
{
	int used = 0;

	(void)state;
	record(&used, OTHER, OTHER, 5);
	record(&used, CALLER, HOOKED_FUNCTION, 5);
	keep(used);
	assert_int_equal(return_address(&hook), CALLER);
}

static void behind_the_words_of_a_tracer(void **state)
{
	int used = 0;

	(void)state;
	record(&used, OTHER, OTHER, 4);
	/* where its hook in the function is, and not where the function begins */
	record(&used, CALLER, HOOKED_FUNCTION + 8, 9);
	keep(used);
	assert_int_equal(return_address(&hook), CALLER);
}

static void a_record_of_another_function(void **state)
{
	int used = 0;

	(void)state;
	record(&used, OTHER, OTHER, 5);
	keep(used);
	assert_int_equal(return_address(&hook), TRAMPOLINE);
}

static void no_record(void **state)
{
	(void)state;
	keep(0);
	assert_int_equal(return_address(&hook), TRAMPOLINE);
}

static void a_kernel_without_records(void **state)
{
	int used = 0;

	(void)state;
	record(&used, CALLER, HOOKED_FUNCTION, 5);
	keep(used);
	machine.forms = 0;
	assert_int_equal(return_address(&hook), TRAMPOLINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_traces_the_return, set_up),
		cmocka_unit_test_setup(the_last_record_has_it, set_up),
		cmocka_unit_test_setup(behind_the_words_of_a_tracer, set_up),
		cmocka_unit_test_setup(a_record_of_another_function, set_up),
		cmocka_unit_test_setup(no_record, set_up),
		cmocka_unit_test_setup(a_kernel_without_records, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
