/* SPDX-License-Identifier: GPL-2.0-only */
/* The last request of the folio that a finding is about. */
#ifndef PGMAPTRACE_REPORT_LAST_REQUEST_H
#define PGMAPTRACE_REPORT_LAST_REQUEST_H

#include "session/session.h"

/*
 * report_last_request - as the finding has it, or as it was recorded since
 * If two CPUs request a folio at the same time, the second finds its state changed by the
 * first, and no record of who that was yet.  That CPU has recorded it by now.
 * Return: with tick 0 if it is not known; never one that the folio's state contradicts
 */
struct pgmt_last_event report_last_request(struct session *s, const struct pgmt_finding *f);

#endif /* PGMAPTRACE_REPORT_LAST_REQUEST_H */
