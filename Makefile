# SPDX-License-Identifier: GPL-2.0-only
#
# Build
#   make            build/pgmaptrace
#   make static     build/static/pgmaptrace, one file that runs anywhere
#   make install    and uninstall; DESTDIR and prefix as usual
#   make dist       build/pgmaptrace-VERSION.tar.xz, which builds without git
# Test; what is missing is named, and only make deps installs it
#   make test       lint, unit tests: no root, no network, no guest, under two minutes
#   make check      make test, and tests on real kernels in QEMU.  One case on one kernel:
#                   make check CASES=lab KERNELS=newest
#   make toolchains all builds and make test with the compilers of SUITES="bookworm trixie sid",
#                   in roots that it makes (root, Debian)
#   make check-fleet packages, as a packager makes and tries them, the service, and metrics with
#                   Debian's Prometheus (root, Debian); of SUITES' packages: make package-test
#   make kernels    other flavours of the same kernels, and docs/kernels.md's table of all
#   make coverage   which lines the unit tests reach, by folder
#   make soak       ten minutes of mixed load on each kernel, no finding
#   make fuzz       random input for what reads files and options
#   make bench      what tracing costs, in instructions
#   make demo       boot a kernel, break it, show the reports
#   make deps       install what make check needs (root, Debian); DEPS=bench for make bench
# Edit
#   make lint       clang-format, cppcheck and shellcheck
#   make format     clang-format, in place
#   make completion the tables of contrib/completion, when an option, command or rule has changed
#
# ARCH=arm64 builds for another architecture, in build/arm64: static and programs.
# V=1 shows commands, O=dir builds elsewhere.  WERROR=1 makes warnings errors: the default
# for make test and make check, and with CI=true.

O	?= build$(if $(filter-out $(HOST),$(ARCH)),/$(ARCH))
prefix	?= /usr/local
sbindir	?= $(prefix)/sbin
datadir	?= $(prefix)/share
mandir	?= $(datadir)/man
docdir	?= $(datadir)/doc/pgmaptrace
# Debian has vendor-completions for packages
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir ?= $(datadir)/zsh/site-functions
unitdir	?= $(prefix)/lib/systemd/system
# where the service's options are; others have /etc/sysconfig
defaultdir ?= /etc/default
CLANG	?= clang
PKG_CONFIG ?= pkg-config
BPFTOOL	?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
# the one place; tests/dist compares what else must name it
VERSION	:= 0.1
# of the source: from git, or as make dist has written it down; empty if neither knows
COMMIT	:= $(shell packaging/commit 2>/dev/null)
KERNELS	?= bookworm trixie newest request rt:newest arm64:newest
MORE_KERNELS ?= rt:bookworm rt:trixie cloud:bookworm cloud:trixie cloud:newest arm64:trixie \
	arm64-16k:newest
# beside what make check runs there
MORE_OF_NEWEST := balance:slow lab:slow
MORE_OF_REQUEST := lab:single leaks:single
SOAK_KERNELS ?= bookworm trixie newest request
BENCH_KERNELS ?= bookworm newest request
SUITES	?= bookworm trixie sid
# other versions have other ideas of a few lines
FORMAT_VERSION := 14
FUZZ_SECONDS ?= 60
TEST_WERROR := $(or $(WERROR),1)
WERROR	?= $(if $(filter true,$(CI)),1,0)

# ---- architecture

# as Debian has it; for another than this machine's, with its cross compiler
HOST	:= $(subst aarch64,arm64,$(subst x86_64,amd64,$(shell uname -m)))
ARCH	?= $(HOST)
bpf_arch_amd64 := x86
bpf_arch_arm64 := arm64
triplet_amd64  := x86_64-linux-gnu
triplet_arm64  := aarch64-linux-gnu
BPF_ARCH := $(or $(bpf_arch_$(ARCH)),$(error ARCH=$(ARCH) is not amd64 or arm64))
ifeq ($(ARCH),$(HOST))
# make has a CC of its own, so ?= would not do
ifeq ($(origin CC),default)
CC	:= gcc
endif
else
# where its libraries are: / if dpkg --add-architecture and apt-get have installed them
SYSROOT	?= $(shell tests/cross $(ARCH) build)
PKG_CONFIG := PKG_CONFIG_SYSROOT_DIR=$(patsubst /,,$(SYSROOT)) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(triplet_$(ARCH))/pkgconfig pkg-config
CC	= $(triplet_$(ARCH))-gcc $(if $(filter-out /,$(SYSROOT)),--sysroot=$(SYSROOT))
endif

# ---- flags

