// SPDX-License-Identifier: GPL-2.0-only
#include "session/session.h"
#include "session/split_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/sysinfo.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "session/filter.h"
#include "session/peers.h"
#include "pgmaptrace.skel.h"
#include "base/say.h"

#define MAX_HOOKS    32
#define MAX_KILLED   64
#define REFS_STILL   1000000000ULL /* ns: as long must a wrong reference count stay the same */
#define EVENTS_BYTES (8 << 20)	   /* where all events are wanted, up to eight times as many */
#define SCAN_PAGES   (1 << 16)	   /* 256 MiB a step */

/* A pgmap that memunmap_pages waits for, as it was when it last changed. */
struct killed {
	uint64_t epoch;
	uint64_t since;
	struct pgmt_refs refs;
	bool reported;
};

/* What was read last of the sections and histories: who asks for many asks in order. */
struct recent {
	bool section_known, history_known;
	uint64_t section_key, history_key;
	struct pgmt_section section;
	struct pgmt_history history;
	uint32_t site[1 + PGMT_SITES + PGMT_SITE_WAYS]; /* 0: not read yet */
};

struct session {
	struct session_options options;
	struct filter filter;
	uint64_t out_of_scope; /* of what was found in user space */
	struct btf *btf;
	struct ksyms *ksyms;
	bool ksyms_old;	   /* our programs were loaded since */
	bool ksyms_hidden; /* and that was said */
	struct pgmt_choice choice;
	struct pgmaptrace_bpf *skel;
	struct kept kept; /* where the past of folios is read: our own maps, or */
	struct kept peer; /* those of another session that was joined */
	struct holders *holders;
	int no_holders; /* errno of why they can't be had */
	/* by the hook's place in pgmt_hooks[] */
	struct bpf_link *link[MAX_HOOKS];
	uint64_t missed[MAX_HOOKS]; /* by its probe, known when that is detached */
	struct ring_buffer *ring;
	int events_now; /* events that were read in this session_consume() */
	struct session_reader reader;
	struct pgmt_counts counts;
	struct killed killed[MAX_KILLED];
	unsigned int nr_killed;
	struct recent recent;
	bool unmade;		  /* memremap_pages was at a pgmap, which the last walk left out */
	const char *switched_off; /* by what hooks were, while they were wanted; NULL: not */
};

static const struct ksyms_files symbols = {"/proc/kallsyms", "/proc/modules", "/sys/module"};

/* PGMAPTRACE_DEBUG: 1 shows libbpf's warnings, 2 all it says, with what each program cost */
static int debug_level(void)
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
	/* libbpf has numbers of its own, too */
	libbpf_strerror(-errno, why, sizeof(why));
	if (file)
		say_error("--btf: can't read types from %s: %s", file, why);
	else
		say_error("this kernel has no BTF: /sys/kernel/btf/vmlinux: %s "
			  "(CONFIG_DEBUG_INFO_BTF)",
			  why);
	return NULL;
}

struct session *session_probe(const struct session_options *o, int *status)
{
	struct session *s = calloc(1, sizeof(*s));

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
			  strerror(errno), errno == ENOENT ? " (CONFIG_KALLSYMS_ALL)" : "");
		goto fail;
	}
	if (ksyms_hidden(s->ksyms)) {
		say_error("/proc/kallsyms hides the addresses, and pgmap_array is needed: run as "
			  "root, "
			  "after sysctl kernel.kptr_restrict=1");
		goto fail;
	}
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

static struct bpf_program *program_of(const struct session *s, const struct pgmt_hook *h)
{
	static const char *const prefix[] = {
		[PGMT_ATTACH_FENTRY] = "fentry",
		[PGMT_ATTACH_KPROBE] = "kprobe",
		[PGMT_ATTACH_MULTI] = "kprobe",
		[PGMT_ATTACH_FEXIT] = "fexit",
	};
	bool kret = h->exit && h->attach == PGMT_ATTACH_MULTI;
	char name[128];

	snprintf(name, sizeof(name), "%s_%s", kret ? "kretprobe" : prefix[h->attach], h->function);
	return bpf_object__find_program_by_name(s->skel->obj, name);
}

static int run_program(const struct bpf_program *p, void *ctx, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = ctx, .ctx_size_in = size);

	return bpf_prog_test_run_opts(bpf_program__fd(p), &opts);
}

/*
 * A variable of the kernel's, which is there only if the layout of memory is not
 * known when it is built: then it is @otherwise.  Return: 0, or an exit status.
 */
