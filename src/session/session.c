// SPDX-License-Identifier: GPL-2.0-only
#include "session/internal.h"
#include "session/privileges.h"
#include "session/refusal.h"
#include "session/spins.h"
#include "session/split_wait.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "pgmaptrace.skel.h"

static const struct ksyms_files symbols = {"/proc/kallsyms", "/proc/modules", "/sys/module"};

int debug_level(void)
{
	const char *level = getenv("PGMAPTRACE_DEBUG");

	return level ? atoi(level) : 0;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	if (debug_level() > (level == LIBBPF_WARN ? 0 : 1))
		return vfprintf(stderr, format, args);
	return 0;
}

static struct btf *load_btf(const char *file)
{
	struct btf *btf = file ? btf__parse(file, NULL) : btf__load_vmlinux_btf();
	char why[128];

	if (btf)
		return btf;
	/* libbpf has error numbers of its own */
	if (errno == EMFILE)
		snprintf(why, sizeof(why), "%s", error_text(errno));
	else
		libbpf_strerror(-errno, why, sizeof(why));
	if (!file && errno == EMFILE)
		say_error("can't read /sys/kernel/btf/vmlinux: %s", why);
	else if (file)
		say_error("--btf: can't read types from %s: %s", file, why);
	else
		say_error("this kernel has no BTF: /sys/kernel/btf/vmlinux: %s "
			  "(build it with CONFIG_DEBUG_INFO_BTF=y)",
			  why);
	return NULL;
}

struct session *session_probe(const struct session_options *o, int *status)
{
	struct session *s = calloc(1, sizeof(*s));
	const char *refusal;

	*status = EXIT_INTERNAL;
	if (!s) {
		say_error("out of memory");
		return NULL;
	}
	libbpf_set_print(quiet);
	s->options = *o;
	s->kept = s->peer = KEPT_NOTHING;
	*status = filter_open(&s->filter, o->pid, o->cgroup);
	if (*status)
		goto fail;
	*status = o->btf ? EXIT_USAGE : EXIT_KERNEL;
	s->btf = load_btf(o->btf);
	if (!s->btf)
		goto fail;
	*status = EXIT_KERNEL;
	s->ksyms = ksyms_load(&symbols);
	if (!s->ksyms) {
		say_error("can't read /proc/kallsyms, where the address of pgmap_array is: %s%s",
			  error_text(errno),
			  errno == ENOENT ? " (build the kernel with CONFIG_KALLSYMS_ALL=y)" : "");
		goto fail;
	}
	refusal = refusal_to_look(s->ksyms);
	if (refusal) {
		say_error("%s", refusal);
		goto fail;
	}
	if (!privileges_check(ksyms_hidden(s->ksyms), !hooks_can_cast(s->btf)))
		goto fail;
	layout_find(&s->layout, s->ksyms, s->btf);
	hooks_choose(s->btf, s->ksyms, &s->choice);
	if (s->choice.error[0]) {
		say_error("%s", s->choice.error);
		goto fail;
	}
	return s;
fail:
	session_free(s);
	return NULL;
}

int session_can_trace(const struct session *s)
{
	const char *refusal = refusal_to_trace(s->ksyms);

	if (!refusal)
		return 0;
	say_error("%s", refusal);
	return EXIT_KERNEL;
}

int run_program(const struct bpf_program *p, void *ctx, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = ctx, .ctx_size_in = size);

	return bpf_prog_test_run_opts(bpf_program__fd(p), &opts);
}

/* ---- load ---- */

/*
 * Choose the programs to load: the verifier takes its time for each.
 * @trace: also those of the hooks
 */
static void choose_programs(struct session *s, bool trace)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, s->skel->obj) {
		if (bpf_program__type(p) != BPF_PROG_TYPE_SYSCALL)
			bpf_program__set_autoload(p, false);
	}
	bpf_program__set_autoload(s->skel->progs.scan_leaks, !trace);
	bpf_program__set_autoload(s->skel->progs.scan_initial, trace);
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (h->attach == PGMT_ATTACH_NO || !trace)
			continue;
		p = program_of(s, h);
		bpf_program__set_autoload(p, true);
		if (h->attach == PGMT_ATTACH_MULTI)
			bpf_program__set_expected_attach_type(p, BPF_TRACE_KPROBE_MULTI);
		if (h->first_only && h->one_argument)
			s->skel->rodata->disassociate_is_clone = true;
		if (h->named)
			s->skel->rodata->counts_runs = true;
	}
}

