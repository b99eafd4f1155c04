# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# What can get lost is made to: tables that are full, a reader that is stopped,
# hooks that are not there or are switched off, an early end.  The loss is named;
# what it may hide is no PASS; a violation stays FAIL; what is only detail stays PASS.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
ERR=/tmp/pgmaptrace.err
OPTIONS=

cat >/bin/lab <<-'LAB'
	#!/bin/sh
	for command; do echo "$command" >/sys/kernel/debug/pgmap_lab/command; done
	exit 0
LAB
# its reader can't read meanwhile
cat >/bin/unread <<-'UNREAD'
	#!/bin/sh
	kill -STOP $PPID
	lab "$@"
	kill -CONT $PPID
UNREAD
chmod +x /bin/lab /bin/unread

# judged STATUS VERDICT [KEY=VALUE]...: the last trace, in text and records
judged() {
	grep '^pgmaptrace: lost\|may hide' $OUT | cut -c -300 | sed 's/^/# /'
	echo "# $summary"
	[ "$status" = "$1" ] && echo "$summary" | grep -q "^pgmaptrace: $2 " &&
		tail -n 1 /tmp/json | grep -q "\"verdict\":\"$2\",\"status\":$1," || return 1
	shift 2
	for field; do
		echo "$summary " | grep -q " $field " || return 1
	done
}

# hides NAME WORDS RULE: what was lost may hide RULE, in text and records
hides() {
	grep -Eq "^pgmaptrace: (lost: [1-9][0-9]* )?$2.*; may hide: (any rule|(.*, )?$3(,.*)?)\$" $OUT &&
		grep "^{\"record\":\"loss\",\"name\":\"$1\"," /tmp/json | grep -q "\"may_hide\":\[.*\"$3\"" &&
		tail -n 1 /tmp/json | grep -q "\"may_hide\":\[.*\"$3\""
}

# detail NAME WORDS: it is told, and may hide nothing
detail() {
	grep -Eq "^pgmaptrace: lost: [1-9][0-9]* $2[^;]*\$" $OUT && [ "$(field lost)" -gt 0 ] &&
		grep "^{\"record\":\"loss\",\"name\":\"$1\"," /tmp/json | grep -q '"may_hide":\[\]' &&
		tail -n 1 /tmp/json | grep -q '"may_hide":\[\]'
}

# with MAPS COMMAND...: a trace where these maps have so many entries
with() {
	export PGMAPTRACE_MAPS="$1"
	shift
	trace "$@"
	unset PGMAPTRACE_MAPS
}

# begin: a trace in the background, whose tool is $tool
begin() {
	rm -f /tmp/ready /tmp/json
	pgmaptrace $OPTIONS --ready-file /tmp/ready --json /tmp/json >$OUT 2>$ERR &
	tool=$!
	wait_until $tool [ -e /tmp/ready ]
}

ended() {
	status=0
	wait $tool || status=$?
	summary=$(tail -n 1 $OUT)
	keep_records /tmp/json
}

load_lab_module || {
	not_ok 'loss: the module does not load'
	exit 98
}
# a type whose folios are requested, and whose findings pair
type=$(sed -n 's/^double-free //p' $LAB/commands | head -n 1)

PGMAPTRACE_MAPS=stacks=many
export PGMAPTRACE_MAPS
verdict 'loss: a wrong size' says 64 'PGMAPTRACE_MAPS=stacks=many: give NAME=ENTRIES' pgmaptrace -d 0
PGMAPTRACE_MAPS=stacks=8,nothing=1
verdict 'loss: a wrong name' says 64 'PGMAPTRACE_MAPS: no such map: nothing' pgmaptrace -d 0
unset PGMAPTRACE_MAPS

# ---- tables that are full: state