WARNINGS := -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)
# The same objects in any directory, and no path of it in them.  A compiler takes the name of
# its directory from PWD, which may lead through a link.
export PWD := $(CURDIR)
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=. $(if $(filter /%,$(O)),-ffile-prefix-map=$(O)=build)
CFLAGS	 ?= -O2 -g
override CFLAGS += -std=gnu11 $(WARNINGS) -Wno-sign-compare -Wno-missing-field-initializers \
	$(PREFIX_MAP)
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc -I$(O)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) $(WARNINGS) \
	-Wno-unused-parameter -Ivmlinux -Isrc
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -Og
TOOL_LIBS := -lbpf -ldw -lelf -lz -ljson-c
# what these archives need in turn is known to pkg-config only; a static program can't do
# without any of it
STATIC_LIBS = $(or $(shell $(PKG_CONFIG) --static --libs libbpf libdw libelf zlib json-c), \
	$(error make static: $(PKG_CONFIG) does not know the libraries))
UNIT_LIBS := -lcmocka -ldw -lbpf -ljson-c -lz
BTF_LIBS := -lbpf -lelf -lz

FLAGS := $(subst ',,$(CC) $(CLANG) $(CPPFLAGS) $(CFLAGS) $(BPF_CFLAGS))

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-8s%s\n' $(1) $(2))
# as many jobs as processors, unless -j says otherwise
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
SUB = --no-print-directory $(JOBS) O=$(O) ARCH=$(ARCH)

# ---- files

# one folder below another: tests/layers
FOLDERS := base model symbols session verdict report output leaks command
SOURCES := src/pgmaptrace.c $(wildcard $(FOLDERS:%=src/%/*.c))
OBJECTS := $(SOURCES:src/%.c=$(O)/%.o)
SKELETONS := $(O)/pgmaptrace.skel.h $(O)/holders.skel.h
# what the program needs that writes the tables of the completion files
COMPLETION := completion command/options command/values verdict/policy model/rules base/say \
	base/journal
PROGRAMS := $(patsubst tests/programs/%.c,$(O)/programs/%,$(wildcard tests/programs/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(O)/unit/%)
SANITIZED := $(UNIT_SOURCES:tests/unit/%.c=$(O)/sanitized/%)
COVERED := $(UNIT_SOURCES:tests/unit/%.c=$(O)/coverage/unit/%) \
	$(SOURCES:src/%.c=$(O)/coverage/src/%.o)
UNIT := systemd/pgmaptrace.service
CONTRIB := $(filter-out completion/% $(UNIT),$(patsubst contrib/%,%,$(wildcard contrib/*.sh contrib/*/*)))
# what contrib/ci/job boots a guest with
LAB := tests/debian.sh tests/vm/lab tests/vm/kernel tests/vm/qemu tests/vm/arch/amd64
FORMATTED := $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] vmlinux/*.h tests/*/*.[ch] tests/*/*/*.[ch])
# known by their first lines, so that none is forgotten
SCRIPTS = $(shell find .ci contrib packaging tests -type f -exec awk '\
	FNR > 3 { nextfile } /^\#!.*sh$$/ || /^\# shellcheck shell=/ { print FILENAME; nextfile }' {} +)

# ---- build

all: $(O)/pgmaptrace

# what was built with other flags is built again
$(O)/flags: FORCE
	$(Q)mkdir -p $(O)
	$(Q)echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# only what prints it is built again for another commit
$(O)/commit: FORCE
	$(Q)mkdir -p $(O)
	$(Q)echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' >$@

$(O)/command/version.o: $(O)/commit
$(O)/command/version.o: private override CPPFLAGS += -DCOMMIT='"$(COMMIT)"'

# clang 21 sorts the last types of the BTF by where they lie in its memory, and that depends on
# how long the name of its directory is.  So it gets one whose name is always as long.
$(O)/%.bpf.o: src/%.bpf.c $(O)/flags
	$(call say,CLANG,$@)
	$(Q)at=$$(mktemp -d /tmp/bpf.XXXXXXXXXX) && trap 'rm -rf "$$at"' EXIT && \
		cp -r src vmlinux $$at/ && cd $$at && export PWD=$$at && \
		$(CLANG) $(BPF_CFLAGS) -ffile-prefix-map=$$at=. -MMD -MP -c $< -o o -MF d -MT $@ && \
		cd $(CURDIR) && cp $$at/o $@.tmp && cp $$at/d $(O)/$*.bpf.d
	$(Q)$(BPFTOOL) gen object $@ $@.tmp

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@.tmp && mv $@.tmp $@

$(O)/%.o: src/%.c $(SKELETONS) $(O)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# what pgmaptrace rules RULE prints
$(O)/rule_pages.h: docs/rules.md src/command/rule_pages.awk
	$(call say,AWK,$@)
	$(Q)mkdir -p $(O)
	$(Q)awk -f src/command/rule_pages.awk $< >$@.tmp && mv $@.tmp $@

$(O)/command/rule_page.o $(foreach dir,unit sanitized coverage/unit,$(O)/$(dir)/test_rules) \
	$(O)/coverage/src/command/rule_page.o: $(O)/rule_pages.h

