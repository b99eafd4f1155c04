// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare vmlinux/vmlinux.h with kernels: is each struct, member and enum that
 * it declares in the kernel's BTF, and of the same kind and size?
 *
 * The declarations are read from BTF as well, that of an object compiled from
 * the header alone (gcc -gbtf -fno-eliminate-unused-debug-types), so that no
 * type has to be listed twice.
 *
 * A struct with a ___ suffix is one kernel's form of it and may be missing or
 * of another kind, as for bpf_core_field_exists(): has and lacks are printed.
 * One that the loader takes for the same but that has another size is a
 * problem, since PGMT_READ would read as many bytes as are declared.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "model/model.h"

enum verdict {
	SAME,
	OTHER_SIZE,
	OTHER_KIND,
	NOT_THERE,
};

/* What is taken for granted and not declared. */
static const struct {
	const char *name;
	__u32 size;
} sizes[] = {
	{"page", 64},  /* scan_pages() copies pages in batches */
	{"range", 16}, /* pgmap_read() steps through an array of it */
};

static const struct {
	const char *type, *name;
	__s64 value;
} values[] = {
	{"memory_type", "MEMORY_DEVICE_PRIVATE", PGMT_TYPE_PRIVATE},
	{"memory_type", "MEMORY_DEVICE_COHERENT", PGMT_TYPE_COHERENT},
	{"memory_type", "MEMORY_DEVICE_FS_DAX", PGMT_TYPE_FS_DAX},
	{"memory_type", "MEMORY_DEVICE_GENERIC", PGMT_TYPE_GENERIC},
	{"memory_type", "MEMORY_DEVICE_PCI_P2PDMA", PGMT_TYPE_PCI_P2PDMA},
};

/* The loader puts the kernel's own values of these in. */
static const char *const relocated_enums[] = {"pageflags"};

static const struct btf *declared, *kernel;
static const char *kernel_name;
static unsigned int types, fields, problems;
static bool quiet; /* count, print nothing */

static char has[4096], lacks[4096];

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	return btf__name_by_offset(btf, t->name_off);
}

static void __attribute__((format(printf, 1, 2))) problem(const char *format, ...)
{
	va_list args;

	problems++;
	if (quiet)
		return;
	printf("%s: ", kernel_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void append(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, " %s", word);
}

/* Length of a type's name without its ___flavour. */
static size_t base_length(const char *name)
{
	const char *flavour = strstr(name, "___");

	return flavour && flavour != name ? (size_t)(flavour - name) : strlen(name);
}

static const struct btf_type *skip_modifiers(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(btf, t->type);
	return t;
}

/* Return: @text, filled with the type as a reader of C would call it. */
static const char *say_type(const struct btf *btf, __u32 id, char *text, size_t size)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *name = name_of(btf, t);
	char inner[160];

	if (!id) {
		snprintf(text, size, "void");
		return text;
	}
	switch (btf_kind(t)) {
	case BTF_KIND_TYPEDEF:
		if (btf_is_int(skip_modifiers(btf, id)))
			snprintf(text, size, "%s (%lld bytes)", name,
				 (long long)btf__resolve_size(btf, id));
		else
			snprintf(text, size, "%s", name);
		break;
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return say_type(btf, t->type, text, size);
	case BTF_KIND_PTR:
		snprintf(text, size, "pointer to %s", say_type(btf, t->type, inner, sizeof(inner)));
		break;
	case BTF_KIND_ARRAY:
		snprintf(text, size, "array of %u %s", btf_array(t)->nelems,
			 say_type(btf, btf_array(t)->type, inner, sizeof(inner)));
		break;
	case BTF_KIND_INT:
		snprintf(text, size, "%s (%u bytes)", name, t->size);
		break;
	case BTF_KIND_STRUCT:
		snprintf(text, size, "struct %s", *name ? name : "{...}");
		break;
	case BTF_KIND_UNION:
		snprintf(text, size, "union %s", *name ? name : "{...}");
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		snprintf(text, size, "enum %s (%u bytes)", *name ? name : "{...}", t->size);
		break;
	case BTF_KIND_FWD:
		snprintf(text, size, "struct %s", name);
		break;
	default:
		snprintf(text, size, "%s", *name ? name : "a function");
	}
	return text;
}

/*
 * find_member - look in @t and in its nameless structs and unions
 * Return: its type, 0 if there is none of that name.
 */
