/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps that the programs share with the tool, and the numbers that the tool sets.
 * Not here: maps and numbers that one header alone uses.
 */
#ifndef PGMAPTRACE_BPF_MAPS_BPF_H
#define PGMAPTRACE_BPF_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "model/wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18); /* the tool sets it, by --max-memory */
	__type(key, __u64);	      /* pfn >> PGMT_SECTION_SHIFT */
	__type(value, struct pgmt_section);
} sections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18); /* as sections */
	__type(key, __u64);	      /* pfn / PGMT_HISTORY_SPAN */
	__type(value, struct pgmt_history);
} histories SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 + PGMT_SITES + PGMT_SITE_WAYS);
	__type(key, __u32);
	__type(value, pgmt_site_t); /* 0: free */
} sites SEC(".maps");

/* Always zero: what a new section and a new history begin as. */
struct pgmt_blank {
	struct pgmt_section section;
	struct pgmt_history history;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_blank);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* address */
	__type(value, struct pgmt_pgmap);
} pgmaps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 13); /* preallocated: hooks run with interrupts off */
	__type(key, __u32);	      /* hash of the frames */
	__type(value, struct pgmt_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u32); /* tid */
	__type(value, struct pgmt_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_GROUPS); /* preallocated, as stacks */
	__type(key, struct pgmt_group_key);
	__type(value, struct pgmt_group);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_TORN_DOWN);
	__type(key, struct pgmt_torn_down_key);
	__type(value, struct pgmt_torn_down);
} torn_down SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

/* A buffer of its own, so that events never push findings out; the tool enlarges it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PGMT_SLOTS);
	__type(key, __u32);
	__type(value, struct pgmt_rates);
} rates SEC(".maps");

/* How often the program of each kprobe with a name ran, by the number of its hook. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PGMT_MAX_HOOKS);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

/* Another pgmaptrace finds this session by the name of this map.  The tool fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_session_info);
} pgmaptrace SEC(".maps");

/* The file whose layout a task breaks: when it waits, its entries may be removed already. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, __u32); /* tid */
	__type(value, struct pgmt_break);
} breaks SEC(".maps");

/* The tool maps it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgmt_spins);
} spins SEC(".maps");

/* The pgmap that a task tears down, for a return that does not say. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, __u32);   /* tid */
	__type(value, __u64); /* struct dev_pagemap */
} unmapping SEC(".maps");

/* Folios that a task has waited for long: their last reference is worth a record. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PGMT_MAX_WAITS);
	__type(key, __u64); /* pfn */
	__type(value, __u8);
} waited SEC(".maps");

/* --inode: folios that the file has, or had until their free. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u64); /* pfn */
	__type(value, __u64);
} inode_folios SEC(".maps");

/* Set by the tool, but for the counts. */
volatile __u32 nr_waited;		      /* entries of waited */
volatile __u32 killed;			      /* count: pgmaps that memunmap_pages was called for */
const volatile __u32 profile;		      /* enum pgmt_profile */
const volatile __u32 stack_mode;	      /* enum pgmt_stack_mode */
const volatile __u32 watch;		      /* enum pgmt_watch */
const volatile __u64 watched;		      /* pfn or inode number */
const volatile __u64 kernel_text;	      /* where it begins: sites count from there */
const volatile struct pgmt_range irq_text[2]; /* code that an interrupt enters by */
const volatile __u64 return_trampoline;	      /* of the kernel's tracer of returns */
const volatile struct pgmt_range fault_text;  /* handle_mm_fault() */
const volatile bool slow;		      /* for tests: take no fast path */
const volatile bool takes_fast_path;	      /* an event may: fast_path.bpf.h */
const volatile __u64 split_wait;	      /* for a CPU that splits a folio, ns */
volatile __u32 enabled;			      /* all hooks are attached */
volatile __u32 settled;			      /* the initial scan is complete */
volatile __u32 rules_off;	 /* bit (1 << enum pgmt_rule): one of its hooks is not attached */
volatile __u64 began;		 /* ns; ticks count from here */
volatile __u64 epochs;		 /* count: pgmaps of this session */
const volatile bool counts_runs; /* of kprobe programs */
const volatile bool init_names_pgmap;	   /* zone_device_page_init(page, pgmap, order) */
const volatile bool disassociate_is_clone; /* and has no second argument */

#endif /* PGMAPTRACE_BPF_MAPS_BPF_H */