$(O)/pgmaptrace: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

static: $(O)/static/pgmaptrace

# last, for what is still missing
$(O)/static/pgmaptrace: $(OBJECTS) $(O)/static/missing.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $(OBJECTS) $(STATIC_LIBS) $(O)/static/missing.a

$(O)/static/missing.a: $(O)/static/eu_search.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcD $@ $^

$(O)/tables: $(COMPLETION:%=$(O)/%.o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

install: $(O)/pgmaptrace
	$(Q)install -D -m 755 $(O)/pgmaptrace $(DESTDIR)$(sbindir)/pgmaptrace
	$(Q)install -D -m 644 docs/pgmaptrace.8 $(DESTDIR)$(mandir)/man8/pgmaptrace.8
	$(Q)for file in $(CONTRIB); do \
		install -D -m $$([ -x contrib/$$file ] && echo 755 || echo 644) contrib/$$file \
			$(DESTDIR)$(datadir)/pgmaptrace/$$file || exit; \
	done
	$(Q)for file in $(LAB); do \
		install -D -m $$([ -x $$file ] && echo 755 || echo 644) $$file \
			$(DESTDIR)$(datadir)/pgmaptrace/$$file || exit; \
	done
	$(Q)install -D -m 644 contrib/completion/pgmaptrace.bash $(DESTDIR)$(bashcompdir)/pgmaptrace
	$(Q)install -D -m 644 contrib/completion/_pgmaptrace $(DESTDIR)$(zshcompdir)/_pgmaptrace
	$(Q)mkdir -p $(DESTDIR)$(unitdir)
	$(Q)sed 's#/usr/local/sbin#$(sbindir)#; s#/etc/default#$(defaultdir)#' contrib/$(UNIT) \
		>$(DESTDIR)$(unitdir)/pgmaptrace.service
	$(Q)chmod 644 $(DESTDIR)$(unitdir)/pgmaptrace.service
	$(Q)install -D -m 644 -t $(DESTDIR)$(docdir) docs/*.md docs/*.svg docs/schema.json

dist:
	$(Q)O=$(O) packaging/dist $(VERSION)

uninstall:
	$(Q)rm -f $(DESTDIR)$(sbindir)/pgmaptrace $(DESTDIR)$(mandir)/man8/pgmaptrace.8 \
		$(DESTDIR)$(bashcompdir)/pgmaptrace $(DESTDIR)$(zshcompdir)/_pgmaptrace \
		$(DESTDIR)$(unitdir)/pgmaptrace.service
	$(Q)rm -rf $(DESTDIR)$(datadir)/pgmaptrace $(DESTDIR)$(docdir)

clean:
	$(Q)rm -rf $(O)

# ---- build what tests need

programs: $(PROGRAMS)
unit: $(SANITIZED) $(O)/tables
covered: $(COVERED)
test-parts: all static programs unit $(O)/btf/check $(if $(findstring arm64,$(KERNELS)),for-arm64)

for-arm64:
	$(Q)$(MAKE) $(SUB) ARCH=arm64 O=$(O)/arm64 static programs

# these run the BPF programs as ordinary code, which takes a compiler long to optimise
NATIVE := $(addprefix test_,below_zero call_site fast_path file_entry history scope span_histories spans \
	spins whole_section)
$(foreach dir,unit sanitized coverage/unit,$(NATIVE:%=$(O)/$(dir)/%)): override CPPFLAGS := \
	-Itests/native $(CPPFLAGS)
$(NATIVE:%=$(O)/unit/%): private override CFLAGS += -O0
$(NATIVE:%=$(O)/sanitized/%): private override SANITIZE += -O0

# a unit test includes the code that it tests
unit-test = $(CC) $(CPPFLAGS) $(CFLAGS) $(1) -MMD -MP -MF $@.d -o $@ $< $(UNIT_LIBS)

$(O)/unit/%: tests/unit/%.c $(O)/flags | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call unit-test)

$(O)/sanitized/%: tests/unit/%.c $(O)/flags | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call unit-test,$(SANITIZE))

$(O)/coverage/unit/%: tests/unit/%.c $(O)/flags | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call unit-test,-O0 --coverage)

# never run: they tell which lines no unit test has
$(O)/coverage/src/%.o: src/%.c $(SKELETONS) $(O)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -O0 --coverage -MMD -MP -c $< -o $@

$(O)/programs/%: tests/programs/%.c $(O)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) -static -o $@ $<

# a fuzzer includes it too, so that all of it is instrumented
$(O)/fuzz/%: tests/fuzz/%.c $(O)/flags
	$(call say,CLANG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -MMD -MP -MF $@.d -o $@ $< -ljson-c

$(O)/btf/check: tests/btf/check.c $(O)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(BTF_LIBS)

# ---- test

test:
	$(Q)tests/deps --check test
	$(Q)$(MAKE) $(SUB) WERROR=$(TEST_WERROR) all unit
	$(Q)WERROR=$(TEST_WERROR) O=$(O) tests/check

# what a package runs when it is built: no linter, and no sanitizer
unit-test: $(UNIT_TESTS)
	$(Q)set -e; for test in $(UNIT_TESTS); do echo "$$test"; $$test; done

check:
	$(Q)tests/deps --check
	$(Q)$(MAKE) $(SUB) WERROR=$(TEST_WERROR) test-parts
	$(Q)WERROR=$(TEST_WERROR) O=$(O) CASES='$(CASES)' tests/check $(KERNELS)

toolchains:
	$(Q)O=$(O) tests/toolchains --test $(SUITES)

check-fleet:
	$(Q)tests/deps --check fleet
	$(Q)O=$(O) tests/check-fleet $(SUITES)

package-test:
	$(Q)tests/deps --check fleet
	$(Q)O=$(O) tests/package $(SUITES)

kernels:
	$(Q)tests/deps --check
	$(Q)$(MAKE) $(SUB) WERROR=$(TEST_WERROR) KERNELS='$(MORE_KERNELS)' test-parts
	$(Q)run='tests/vm/run $(O)/static/pgmaptrace $(O)/programs'; \
		$$run $(MORE_KERNELS); status=$$?; \
		CASES='$(MORE_OF_NEWEST)' $$run newest || status=1; \
		CASES='$(MORE_OF_REQUEST)' $$run request || status=1; \
		tests/vm/table --add $(O)/static/logs && tests/vm/table --write && exit $$status

# those of the table of kernels and cases
kernel-names:
	@echo $(KERNELS) $(MORE_KERNELS)

# from nothing: the notes of a file that has gone would be counted
coverage:
	$(Q)tests/deps --check coverage
	$(Q)rm -rf $(O)/coverage
	$(Q)$(MAKE) $(SUB) covered
	$(Q)tests/coverage $(O)/coverage

soak:
	$(Q)tests/deps --check soak
	$(Q)$(MAKE) $(SUB) static programs
	$(Q)GUESTS=$${GUESTS:-1} CASES=soak tests/vm/run $(O)/static/pgmaptrace $(O)/programs $(SOAK_KERNELS)

bench:
	$(Q)tests/deps --check bench
	$(Q)$(MAKE) $(SUB) static programs
	$(Q)tests/bench/run $(O)/static/pgmaptrace $(O)/programs $(BENCH_KERNELS)

# What is found beyond tests/fuzz/corpus stays in $(O)/fuzz; so does what fails.
fuzz:
	$(Q)tests/deps --check fuzz
	$(Q)$(MAKE) $(SUB) $(FUZZERS)
	$(Q)set -e; for fuzzer in $(FUZZERS); do \
		mkdir -p $$fuzzer.corpus; \
		echo "fuzz: $${fuzzer##*/}, $(FUZZ_SECONDS) s"; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$$fuzzer. $$fuzzer.corpus \
			tests/fuzz/corpus/$${fuzzer##*/}; \
	done

