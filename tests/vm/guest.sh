# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# What the test cases share; runs in the guest, under busybox sh.  A case prints
# "ok NAME", "not ok NAME" or "skip NAME - why", one line a test.

MNT=/tmp/mnt
TRACING=/sys/kernel/tracing
RELEASE=$(uname -r)
OUT=/tmp/pgmaptrace.out
RECORDS=/tmp/records
TIMEOUTS=/tmp/timeouts
PATIENCE=120 # s, to wait for anything
mkdir -p "$MNT"

# with the fast paths off, as tests/vm/run has it
! grep -qw pgmap_slow /proc/cmdline || export PGMAPTRACE_SLOW=1

# brief: is what looks at the tool alone left to other kernels?
brief() {
	grep -qw pgmap_brief /proc/cmdline
}

# at_end: the records that the tool wrote leave the guest, to be checked outside; and no
# time-out goes unseen
at_end() {
	[ ! -s $TIMEOUTS ] || not_ok 'a time-out'
	[ ! -s $RECORDS ] || gzip -c $RECORDS | base64 | sed "s/^/record /"
}

# Only of the case itself, not of the shells that it starts.  What does not run under
# tests/vm/run sets KEEPS_RECORDS.
if [ -z "${KEEPS_RECORDS:-}" ]; then
	export KEEPS_RECORDS=1
	trap at_end EXIT
fi

# keep_records FILE: those among its lines
keep_records() {
	grep '^{"record":' "$1" >>$RECORDS || :
}

ok() {
	echo "ok $*"
}

not_ok() {
	echo "not ok $*"
	sed 's/^/# /' $TIMEOUTS "$OUT" 2>/dev/null || :
	rm -f $TIMEOUTS
}

skip() {
	echo "skip $*"
}

# verdict NAME COMMAND...: ok if COMMAND succeeds, and nothing timed out before.  A line
# "cell RULE WORD" is for the table of rules and kernels.
verdict() {
	name=$1
	shift
	if ! "$@" || [ -s $TIMEOUTS ]; then
		not_ok "$name ($*)"
		return
	fi
	ok "$name"
	[ "$1" != found ] || echo "cell $2 fires"
}

# trace COMMAND...: under pgmaptrace $OPTIONS; output in $OUT, records in /tmp/json,
# exit status in $status
OPTIONS=-T
trace() {
	status=0
	rm -f /tmp/json
	pgmaptrace $OPTIONS --json /tmp/json run -- "$@" >"$OUT" 2>&1 || status=$?
	keep_records /tmp/json
	summary=$(tail -n 1 "$OUT")
	! grep -qw pgmap_reports /proc/cmdline || sed 's/^/| /' "$OUT"
}

# field KEY: its value in the summary
field() {
	echo "$summary" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

profile() {
	pgmaptrace probe | sed -n 's/^profile: //p'
}

# wait_until PID COMMAND...: until COMMAND succeeds.  Fails if the process PID ends before
# ('' for none), and after $PATIENCE, which fails the next verdict too.
wait_until() {
	process=$1 tries=$((PATIENCE * 10))
	shift
	until "$@"; do
		[ -z "$process" ] || kill -0 $process 2>/dev/null || { "$@"; return; }
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			echo "gave up after $PATIENCE s: $*" >>$TIMEOUTS
			return 1
		fi
		sleep 0.1
	done
}

# wait_for FILE WORDS [PID]: until FILE has WORDS, as wait_until
wait_for() {
	wait_until "${3:-}" grep -qs -- "$2" "$1"
}

# has_lines N WORDS FILE
has_lines() {
	[ "$(grep -cs -- "$2" "$3")" -ge $1 ]
}

# told_of WORDS [TIMES]: wait until the trace that this runs in has said so
told_of() {
	wait_until '' has_lines ${2:-1} "$1" $OUT
}

# says STATUS WORDS COMMAND...
says() {
	want=$1 words=$2 got=0
	shift 2
	"$@" >"$OUT" 2>&1 || got=$?
	keep_records "$OUT"
	[ "$got" = "$want" ] && grep -q -- "$words" "$OUT"
}

# clean: the last trace passed, and nothing was lost
clean() {
	[ "$status" = 0 ] && [ "$(field findings)" = 0 ] && [ "$(field lost)" = 0 ] &&
		echo "$summary" | grep -q '^pgmaptrace: PASS '
}

# found RULE: the last trace has exactly this one finding
found() {
	[ "$status" = 1 ] && [ "$(field findings)" = 1 ] && [ "$(field rules)" = "$1" ] &&
		[ "$(field lost)" = 0 ] && [ "$(grep -c VIOLATION "$OUT")" = 1 ]
}

# report_has WORDS...: the report says all of them
report_has() {
	for word in "$@"; do
		grep -q -- "$word" "$OUT" || return 1
	done
}

# Seconds since boot of the finding, and of the first kernel message with $1.
finding_time() {
	sed -n 's/^\[ *\([0-9.]*\)\] pgmaptrace: VIOLATION.*/\1/p' "$OUT" | head -n 1
}

kernel_time() {
	dmesg | grep "$1" | sed -n 's/^\[ *\([0-9.]*\)\].*/\1/p' | head -n 1
}

# earlier FINDING KERNEL: both by the clock of the kernel log, which the tool reads as it tells
# of a finding, and which drifts in a guest
earlier() {
	echo "# the finding at $1, the kernel's message at $2"
	awk "BEGIN { exit !($1 < $2 + 0.02) }"
}

# of this kernel: a file system has DAX only if its blocks are as large
PAGE=$(awk '/^KernelPageSize/ { print $2 * 1024; exit }' /proc/self/smaps)
HUGE=$((PAGE * PAGE / 8))

# make_fs ext4|xfs: on the pmem device, with DAX; without it no test means anything
make_fs() {
	case $1 in
	ext4) mkfs.ext4 -q -F -b $PAGE /dev/pmem0 2>/dev/null ;;
	# stripes, and then extents, as large as a huge page: else XFS aligns none for it
	xfs)
		mkfs.xfs -q -f -b size=$PAGE -m reflink=1 -d su=$HUGE,sw=1,agcount=2 \
			-l size=64m /dev/pmem0
		;;
	esac && mount -t "$1" -o dax=always /dev/pmem0 "$MNT" &&
		{ [ "$1" != xfs ] || xfs_io -c "extsize $HUGE" "$MNT"; } && return
	not_ok "no $1 with DAX on /dev/pmem0"
	exit 98
}

