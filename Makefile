# SPDX-License-Identifier: GPL-2.0-only
#
# make            build/pgmaptrace
# make static     build/static/pgmaptrace, one file that runs anywhere
# make check      everything: lint, unit tests, kernel types, tests on real kernels
# make soak       ten minutes of mixed load on each kernel, no finding
# make fuzz       what reads files and options, with random input
# make bench      what tracing costs, in instructions
# make demo       boot a kernel, break it, show the reports
# make deps       install what is missing (root, Debian)
#
# V=1 shows commands, O=dir builds elsewhere, DESTDIR and prefix as usual.

O	?= build
prefix	?= /usr/local
sbindir	?= $(prefix)/sbin
datadir	?= $(prefix)/share
mandir	?= $(datadir)/man
docdir	?= $(datadir)/doc/pgmaptrace
CLANG	?= clang
CC	?= gcc
BPFTOOL	?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
VERSION	:= 0.1
BENCH_KERNELS ?= bookworm newest request
KERNELS	?= bookworm trixie newest request

CFLAGS	 ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Werror -Wno-sign-compare
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc -I$(O)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror \
	-Wno-unused-parameter -Ivmlinux -Isrc
LIBS := -lbpf -lelf -lz
# libdw reads compressed files, and libdw.a does not say with what
TOOL_LIBS := -lbpf -ldw -lelf -llzma -lbz2 -lz -ljson-c

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-8s%s\n' $(1) $(2))

# one folder below another: docs/architecture.md
FOLDERS := base model symbols session verdict report output leaks command
SOURCES := src/pgmaptrace.c $(wildcard $(FOLDERS:%=src/%/*.c))
SKELETONS := $(O)/pgmaptrace.skel.h $(O)/holders.skel.h
OBJECTS := $(SOURCES:src/%.c=$(O)/%.o)
PROGRAMS := $(patsubst tests/programs/%.c,$(O)/programs/%,$(wildcard tests/programs/*.c))

FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS ?= 60

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*.c))

all: $(O)/pgmaptrace

$(O) $(O)/programs $(O)/static $(O)/unit $(O)/fuzz $(O)/btf $(FOLDERS:%=$(O)/%):
	$(Q)mkdir -p $@

$(O)/%.bpf.o: src/%.bpf.c | $(O)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@.tmp -MF $(O)/$*.bpf.d -MT $@
	$(Q)$(BPFTOOL) gen object $@ $@.tmp

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@.tmp && mv $@.tmp $@

$(O)/%.o: src/%.c $(SKELETONS) | $(O) $(FOLDERS:%=$(O)/%)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/pgmaptrace: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

$(O)/static/pgmaptrace: $(OBJECTS) | $(O)/static
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ $(TOOL_LIBS)

static: $(O)/static/pgmaptrace

$(O)/programs/%: tests/programs/%.c | $(O)/programs
	$(call say,CC,$@)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) -static -o $@ $<

programs: $(PROGRAMS)

$(O)/unit/%: tests/unit/%.c | $(O)/unit $(SKELETONS)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< -lcmocka -ldw -lbpf -ljson-c

# these run the BPF programs as ordinary code
$(addprefix $(O)/unit/test_,fast_path history span_histories spans whole_section): \
	override CPPFLAGS := -Itests/native $(CPPFLAGS)

# the code that is tested is in the program itself, so that all of it is instrumented
$(O)/fuzz/%: tests/fuzz/%.c | $(O)/fuzz
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -MMD -MP -MF $@.d -o $@ $< -ljson-c

$(O)/btf/check: tests/btf/check.c | $(O)/btf
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(LIBS)

.SECONDARY: $(SKELETONS:.skel.h=.bpf.o)

-include $(wildcard $(O)/*.d $(O)/*/*.d)

CONTRIB := $(patsubst contrib/%,%,$(wildcard contrib/*.sh contrib/*/*))

# What needs packages installs them first, so that each works on a bare Debian.
deps:
	$(Q)tests/deps

install: $(O)/pgmaptrace
	$(Q)install -D -m 755 $(O)/pgmaptrace $(DESTDIR)$(sbindir)/pgmaptrace
	$(Q)install -D -m 644 docs/pgmaptrace.8 $(DESTDIR)$(mandir)/man8/pgmaptrace.8
	$(Q)for file in $(CONTRIB); do \
		install -D -m $$([ -x contrib/$$file ] && echo 755 || echo 644) contrib/$$file \
			$(DESTDIR)$(datadir)/pgmaptrace/$$file || exit; \
	done
	$(Q)sed -i 's#/usr/local/sbin#$(sbindir)#' \
		$(DESTDIR)$(datadir)/pgmaptrace/systemd/pgmaptrace.service
	$(Q)install -D -m 644 -t $(DESTDIR)$(docdir) docs/*.md docs/*.svg docs/schema.json

uninstall:
	$(Q)rm -f $(DESTDIR)$(sbindir)/pgmaptrace $(DESTDIR)$(mandir)/man8/pgmaptrace.8
	$(Q)rm -rf $(DESTDIR)$(datadir)/pgmaptrace $(DESTDIR)$(docdir)

SCRIPTS := tests/check tests/table tests/debian.sh tests/deps tests/demo.sh tests/kernel/build \
	tests/kernel/headers tests/kernel/module tests/kernel/root tests/vm/kernel tests/vm/lab tests/vm/qemu tests/vm/run \
	tests/vm/guest.sh $(wildcard tests/vm/cases/*.sh tests/bench/*.sh) tests/bench/run tests/bench/plot tests/btf/extract tests/btf/test .ci/run \
	tests/wrappers $(wildcard tests/standins/*) contrib/traced.sh contrib/ci/job \
	contrib/xfstests/pgmaptrace contrib/meson/pgmaptrace-wrap contrib/kselftest/pgmaptrace-kselftest
FORMATTED := $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] vmlinux/*.h tests/*/*.[ch])