static int read_base(struct session *s, const char *name, uint64_t otherwise, uint64_t *base)
{
	struct pgmt_read r = {.address = ksyms_address(s->ksyms, name)};
	int err;

	*base = otherwise;
	if (!r.address)
		return 0;
	err = run_program(s->skel->progs.read_word, &r, sizeof(r));
	if (err || !r.value) {
		say_error("can't read %s: %s", name, strerror(-err));
		return EXIT_KERNEL;
	}
	*base = r.value;
	return 0;
}

static int learn_layout(struct session *s)
{
	uint64_t vmemmap, direct_map;
	int err = read_base(s, "vmemmap_base", PGMT_VMEMMAP_START, &vmemmap);

	if (!err)
		err = read_base(s, "page_offset_base", PGMT_DIRECT_MAP_START, &direct_map);
	if (err)
		return err;
	s->skel->bss->vmemmap = vmemmap;
	s->skel->bss->direct_map = direct_map;
	s->skel->bss->pgmap_root = ksyms_address(s->ksyms, "pgmap_array");
	s->skel->bss->cpu_offsets = ksyms_address(s->ksyms, "__per_cpu_offset");
	/* x86 numbers them without holes */
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

static void say_rules(uint32_t rules)
{
	for (int i = 1; i < PGMT_NR_RULES; i++)
		if (rules & (1u << i))
			say("  rule off: %s", pgmt_rule_name(i));
}

/* What a rule needs and this kernel has not. */
static void say_rules_off(const struct session *s)
{
	if (!s->choice.missing)
		return;
	say("%u hooks are not in this kernel (pgmaptrace probe lists them)", s->choice.missing);
	say_rules(s->choice.rules_off);
}

uint64_t session_began(const struct session *s)
{
	/* 0 too if it was stopped before anything was loaded */
	return s->skel ? s->skel->bss->began : 0;
}

uint64_t session_tick_time(const struct session *s, uint32_t tick)
{
	return s->kept.began + pgmt_tick_ns(tick);
}

uint64_t session_event_time(const struct session *s, const struct pgmt_last_event *t)
{
	return session_tick_time(s, t->tick);
}

/*
 * Where interrupts enter, so that stacks can end there.  x86 has exceptions in
 * the same section, before them: these belong to what the task does.
 */
static void learn_irq_text(struct session *s)
{
	uint64_t start = ksyms_address(s->ksyms, "asm_common_interrupt");
	uint64_t end = ksyms_address(s->ksyms, "__irqentry_text_end");

	if (start && !ksyms_any(s->ksyms, "asm_exc_", start, end)) {
		s->skel->rodata->irq_text[0].start = start;
		s->skel->rodata->irq_text[0].end = end;
	}
	s->skel->rodata->irq_text[1].start = ksyms_address(s->ksyms, "__softirqentry_text_start");
	s->skel->rodata->irq_text[1].end = ksyms_address(s->ksyms, "__softirqentry_text_end");
}

static void read_own(struct session *s)
{
	s->kept = (struct kept){
		.sections = bpf_map__fd(s->skel->maps.sections),
		.histories = bpf_map__fd(s->skel->maps.histories),
		.sites = bpf_map__fd(s->skel->maps.sites),
		.stacks = bpf_map__fd(s->skel->maps.stacks),
		.tasks = bpf_map__fd(s->skel->maps.tasks),
		.pid = getpid(),
		.history = s->options.stack != PGMT_STACK_NONE,
	};
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

/* Let others read what is kept here from now on, or no more. */
static void publish(struct session *s, bool fill_transition)
{
	struct pgmt_session_info info = {0};
	__u32 zero = 0;

	if (fill_transition)
		info = (struct pgmt_session_info){
			.layout = PGMT_LAYOUT,
			.pid = s->kept.pid,
			.began = s->kept.began,
			.history = s->kept.history,
			.sections = map_id(s->kept.sections),
			.histories = map_id(s->kept.histories),
			.sites = map_id(s->kept.sites),
			.stacks = map_id(s->kept.stacks),
			.tasks = map_id(s->kept.tasks),
		};
	bpf_map_update_elem(bpf_map__fd(s->skel->maps.pgmaptrace), &zero, &info, BPF_ANY);
}

static int open_rings(struct session *s)
{
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.records), on_record, s, NULL);
	if (s->ring && !ring_buffer__add(s->ring, bpf_map__fd(s->skel->maps.events), on_event, s))
		return 0;
	say_error("can't map the ring buffer: %s", strerror(errno));
	return EXIT_INTERNAL;
}

/*
 * What an element of these two maps takes with what the kernel adds, and from where
 * the tables themselves, which are there at once, would be too large.
 */
#define SECTION_BYTES 1024
#define HISTORY_BYTES 8192
#define MOST_SECTIONS (1 << 21) /* 4 TiB */

