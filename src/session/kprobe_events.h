/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kprobes with names, in tracefs: of these the kernel counts how often they are hit, and how
 * often it can't run them.  Before 6.7 that is the only way to know what a kprobe program
 * missed.  Not here: how often the program ran (attach.c).
 */
#ifndef PGMAPTRACE_SESSION_KPROBE_EVENTS_H
#define PGMAPTRACE_SESSION_KPROBE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Can they be made? */
bool kprobe_events_usable(void);

/* Remove what sessions left that were killed. */
void kprobe_events_tidy(void);

/*
 * kprobe_event_open - make this process's event number @index, at the entry of @symbol or at its
 * return.  Return: a perf event, to which a program can be attached; a negative errno.
 */
int kprobe_event_open(unsigned int index, const char *symbol, bool at_return);

/* After its perf event was closed. */
void kprobe_event_remove(unsigned int index);

/* @hits: how often it came to be run; @skipped: how often not even that.  False: not known. */
bool kprobe_event_counts(unsigned int index, uint64_t *hits, uint64_t *skipped);

#endif /* PGMAPTRACE_SESSION_KPROBE_EVENTS_H */