static __u32 find_member(const struct btf *btf, const struct btf_type *t, const char *name,
			 bool *bitfield)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	__u32 found;

	for (__u32 i = 0; i < btf_vlen(t); i++) {
		const char *member = btf__name_by_offset(btf, m[i].name_off);

		if (*member) {
			if (strcmp(member, name))
				continue;
			*bitfield = btf_member_bitfield_size(t, i);
			return m[i].type;
		}
		inner = skip_modifiers(btf, m[i].type);
		if (!btf_is_composite(inner))
			continue;
		found = find_member(btf, inner, name, bitfield);
		if (found)
			return found;
	}
	return 0;
}

static bool same_name(const struct btf_type *ours, const struct btf_type *theirs)
{
	const char *a = name_of(declared, ours), *b = name_of(kernel, theirs);
	size_t len = base_length(a);

	return len == strlen(b) && !strncmp(a, b, len);
}

static bool is_record(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_fwd(t);
}

/* A nameless struct is compared member by member, by the caller. */
static enum verdict compare(__u32 our_id, __u32 their_id)
{
	const struct btf_type *ours = skip_modifiers(declared, our_id);
	const struct btf_type *theirs = skip_modifiers(kernel, their_id);
	enum verdict v;

	switch (btf_kind(ours)) {
	case BTF_KIND_INT:
		if (!btf_is_int(theirs))
			return OTHER_KIND;
		return ours->size == theirs->size ? SAME : OTHER_SIZE;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		if (!btf_is_any_enum(theirs) || !same_name(ours, theirs))
			return OTHER_KIND;
		return ours->size == theirs->size ? SAME : OTHER_SIZE;
	case BTF_KIND_PTR:
		if (!btf_is_ptr(theirs))
			return OTHER_KIND;
		ours = skip_modifiers(declared, ours->type);
		theirs = skip_modifiers(kernel, theirs->type);
		/* to what: the loader doesn't mind, but the reader follows it */
		if (is_record(ours) && is_record(theirs) && !same_name(ours, theirs))
			return OTHER_KIND;
		return SAME;
	case BTF_KIND_ARRAY:
		if (!btf_is_array(theirs))
			return OTHER_KIND;
		v = compare(btf_array(ours)->type, btf_array(theirs)->type);
		if (v == SAME && btf_array(ours)->nelems != btf_array(theirs)->nelems)
			return OTHER_SIZE;
		return v;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		if (btf_kind(theirs) != btf_kind(ours))
			return OTHER_KIND;
		if (*name_of(declared, ours) && !same_name(ours, theirs))
			return OTHER_KIND;
		return SAME;
	}
	return OTHER_KIND;
}

/*
 * check_members - is what @ours declares in @theirs?
 * @path: name of the struct, for the reports
 * @flavour: a member may be missing or of another kind
 */
static void check_members(const struct btf_type *ours, const struct btf_type *theirs,
			  const char *path, bool flavour)
{
	const struct btf_member *m = btf_members(ours);
	char a[200], b[200], member[256];
	const struct btf_type *inner;
	enum verdict v;

	for (__u32 i = 0; i < btf_vlen(ours); i++) {
		bool bitfield = false;
		__u32 id = 0;

		snprintf(member, sizeof(member), "%s.%s", path,
			 btf__name_by_offset(declared, m[i].name_off));
		v = NOT_THERE;
		if (theirs)
			id = find_member(kernel, theirs, strrchr(member, '.') + 1, &bitfield);
		if (id)
			v = bitfield == !!btf_member_bitfield_size(ours, i) ? compare(m[i].type, id)
									    : OTHER_KIND;
		inner = skip_modifiers(declared, m[i].type);
		if (v == SAME && btf_is_composite(inner) && !*name_of(declared, inner)) {
			check_members(inner, skip_modifiers(kernel, id), member, flavour);
			continue;
		}
		if (!quiet)
			fields++;
		if (flavour && v != OTHER_SIZE) {
			if (!quiet)
				append(v == SAME ? has : lacks, sizeof(has), member);
			continue;
		}
		if (v == NOT_THERE)
			problem("struct %s: not there", member);
		else if (v != SAME)
			problem("struct %s: is %s%s, declared as %s", member,
				bitfield ? "bit-field of " : "", say_type(kernel, id, a, sizeof(a)),
				say_type(declared, m[i].type, b, sizeof(b)));
	}
}

static unsigned int count_problems(const struct btf_type *ours, const struct btf_type *theirs,
				   const char *name)
{
	unsigned int before = problems, found;

	quiet = true;
	check_members(ours, theirs, name, false);
	quiet = false;
	found = problems - before;
	problems = before;
	return found;
}