/* Of the machine, bytes; 0: not known. */
static uint64_t total_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : (uint64_t)info.totalram * info.mem_unit;
}

/* Room for events that the tool has not come to: a 64th of the memory, a power of two. */
static uint32_t size_of_events(const struct session *s)
{
	uint32_t bytes = EVENTS_BYTES;

	while (s->options.watch == PGMT_WATCH_ALL && bytes < 8 * EVENTS_BYTES &&
	       bytes * 2 <= total_memory() / 64)
		bytes *= 2;
	return bytes;
}

/* As many sections and histories as --max-memory allows. */
static void size_tables(struct session *s)
{
	uint64_t bytes = s->options.max_memory, each = SECTION_BYTES, sections;

	if (!bytes)
		bytes = total_memory() / 4;
	if (s->options.stack != PGMT_STACK_NONE)
		each += HISTORY_BYTES * PGMT_SECTION_PAGES / PGMT_HISTORY_PAGES;
	sections = bytes / each;
	if (!sections)
		sections = 1;
	if (sections > MOST_SECTIONS)
		sections = MOST_SECTIONS;
	bpf_map__set_max_entries(s->skel->maps.sections, sections);
	if (s->options.stack == PGMT_STACK_NONE)
		sections = 1;
	bpf_map__set_max_entries(s->skel->maps.histories,
				 sections * PGMT_SECTION_PAGES / PGMT_HISTORY_PAGES + 1);
}

/*
 * PGMAPTRACE_MAPS="NAME=ENTRIES[,NAME=ENTRIES]...", for tests: maps of another size,
 * which are soon full.  Return: 0, or an exit status.
 */
static int resize_maps(struct session *s)
{
	const char *list = getenv("PGMAPTRACE_MAPS"), *at = list;

	while (at) {
		char name[16], entries[8];
		struct bpf_map *map;
		int len = 0, err;

		if (sscanf(at, "%15[a-z_]=%7[0-9]%n", name, entries, &len) != 2 || !atoi(entries) ||
		    (at[len] && at[len] != ',')) {
			say_error("PGMAPTRACE_MAPS=%s: give NAME=ENTRIES[,NAME=ENTRIES]...", list);
			return EXIT_USAGE;
		}
		map = bpf_object__find_map_by_name(s->skel->obj, name);
		if (!map) {
			say_error("PGMAPTRACE_MAPS: no map is called %s", name);
			return EXIT_USAGE;
		}
		err = bpf_map__set_max_entries(map, atoi(entries));
		if (err) {
			say_error("PGMAPTRACE_MAPS: %s: %s", name, strerror(-err));
			return EXIT_USAGE;
		}
		at = at[len] ? at + len + 1 : NULL;
	}
	return 0;
}

int session_load(struct session *s, const struct session_reader *reader)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = s->options.btf,
		    .kernel_log_level = debug_level() > 1 ? 4 : 0);
	struct bpf_program *p;
	int err;

	if (reader)
		s->reader = *reader;
	s->skel = pgmaptrace_bpf__open_opts(&opts);
	if (!s->skel) {
		say_error("can't open the BPF object: %s", strerror(errno));
		return EXIT_INTERNAL;
	}
	bpf_object__for_each_program (p, s->skel->obj) {
		if (bpf_program__type(p) != BPF_PROG_TYPE_SYSCALL)
			bpf_program__set_autoload(p, false);
	}
	/* the verifier takes its time: what is not needed is not loaded */
	bpf_program__set_autoload(s->skel->progs.scan_leaks, !reader);
	bpf_program__set_autoload(s->skel->progs.scan_initial, reader);
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		if (h->attach == PGMT_ATTACH_NO || !reader)
			continue;
		p = program_of(s, h);
		bpf_program__set_autoload(p, true);
		if (h->attach == PGMT_ATTACH_MULTI)
			bpf_program__set_expected_attach_type(p, BPF_TRACE_KPROBE_MULTI);
		if (h->symbol != h->function)
			s->skel->rodata->disassociate_is_clone = true;
	}
	if (reader)
		say_rules_off(s);
	s->skel->rodata->profile = s->choice.profile;
	s->skel->rodata->can_cast = s->choice.can_cast;
	s->skel->rodata->init_names_pgmap = s->choice.init_names_pgmap;
	s->skel->rodata->stack_mode = s->options.stack;
	s->skel->rodata->watch = s->options.watch;
	s->skel->rodata->watched = s->options.watched;
	s->skel->rodata->filter = s->filter.kind;
	s->skel->rodata->filter_id = s->filter.id;
	s->skel->rodata->split_wait = in_guest() ? SPLIT_WAIT_IN_GUEST : SPLIT_WAIT;
	s->skel->rodata->slow = getenv("PGMAPTRACE_SLOW") != NULL;
	learn_irq_text(s);
	if (s->options.watch != PGMT_WATCH_NONE)
		bpf_map__set_max_entries(s->skel->maps.events, size_of_events(s));
	size_tables(s);
	err = resize_maps(s);
	if (err)
		return err;
	err = pgmaptrace_bpf__load(s->skel);
	if (err) {
		say_error("can't load the BPF programs: %s%s", strerror(-err),
			  err == -EPERM ? " (run as root)"
					: " (PGMAPTRACE_DEBUG=1 shows the verifier's log)");
		return EXIT_KERNEL;
	}
	read_own(s);
	err = reader ? open_rings(s) : 0;
	return err ? err : learn_layout(s);
}

