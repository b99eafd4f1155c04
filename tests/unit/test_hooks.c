// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which hooks a kernel gets, from made-up symbols and types: what it was built without, what
 * the compiler made of a function, and why it is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>
#include <bpf/btf.h>
#include <zlib.h>
#include <cmocka.h>

static const char *version; /* of the kernel, as uname says it */
static const char *sysctl;  /* a file of /proc or /sys that can be read, and begins with 0 */

static int made_uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	strcpy(u->machine, "x86_64");
	strcpy(u->release, "no-such-release");
	strcpy(u->version, version);
	return 0;
}

static FILE *made_fopen(const char *file, const char *mode)
{
	if (sysctl && !strcmp(file, sysctl))
		return fmemopen("0\n", 2, "r");
	return strncmp(file, "/sys/", 5) && strncmp(file, "/proc/", 6) ? fopen(file, mode) : NULL;
}

static gzFile made_gzopen(const char *file, const char *mode)
{
	return strncmp(file, "/proc/", 6) ? gzopen(file, mode) : NULL;
}

#define uname(u)	  made_uname(u)
#define fopen(file, mode) made_fopen(file, mode)
#undef gzopen
#define gzopen(file, mode) made_gzopen(file, mode)
#include "symbols/ksyms.c"
#include "model/rules.c"
#include "session/kconfig.c"
#include "session/hooks.c"
#include "session/refusal.c"
#undef uname
#undef fopen
#undef gzopen

static bool has_names; /* kprobes can have names */

bool kprobe_events_usable(void)
{
	return has_names;
}

/* ---- a kernel */

#define VARIABLES "pgmap_array tracing_prog_ops register_ftrace_direct dax_iomap_fault "
#define THP	  "transparent_hugepage_flags "
/* What each kernel has, and what those do that are called counted. */
#define COMMON                                                                                     \
	"memremap_pages memunmap_pages dev_pagemap_percpu_release remove_pfn_range_from_zone "     \
	"zone_device_page_init free_zone_device_folio dax_insert_entry "
#define COUNTING "dax_break_layout vmf_insert_page_mkwrite dax_folio_reset_order "

struct kernel {
	struct btf *btf;
	struct ksyms *ksyms;
	struct pgmt_choice choice;
};

/* @words in one line each, with an address of its own */
static void write_symbols(FILE *f, const char *words)
{
	unsigned long address = 0xffffffff81000000;
	char list[2048], *at, *word;

	snprintf(list, sizeof(list), "%s", words);
	for (word = strtok_r(list, " ", &at); word;
	     word = strtok_r(NULL, " ", &at), address += 0x100)
		fprintf(f, "%lx t %s\n", address, word);
}

static struct ksyms *make_symbols(const char *words, const char *of_module)
{
	char file[] = "/tmp/kallsyms.XXXXXX", modules[] = "/tmp/modules.XXXXXX";
	struct ksyms_files files = {file, modules, "/dev/null"};
	FILE *f = fdopen(mkstemp(file), "w"), *m = fdopen(mkstemp(modules), "w");
	struct ksyms *k;

	assert_true(f && m);
	write_symbols(f, words);
	if (of_module) {
		fprintf(f, "ffffffffc0000000 t %s\t[other]\n", of_module);
		fprintf(m, "other 4096 0 - Live 0xffffffffc0000000\n");
	}
	fclose(f);
	fclose(m);
	k = ksyms_load(&files);
	unlink(file);
	unlink(modules);
	assert_non_null(k);
	return k;
}

