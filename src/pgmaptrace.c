// SPDX-License-Identifier: GPL-2.0-only
/* The command: options, sub-commands, signals, and the life of a session. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "devices.h"
#include "exit_status.h"
#include "finding.h"
#include "out_text.h"
#include "session.h"

#ifndef VERSION
#define VERSION "0"
#endif

struct options {
	struct session_options session;
	bool verbose;
	bool timestamps;
	double duration;     /* seconds; negative: until a signal */
	double older;	     /* seconds; negative: leaks are not judged */
	const char *pgmap;   /* whose transitions are shown; NULL: of all that are watched */
	const char *vmlinux; /* file with debug info; NULL: in the standard places */
	char **command;	     /* run: NULL-terminated */
};

static int signals = -1; /* signalfd of SIGINT, SIGTERM and SIGCHLD */
static bool stop;

static const char help[] =
	"Usage: pgmaptrace [OPTION]...                 trace until Ctrl-C\n"
	"       pgmaptrace [OPTION]... run -- COMMAND  trace while COMMAND runs\n"
	"       pgmaptrace probe                       what this kernel offers\n"
	"       pgmaptrace rules [RULE]                the rules, and what breaks them\n"
	"       pgmaptrace holders PFN                 who maps, pins or waits for it now\n"
	"\n"
	"Watch every request and every free of device pages (pmem, device-dax, GPU,\n"
	"P2P) in the running kernel, and name a broken rule the moment it breaks.\n"
	"\n"
	"  -d, --duration SECS   stop after SECS\n"
	"  -o, --older SECS      at the end, report folios requested more than SECS ago,\n"
	"                        never freed, not explained by mappings or files\n"
	"  -T, --timestamps      begin a finding with the seconds since boot\n"
	"      --stack WHEN      take kernel stacks at all requests and frees (all, the\n"
	"                        default), at findings only (findings), never (none);\n"
	"                        without a stack the call site is kept\n"
	"      --pfn PFN         show each transition of the folio at PFN\n"
	"      --inode INODE     the same, of all folios of a file\n"
	"      --pgmap DEVICE    the same, of all folios of a device, such as dax0.0\n"
	"      --btf FILE        read the kernel's types from FILE\n"
	"      --vmlinux FILE    take source lines from FILE, a vmlinux with debug info\n"
	"  -v, --verbose         say on stderr what is attached and when; show who made\n"
	"                        the pgmap of a finding\n"
	"  -V, --version         show the version\n"
	"  -h, --help            show this text\n"
	"\n"
	"Exit status: 0 clean (with run: COMMAND's own), 1 findings, 2 inconclusive,\n"
	"64 wrong usage, 69 this kernel can't be traced, 70 internal error or output\n"
	"that can't be written, 126 COMMAND can't be executed, 127 COMMAND not found.\n"
	"Of holders: 0 someone, 1 nobody, 2 nobody that could be looked for.\n"
	"\n"
	"Examples:\n"
	"    pgmaptrace                          # trace until Ctrl-C\n"
	"    pgmaptrace run -- ./check dax       # a test run, with a verdict at the end\n"
	"    pgmaptrace -T -d 60                 # one minute, with times as in dmesg\n"
	"    pgmaptrace rules teardown-live      # what this finding means\n"
	"    pgmaptrace --pfn 0x40200            # the life of one page\n"
	"    pgmaptrace holders 0x40200          # who has to do with this page now\n";

static int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "pgmaptrace: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, " (see pgmaptrace --help)\n");
	va_end(args);
	return EXIT_USAGE;
}

static bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	errno = 0;
	*seconds = strtod(text, &end);
	return !errno && end != text && !*end && *seconds >= 0 && *seconds < 1e9;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-';
}

/* Watch what @watch says, unless something else is watched already. */
static bool watch(struct options *o, enum pt_watch watch, const char *text)
{
	if (o->session.watch != PT_WATCH_NONE || (text && !parse_number(text, &o->session.watched)))
		return false;
	o->session.watch = watch;
	return true;
}

static bool parse_stack(const char *text, enum pt_stack_mode *mode)
{
	static const char *const names[] = {"none", "findings", "all"};

	for (int i = 0; i < 3; i++) {
		if (!strcmp(text, names[i])) {
			*mode = i;
			return true;
		}
	}
	return false;
}

/* ---- signals ---- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write() */
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take COMMAND's status from us */
	signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return signals;
}