static struct bpf_link *attach_multi(struct bpf_program *p, const struct pgmt_hook *h)
{
	const char *symbol = h->symbol;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = &symbol, .cnt = 1, .retprobe = h->exit);

	return bpf_program__attach_kprobe_multi_opts(p, NULL, &opts);
}

static struct bpf_link *attach_hook(const struct session *s, const struct pgmt_hook *h)
{
	struct bpf_program *p = program_of(s, h);

	if (h->attach == PGMT_ATTACH_KPROBE)
		return bpf_program__attach_kprobe(p, false, h->symbol);
	if (h->attach == PGMT_ATTACH_MULTI)
		return attach_multi(p, h);
	return bpf_program__attach(p);
}

int session_attach(struct session *s)
{
	const char *off = hooks_switched_off();

	if (off) {
		say_error("%s is 0, so that no hook would see anything: set it to 1", off);
		return EXIT_KERNEL;
	}
	for (struct pgmt_hook *h = pgmt_hooks; h->function; h++) {
		struct bpf_link *link;

		if (h->attach == PGMT_ATTACH_NO)
			continue;
		link = attach_hook(s, h);
		if (link) {
			s->link[h - pgmt_hooks] = link;
			h->attached = true;
			continue;
		}
		if (h->required) {
			say_error("can't attach to %s: %s", h->function, strerror(errno));
			return EXIT_KERNEL;
		}
		h->attach = PGMT_ATTACH_NO;
		hooks_without(&s->choice, h, errno);
		say("can't attach to %s: %s", h->symbol, strerror(errno));
		say_rules(h->rules);
	}
	s->skel->bss->rules_off = s->choice.rules_off | s->options.ignored;
	s->kept.began = s->skel->bss->began = clock_now();
	s->ksyms_old = true;
	/* from here on every hook sees every event */
	s->skel->bss->enabled = 1;
	return 0;
}

void session_check_switches(struct session *s)
{
	if (s->switched_off || !session_began(s))
		return;
	s->switched_off = hooks_switched_off();
	if (s->switched_off)
		say("%s is 0: hooks see nothing until it is 1 again, and the verdict can't be PASS",
		    s->switched_off);
}

const char *session_switched_off(const struct session *s)
{
	return s->switched_off;
}

struct baseline {
	struct session *session;
	bool (*interrupted)(void);
};

static int scan_pgmap(void *arg, const struct pgmt_walk *w)
{
	const struct baseline *b = arg;
	const struct pgmt_pgmap *p = &w->pgmap;

	for (uint32_t i = 0; i < p->nr_range; i++) {
		uint64_t pfn = p->range[i].start;

		if (i == 0 && p->first > pfn)
			pfn = p->first;
		while (pfn <= p->range[i].end && !b->interrupted()) {
			struct pgmt_scan scan = {.pfn = pfn, .nr = p->range[i].end - pfn + 1};
			int err;

			if (scan.nr > SCAN_PAGES)
				scan.nr = SCAN_PAGES;
			err = run_program(b->session->skel->progs.scan_initial, &scan,
					  sizeof(scan));
			if (err) {
				say_error("can't scan the pages of a pgmap: %s", strerror(-err));
				return EXIT_INTERNAL;
			}
			pfn += scan.nr;
		}
	}
	return 0;
}

static int pgmap_next(struct session *s, struct pgmt_walk *w)
{
	int err = run_program(s->skel->progs.pgmap_next, w, sizeof(*w));

	if (!err)
		return 0;
	say_error("can't walk the pgmap_array: %s", strerror(-err));
	return EXIT_INTERNAL;
}

