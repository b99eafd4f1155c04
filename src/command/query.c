// SPDX-License-Identifier: GPL-2.0-only
#include "command/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/printable.h"
#include "command/rule_page.h"
#include "command/values.h"
#include "base/exit_status.h"
#include "session/holders.h"
#include "session/hooks.h"
#include "session/privileges.h"
#include "symbols/inlines.h"
#include "base/save.h"
#include "base/say.h"
#include "output/text.h"
#include "session/session.h"
#include "report/stacks.h"

static void print_hooks(const struct pgmt_choice *c)
{
	char why[PGMT_WHY_LEN];

	printf("\nhooks:\n");
	for (const struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (!(h->profiles & (1 << c->profile)))
			continue;
		printf("  %-13s", pgmt_attach_name(h->attach));
		if (h->attach == PGMT_ATTACH_NO)
			printf("%s (%s)", h->function, hooks_absence(h, why));
		for (unsigned int i = 0; h->attach != PGMT_ATTACH_NO && i < h->nr_symbols; i++)
			printf("%s%s", i ? ", " : "", h->symbol[i]);
		printf("%s\n", h->exit ? " (return)" : "");
	}
}

static void print_rules(const struct pgmt_choice *c)
{
	char why[PGMT_WHY_LEN];

	printf("\nrules:\n");
	for (int i = 1; i < PGMT_NR_RULES; i++) {
		const char *off = hooks_rule_off(c, i, why);

		if (off)
			printf("  off  %s (%s)\n", pgmt_rule_name(i), off);
		else
			printf("  on   %s\n", pgmt_rule_name(i));
	}
}

int command_probe(const struct options *o)
{
	const struct pgmt_choice *c;
	struct utsname u;
	struct session *s;
	int status;

	s = session_probe(&o->session, &status);
	if (!s)
		return status;
	status = session_can_trace(s);
	if (status) {
		session_free(s);
		return status;
	}
	uname(&u);
	c = session_choice(s);
	printf("release: %s\nprofile: %s\n", u.release, pgmt_profile_name(c->profile));
	print_hooks(c);
	print_rules(c);
	session_free(s);
	return save_stdout();
}

int command_rules(const char *name)
{
	unsigned int rule = name ? pgmt_rule_by_name(name, strlen(name)) : PGMT_RULE_NONE;
	char error[PGMT_NO_RULE_LEN];

	if (name && !rule) {
		say_error("%s", pgmt_no_rule(error, name, strlen(name)));
		return EXIT_USAGE;
	}
	if (rule)
		print_rule_page(stdout, rule);
	for (unsigned int i = 1; !rule && i < PGMT_NR_RULES; i++)
		printf("%-22s%s\n", pgmt_rule_name(i), pgmt_rule_text(i));
	return save_stdout();
}

static int say_no_holders(int err)
{
	say_error("can't search for holders: %s%s", error_text(-err),
		  err == -EPERM ? PRIVILEGES_HINT : "");
	return EXIT_KERNEL;
}

int command_holders(const struct options *o, const char *text)
{
	struct holders_query q = {0};
	struct holders_found found;
	struct session *s;
	char line[256];
	int status, err;

	if (!parse_number(text, &q.pfn))
		return usage_error("holders %s: give a page frame number", text);
	s = session_probe(&o->session, &status);
	if (!s)
		return status;
	err = session_holders(s, &q, &found);
	session_free(s);
	if (err == -ENXIO) {
		say_error("pfn %s is not a device page", text);
		return EXIT_USAGE;
	}
	if (err)
		return say_no_holders(err);
	printf("pfn 0x%llx, %llu page%s, refcount %d, mapcount %d\n", (unsigned long long)found.pfn,
	       (unsigned long long)found.pages, found.pages > 1 ? "s" : "", found.refcount,
	       found.mapcount);
	text_holders(stdout, "  ", &found, true);
	holders_not_looked(&found, line, sizeof(line));
	err = save_stdout();
	if (err)
		return err;
	if (found.nr)
		return EXIT_CLEAN;
	return line[0] ? EXIT_INCONCLUSIVE : EXIT_FINDINGS;
}

static void stack_line(void *arg, const struct stack_line *l)
{
	(void)arg;
	fputs("    ", stdout);
	stack_print(stdout, l, true);
}

static void print_wait(const struct pgmt_wait *w, const struct stack_names *names)
{
	struct pgmt_stack st;

	printf("%s/%u %s for ", comm_text(w->comm).text, w->tid, w->asked ? "spins" : "waits");
	if (w->how == PGMT_HOW_PGMAP)
		printf("the pgmap of pfn 0x%llx\n", w->pfn);
	else
		printf("pfn 0x%llx (refcount %d)\n", w->pfn, w->refcount);
	memcpy(st.frame, w->frames, sizeof(st.frame));
	stack_lines(&st, names, stack_line, NULL);
}

int command_waiters(const struct options *o)
{
	struct stack_names names = {.is_wrapped = hooks_wrap};
	static struct pgmt_waits found;
	struct session *s;
	int status, err;

	s = session_probe(&o->session, &status);
	if (!s)
		return status;
	err = session_waits(s, &found);
	if (err) {
		session_free(s);
		return say_no_holders(err);
	}
	names.ksyms = session_ksyms(s, SYMBOLS_MODULES);
	names.inlines = inlines_new(o->vmlinux);
	for (uint32_t i = 0; i < found.nr; i++)
		print_wait(&found.wait[i], &names);
	inlines_free(names.inlines);
	session_free(s);
	if (found.more)
		printf("and %u more\n", found.more);
	if (!found.nr)
		printf("nobody found\n");
	if (!(found.looked & 1u << PGMT_HOW_WAIT))
		printf("not searched, or not completely: who waits for a page\n");
	if (!(found.looked & 1u << PGMT_HOW_PGMAP))
		printf("not searched, or not completely: who waits for a pgmap\n");
	if (!(found.looked & 1u << PGMT_HOW_SPIN))
		printf("not searched, since nothing traces: who spins for a page\n");
	err = save_stdout();
	if (err)
		return err;
	if (found.nr)
		return EXIT_CLEAN;
	return pgmt_looked_at_all(&found) ? EXIT_FINDINGS : EXIT_INCONCLUSIVE;
}
