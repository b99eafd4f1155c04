# SPDX-License-Identifier: GPL-2.0-only
#
# make            build/pgmaptrace
# make static     build/static/pgmaptrace, one file that runs anywhere
# make check      everything: lint, unit tests, tests on real kernels
# make demo       boot a kernel, break it, show the reports
# make deps       install what is missing (root, Debian)
#
# V=1 shows commands, O=dir builds elsewhere, DESTDIR and prefix as usual.

O	?= build
prefix	?= /usr/local
sbindir	?= $(prefix)/sbin
mandir	?= $(prefix)/share/man
CLANG	?= clang
CC	?= gcc
BPFTOOL	?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
VERSION	:= 0.1
KERNELS	?= bookworm trixie newest

CFLAGS	 ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Werror -Wno-sign-compare
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc -I$(O)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror \
	-Wno-unused-parameter -Ivmlinux -Isrc
LIBS := -lbpf -lelf -lz

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-8s%s\n' $(1) $(2))

SOURCES := pgmaptrace session hooks ksyms devices finding out_text
OBJECTS := $(SOURCES:%=$(O)/%.o)
PROGRAMS := $(patsubst tests/programs/%.c,$(O)/programs/%,$(wildcard tests/programs/*.c))

all: $(O)/pgmaptrace

$(O) $(O)/programs $(O)/static $(O)/unit:
	$(Q)mkdir -p $@

$(O)/pgmaptrace.bpf.o: src/pgmaptrace.bpf.c | $(O)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@.tmp -MF $(O)/pgmaptrace.bpf.d -MT $@
	$(Q)$(BPFTOOL) gen object $@ $@.tmp

$(O)/pgmaptrace.skel.h: $(O)/pgmaptrace.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name pgmaptrace_bpf >$@.tmp && mv $@.tmp $@

$(O)/%.o: src/%.c $(O)/pgmaptrace.skel.h | $(O)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/pgmaptrace: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/static/pgmaptrace: $(OBJECTS) | $(O)/static
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ $(LIBS)

static: $(O)/static/pgmaptrace

$(O)/programs/%: tests/programs/%.c | $(O)/programs
	$(call say,CC,$@)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) -static -o $@ $<

programs: $(PROGRAMS)

-include $(O)/*.d

clean:
	$(Q)rm -rf $(O)

.PHONY: all static programs clean