int session_each_pgmap(struct session *s, bool (*interrupted)(void), session_walk_fn fn, void *arg)
{
	struct pgmt_walk w = {0};
	uint64_t last = 0;

	s->unmade = false;
	while (!w.done && !interrupted()) {
		int err = pgmap_next(s, &w);

		if (err)
			return err;
		s->unmade |= w.unmade;
		if (!w.found || w.pgmap.address == last)
			continue;
		/* the ranges of one pgmap may lie apart: its first visit does all */
		last = w.pgmap.address;
		err = fn(arg, &w);
		if (err)
			return err;
	}
	return 0;
}

bool session_look_at_pgmap(struct session *s, struct pgmt_walk *w)
{
	uint64_t address = w->pgmap.address;

	w->pfn = w->pgmap.range[0].start;
	return !pgmap_next(s, w) && w->found && w->pgmap.address == address;
}

#define MADE_WITHIN 30 /* seconds: a large pgmap's struct pages take a while */

int session_baseline(struct session *s, bool (*interrupted)(void))
{
	uint64_t end = clock_now() + MADE_WITHIN * 1000000000ULL;
	struct baseline b = {s, interrupted};
	int err;

	do {
		err = session_each_pgmap(s, interrupted, scan_pgmap, &b);
		if (err)
			return err;
	} while (s->unmade && clock_now() < end && !interrupted() && !poll(NULL, 0, 100));
	s->skel->bss->settled = 1;
	if (!interrupted())
		publish(s, true);
	return 0;
}

const uint64_t *session_scan_leaks(struct session *s, struct pgmt_leak_scan *l)
{
	int err = run_program(s->skel->progs.scan_leaks, l, sizeof(*l));

	if (!err)
		return (const uint64_t *)s->skel->bss->unexplained_pfn;
	say_error("can't scan the pages of a pgmap: %s", strerror(-err));
	return NULL;
}

bool session_join(struct session *s, uint32_t *pid, uint64_t *began)
{
	uint32_t other;

	if (!peers_find(&s->peer, &other)) {
		if (other == UINT32_MAX)
			say("a session of another version is running: it can't be read");
		else if (other)
			say("the session of pid %u is of another version: it can't be read", other);
		return false;
	}
	s->kept = s->peer;
	*pid = s->peer.pid;
	*began = s->peer.began;
	return true;
}

/* Return: all zero if there is none. */
static const struct pgmt_section *read_section(struct session *s, uint64_t pfn)
{
	struct recent *r = &s->recent;
	uint64_t key = pfn >> PGMT_SECTION_SHIFT;

	if (r->section_known && r->section_key == key)
		return &r->section;
	r->section_known = true;
	r->section_key = key;
	if (bpf_map_lookup_elem(s->kept.sections, &key, &r->section))
		memset(&r->section, 0, sizeof(r->section));
	return &r->section;
}

static const struct pgmt_page_history *find_history(struct session *s, uint64_t pfn)
{
	struct recent *r = &s->recent;
	uint64_t key = pfn / PGMT_HISTORY_PAGES;

	if (!r->history_known || r->history_key != key) {
		r->history_known = true;
		r->history_key = key;
		if (bpf_map_lookup_elem(s->kept.histories, &key, &r->history))
			memset(&r->history, 0, sizeof(r->history));
	}
	return &r->history.page[pfn % PGMT_HISTORY_PAGES];
}

static struct pgmt_last_event read_history(struct session *s, const struct pgmt_page_history *past,
					   enum pgmt_last_kind kind)
{
	uint32_t index = past->site[kind], *site;

	if (index > PGMT_SITES + PGMT_SITE_WAYS)
		index = 0;
	site = &s->recent.site[index];
	/* once there, it is not changed any more */
	if (index && !*site && bpf_map_lookup_elem(s->kept.sites, &index, site))
		*site = 0;
	return (struct pgmt_last_event){
		.tick = past->tick[kind], .who = past->who[kind], .site = *site};
}

static struct pgmt_last_event read_request(struct session *s, const struct pgmt_section *section,
					   uint64_t pfn)
{
	struct pgmt_last_event t = read_history(s, find_history(s, pfn), PGMT_LAST_REQUEST);

	pgmt_latest_request(&t, section);
	return t;
}

bool session_history(struct session *s, uint64_t pgmap, uint64_t pfn, struct session_history *past)
{
	const struct pgmt_section *section = read_section(s, pfn);

	if (section->pgmap != pgmap)
		return false;
	*past = (struct session_history){
		.word = pgmt_normalise(pgmt_word(section, pfn % PGMT_SECTION_PAGES),
				       section->fresh),
		.last_request = read_request(s, section, pfn),
		.last_free = read_history(s, find_history(s, pfn), PGMT_LAST_FREE),
	};
	return true;
}

bool session_keeps_history(const struct session *s)
{
	return s->kept.history;
}

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