/* Several structs of a kernel may have the same name: the one that fits best. */
static void check_record(const struct btf_type *ours)
{
	const char *name = name_of(declared, ours);
	const struct btf_type *theirs, *best = NULL;
	unsigned int n, least = ~0u;
	size_t base = base_length(name);

	for (__u32 id = 1; id < btf__type_cnt(kernel); id++) {
		theirs = btf__type_by_id(kernel, id);
		if (btf_kind(theirs) != btf_kind(ours) || !same_name(ours, theirs))
			continue;
		n = count_problems(ours, theirs, name);
		if (n >= least)
			continue;
		least = n;
		best = theirs;
	}
	types++;
	if (!best && !name[base]) {
		problem("struct %s: not there", name);
		fields += btf_vlen(ours);
		return;
	}
	check_members(ours, best, name, name[base]);
	for (size_t i = 0; best && i < sizeof(sizes) / sizeof(*sizes); i++)
		if (!strcmp(name, sizes[i].name) && best->size != sizes[i].size)
			problem("struct %s: is %u bytes, taken for %u", name, best->size,
				sizes[i].size);
}

static const struct btf_type *find_enum(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM);

	if (id < 0)
		id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM64);
	return id < 0 ? NULL : btf__type_by_id(btf, id);
}

static __s64 enum_value(const struct btf_type *t, __u32 i)
{
	return btf_is_enum64(t) ? (__s64)btf_enum64_value(&btf_enum64(t)[i]) : btf_enum(t)[i].val;
}

static const char *enum_name(const struct btf *btf, const struct btf_type *t, __u32 i)
{
	return btf__name_by_offset(btf, btf_is_enum64(t) ? btf_enum64(t)[i].name_off
							 : btf_enum(t)[i].name_off);
}

static void check_value(const struct btf_type *theirs, const char *type, const char *name,
			__s64 value, bool fixed)
{
	fields++;
	for (__u32 i = 0; i < btf_vlen(theirs); i++) {
		if (strcmp(enum_name(kernel, theirs, i), name))
			continue;
		if (fixed && enum_value(theirs, i) != value)
			problem("enum %s.%s: is %lld, declared as %lld", type, name,
				(long long)enum_value(theirs, i), (long long)value);
		return;
	}
	problem("enum %s.%s: not there", type, name);
}

static void check_enum(const struct btf_type *ours)
{
	const char *name = name_of(declared, ours);
	const struct btf_type *theirs = find_enum(kernel, name);
	bool fixed = true;

	types++;
	if (!theirs) {
		problem("enum %s: not there", name);
		return;
	}
	for (size_t i = 0; i < sizeof(relocated_enums) / sizeof(*relocated_enums); i++)
		if (!strcmp(name, relocated_enums[i]))
			fixed = false;
	for (__u32 i = 0; i < btf_vlen(ours); i++)
		check_value(theirs, name, enum_name(declared, ours, i), enum_value(ours, i), fixed);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (!strcmp(name, values[i].type))
			check_value(theirs, name, values[i].name, values[i].value, true);
}

static void check_kernel(void)
{
	has[0] = lacks[0] = '\0';
	for (__u32 id = 1; id < btf__type_cnt(declared); id++) {
		const struct btf_type *t = btf__type_by_id(declared, id);

		if (!*name_of(declared, t))
			continue;
		if (btf_is_composite(t))
			check_record(t);
		else if (btf_is_any_enum(t))
			check_enum(t);
	}
	printf("%s: has%s\n%s: lacks%s\n", kernel_name, has, kernel_name, lacks);
}

/* Return: freed by btf__free(); a file that can't be read ends the program. */
static struct btf *load(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);

	if (!btf) {
		fprintf(stderr, "check: can't read BTF from %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return btf;
}

int main(int argc, char **argv)
{
	struct btf *ours, *theirs;

	if (argc < 3) {
		fprintf(stderr, "Usage: check TYPES_OBJECT KERNEL_BTF...\n");
		return 64;
	}
	ours = load(argv[1]);
	declared = ours;
	for (int i = 2; i < argc; i++) {
		theirs = load(argv[i]);
		kernel = theirs;
		kernel_name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
		types = fields = 0;
		check_kernel();
		btf__free(theirs);
	}
	btf__free(ours);
	if (!types) {
		fprintf(stderr, "check: no types in %s\n", argv[1]);
		return 2;
	}
	printf("%u types, %u fields, %u problems\n", types, fields, problems);
	return problems ? 1 : 0;
}