/* Symbols, and types of these functions. */
static void make_kernel(struct kernel *k, const char *symbols, const char *functions)
{
	char list[2048], *at, *word;

	k->btf = btf__new_empty();
	assert_non_null(k->btf);
	assert_true(btf__add_struct(k->btf, "page", 64) > 0);
	snprintf(list, sizeof(list), "%s", functions);
	for (word = strtok_r(list, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		int proto = btf__add_func_proto(k->btf, 0);

		assert_true(btf__add_func(k->btf, word, BTF_FUNC_GLOBAL, proto) > 0);
	}
	k->ksyms = make_symbols(symbols, NULL);
	hooks_choose(k->btf, k->ksyms, &k->choice);
}

static void drop_kernel(struct kernel *k)
{
	btf__free(k->btf);
	ksyms_free(k->ksyms);
}

static const struct pgmt_hook *hook(const char *function, bool exit)
{
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (!strcmp(h->function, function) && h->exit == exit)
			return h;
	fail_msg("no hook %s", function);
	return NULL;
}

static const char *absence(const struct pgmt_hook *h)
{
	static char why[PGMT_WHY_LEN];

	assert_int_equal(h->attach, PGMT_ATTACH_NO);
	return hooks_absence(h, why);
}

static bool rule_is_off(const struct kernel *k, unsigned int rule)
{
	return k->choice.rules_off >> rule & 1;
}

static int reset(void **state)
{
	(void)state;
	version = "#1 SMP PREEMPT_DYNAMIC PREEMPT(none)";
	has_names = false;
	sysctl = NULL;
	return 0;
}

/* ---- what a kernel was built without */

#define BLOCKS	     COMMON COUNTING "dax_disassociate_entry "
#define COUNTED_WITH BLOCKS "vmf_insert_folio_pmd "

static void nothing_is_missing(void **state)
{
	struct kernel k;

	(void)state;
	make_kernel(&k, VARIABLES THP COUNTED_WITH, COUNTED_WITH);
	assert_string_equal(k.choice.error, "");
	assert_int_equal(k.choice.missing, 0);
	assert_int_equal(hook("vmf_insert_folio_pmd", false)->attach, PGMT_ATTACH_FENTRY);
	drop_kernel(&k);
}

static void no_huge_pages(void **state)
{
	char why[PGMT_WHY_LEN];
	struct kernel k;

	(void)state;
	make_kernel(&k, VARIABLES BLOCKS, BLOCKS);
	assert_string_equal(k.choice.error, "");
	assert_int_equal(k.choice.missing, 0);
	assert_false(rule_is_off(&k, PGMT_RULE_MAP_UNREQUESTED));
	assert_false(rule_is_off(&k, PGMT_RULE_LEAK));
	assert_null(hooks_rule_off(&k.choice, PGMT_RULE_MAP_UNREQUESTED, why));
	assert_string_equal(absence(hook("vmf_insert_folio_pmd", false)),
			    "built without CONFIG_TRANSPARENT_HUGEPAGE: nothing to see");
	drop_kernel(&k);
}

/* The same function is not found, but the kernel has huge pages. */
static void near_miss_not_found(void **state)
{
	struct kernel k;

	(void)state;
	make_kernel(&k, VARIABLES THP BLOCKS, BLOCKS);
	assert_string_equal(k.choice.error,
			    "can't attach to vmf_insert_folio_pmd: not in this kernel");
	drop_kernel(&k);
	/* nor is one that no option explains: its rule is off, by name */
	make_kernel(&k,
		    VARIABLES THP COMMON "dax_break_layout vmf_insert_page_mkwrite "
					 "dax_disassociate_entry vmf_insert_folio_pmd ",
		    COMMON "dax_break_layout vmf_insert_page_mkwrite "
			   "dax_disassociate_entry vmf_insert_folio_pmd ");
	assert_string_equal(k.choice.error, "");
	assert_int_equal(k.choice.missing, 1);
	assert_true(rule_is_off(&k, PGMT_RULE_RESET_BUSY));
	assert_int_equal(hook("dax_folio_reset_order", false)->off, RULE(RESET_BUSY));
	drop_kernel(&k);
}

static void why_a_rule_is_off(void **state)
{
	char why[PGMT_WHY_LEN];
	struct kernel k;

	(void)state;
	make_kernel(&k, VARIABLES THP COUNTED_WITH, COUNTED_WITH);
	assert_string_equal(hooks_rule_off(&k.choice, PGMT_RULE_PARTIAL_REQUEST, why),
			    "only pgmap_request_folios takes a span");
	for (unsigned int rule = 1; rule < PGMT_NR_RULES; rule++)
		assert_int_equal(!!hooks_rule_off(&k.choice, rule, why), rule_is_off(&k, rule));
	hooks_without(&k.choice, (struct pgmt_hook *)hook("dax_folio_reset_order", false), EBUSY);
	assert_string_equal(
		hooks_rule_off(&k.choice, PGMT_RULE_RESET_BUSY, why),
		"no hook at the entry of dax_folio_reset_order: Device or resource busy");
	drop_kernel(&k);
}

/* A configuration that says the option is on makes "built without" a mere "not found". */
static void configuration(void **state)
{
	char file[] = "/tmp/config.XXXXXX";
	gzFile f = gzdopen(mkstemp(file), "w");

	(void)state;
	gzputs(f, "# CONFIG_FS_DAX is not set\nCONFIG_FS_DAX_LIMITED=y\nCONFIG_BPF_EVENTS=y\n");
	gzclose(f);
	assert_true(says_on(file, "CONFIG_BPF_EVENTS"));
	assert_false(says_on(file, "CONFIG_FS_DAX"));
	assert_false(says_on(file, "CONFIG_TRANSPARENT_HUGEPAGE"));
	assert_false(says_on("/nothere", "CONFIG_BPF_EVENTS"));
	unlink(file);
}

/* ---- what the compiler made of a function */

#define REMOVES	      "dax_disassociate_entry"
#define WITH(symbols) VARIABLES THP COMMON COUNTING "vmf_insert_folio_pmd " symbols
#define TYPED	      COMMON COUNTING "vmf_insert_folio_pmd "

/* How dax_disassociate_entry is hooked if it has these symbols. */
static const struct pgmt_hook *removes(struct kernel *k, const char *symbols, bool typed)
{
	char all[2048], types[2048];

	snprintf(all, sizeof(all), "%s%s", WITH("register_fprobe_ips "), symbols);
	snprintf(types, sizeof(types), "%s%s", TYPED "register_fprobe_ips ", typed ? REMOVES : "");
	make_kernel(k, all, types);
	assert_string_equal(k->choice.error, "");
	return hook(REMOVES, false);
}

/* The rest of that function is all of it that matters, if all callers have what comes before. */
static void rest(void **state)
{
	const struct pgmt_hook *h;
	struct kernel k;

	(void)state;
	h = removes(&k, REMOVES ".part.0", false);
	assert_int_equal(h->attach, PGMT_ATTACH_MULTI);
	assert_int_equal(h->nr_symbols, 1);
	assert_string_equal(h->symbol[0], REMOVES ".part.0");
	assert_true(h->one_argument);
	assert_int_equal(k.choice.missing, 0);
	drop_kernel(&k);
}

static void clones(void **state)
{
	const struct pgmt_hook *h;
	struct kernel k;

	(void)state;
	h = removes(&k, REMOVES ".isra.0 " REMOVES ".isra.0.cold", false);
	assert_int_equal(h->attach, PGMT_ATTACH_MULTI);
	assert_int_equal(h->nr_symbols, 1);
	assert_true(h->one_argument);
	drop_kernel(&k);
	/* symbols are read anew when a module comes or goes */
	assert_string_equal(h->symbol[0], REMOVES ".isra.0");
	/* some callers have each: all are hooked */
	h = removes(&k, REMOVES ".constprop.0 " REMOVES ".constprop.1 " REMOVES, true);
	assert_int_equal(h->attach, PGMT_ATTACH_MULTI);
	assert_int_equal(h->nr_symbols, 3);
	assert_true(h->one_argument);
	assert_int_equal(k.choice.missing, 0);
	drop_kernel(&k);
	/* types without the symbol that has them: fentry would not find it */
	h = removes(&k, REMOVES ".isra.0", true);
	assert_int_equal(h->attach, PGMT_ATTACH_MULTI);
	drop_kernel(&k);
}

static void whole(void **state)
{
	const struct pgmt_hook *h;
	struct kernel k;

	(void)state;
	h = removes(&k, REMOVES, true);
	assert_int_equal(h->attach, PGMT_ATTACH_FENTRY);
	assert_false(h->one_argument);
	drop_kernel(&k);
	h = removes(&k, REMOVES ".llvm.1234567 " REMOVES ".llvm.1234567.cold", true);
	assert_int_equal(h->attach, PGMT_ATTACH_MULTI);
	assert_string_equal(h->symbol[0], REMOVES ".llvm.1234567");
	assert_false(h->one_argument);
	drop_kernel(&k);
	/* other names */
	h = removes(&k, REMOVES "s " REMOVES "_all.isra.0 __pfx_" REMOVES, true);
	assert_string_equal(absence(h), "not in this kernel");
	drop_kernel(&k);
}

/* A piece is called for a part of the calls, and the rest may have it inlined. */
static void pieces(void **state)
{
	static const char *const symbols[] = {
		REMOVES ".part.0 " REMOVES ".part.1", REMOVES ".part.0 " REMOVES ".isra.0",
		REMOVES " " REMOVES ".part.0",
		REMOVES ".llvm.1 " REMOVES, /* two functions have the name */
	};
	struct kernel k;

	(void)state;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		const struct pgmt_hook *h = removes(&k, symbols[i], true);

		assert_non_null(strstr(absence(h), "not all calls can be seen"));
		assert_int_equal(h->off, ASSOC_RULES);
		assert_int_equal(k.choice.missing, 1);
		drop_kernel(&k);
	}
}