/*
 * How often the probe itself was skipped, which kernels count from 6.7 on.  Where
 * struct bpf_link_info has it is younger than the headers this is built with.
 */
static uint64_t link_missed(const struct bpf_link *link)
{
	enum { KPROBE_MULTI_MISSED = 32, KPROBE_MISSED = 48 }; /* byte offsets */
	union {
		struct bpf_link_info info;
		uint64_t word[16];
	} u = {0};
	__u32 size = sizeof(u);
	size_t at;

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &u, &size))
		return 0;
	if (u.info.type == BPF_LINK_TYPE_KPROBE_MULTI)
		at = KPROBE_MULTI_MISSED;
	else if (u.info.type == BPF_LINK_TYPE_PERF_EVENT)
		at = KPROBE_MISSED;
	else
		return 0;
	return at + sizeof(uint64_t) <= size ? u.word[at / sizeof(uint64_t)] : 0;
}

uint64_t session_missed(struct session *s, const struct pgmt_hook *h)
{
	const struct bpf_program *p = s->skel && h->attached ? program_of(s, h) : NULL;
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (!p || bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size))
		return 0;
	return info.recursion_misses + s->missed[h - pgmt_hooks];
}

/*
 * The element of a per-CPU array whose value is of @size bytes, all of it
 * counters: their sums.  Return: false if it can't be had; @sum is as it was.
 */
static bool sum_cpus(const struct bpf_map *map, __u32 key, void *sum, size_t size)
{
	int cpus = libbpf_num_possible_cpus();
	size_t counters = size / sizeof(uint64_t);
	uint64_t *each = cpus > 0 ? calloc(cpus, size) : NULL;
	bool known = each && !bpf_map_lookup_elem(bpf_map__fd(map), &key, each);

	if (known)
		memset(sum, 0, size);
	for (size_t i = 0; known && i < cpus * counters; i++)
		((uint64_t *)sum)[i % counters] += each[i];
	free(each);
	return known;
}

void session_rates(struct session *s, uint64_t epoch, struct pgmt_rates *r)
{
	sum_cpus(s->skel->maps.rates, PGMT_SLOT(epoch), r, sizeof(*r));
}

const struct pgmt_counts *session_counts(struct session *s)
{
	uint64_t slots;

	if (!s->skel || !sum_cpus(s->skel->maps.counts, 0, &s->counts, sizeof(s->counts)))
		return &s->counts;
	/* those behind were never used */
	slots = s->skel->bss->epochs < PGMT_SLOTS ? s->skel->bss->epochs + 1 : PGMT_SLOTS;
	for (uint64_t slot = 0; slot < slots; slot++) {
		struct pgmt_rates r = {0};

		session_rates(s, slot, &r);
		s->counts.requests += r.requests;
		s->counts.frees += r.frees;
	}
	s->counts.out_of_scope += s->out_of_scope;
	s->counts.lost[PGMT_LOSS_PGMAP] += s->unmade;
	return &s->counts;
}

static bool judges(struct session *s, bool task, uint32_t word)
{
	if (task || word & PGMT_IN_SCOPE)
		return true;
	s->out_of_scope++;
	return false;
}

bool session_is_in_scope(struct session *s, const struct pgmt_finding *f)
{
	return judges(s, filter_has(&s->filter, f->tgid, f->tid), f->state);
}

const char *session_scope(const struct session *s)
{
	return s->filter.kind ? s->filter.name : NULL;
}

bool session_look(struct session *s, struct pgmt_finding *f)
{
	return !run_program(s->skel->progs.look, f, sizeof(*f)) && f->pgmap.type;
}

bool session_prepare_holders(struct session *s)
{
	if (s->holders || s->no_holders)
		return s->holders;
	s->holders = holders_load(s->ksyms, s->options.btf, debug_level() > 1 ? 4 : 0);
	if (!s->holders)
		s->no_holders = errno ? errno : EINVAL;
	return s->holders;
}

int session_holders(struct session *s, const struct holders_query *q, struct holders_found *found)
{
	if (!session_prepare_holders(s))
		return -s->no_holders;
	return holders_find(s->holders, q, found);
}

int session_waits(struct session *s, struct pgmt_waits *found)
{
	if (!session_prepare_holders(s))
		return -s->no_holders;
	return holders_waits(s->holders, found);
}

void session_stop(struct session *s)
{
	if (!s->skel)
		return;
	if (s->skel->bss) {
		s->skel->bss->enabled = 0;
		publish(s, false);
	}
	for (int i = 0; i < MAX_HOOKS; i++) {
		if (!s->link[i])
			continue;
		s->missed[i] = link_missed(s->link[i]);
		bpf_link__destroy(s->link[i]);
		s->link[i] = NULL;
	}
	while (s->ring && session_consume(s) >= SESSION_EVENTS)
		;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	session_stop(s);
	ring_buffer__free(s->ring);
	holders_free(s->holders);
	peers_close(&s->peer);
	pgmaptrace_bpf__destroy(s->skel);
	ksyms_free(s->ksyms);
	btf__free(s->btf);
	free(s);
}

