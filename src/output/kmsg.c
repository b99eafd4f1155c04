// SPDX-License-Identifier: GPL-2.0-only
#include "output/kmsg.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

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

/* Write a record, which must end with a newline: else it is not readable until the next. */
static void put(struct kmsg_out *o, const char *record)
{
	if (write(o->fd, record, strlen(record)) < 0)
		o->dropped++;
}

static void log_dropped(struct kmsg_out *o)
{
	char record[128];

	if (!o->dropped)
		return;
	snprintf(record, sizeof(record), "<%d>pgmaptrace: %u more finding%s not logged\n",
		 LOG_WARNING, o->dropped, o->dropped == 1 ? "" : "s");
	o->dropped = 0;
	put(o, record);
}

/* The caller of the hooked function: where a reader of kernel reports looks first. */
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
		log_dropped(o);
		o->since = now;
		o->logged = 0;
	}
	if (o->logged++ >= BURST) {
		o->dropped++;
		return;
	}
	report_headline(r, text, sizeof(text));
	/* scanners of the log fail on "BUG:", which a warning must not do */
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
	log_dropped(o);
	close(o->fd);
	o->fd = -1;
}
