/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types of pgmaps, contracts of kernels, and what follows from the two: at which reference
 * count a folio idles, and who holds its references.  Not here: the state of one folio.
 */
#ifndef PGMAPTRACE_MODEL_PROFILE_H
#define PGMAPTRACE_MODEL_PROFILE_H

#include "model/compiler.h"

/* enum memory_type of include/linux/memremap.h */
enum pgmt_type {
	PGMT_TYPE_NONE = 0,
	PGMT_TYPE_PRIVATE = 1,
	PGMT_TYPE_COHERENT = 2,
	PGMT_TYPE_FS_DAX = 3,
	PGMT_TYPE_GENERIC = 4,
	PGMT_TYPE_PCI_P2PDMA = 5,
	PGMT_NR_TYPES,
};

/* What the kernel's contract for device pages is; see docs/kernels.md. */
enum pgmt_profile {
	PGMT_PROFILE_NONE = 0,
	PGMT_PROFILE_CLASSIC, /* fsdax idles at 1, a mapping takes no reference */
	PGMT_PROFILE_COUNTED, /* fsdax idles at 0, every mapping holds a reference */
	PGMT_PROFILE_REQUEST, /* all idle at 0, and are requested from the pgmap */
	PGMT_NR_PROFILES,
};

/* The reference count of a folio that nobody uses. */
static __always_inline int pgmt_idle_count(unsigned char profile, unsigned char type)
{
	if (profile == PGMT_PROFILE_REQUEST)
		return 0;
	if (type == PGMT_TYPE_GENERIC)
		return 1;
	if (profile == PGMT_PROFILE_CLASSIC &&
	    (type == PGMT_TYPE_FS_DAX || type == PGMT_TYPE_PCI_P2PDMA))
		return 1;
	return 0;
}

/* Is each folio requested, and not requested again until page_free took it back? */
static __always_inline int pgmt_is_requested(unsigned char profile, unsigned char type)
{
	return profile == PGMT_PROFILE_REQUEST || type == PGMT_TYPE_PRIVATE ||
	       type == PGMT_TYPE_COHERENT;
}

/* Do we see requests and frees of such folios, in pairs? */
static __always_inline int pgmt_is_paired(unsigned char profile, unsigned char type)
{
	return pgmt_is_requested(profile, type) ||
	       (profile == PGMT_PROFILE_COUNTED && type == PGMT_TYPE_FS_DAX);
}

/* Is a mapping all that we see of a use?  device-dax, where nobody requests a folio. */
static __always_inline int pgmt_only_mapped(unsigned char profile, unsigned char type)
{
	return type == PGMT_TYPE_GENERIC && !pgmt_is_paired(profile, type);
}

/* Does each page table entry hold a reference of the folio? */
static __always_inline int pgmt_mappings_hold(unsigned char profile, unsigned char type)
{
	return type == PGMT_TYPE_PRIVATE || type == PGMT_TYPE_COHERENT ||
	       profile == PGMT_PROFILE_COUNTED;
}

/* Does each file that has the folio stored hold one? */
static __always_inline int pgmt_files_hold(unsigned char profile, unsigned char type)
{
	return profile == PGMT_PROFILE_REQUEST && type == PGMT_TYPE_FS_DAX;
}

/*
 * May the requester hold a reference for as long as it likes?  Not fsdax, which requests
 * folios for files; and of a pgmap that was killed all folios should come back.
 */
static __always_inline int pgmt_requester_holds(unsigned char profile, unsigned char type,
						int dying)
{
	return pgmt_is_requested(profile, type) && type != PGMT_TYPE_FS_DAX && !dying;
}

/*
 * pgmt_accounted - how many references above idle are accounted for
 * @mapcount: page table entries that have the folio
 * @files: files that have it stored
 * Return: those of mappings, files and the requester.  The requester's own passes on to the
 *	first mapping.
 */
static __always_inline int pgmt_accounted(unsigned char profile, unsigned char type, int dying,
					  int mapcount, int files)
{
	int n = 0;

	if (pgmt_mappings_hold(profile, type) && mapcount > 0)
		n += mapcount;
	if (pgmt_files_hold(profile, type))
		n += files;
	if (!n && pgmt_requester_holds(profile, type, dying))
		n = 1;
	return n;
}

#endif /* PGMAPTRACE_MODEL_PROFILE_H */