const struct pgmt_choice *session_choice(const struct session *s)
{
	return &s->choice;
}

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
			say("/proc/kallsyms hides the addresses now (sysctl kernel.kptr_restrict=1 "
			    "shows them): modules that come from here on have no symbols in "
			    "stacks");
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

bool session_stack(struct session *s, uint32_t site, struct pgmt_stack *stack)
{
	return site && !(site & PGMT_SITE_IS_ADDRESS) &&
	       !bpf_map_lookup_elem(s->kept.stacks, &site, stack);
}

bool session_is_interrupt(struct session *s, uint32_t site)
{
	uint64_t last = 0;
	struct pgmt_stack st;

	if (!session_stack(s, site, &st))
		return false;
	for (int i = 0; i < PGMT_STACK_DEPTH && st.frame[i]; i++)
		last = st.frame[i];
	for (int i = 0; i < 2; i++)
		if (last >= s->skel->rodata->irq_text[i].start &&
		    last < s->skel->rodata->irq_text[i].end)
			return true;
	return false;
}

bool session_comm(struct session *s, const struct pgmt_last_event *t, char comm[PGMT_COMM_LEN])
{
	uint32_t tid = PGMT_TID(t->who);
	struct pgmt_task task;

	if (!tid) {
		snprintf(comm, PGMT_COMM_LEN, "swapper");
		return true;
	}
	/* another task may have got the number since */
	if (bpf_map_lookup_elem(s->kept.tasks, &tid, &task) || task.tick > t->tick)
		return false;
	memcpy(comm, task.comm, PGMT_COMM_LEN);
	return true;
}

const struct btf *session_btf(const struct session *s)
{
	return s->btf;
}

void session_groups(struct session *s, session_group_fn fn, void *arg)
{
	struct pgmt_group_key key, kept, *previous = NULL;
	struct pgmt_group group;
	int groups;

	/* stopped before anything was loaded */
	if (!s->skel)
		return;
	groups = bpf_map__fd(s->skel->maps.groups);
	while (!bpf_map_get_next_key(groups, previous, &key)) {
		kept = key;
		previous = &kept;
		if (!bpf_map_lookup_elem(groups, &key, &group))
			fn(arg, &key, &group);
	}
}

bool session_pgmap(struct session *s, uint64_t address, struct pgmt_pgmap *p)
{
	return !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.pgmaps), &address, p);
}

bool session_refs(struct session *s, uint64_t address, struct pgmt_refs *r)
{
	*r = (struct pgmt_refs){.address = address};
	return !run_program(s->skel->progs.explain, r, sizeof(*r)) && r->known;
}

int64_t session_pgmap_outstanding(struct session *s, uint64_t address)
{
	struct pgmt_refs r;

	return session_refs(s, address, &r) ? (int64_t)r.outstanding : -1;
}

void session_pgmaps(struct session *s, session_pgmap_fn fn, void *arg)
{
	uint64_t key, kept, *previous = NULL;
	struct pgmt_pgmap p;
	int pgmaps;

	if (!s->skel)
		return;
	pgmaps = bpf_map__fd(s->skel->maps.pgmaps);
	while (!bpf_map_get_next_key(pgmaps, previous, &key)) {
		kept = key;
		previous = &kept;
		if (!bpf_map_lookup_elem(pgmaps, &key, &p))
			fn(arg, &p);
	}
}

uint64_t session_break(struct session *s, uint32_t tid)
{
	uint64_t mapping;

	return bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.breaks), &tid, &mapping) ? 0 : mapping;
}

void session_expect_free(struct session *s, uint64_t pfn, bool expect)
{
	int map = bpf_map__fd(s->skel->maps.waited);
	uint8_t one = 1;

	if (expect ? !bpf_map_update_elem(map, &pfn, &one, BPF_NOEXIST)
		   : !bpf_map_delete_elem(map, &pfn))
		s->skel->bss->nr_waited += expect ? 1 : -1;
}