/* The same for every hook: but for that one, each needs all of its arguments. */
static void of_each_hook(void **state)
{
	static const char *const suffixes[] = {".isra.0", ".constprop.0", ".part.0", ".unheard.of"};
	char list[2048], symbols[2048], *at, *word;
	struct kernel k;

	(void)state;
	snprintf(list, sizeof(list), "%s", TYPED);
	for (word = strtok_r(list, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
			snprintf(symbols, sizeof(symbols), "%s%s%s", WITH(REMOVES " "), word,
				 suffixes[i]);
			make_kernel(&k, symbols, TYPED REMOVES);
			for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
				if (strcmp(h->function, word) || !(h->profiles & COUNTED))
					continue;
				assert_int_equal(h->attach, PGMT_ATTACH_NO);
				assert_int_equal(h->absence, PGMT_IN_PIECES);
				assert_true(!h->required || k.choice.error[0]);
			}
			drop_kernel(&k);
		}
	}
}

static void forms_of_a_function(void **state)
{
	struct ksyms *k = make_symbols("a a.cold b.isra.0 b.constprop.1.isra.0 c.part.3 ab", "a");
	struct ksyms_forms f;

	(void)state;
	ksyms_forms(k, "a", &f);
	assert_string_equal(f.whole, "a");
	assert_int_equal(f.nr_whole, 1); /* that of the module is another one */
	assert_int_equal(f.nr_clones, 0);
	ksyms_forms(k, "b", &f);
	assert_null(f.whole);
	assert_int_equal(f.nr_clones, 2);
	ksyms_forms(k, "c", &f);
	assert_null(f.whole);
	assert_string_equal(f.part, "c.part.3");
	ksyms_free(k);
}