/* Where interrupts enter, so that stacks can end there. */
static void set_irq_text(struct session *s)
{
	uint64_t start = ksyms_address(s->ksyms, PGMT_IRQ_TEXT);
	uint64_t end = ksyms_address(s->ksyms, PGMT_IRQ_TEXT_END);

	if (start && !ksyms_any(s->ksyms, PGMT_NO_IRQ_TEXT, start, end)) {
		s->skel->rodata->irq_text[0].start = start;
		s->skel->rodata->irq_text[0].end = end;
	}
	s->skel->rodata->irq_text[1].start = ksyms_address(s->ksyms, "__softirqentry_text_start");
	s->skel->rodata->irq_text[1].end = ksyms_address(s->ksyms, "__softirqentry_text_end");
}

/* On a stack it says that the task is in a fault, of which it has a struct vm_fault there. */
static void set_fault_text(struct session *s)
{
	uint64_t start = ksyms_address(s->ksyms, "handle_mm_fault");

	s->skel->rodata->fault_text.start = start;
	s->skel->rodata->fault_text.end = start ? start + ksyms_room(s->ksyms, start) : 0;
}

/*
 * A scope, and a watch of some pages, need more of each event; and on a classic kernel few
 * come that way.  One constant for the programs, which would ask for each of these each time.
 */
static bool events_take_fast_path(const struct session *s)
{
	return !s->skel->rodata->slow && !s->filter.kind &&
	       (s->options.watch == PGMT_WATCH_NONE || s->options.watch == PGMT_WATCH_ALL) &&
	       s->choice.profile != PGMT_PROFILE_CLASSIC;
}

static void set_constants(struct session *s)
{
	s->skel->rodata->page_shift = PGMT_PAGE_SHIFT;
	s->skel->rodata->kernel_text = s->layout.text;
	s->skel->rodata->profile = s->choice.profile;
	s->skel->rodata->can_cast = s->choice.can_cast;
	s->skel->rodata->init_names_pgmap = s->choice.init_names_pgmap;
	s->skel->rodata->stack_mode = s->options.stack;
	s->skel->rodata->watch = s->options.watch;
	s->skel->rodata->watched = s->options.watched;
	s->skel->rodata->filter = s->filter.kind;
	s->skel->rodata->filter_id = s->filter.id;
	s->skel->rodata->split_wait = pgmt_in_guest() ? SPLIT_WAIT_IN_GUEST : SPLIT_WAIT;
	s->skel->rodata->slow = getenv("PGMAPTRACE_SLOW") != NULL;
	s->skel->rodata->takes_fast_path = events_take_fast_path(s);
	s->skel->rodata->return_trampoline = ksyms_address(s->ksyms, "return_to_handler");
	set_irq_text(s);
	set_fault_text(s);
}

static int read_word(void *session, uint64_t address, uint64_t *value)
{
	struct session *s = session;
	struct pgmt_read r = {.address = address};
	int err = run_program(s->skel->progs.read_word, &r, sizeof(r));

	*value = r.value;
	return err;
}

static int set_layout(struct session *s)
{
	struct memory m;

	if (layout_memory(&s->layout, read_word, s, &m))
		return EXIT_KERNEL;
	s->skel->bss->vmemmap = m.vmemmap;
	s->skel->bss->direct_map = m.direct_map;
	s->skel->bss->pgmap_root = s->layout.pgmap_array;
	s->skel->bss->cpu_offsets = s->layout.per_cpu_offset;
	/* they are numbered without holes */
	s->skel->bss->cpus = libbpf_num_possible_cpus();
	return 0;
}

static int on_record(void *arg, void *data, size_t size)
{
	const struct session_reader *r = &((struct session *)arg)->reader;
	const struct pgmt_pgmap_record *p = data;
	const __u32 *kind = data;

	(void)size;
	switch (*kind) {
	case PGMT_RECORD_PGMAP_NEW:
		r->pgmap(r->arg, &p->pgmap);
		break;
	case PGMT_RECORD_RELEASE:
		r->release(r->arg, data);
		break;
	case PGMT_RECORD_FINDING:
		r->finding(r->arg, data);
		break;
	}
	return 0;
}

static int on_event(void *arg, void *data, size_t size)
{
	struct session *s = arg;

	(void)size;
	s->reader.event(s->reader.arg, data);
	/* on busy CPUs there may always be one more */
	return ++s->events_now < SESSION_EVENTS ? 0 : -ECANCELED;
}

static int open_rings(struct session *s)
{
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.records), on_record, s, NULL);
	if (s->ring && !ring_buffer__add(s->ring, bpf_map__fd(s->skel->maps.events), on_event, s))
		return 0;
	say_error("can't map the ring buffer: %s", error_text(errno));
	return EXIT_INTERNAL;
}

/* How talkative the verifier is, as libbpf's kernel_log_level. */
static int verifier_log_level(void)
{
	return debug_level() > 1 ? 4 : 0;
}