uint32_t session_keep_stack(struct session *s, const __u64 frame[PGMT_STACK_DEPTH])
{
	int stacks = bpf_map__fd(s->skel->maps.stacks);
	struct pgmt_stack stack, known;
	uint64_t hash = 0;
	uint32_t key;

	if (!frame[0])
		return 0;
	memcpy(stack.frame, frame, sizeof(stack.frame));
	for (int i = 0; i < PGMT_STACK_DEPTH; i++)
		hash = (hash ^ frame[i]) * 0x100000001b3ULL;
	key = ((hash ^ (hash >> 32)) & ~PGMT_SITE_IS_ADDRESS) | 1;
	if (!bpf_map_update_elem(stacks, &key, &stack, BPF_NOEXIST))
		return key;
	/* the same stack, or another one that happens to have its key */
	if (bpf_map_lookup_elem(stacks, &key, &known) || memcmp(&known, &stack, sizeof(stack)))
		return 0;
	return key;
}

void session_gone(struct session *s, session_gone_fn fn, void *arg)
{
	struct pgmt_torn_down_key key, kept, *previous = NULL;
	int map = bpf_map__fd(s->skel->maps.torn_down);
	struct pgmt_torn_down gone;

	while (!bpf_map_get_next_key(map, previous, &key)) {
		kept = key;
		previous = &kept;
		if (!bpf_map_lookup_elem(map, &key, &gone))
			fn(arg, &key, &gone);
	}
}

bool session_outstanding(struct session *s, session_folio_fn fn, void *arg)
{
	int sections = bpf_map__fd(s->skel->maps.sections);
	uint64_t key, kept, pfn, *previous = NULL;
	struct pgmt_section section;
	struct pgmt_last_event request;
	uint32_t word;

	s->recent.history_known = false;
	while (!bpf_map_get_next_key(sections, previous, &key)) {
		kept = key;
		previous = &kept;
		if (bpf_map_lookup_elem(sections, &key, &section))
			continue;
		for (int i = 0; i < PGMT_SECTION_PAGES; i++) {
			word = pgmt_word(&section, i);
			if (!pgmt_is_outstanding(word))
				continue;
			pfn = (key << PGMT_SECTION_SHIFT) + i;
			request = read_request(s, &section, pfn);
			if (!fn(arg, pfn, word, &request))
				return false;
		}
	}
	return true;
}

/* Return: NULL if it was told of already.  Of too many, the first are forgotten. */
static struct killed *find_killed(struct session *s, const struct pgmt_pgmap *p)
{
	struct killed *k = s->killed;

	for (; k < s->killed + MAX_KILLED; k++)
		if (k->epoch == p->epoch)
			return k->reported ? NULL : k;
	k = &s->killed[s->nr_killed++ % MAX_KILLED];
	*k = (struct killed){.epoch = p->epoch};
	return k;
}

/* Return: is it not explained, and not told of yet? */
static bool check_refs(struct session *s, const struct pgmt_pgmap *p, session_finding_fn fn,
		       void *arg)
{
	struct killed *k = find_killed(s, p);
	struct pgmt_finding f;
	struct pgmt_refs now;

	if (!k || !session_refs(s, p->address, &now))
		return false;
	/* the CPUs' counts are not summed up yet */
	if (now.refs < 0)
		return true;
	if (!k->since || now.refs != k->refs.refs || now.least != k->refs.least ||
	    now.most != k->refs.most) {
		k->refs = now;
		k->since = clock_now();
	}
	if (pgmt_refs_explained(now.refs, now.least, now.most))
		return false;
	if (clock_now() - k->since < REFS_STILL)
		return true;
	k->reported = true;
	f = (struct pgmt_finding){.pfn = now.pfn ? now.pfn : p->first};
	session_look(s, &f);
	/* of no folio in particular */
	if (!judges(s, !s->filter.kind || p->killer_in_scope, 0))
		return false;
	f.kind = PGMT_RECORD_FINDING;
	f.rule = PGMT_RULE_REF_IMBALANCE;
	f.time = p->killed;
	f.tid = p->killer;
	f.cpu = p->killer_cpu;
	f.site = p->killer_site;
	memcpy(f.comm, p->comm, sizeof(f.comm));
	f.pgmap = *p;
	f.refs = now.refs;
	f.least = now.least;
	f.most = now.most;
	fn(arg, &f);
	return false;
}

struct checking {
	struct session *session;
	session_finding_fn fn;
	void *arg;
	bool pending;
};

static void check_killed(void *arg, const struct pgmt_pgmap *p)
{
	struct checking *c = arg;

	if (p->killed)
		c->pending |= check_refs(c->session, p, c->fn, c->arg);
}

bool session_check_refs(struct session *s, session_finding_fn fn, void *arg)
{
	struct checking c = {.session = s, .fn = fn, .arg = arg};

	if (s->skel->bss->killed && !(s->skel->bss->rules_off & (1u << PGMT_RULE_REF_IMBALANCE)))
		session_pgmaps(s, check_killed, &c);
	return c.pending;
}