/* ---- kernels that preempt */

#define CLASSICAL COMMON "__put_devmap_managed_folio_refs dax_disassociate_entry vmf_insert_mixed "

static void old_kernels_that_preempt(void **state)
{
	struct kernel k;

	(void)state;
	version = "#1 SMP PREEMPT_RT";
	has_names = true;
	make_kernel(&k, VARIABLES CLASSICAL, CLASSICAL);
	assert_string_equal(k.choice.error, "");
	/* they have names, and count their hits */
	assert_int_equal(hook("dax_insert_entry", false)->attach, PGMT_ATTACH_KPROBE);
	assert_true(hook("dax_insert_entry", false)->named);
	assert_false(hook("dax_insert_entry", false)->uncounted);
	assert_int_equal(hook("memremap_pages", true)->attach, PGMT_ATTACH_KPROBE);
	assert_int_equal(hook("remove_pfn_range_from_zone", false)->attach, PGMT_ATTACH_FENTRY);
	drop_kernel(&k);
	/* without tracefs: fentry, whose misses are counted */
	has_names = false;
	make_kernel(&k, VARIABLES CLASSICAL, CLASSICAL);
	assert_int_equal(hook("dax_insert_entry", false)->attach, PGMT_ATTACH_FENTRY);
	drop_kernel(&k);
	/* nor do they matter where it does not preempt */
	reset(NULL);
	has_names = true;
	make_kernel(&k, VARIABLES CLASSICAL, CLASSICAL);
	assert_int_equal(hook("dax_insert_entry", false)->attach, PGMT_ATTACH_FENTRY);
	drop_kernel(&k);
}