# full_tables [OPTION]: the same at each setting
full_tables() {
	OPTIONS=$1
	# the one section is the first one's, which stays
	with sections=1 lab "traffic $type 10 stay" "traffic $type 10"
	verdict "loss: sections$1" judged 2 INCONCLUSIVE findings=0
	verdict "loss: sections$1: named" hides sections '2 MiB sections not tracked' double-free
	lab drop
	# a violation of a rule that needs no earlier event
	with sections=1 lab "traffic $type 10 stay" 'pgmap-overlap generic' "traffic $type 10"
	verdict "loss: sections$1, and a violation" judged 1 FAIL findings=1 rules=pgmap-overlap
	verdict "loss: sections$1, and a violation: named" hides sections '2 MiB sections not tracked' leak
	lab drop
	# one that an event which was not seen would explain
	with pgmaps=1 lab "traffic $type 10" "double-free $type"
	verdict "loss: pgmaps$1" judged 2 INCONCLUSIVE findings=0 unverified=1
	verdict "loss: pgmaps$1: named" hides pgmaps 'pgmaps not wholly tracked' double-free
	verdict "loss: pgmaps$1: the violation is shown" report_has 'VIOLATION double-free' \
		'1 violation above is not counted: a missed event would explain it'
	lab drop
	if [ "$(profile)" = request ]; then
		with calls=1 sh -c "for i in 1 2; do lab 'traffic $type 20000' & done; wait"
		verdict "loss: calls$1" judged 2 INCONCLUSIVE findings=0
		verdict "loss: calls$1: named" hides calls 'requests whose result was not seen' double-request
	fi
	OPTIONS=
}
full_tables
full_tables ' --stack=none'

# the least of it has room for 5 sections of 2 MiB; the file system is of 512
make_fs ext4
OPTIONS='--max-memory 64K'
trace daxload -p 1 $MNT/file 64M
verdict 'loss: --max-memory' judged 2 INCONCLUSIVE findings=0
verdict 'loss: --max-memory: named' hides sections '2 MiB sections not tracked' teardown-live
OPTIONS='--max-memory 1M'
trace daxload -p 1 $MNT/file 64M
verdict 'loss: --max-memory: enough' judged 0 PASS findings=0 lost=0
rm $MNT/file
umount $MNT
OPTIONS=

# ---- tables that are full: detail

OPTIONS=--stack=all
with stacks=1 lab "traffic $type 10"
verdict 'loss: stacks' judged 0 PASS findings=0
verdict 'loss: stacks: named' detail stacks 'stacks not kept'
with stacks=1 lab "traffic $type 10" "double-free $type"
verdict 'loss: stacks, and a violation' judged 1 FAIL findings=1 rules=double-free
verdict 'loss: stacks, and a violation: named' detail stacks 'stacks not kept'
verdict 'loss: stacks, and a violation: no stack that is not its' report_has 'VIOLATION double-free' \
	'no stack: '
lab drop

OPTIONS=
with histories=1 lab "traffic $type 10 stay" "leak $type"
verdict 'loss: histories' judged 0 PASS findings=0 outstanding=1
verdict 'loss: histories: named' detail histories 'folio histories not kept'
lab drop
OPTIONS='--older 0'
with histories=1 lab "traffic $type 10 stay" "leak $type"
verdict 'loss: histories, and how old is what is out' judged 2 INCONCLUSIVE findings=0 outstanding=1
verdict 'loss: histories: ages named' hides ageless 'outstanding folios of unknown age' leak
lab drop
with histories=1 lab "leak $type" "traffic $type 10 hold"
verdict 'loss: histories, and a leak' judged 1 FAIL findings=1 rules=leak
verdict 'loss: histories, and a leak: named' hides ageless 'outstanding folios of unknown age' leak
lab drop
OPTIONS=

with groups=1 lab "storm $type 60"
verdict 'loss: groups' judged 1 FAIL findings=60
verdict 'loss: groups: named' detail groups 'findings counted by rule only'
with torn_down=1 lab "leak $type teardown" "leak $type teardown"
verdict 'loss: gone' judged 1 FAIL rules=leak
verdict 'loss: gone: named' detail gone 'leaks of torn-down pgmaps, by site'
lab drop
# the oldest name goes for the newest: no loss, and no wrong name
OPTIONS='--older 0'
cp /bin/busybox /tmp/ash
with tasks=1 sh -c "lab 'leak $type'; /tmp/ash -c 'echo traffic $type 10 >$LAB/command'"
verdict 'loss: tasks' judged 1 FAIL findings=1 rules=leak lost=0
sed -n 's/^  last requested/# &/p' $OUT
verdict 'loss: tasks: no name that is not its' report_has '^  last requested by ?/[0-9]* '
lab drop
OPTIONS=

