// SPDX-License-Identifier: GPL-2.0-only
#include "output/kmsg.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* as printk_ratelimit() has them */
#define INTERVAL 5000000000ULL /* ns */
#define BURST	 10

bool kmsg_open(struct kmsg_out *o, struct sources *from)
{
	*o = (struct kmsg_out){
		.fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC),
		.from = from,
	};
	return o->fd >= 0;
}

/*
 * A record that the log has no room for is not worth more than that.
 * Without a newline nobody can read it until another record comes.
 */
static void put(struct kmsg_out *o, const char *record)
{
	if (write(o->fd, record, strlen(record)) < 0)
		o->unsaid++;
}

static void say_unsaid(struct kmsg_out *o)
{
	char record[128];

	if (!o->unsaid)
		return;
	snprintf(record, sizeof(record), "<%d>pgmaptrace: %u more findings were not logged\n",
		 LOG_WARNING, o->unsaid);
	o->unsaid = 0;
	put(o, record);
}

/* Who called the function that is hooked: there the reader of a kernel's report looks first. */
static const char *function_of(const struct kmsg_out *o, const struct report *r,
			       char name[2][FRAME_NAME_LEN])
{
	unsigned int nr = report_functions(o->from, r->f.site, name, 2);

	return nr ? name[nr - 1] : "?";
}

void kmsg_finding(struct kmsg_out *o, const struct report *r)
{
	char record[800], text[512], name[2][FRAME_NAME_LEN];
	uint64_t now = clock_now();

	if (o->fd < 0)
		return;
	if (now - o->since > INTERVAL) {
		say_unsaid(o);
		o->since = now;
		o->said = 0;
	}
	if (o->said++ >= BURST) {
		o->unsaid++;
		return;
	}
	report_headline(r, text, sizeof(text));
	/* what only warns fails no scan */
	snprintf(record, sizeof(record), "<%d>%spgmaptrace: %s in %s: %s\n",
		 r->warning ? LOG_WARNING : LOG_ERR,
		 r->warning ? "" : "BUG: ", pgmt_rule_name(r->f.rule), function_of(o, r, name),
		 text);
	put(o, record);
}

void kmsg_close(struct kmsg_out *o)
{
	if (o->fd < 0)
		return;
	say_unsaid(o);
	close(o->fd);
	o->fd = -1;
}