/* Did a signal ask us to stop?  SIGTERM is handed on to @child. */
static bool stop_requested(pid_t child)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		/* with a COMMAND its end is ours; the terminal's Ctrl-C reached it too */
		if (child > 0) {
			if (info.ssi_signo == SIGTERM || info.ssi_pid)
				kill(child, info.ssi_signo);
			continue;
		}
		stop = true;
	}
	return stop;
}

static bool interrupted(void)
{
	return stop_requested(0);
}

/* ---- run -- COMMAND ---- */

/* Return: 0 if @file can be executed, else the exit status of a shell. */
static int executable(const char *file)
{
	struct stat st;

	if (stat(file, &st))
		return errno == EACCES ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
	return S_ISREG(st.st_mode) && !access(file, X_OK) ? 0 : EXIT_NOT_EXECUTABLE;
}

/* As executable(), for a name that execvp() looks up in PATH. */
static int look_up(const char *name)
{
	const char *path = getenv("PATH");
	int status = EXIT_NOT_FOUND;
	char file[PATH_MAX];
	size_t len;

	if (strchr(name, '/'))
		return executable(name);
	for (path = path ? path : "/bin:/usr/bin"; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", len ? (int)len : 1, len ? path : ".", name);
		switch (executable(file)) {
		case 0:
			return 0;
		case EXIT_NOT_EXECUTABLE:
			status = EXIT_NOT_EXECUTABLE;
		}
	}
	return status;
}