# ---- a reader that is stopped

with records=4096 unread "storm $type 6000"
verdict 'loss: nobody reads reports' judged 1 FAIL findings=6000
verdict 'loss: nobody reads reports: named' detail records 'reports of findings or pgmaps'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo "traffic $type 10"; done >/tmp/pgmaps
with records=4096 sh -c 'kill -STOP $PPID
	while read -r command; do lab "$command"; done </tmp/pgmaps
	kill -CONT $PPID'
verdict 'loss: nobody reads, and nothing is wrong' judged 0 PASS findings=0 requests=160 frees=160
verdict 'loss: nobody reads, and nothing is wrong: named' detail records 'reports of findings or pgmaps'
lab drop
OPTIONS=--events
with events=4096 unread "traffic $type 1000"
verdict 'loss: nobody reads events' judged 0 PASS findings=0 requests=1000 frees=1000
verdict 'loss: nobody reads events: named' detail events 'events not shown'
with events=4096 unread "traffic $type 1000" "double-free $type"
verdict 'loss: nobody reads events, and a violation' judged 1 FAIL findings=1 rules=double-free
verdict 'loss: nobody reads events, and a violation: named' detail events 'events not shown'
lab drop
OPTIONS='--older 0'
PGMAPTRACE_MAPS=records=4096
export PGMAPTRACE_MAPS
begin
kill -STOP $tool
lab "storm $type 60" "leak $type"
kill -CONT $tool
kill -INT $tool
ended
unset PGMAPTRACE_MAPS
verdict 'loss: nobody reads, then Ctrl-C' judged 1 FAIL findings=61 outstanding=1
verdict 'loss: nobody reads, then Ctrl-C: named' detail records 'reports of findings or pgmaps'
lab drop

# ---- an early end

rm -f /tmp/json
OPTIONS=
pgmaptrace --json /tmp/json >$OUT 2>$ERR &
tool=$!
takes_signals $tool
kill -INT $tool
ended
verdict 'loss: stopped before it began' judged 2 INCONCLUSIVE findings=0
verdict 'loss: stopped before it began: named' hides interrupted 'stopped before tracing was complete' leak

# more Ctrl-C come while hooks are detached, before what is out is judged
OPTIONS='--older 1000'
begin
lab "leak $type"
i=0
while kill -INT $tool 2>/dev/null && [ $i -lt 200 ]; do
	i=$((i + 1))
	sleep 0.05
done
ended
verdict 'loss: not all was judged' judged 2 INCONCLUSIVE findings=0 outstanding=1
verdict 'loss: not all was judged: named' hides cut-short 'stopped before all outstanding folios were judged' leak
lab drop

# What is found is written to where nobody reads, until the second Ctrl-C has come.
OPTIONS='--older 0'
mkfifo /tmp/fifo
exec 8<>/tmp/fifo
head -c 65536 /dev/zero >&8
rm -f /tmp/ready /tmp/json
pgmaptrace --older 0 --ready-file /tmp/ready --json /tmp/json >/tmp/fifo 2>$ERR 8>&- &
tool=$!
wait_until $tool [ -e /tmp/ready ]
lab "leak $type" "traffic $type 10 hold"
kill -INT $tool
wait_for /proc/$tool/wchan pipe_write $tool
kill -INT $tool
# there is a reader at any time
exec 9</tmp/fifo
exec 8>&-
cat <&9 >/tmp/fifo.out
exec 9<&-
tr -d '\0' </tmp/fifo.out >$OUT
ended
verdict 'loss: not all was judged, and a leak' judged 1 FAIL rules=leak
verdict 'loss: not all was judged, and a leak: named' hides cut-short 'stopped before all outstanding folios' leak
lab drop
OPTIONS=

# ---- hooks

