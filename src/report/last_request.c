// SPDX-License-Identifier: GPL-2.0-only
#include "report/last_request.h"

#include "model/folio_state.h"

/* A request and a free of the same tick came in the order that the state tells. */
static bool fits(const struct pgmt_last_event *request, const struct pgmt_finding *f)
{
	return request->tick && request->tick >= f->last_free.tick;
}

struct pgmt_last_event report_last_request(struct session *s, const struct pgmt_finding *f)
{
	const struct pgmt_last_event none = {0};
	struct session_history now;

	if (!pgmt_is_outstanding(f->state) || fits(&f->last_request, f))
		return f->last_request;
	session_forget_recent(s);
	if (!session_history(s, f->pgmap.address, f->pfn, &now) || !fits(&now.last_request, f))
		return none;
	/* freed since: it may be that of its next use */
	if (now.last_free.tick != f->last_free.tick)
		return none;
	/* times in histories are rounded down, to ticks */
	return session_event_time(s, &now.last_request) <= f->time ? now.last_request : none;
}