static pid_t start(char **command)
{
	pid_t child = fork();
	sigset_t none;

	if (child)
		return child;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(command[0], command);
	fprintf(stderr, "pgmaptrace: can't execute %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Return: has @child ended?  *status is then what a shell would call its status. */
static bool ended(pid_t child, int *status)
{
	int wait_status;

	if (child <= 0 || waitpid(child, &wait_status, WNOHANG) != child)
		return false;
	*status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
	return true;
}

/* ---- the session ---- */

struct tracing {
	const struct options *options;
	struct session *session;
	struct findings findings;
	struct text_out out;
	uint64_t own[PT_NR_RULES]; /* findings made here, by rule */
	uint64_t ageless;	   /* outstanding folios whose request was not kept */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*
 * The kernel log's clock minus CLOCK_MONOTONIC, in ns.  Both tick alike but
 * begin apart; a line written to /dev/kmsg and read back tells how far.  It is
 * stamped soon after the write begins, though the write may end late, since it
 * can be made to print other lines: the least of a few tries counts.  0 if the
 * log can't be had.
 */
static int64_t kernel_log_offset(void)
{
	static const char line[] = "<7>pgmaptrace: reading the log's clock";
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	unsigned long long us;
	char record[8192];
	double least = 0;

	if (fd < 0)
		return 0;
	lseek(fd, 0, SEEK_END);
	for (int i = 0; i < 5; i++) {
		double before = now();
		ssize_t n;

		if (write(fd, line, sizeof(line) - 1) < 0)
			break;
		while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
			record[n] = '\0';
			if (!strstr(record, line + 3) || sscanf(record, "%*u,%*u,%llu", &us) != 1)
				continue;
			if (i == 0 || us / 1e6 - before < least)
				least = us / 1e6 - before;
		}
	}
	close(fd);
	return least * 1e9;
}

/* Show the first finding of each group; @own: made here. */
static void add_finding(struct tracing *t, const struct pt_finding *f, bool own)
{
	struct finding_group *g = findings_add(&t->findings, f, own);

	if (g && (g->nr_examples > 1 || g->count.times > 1))
		return;
	/* the two clocks drift apart: measured anew, close to the event */
	if (t->out.timestamps)
		t->out.clock_offset = kernel_log_offset();
	text_finding(&t->out, f);
}

static void add_own_finding(void *arg, const struct pt_finding *f)
{
	struct tracing *t = arg;

	t->own[f->rule]++;
	add_finding(t, f, true);
}

static void on_finding(void *arg, const struct pt_finding *f)
{
	add_finding(arg, f, false);
}

/* What a pgmap is called, and what is mounted: while it is there. */
static void on_pgmap(void *arg, const struct pt_pgmap *p)
{
	struct tracing *t = arg;

	devices_learn(t->out.devices, p);
	files_learn(t->out.files);
	/* whose driver has come, perhaps, and may go before its stacks are shown */
	session_note_modules(t->session);
}

static void on_told(void *arg, const struct pt_told *told)
{
	struct tracing *t = arg;

	if (t->options->pgmap &&
	    strcmp(t->options->pgmap, devices_name_of_epoch(t->out.devices, told->epoch)))
		return;
	text_told(&t->out, told);
}

static bool output_failed(const struct tracing *t)
{
	return ferror(t->out.to) != 0;
}

/* Return: COMMAND's status, 0 without one. */
static int trace(struct tracing *t, pid_t child)
{
	double end = t->options->duration >= 0 ? now() + t->options->duration : 0;
	struct pollfd fds[3] = {
		{.fd = session_fd(t->session), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
		{.fd = files_fd(t->out.files), .events = POLLPRI},
	};
	double told = now();
	int status = 0;

	while (!stop_requested(child) && !ended(child, &status) && !output_failed(t)) {
		double left = end ? end - now() : 1;

		if (left <= 0)
			break;
		if (!poll(fds, 3, left < 1 ? (int)(left * 1000) + 1 : 1000))
			session_note_modules(t->session);
		if (fds[2].revents) {
			devices_refresh(t->out.devices);
			files_learn(t->out.files);
		}
		session_consume(t->session);
		session_check_refs(t->session, add_own_finding, t);
		if (t->options->session.watch != PT_WATCH_NONE)
			fflush(t->out.to);
		if (t->findings.nr && now() - told > 1) {
			told = now();
			findings_count(&t->findings, t->session);
			text_progress(&t->out, &t->findings);
		}
	}
	return status;
}

/* A pgmap that was killed just now may have a reference too many: that takes a moment to tell. */
static void settle_refs(struct tracing *t)
{
	double end = now() + 2;

	while (session_check_refs(t->session, add_own_finding, t) && now() < end && !interrupted())
		poll(NULL, 0, 200);
}

/* Is this folio explained by a mapping that lasts, or a file, or was it freed since? */
static bool accounted_for(const struct pt_finding *f, enum pt_life life)
{
	/* its page_free has not come, whatever the count says */
	if (life == PT_PART)
		return false;
	return f->refcount <= 0 || (f->held && f->refcount <= (int64_t)f->held);
}

static void judge_outstanding(void *arg, uint64_t pfn, uint32_t word,
			      const struct pt_touch *request)
{
	struct tracing *t = arg;
	double age = now() - session_touch_time(t->session, request) / 1e9;
	enum pt_life life = word & PT_LIFE_MASK;
	struct pt_finding f = {.pfn = pfn};

	if (!request->tick) {
		t->ageless++;
		return;
	}
	if (age < t->options->older || !session_look(t->session, &f))
		return;
	if (accounted_for(&f, life))
		return;
	f.kind = PT_RECORD_FINDING;
	f.rule = life == PT_PART ? PT_RULE_PAGES_UNBALANCED : PT_RULE_LEAK;
	f.time = now() * 1e9;
	f.state = word;
	f.at = f.request.at;
	add_own_finding(t, &f);
}

static int finish(struct tracing *t, bool incomplete, int command_status)
{
	enum pt_profile profile = session_choice(t->session)->profile;
	struct summary sum;

	if (!incomplete)
		settle_refs(t);
	session_stop(t->session);
	if (t->options->older >= 0 && !incomplete &&
	    !(session_choice(t->session)->rules_off & (1u << PT_RULE_LEAK)))
		session_outstanding(t->session, judge_outstanding, t);
	findings_count(&t->findings, t->session);
	summarise(t->session, t->own, t->ageless, incomplete, &sum);
	text_ledger(&t->out, &t->findings, &sum);
	text_summary(t->out.to, &sum, profile);
	if (output_failed(t)) {
		fprintf(stderr, "pgmaptrace: can't write the output: %s\n", strerror(errno));
		text_summary(stderr, &sum, profile);
		return EXIT_INTERNAL;
	}
	switch (sum.verdict) {
	case VERDICT_FAIL:
		return EXIT_FINDINGS;
	case VERDICT_INCONCLUSIVE:
		return EXIT_INCONCLUSIVE;
	default:
		return command_status;
	}
}

static void say_attached(const struct session *s)
{
	const struct pt_choice *c = session_choice(s);

	fprintf(stderr, "pgmaptrace: profile %s\n", pt_profile_name(c->profile));
	for (const struct pt_hook *h = pt_hooks; h->function; h++)
		if (h->attach != PT_ATTACH_NO)
			fprintf(stderr, "pgmaptrace: %s %s\n", pt_attach_name(h->attach),
				h->symbol);
}

static int run_session(const struct options *o)
{
	struct tracing t = {.options = o};
	struct session_reader reader = {
		.finding = on_finding,
		.pgmap = on_pgmap,
		.told = on_told,
		.arg = &t,
	};
	bool incomplete = true;
	pid_t child = 0;
	int status, err;

	if (o->command) {
		status = look_up(o->command[0]);
		if (status) {
			fprintf(stderr, "pgmaptrace: %s: %s\n", o->command[0],
				status == EXIT_NOT_FOUND ? "command not found"
							 : "permission denied");
			return status;
		}
	}
	if (o->vmlinux && access(o->vmlinux, R_OK)) {
		fprintf(stderr, "pgmaptrace: can't read %s: %s\n", o->vmlinux, strerror(errno));
		return EXIT_KERNEL;
	}
	if (open_signals() < 0)
		return EXIT_INTERNAL;
	t.session = session_probe(&o->session, &status);
	if (!t.session)
		return status;
	t.out.to = stdout;
	t.out.timestamps = o->timestamps;
	t.out.verbose = o->verbose;
	t.out.session = t.session;
	t.out.devices = devices_new("");
	t.out.files = files_new("");
	status = 0;
	t.out.inlines = inlines_new(o->vmlinux);
	if (!t.out.devices || !t.out.files || !t.out.inlines) {
		err = EXIT_INTERNAL;
		goto out;
	}
	if (!interrupted()) {
		err = session_load(t.session, &reader);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		err = session_attach(t.session);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		err = session_baseline(t.session, interrupted);
		if (err)
			goto out;
	}
	if (!interrupted()) {
		incomplete = false;
		/* devices are named while they are there */
		session_consume(t.session);
		if (o->verbose)
			say_attached(t.session);
		if (o->verbose || !o->command)
			fprintf(stderr, "pgmaptrace: tracing%s\n",
				o->command ? "" : ", Ctrl-C ends it");
		/* at the first finding this would be too late for whoever lets go soon */
		session_prepare_holders(t.session);
		if (o->command)
			child = start(o->command);
		if (child < 0) {
			fprintf(stderr, "pgmaptrace: can't fork: %s\n", strerror(errno));
			err = EXIT_INTERNAL;
			goto out;
		}
		status = trace(&t, child);
	}
	err = finish(&t, incomplete, status);
out:
	session_free(t.session);
	devices_free(t.out.devices);
	inlines_free(t.out.inlines);
	files_free(t.out.files);
	findings_free(&t.findings);
	return err;
}

/* ---- probe, rules, holders ---- */

static int flush_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_CLEAN;
	fprintf(stderr, "pgmaptrace: can't write the output: %s\n", strerror(errno));
	return EXIT_INTERNAL;
}

static int probe(const struct options *o)
{
	const struct pt_choice *c;
	struct session *s;
	int status;

	s = session_probe(&o->session, &status);
	if (!s)
		return status;
	c = session_choice(s);
	printf("profile: %s\n\nhooks:\n", pt_profile_name(c->profile));
	for (const struct pt_hook *h = pt_hooks; h->function; h++) {
		if (!(h->profiles & (1 << c->profile)))
			continue;
		printf("  %-13s%s\n", pt_attach_name(h->attach),
		       h->attach == PT_ATTACH_NO ? h->function : h->symbol);
	}
	printf("\nrules:\n");
	for (int i = 1; i < PT_NR_RULES; i++)
		printf("  %-4s %s\n", c->rules_off & (1u << i) ? "off" : "on", pt_rule_name(i));
	session_free(s);
	return flush_output();
}

static int rules(const char *name)
{
	bool found = false;

	for (int i = 1; i < PT_NR_RULES; i++) {
		if (name && strcmp(name, pt_rule_name(i)))
			continue;
		printf("%-22s%s\n", pt_rule_name(i), pt_rule_text(i));
		found = true;
	}
	if (!found)
		return usage_error("no rule is called %s: pgmaptrace rules lists them", name);
	return flush_output();
}

static int holders(const struct options *o, const char *text)
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
		fprintf(stderr, "pgmaptrace: pfn %s is no device page\n", text);
		return EXIT_USAGE;
	}
	if (err) {
		fprintf(stderr, "pgmaptrace: can't look for holders: %s%s\n", strerror(-err),
			err == -EPERM ? " (run as root)" : "");
		return EXIT_KERNEL;
	}
	printf("pfn 0x%llx, %llu page%s, refcount %d, mapcount %d\n", (unsigned long long)found.pfn,
	       (unsigned long long)found.pages, found.pages > 1 ? "s" : "", found.refcount,
	       found.mapcount);
	for (uint32_t i = 0; i < found.nr; i++) {
		holder_text(&found.holder[i], line, sizeof(line));
		printf("  %s\n", line);
	}
	if (found.more)
		printf("  and %u more\n", found.more);
	if (!found.nr)
		printf("  nobody found\n");
	holders_not_looked(&found, line, sizeof(line));
	if (line[0])
		printf("  can't be known, or not wholly: %s\n", line);
	printf("  " HOLDERS_NEVER_SEEN "\n");
	err = flush_output();
	if (err)
		return err;
	if (found.nr)
		return EXIT_CLEAN;
	return line[0] ? EXIT_INCONCLUSIVE : EXIT_FINDINGS;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{"btf", required_argument, NULL, 'b'},
		{"duration", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{"inode", required_argument, NULL, 'i'},
		{"older", required_argument, NULL, 'o'},
		{"pfn", required_argument, NULL, 'p'},
		{"pgmap", required_argument, NULL, 'g'},
		{"stack", required_argument, NULL, 's'},
		{"timestamps", no_argument, NULL, 'T'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"vmlinux", required_argument, NULL, 'l'},
		{0},
	};
	static const char bad_watch[] =
		"%s %s: give a number (0x for hexadecimal) or a device, and only one of --pfn, "
		"--inode and --pgmap";
	char unknown[3];
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:d:ho:TvV", names, NULL)) != -1) {
		switch (c) {
		case 'b':
			o->session.btf = optarg;
			break;
		case 'd':
			if (!parse_seconds(optarg, &o->duration))
				return usage_error("--duration %s: give seconds", optarg);
			break;
		case 'h':
			fputs(help, stdout);
			exit(flush_output());
		case 'i':
			if (!watch(o, PT_WATCH_INODE, optarg))
				return usage_error(bad_watch, "--inode", optarg);
			break;
		case 'p':
			if (!watch(o, PT_WATCH_PFN, optarg))
				return usage_error(bad_watch, "--pfn", optarg);
			break;
		case 'g':
			if (!watch(o, PT_WATCH_ALL, NULL))
				return usage_error(bad_watch, "--pgmap", optarg);
			o->pgmap = optarg;
			break;
		case 'o':
			if (!parse_seconds(optarg, &o->older))
				return usage_error("--older %s: give seconds", optarg);
			break;
		case 's':
			if (!parse_stack(optarg, &o->session.stack))
				return usage_error("--stack %s: give all, findings or none",
						   optarg);
			break;
		case 'T':
			o->timestamps = true;
			break;
		case 'l':
			o->vmlinux = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			puts("pgmaptrace " VERSION);
			exit(flush_output());
		case ':':
			return usage_error("%s wants a value", argv[optind - 1]);
		default:
			/* a short option may stand in a cluster that is not passed yet */
			snprintf(unknown, sizeof(unknown), "-%c", optopt);
			return usage_error("unknown option %s",
					   optopt ? unknown : argv[optind - 1]);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.duration = -1, .older = -1, .session.stack = PT_STACK_ALL};
	int err = parse_options(argc, argv, &o);
	const char *command;

	if (err)
		return err;
	argc -= optind;
	argv += optind;
	command = argc ? argv[0] : NULL;
	if (!command)
		return run_session(&o);
	if (!strcmp(command, "run")) {
		argv++;
		if (*argv && !strcmp(*argv, "--"))
			argv++;
		if (!*argv)
			return usage_error("%s: give a COMMAND after --", "run");
		o.command = argv;
		return run_session(&o);
	}
	if (!strcmp(command, "probe") && argc == 1)
		return probe(&o);
	if (!strcmp(command, "rules") && argc <= 2)
		return rules(argv[1]);
	if (!strcmp(command, "holders") && argc == 2)
		return holders(&o, argv[1]);
	if (!strcmp(command, "holders") && argc == 1)
		return usage_error("%s: give a page frame number", command);
	if (!strcmp(command, "probe") || !strcmp(command, "rules") || !strcmp(command, "holders"))
		return usage_error("%s: too many arguments", command);
	return usage_error("unknown command %s: run, probe, rules or holders", command);
}
