/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CO-RE for tests that run the BPF programs as ordinary code: what libbpf finds in a kernel's
 * BTF is said here of the test's kernel.  vmlinux.h has only the members that are read, so a
 * part of struct page or folio begins where it does on x86-64.
 */
#ifndef PGMAPTRACE_TESTS_NATIVE_BPF_CORE_READ_H
#define PGMAPTRACE_TESTS_NATIVE_BPF_CORE_READ_H

#include <string.h>
#include "machine.h"

#define STRUCT_PAGE_SIZE 64

#define part_begins(type)                                                                          \
	_Generic((type *)0, struct page * : 48, struct page___head * : 8,                          \
		 struct page___info * : 8, struct page___share * : 32, struct folio * : 24,        \
		 struct folio___share * : 32, struct folio___order *                               \
		 : STRUCT_PAGE_SIZE + 17, struct folio___flags_1 *                                 \
		 : STRUCT_PAGE_SIZE, struct folio___mapcount *                                     \
		 : STRUCT_PAGE_SIZE + 24, struct folio___pincount *                                \
		 : STRUCT_PAGE_SIZE + 32, default : 0)

#define bpf_core_field_offset(type, field) (part_begins(type) + __builtin_offsetof(type, field))
#define bpf_core_field_size(type, field)   sizeof(((type *)0)->field)
#define bpf_core_type_size(type)                                                                   \
	_Generic((type *)0, struct page * : STRUCT_PAGE_SIZE, default : sizeof(type))
#define bpf_core_type_id_kernel(type)	1
#define bpf_core_enum_value(type, name) (name)
#define bpf_core_field_exists(field)                                                               \
	({                                                                                         \
		static unsigned int form;                                                          \
		if (!form)                                                                         \
			form = form_of(#field);                                                    \
		!!(machine.forms & form);                                                          \
	})

/* @member: the expression that a program asks about */
static inline unsigned int form_of(const char *member)
{
	static const struct {
		const char *type;
		unsigned int form;
	} forms[] = {
		{"page___memdesc", FORM_MEMDESC},
		{"page___info", FORM_INFO},
		{"folio___order", FORM_ORDER},
		{"folio___mapcount", FORM_MAPCOUNT},
		{"folio___pincount", FORM_PINCOUNT},
		{"folio___share", FORM_FOLIO_SHARE},
		{"page___share", FORM_PAGE_SHARE},
		{"dev_pagemap_ops___page", FORM_PAGE_FREE},
		{"dev_pagemap_ops___folio", FORM_FOLIO_FREE},
		{"task_struct___returns", FORM_RETURNS},
	};
	unsigned int i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (strstr(member, forms[i].type))
			return forms[i].form;
	return FORM_OTHER;
}

#endif /* PGMAPTRACE_TESTS_NATIVE_BPF_CORE_READ_H */
