// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libdw.a and libelf.a of elfutils 0.192 (Debian 13) use and neither has: their search
 * trees are in a library of elfutils that is not installed.  The linker takes this only where
 * they are still missing after all libraries: see "static" in the Makefile.
 *
 * Only these functions look into a tree.  Its first word is enough for them; what elfutils
 * keeps behind it, if anything, is a lock, and we use libdw in one thread.
 */
#include <search.h>
#include <stddef.h>

struct eu_tree {
	void *root;
};

typedef int compare_fn(const void *a, const void *b);
typedef void free_fn(void *key);

void eu_search_tree_init(struct eu_tree *tree);
void eu_search_tree_fini(struct eu_tree *tree, free_fn *free_key);
void *eu_tsearch(const void *key, struct eu_tree *tree, compare_fn *compare);
void *eu_tfind(const void *key, struct eu_tree *tree, compare_fn *compare);
void *eu_tdelete(const void *key, struct eu_tree *tree, compare_fn *compare);
void eu_tdestroy(struct eu_tree *tree, free_fn *free_key);

void eu_search_tree_init(struct eu_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct eu_tree *tree, free_fn *free_key)
{
	eu_tdestroy(tree, free_key);
}

void *eu_tsearch(const void *key, struct eu_tree *tree, compare_fn *compare)
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tfind(const void *key, struct eu_tree *tree, compare_fn *compare)
{
	return tfind(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct eu_tree *tree, compare_fn *compare)
{
	return tdelete(key, &tree->root, compare);
}

void eu_tdestroy(struct eu_tree *tree, free_fn *free_key)
{
	tdestroy(tree->root, free_key);
	tree->root = NULL;
}