# without NAME: a kernel that seems not to have the function, /tmp/btf its types
without() {
	cp /sys/kernel/btf/vmlinux /tmp/btf
	strings -t d /tmp/btf | awk -v name="$1" '$2 == name { print $1 }' | while read -r at; do
		printf X | dd of=/tmp/btf bs=1 seek=$at conv=notrunc 2>/dev/null
	done
	# a symbol would be hooked in its place
	awk -v name="$1" '$3 != name' /proc/kallsyms >/tmp/kallsyms
	mount --bind /tmp/kallsyms /proc/kallsyms
}

# a hook that only some rules need
OPTIONS='--btf /tmp/btf'
without dax_insert_entry
trace lab "traffic $type 10"
verdict 'loss: no hook' judged 2 INCONCLUSIVE findings=0
case $(profile) in
request) verdict 'loss: no hook: named' hides no-hook-dax_insert_entry-return \
	'no hook at the return of dax_insert_entry \(not in this kernel\)' flow-order ;;
*) verdict 'loss: no hook: named' hides no-hook-dax_insert_entry \
	'no hook at the entry of dax_insert_entry \(not in this kernel\)' association-conflict ;;
esac
trace lab "double-free $type"
verdict 'loss: no hook, and a violation' judged 1 FAIL findings=1 rules=double-free
lab drop
OPTIONS="--btf /tmp/btf --ignore $(tail -n 1 /tmp/json | sed 's/.*"may_hide":\[\([^]]*\)\].*/\1/; s/"//g')"
trace lab "traffic $type 10"
verdict 'loss: no hook, of rules that are ignored' judged 0 PASS findings=0
umount /proc/kallsyms
without memunmap_pages
verdict 'loss: no hook without which nothing can be said' says 69 \
	"can't attach to memunmap_pages: not in this kernel" pgmaptrace --btf /tmp/btf -d 0
umount /proc/kallsyms
OPTIONS=

# who waits is looked for in a table that this kernel seems not to have
grep -v ' bit_wait_table$' /proc/kallsyms >/tmp/kallsyms
mount --bind /tmp/kallsyms /proc/kallsyms
trace sleep 15
umount /proc/kallsyms
verdict 'loss: waits' judged 2 INCONCLUSIVE findings=0
verdict 'loss: waits: named' hides blind 'the search for waiting tasks failed, or was not complete' teardown-stall

# hooks that are switched off see nothing, and no attaching fails for it
if echo 0 >/proc/sys/kernel/ftrace_enabled; then
	verdict 'loss: hooks are switched off' says 69 'kernel.ftrace_enabled is 0' pgmaptrace -d 0
	echo 1 >/proc/sys/kernel/ftrace_enabled
	begin
	if echo 0 >/proc/sys/kernel/ftrace_enabled; then
		lab "double-free $type"
		wait_for $ERR 'hooks see nothing' $tool
		echo 1 >/proc/sys/kernel/ftrace_enabled
		kill -INT $tool
		ended
		verdict 'loss: switched off for a time' judged 2 INCONCLUSIVE findings=0
		verdict 'loss: switched off for a time: named' hides switched-off 'hooks saw nothing while' leak
	else
		kill -INT $tool
		ended
		skip 'loss: switched off for a time - this kernel forbids it'
		verdict 'loss: nothing was switched off' judged 0 PASS lost=0
	fi
else
	# 7.3 does
	skip 'loss: hooks are switched off - this kernel forbids it'
	case $RELEASE in 6.1.*) not_ok 'loss: 6.1 lets hooks be switched off' ;; esac
fi

# ---- a module that comes late has none of the hooks

rmmod pgmap_lab
begin
load_lab_module
lab "double-free $type" "traffic $type 10"
kill -INT $tool
ended
verdict 'loss: a module loaded late' judged 1 FAIL findings=1 rules=double-free lost=0
verdict 'loss: a module loaded late: its symbols' report_has ' lab_double_free+0x[0-9a-f]* \[pgmap_lab\]'
rmmod pgmap_lab

verdict 'loss: no hook is left' hooks_gone