int session_load(struct session *s, const struct session_reader *reader)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = privileges_btf(s->options.btf),
		    .kernel_log_level = verifier_log_level());
	int err = reader ? session_can_trace(s) : 0;

	if (err)
		return err;
	if (reader)
		s->reader = *reader;
	s->skel = pgmaptrace_bpf__open_opts(&opts);
	if (!s->skel) {
		say_error("can't open the BPF object: %s", error_text(errno));
		return EXIT_INTERNAL;
	}
	choose_programs(s, reader);
	if (reader)
		say_rules_off();
	set_constants(s);
	err = size_tables(s);
	if (err)
		return err;
	err = pgmaptrace_bpf__load(s->skel);
	if (err) {
		say_error("can't load the BPF programs: %s%s", error_text(-err),
			  err == -EPERM	   ? PRIVILEGES_HINT
			  : err == -EMFILE ? ""
					   : " (PGMAPTRACE_DEBUG=1 shows the verifier's log)");
		return EXIT_KERNEL;
	}
	kept_open(s);
	privileges_note_names();
	if (reader && !kept_map_spins(s)) {
		say_error("can't map the table of waiters: %s", error_text(errno));
		return EXIT_INTERNAL;
	}
	err = reader ? open_rings(s) : 0;
	return err ? err : set_layout(s);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	session_stop(s);
	ring_buffer__free(s->ring);
	holders_free(s->holders);
	peers_close(&s->peer);
	kept_unmap_spins(s);
	pgmaptrace_bpf__destroy(s->skel);
	ksyms_free(s->ksyms);
	btf__free(s->btf);
	free(s);
}

/* ---- read ---- */

int session_fd(const struct session *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

int session_consume(struct session *s)
{
	int n;

	s->events_now = 0;
	n = ring_buffer__consume(s->ring);
	return n == -ECANCELED ? SESSION_EVENTS : n;
}

bool session_look(struct session *s, struct pgmt_finding *f)
{
	return !run_program(s->skel->progs.look, f, sizeof(*f)) && f->pgmap.type;
}

/* ---- holders ---- */

bool session_prepare_holders(struct session *s)
{
	if (s->holders || s->no_holders)
		return s->holders;
	layout_check_waits(&s->layout, s->ksyms, s->btf);
	s->holders = holders_load(&s->layout, privileges_btf(s->options.btf), verifier_log_level());
	if (!s->holders)
		s->no_holders = errno ? errno : EINVAL;
	return s->holders;
}

int session_holders(struct session *s, const struct holders_query *q, struct holders_found *found)
{
	struct pgmt_spins spins;
	int err;

	if (!session_prepare_holders(s))
		return -s->no_holders;
	err = holders_find(s->holders, q, found);
	if (!err && kept_spins(s, &spins))
		spins_hold(&spins, clock_now(), found);
	return err;
}

int session_waits(struct session *s, struct pgmt_waits *found)
{
	struct pgmt_spins spins;
	uint32_t asleep;
	int err;

	if (!session_prepare_holders(s))
		return -s->no_holders;
	err = holders_waits(s->holders, found);
	if (err || !kept_spins(s, &spins))
		return err;
	found->looked |= 1U << PGMT_HOW_SPIN;
	asleep = found->nr;
	spins_add(&spins, clock_now(), found);
	for (uint32_t i = asleep; i < found->nr; i++)
		kept_frames(s, found->wait[i].site, found->wait[i].frames);
	return 0;
}

/* ---- symbols ---- */

static void refresh_ksyms(struct session *s, bool force)
{
	switch (ksyms_refresh(s->ksyms, force)) {
	case KSYMS_RELOADED:
		s->ksyms_old = false;
		s->ksyms_hidden = false;
		break;
	case KSYMS_HIDDEN:
		s->ksyms_old = false;
		if (!s->ksyms_hidden)
			say("/proc/kallsyms hides the addresses now: modules loaded from here on "
			    "have no symbols in stacks (sysctl kernel.kptr_restrict=1 shows them)");
		s->ksyms_hidden = true;
		break;
	case KSYMS_SAME:
	case KSYMS_FAILED:
		break;
	}
}

void session_note_modules(struct session *s)
{
	refresh_ksyms(s, false);
}

const struct ksyms *session_ksyms(struct session *s, enum session_symbols which)
{
	refresh_ksyms(s, which == SYMBOLS_BPF && s->ksyms_old);
	return s->ksyms;
}

uint64_t session_text(const struct session *s)
{
	return s->layout.text;
}

/* ---- what it was opened with ---- */

const struct pgmt_choice *session_choice(const struct session *s)
{
	return &s->choice;
}

const struct btf *session_btf(const struct session *s)
{
	return s->btf;
}

const char *session_scope(const struct session *s)
{
	return s->filter.kind ? s->filter.name : NULL;
}

uint64_t session_began(const struct session *s)
{
	/* 0 too if it was stopped before anything was loaded */
	return s->skel ? s->skel->bss->began : 0;
}