lint: deps $(SKELETONS)
	$(Q)clang-format --dry-run -Werror $(FORMATTED)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
		--inline-suppr --suppress=missingIncludeSystem -DVERSION='"0"' \
		-D'LIBBPF_OPTS(type, name, ...)=struct type name' -Isrc \
		$(SOURCES)
	$(Q)shellcheck -x -e SC1091 $(SCRIPTS)
	$(Q)echo "lint: clean"

format:
	$(Q)clang-format -i $(FORMATTED)

check: deps
	$(Q)$(MAKE) --no-print-directory O=$(O) test-parts
	$(Q)O=$(O) tests/check $(KERNELS)

test-parts: static programs $(UNIT_TESTS) $(O)/btf/check

soak:
	$(Q)tests/deps soak
	$(Q)$(MAKE) --no-print-directory O=$(O) static programs
	$(Q)GUESTS=$${GUESTS:-1} CASES=soak tests/vm/run $(O)/static/pgmaptrace $(O)/programs $(KERNELS)

bench:
	$(Q)tests/deps bench
	$(Q)$(MAKE) --no-print-directory O=$(O) static programs
	$(Q)tests/bench/run $(O)/static/pgmaptrace $(O)/programs $(BENCH_KERNELS)

# What is found beyond tests/fuzz/corpus stays in $(O)/fuzz; so does what fails.
fuzz:
	$(Q)tests/deps fuzz
	$(Q)$(MAKE) --no-print-directory O=$(O) $(FUZZERS)
	$(Q)set -e; for fuzzer in $(FUZZERS); do \
		mkdir -p $$fuzzer.corpus; \
		echo "fuzz: $${fuzzer##*/}, $(FUZZ_SECONDS) s"; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$$fuzzer. $$fuzzer.corpus \
			tests/fuzz/corpus/$${fuzzer##*/}; \
	done

demo: deps
	$(Q)$(MAKE) --no-print-directory O=$(O) static programs
	$(Q)tests/vm/lab --timeout 400 newest tests/demo.sh tests/vm/guest.sh \
		$(O)/static/pgmaptrace $(O)/programs/*

clean:
	$(Q)rm -rf $(O)

.PHONY: all static programs deps install uninstall lint format check test-parts soak bench fuzz demo clean