demo:
	$(Q)tests/deps --check demo
	$(Q)$(MAKE) $(SUB) static programs
	$(Q)tests/vm/lab --timeout 400 newest tests/demo.sh tests/vm/guest.sh \
		$(O)/static/pgmaptrace $(O)/programs/*

deps:
	$(Q)tests/deps $(DEPS)

# ---- edit

lint: $(SKELETONS)
	$(Q)if clang-format --version | grep -q ' $(FORMAT_VERSION)\.'; then \
		clang-format --dry-run -Werror $(FORMATTED); \
	else \
		echo "lint: the layout is not checked, it is that of clang-format $(FORMAT_VERSION)"; \
	fi
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
		--inline-suppr --suppress=missingIncludeSystem \
		--suppress=normalCheckLevelMaxBranches -DVERSION='"0"' -D__x86_64__ \
		-D'LIBBPF_OPTS(type, name, ...)=struct type name' -Isrc \
		$(SOURCES)
	$(Q)shellcheck -x -e SC1091 $(SCRIPTS)
	$(Q)echo "lint: clean"

format:
	$(Q)clang-format -i $(FORMATTED)

completion: $(O)/tables
	$(Q)O=$(O) tests/completion --write

FORCE:

.SECONDARY: $(SKELETONS:.skel.h=.bpf.o)
.PHONY: for-arm64 all static install uninstall dist clean programs unit covered test-parts \
	test unit-test check check-fleet package-test \
	toolchains kernels kernel-names coverage soak bench fuzz demo deps lint format completion FORCE

-include $(wildcard $(O)/*.d $(O)/*/*.d $(O)/coverage/*/*.d $(O)/coverage/*/*/*.d)
