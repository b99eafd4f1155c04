// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "session/hooks.c"
#include "session/seen.c"

/* What no test here comes to: the table of hooks is all that counts. */
uint64_t ksyms_address(const struct ksyms *k, const char *name)
{
	(void)k;
	(void)name;
	return 0;
}

void ksyms_forms(const struct ksyms *k, const char *name, struct ksyms_forms *forms)
{
	(void)k;
	(void)name;
	*forms = (struct ksyms_forms){0};
}

bool kprobe_events_usable(void)
{
	return false;
}

bool kconfig_lacks(const struct ksyms *k, enum kconfig option)
{
	(void)k;
	(void)option;
	return false;
}

const char *kconfig_name(enum kconfig option)
{
	(void)option;
	return "";
}

/* As hooks_choose() does on a kernel with all functions of its profile. */
static void choose_all(enum pgmt_profile profile)
{
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		h->attach = h->profiles >> profile & 1 ? PGMT_ATTACH_FENTRY : PGMT_ATTACH_NO;
}

static void without(const char *function)
{
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++)
		if (!strcmp(h->function, function))
			h->attach = PGMT_ATTACH_NO;
}

static bool sees_request(enum pgmt_profile profile, unsigned int type, unsigned int order)
{
	return hooks_see(profile, type, order, PGMT_LAST_REQUEST);
}

static bool sees_free(enum pgmt_profile profile, unsigned int type)
{
	return hooks_see(profile, type, 0, PGMT_LAST_FREE);
}

static void test_pages_of_device_dax(void **unused)
{
	(void)unused;
	for (enum pgmt_profile p = PGMT_PROFILE_CLASSIC; p <= PGMT_PROFILE_REQUEST; p++) {
		choose_all(p);
		assert_true(sees_request(p, PGMT_TYPE_GENERIC, 0));
		assert_true(sees_request(p, PGMT_TYPE_GENERIC, 9));
		/* 1 GiB is mapped where no hook is, but its request is one as any */
		assert_int_equal(sees_request(p, PGMT_TYPE_GENERIC, 18), p == PGMT_PROFILE_REQUEST);
	}
	choose_all(PGMT_PROFILE_COUNTED);
	without("vmf_insert_folio_pmd");
	assert_true(sees_request(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC, 0));
	assert_false(sees_request(PGMT_PROFILE_COUNTED, PGMT_TYPE_GENERIC, 9));
	choose_all(PGMT_PROFILE_CLASSIC);
	without("vmf_insert_pfn_pmd_prot");
	assert_true(sees_request(PGMT_PROFILE_CLASSIC, PGMT_TYPE_GENERIC, 9));
	without("vmf_insert_pfn_pmd");
	assert_false(sees_request(PGMT_PROFILE_CLASSIC, PGMT_TYPE_GENERIC, 9));
}

static void test_what_is_paired(void **unused)
{
	(void)unused;
	for (enum pgmt_profile p = PGMT_PROFILE_CLASSIC; p <= PGMT_PROFILE_REQUEST; p++) {
		choose_all(p);
		for (unsigned int type = PGMT_TYPE_PRIVATE; type < PGMT_NR_TYPES; type++) {
			if (!pgmt_is_paired(p, type))
				continue;
			assert_true(sees_request(p, type, 0));
			assert_true(sees_free(p, type));
		}
		assert_true(sees_request(p, PGMT_TYPE_FS_DAX, 9));
		assert_true(sees_free(p, PGMT_TYPE_FS_DAX));
		/* allocated by a call that takes references of the pgmap only */
		assert_int_equal(sees_request(p, PGMT_TYPE_PCI_P2PDMA, 0),
				 p == PGMT_PROFILE_REQUEST);
	}
	choose_all(PGMT_PROFILE_CLASSIC);
	without("dax_disassociate_entry");
	assert_true(sees_request(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX, 0));
	assert_false(sees_free(PGMT_PROFILE_CLASSIC, PGMT_TYPE_FS_DAX));
	choose_all(PGMT_PROFILE_REQUEST);
	without("pgmap_request_folio");
	without("pgmap_get_folio");
	assert_true(sees_request(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, 0));
	without("pgmap_request_folios");
	assert_false(sees_request(PGMT_PROFILE_REQUEST, PGMT_TYPE_PRIVATE, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_of_device_dax),
		cmocka_unit_test(test_what_is_paired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