/* ---- kernels that are refused */

static const char *error_of(const char *symbols, const char *functions)
{
	static char error[256];
	struct kernel k;

	make_kernel(&k, symbols, functions);
	snprintf(error, sizeof(error), "%s", k.choice.error);
	drop_kernel(&k);
	return error;
}

static void no_contract(void **state)
{
	(void)state;
	assert_non_null(strstr(error_of(VARIABLES, "other"), "CONFIG_ZONE_DEVICE=y"));
	assert_non_null(strstr(error_of("memremap_pages", COMMON), "CONFIG_KALLSYMS_ALL=y"));
	assert_non_null(strstr(error_of("pgmap_array", COMMON), "CONFIG_FS_DAX=y"));
	/* it has FS_DAX, and yet none of its marks */
	assert_non_null(strstr(error_of(VARIABLES, COMMON), "unknown contract"));
}

static const char *refusal(const char *symbols)
{
	struct ksyms *k = make_symbols(symbols, NULL);
	const char *why = refusal_to_look(k);

	if (!why)
		why = refusal_to_trace(k);
	ksyms_free(k);
	return why;
}

static void no_tracing(void **state)
{
	(void)state;
	assert_null(refusal(VARIABLES));
	assert_non_null(
		strstr(refusal("pgmap_array register_ftrace_direct"), "CONFIG_BPF_EVENTS=y"));
	assert_non_null(strstr(refusal("pgmap_array tracing_prog_ops"),
			       "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y"));
	sysctl = "/proc/sys/kernel/ftrace_enabled";
	assert_string_equal(refusal(VARIABLES), "sysctl kernel.ftrace_enabled is 0, so no hook "
						"would see anything: set it to 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_missing, reset),
		cmocka_unit_test_setup(no_huge_pages, reset),
		cmocka_unit_test_setup(near_miss_not_found, reset),
		cmocka_unit_test_setup(why_a_rule_is_off, reset),
		cmocka_unit_test_setup(configuration, reset),
		cmocka_unit_test_setup(clones, reset),
		cmocka_unit_test_setup(rest, reset),
		cmocka_unit_test_setup(whole, reset),
		cmocka_unit_test_setup(pieces, reset),
		cmocka_unit_test_setup(of_each_hook, reset),
		cmocka_unit_test_setup(forms_of_a_function, reset),
		cmocka_unit_test_setup(old_kernels_that_preempt, reset),
		cmocka_unit_test_setup(no_contract, reset),
		cmocka_unit_test_setup(no_tracing, reset),
	};

	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