# Real-time kernels have none, and no device-dax.
has_huge_pages() {
	[ -d /sys/kernel/mm/transparent_hugepage ]
}

# make_devdax NAME: /dev/dax0.0 in place of /dev/pmem0.  Where there can be none NAME is
# skipped, else it is "not ok".
make_devdax() {
	if [ ! -d /sys/bus/dax/drivers/device_dax ]; then
		skip "$1 - $RELEASE is built without device-dax"
	elif ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null 2>&1; then
		return
	else
		not_ok "$1: ndctl could not make a namespace"
	fi
	return 1
}

# pin FILE [OPTION]...: a process that pins one page of FILE in a pipe
pin() {
	rm -f /tmp/orders /tmp/pin
	mkfifo /tmp/orders
	file=$1
	shift
	daxpin "$@" -w /tmp/orders "$file" >/tmp/pin &
	pinner=$!
	# for reading too: else this waits for daxpin, which may have ended
	exec 9<>/tmp/orders
	wait_for /tmp/pin pinned $pinner || echo "no pin of $file" >>$TIMEOUTS
}

unpin() {
	echo release >&9
	wait_for /tmp/pin released $pinner || echo "no unpin of $file" >>$TIMEOUTS
	exec 9>&-
	wait "$pinner"
}

# What a pgmap of the lab module is called, for grep: as its own region; or as the PCI device
# that the memory is on.  Private pages lie in no memory, and are always called pgmap_lab.
LAB_DEVICE=pgmap_lab

# load_lab_module: with what tests/vm/lab has set aside: memory on a PCI device, or what memmap=
# names
load_lab_module() {
	aside=0x60000000
	for device in /sys/bus/pci/devices/*; do
		[ "$(cat $device/vendor) $(cat $device/device)" = '0x1af4 0x1110' ] || continue
		aside=$(sed -n '3s/ .*//p' $device/resource)
		# one that shares the name has its address, too
		LAB_DEVICE="$(basename $device)\\(@0x[0-9a-f]*\\)\\?"
	done
	insmod /bin/pgmap_lab.ko "base=$aside" size=0x4000000
}

handles_signals() {
	grep -qs sigmask /proc/$1/fdinfo/*
}

# takes_signals PID: wait until the tool does; before, a SIGINT is lost and a SIGTERM kills it
takes_signals() {
	wait_until $1 handles_signals $1
}

# No program of the tool is left in the kernel, which may take a while to let go of them.
hooks_gone() {
	for _ in $(seq 50); do
		bpftool prog list | grep -Eq ' name (fentry_|fexit_|kprobe_|pgmap_next|find_)' || return 0
		sleep 0.1
	done
	return 1
}

# hold_page NAME HOW FILE [OFFSET]: a process that holds a page, as tests/programs/hold.c
# has it; its pid in $holder and /tmp/NAME.pid, its output in /tmp/NAME.  Fails if it can't.
hold_page() {
	held=$1
	shift
	# no output of an earlier one
	: >/tmp/$held
	hold "$@" >/tmp/$held 2>&1 &
	holder=$!
	echo $holder >/tmp/$held.pid
	wait_for /tmp/$held held $holder
}

# pfn_of NAME: of what it holds
pfn_of() {
	sed -n 's/^pfn //p' /tmp/$1
}

let_go() {
	kill $1
	wait $1 2>/dev/null || :
}

# A disk, $disk, that can be made to take no more: a file in a file system that
# fsfreeze --freeze /tmp/slow stops.  Fails if the kernel has no such modules.
make_slow_disk() {
	modprobe brd rd_nr=1 rd_size=65536 2>/dev/null && modprobe loop 2>/dev/null || return
	mkdir -p /tmp/slow
	mkfs.ext4 -q -F /dev/ram0
	mount -t ext4 /dev/ram0 /tmp/slow
	truncate -s 16M /tmp/slow/disk
	disk=$(losetup -f)
	losetup $disk /tmp/slow/disk
}

drop_slow_disk() {
	losetup -d $disk
	umount /tmp/slow
}

# ---- bugs that the tests and the demo show

# Two files share an extent; one is mapped and pinned, then written.
trace_reflink_bug() {
	pwrite $MNT/a 0 2097152
	reflink $MNT/a $MNT/b
	# the pin stays until the tool has looked for its holder
	trace sh -c '. /bin/guest.sh; pin $MNT/a -r; pwrite $MNT/a 0 4096; sleep 2; unpin'
}

# A page of dax0.0 is pinned, and the device is unbound.  The pinner outlives
# the trace, since its end brings the oops; its pid is in /tmp/pinner.
trace_unbind_bug() {
	trace sh -c '. /bin/guest.sh
		pin /dev/dax0.0
		# holds the fifo open, whose end would be that of the pinner
		sleep 1000 &
		echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
		echo "$pinner" >/tmp/pinner'
}
