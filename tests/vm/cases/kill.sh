# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The tool is killed with SIGKILL while faults come without end, again and again:
# nothing of it stays in the kernel, the workload does not notice, and the next
# session is right.  And two sessions at once, of which one is killed.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
TIMES=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^pgmap_kills=//p')
LONGEST=900 # s: where a start is slow, these are fewer
LEAST=10

load_lab_module || {
	not_ok 'kill: the module does not load'
	exit 98
}
type=$(sed -n 's/^double-free //p' $LAB/commands | head -n 1)

# what BPF has in the kernel, without numbers and times
in_kernel() {
	for what in prog map link; do
		bpftool $what list | sed -n 's/^[0-9]*: //p' | sort
	done
	ls -R /sys/fs/bpf
	awk '{ print $1 }' $TRACING/enabled_functions
}

# as_before: within some seconds, since BPF frees late
as_before() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		in_kernel >/tmp/after
		cmp -s /tmp/before /tmp/after && return
		sleep 1
	done
	diff /tmp/before /tmp/after | sed 's/^/# /'
	return 1
}

uptime_s() {
	cut -d . -f 1 /proc/uptime
}

# begin NAME: a session in the background; its pid in $tool
begin() {
	rm -f /tmp/$1.ready /tmp/$1.json
	pgmaptrace --ready-file /tmp/$1.ready --json /tmp/$1.json >/tmp/$1.out 2>/tmp/$1.err &
	tool=$!
}

ready() {
	wait_until $tool [ -e /tmp/$1.ready ]
}

# ended NAME PID: by Ctrl-C; for field() and found()
ended() {
	status=0
	kill -INT $2
	wait $2 || status=$?
	OUT=/tmp/$1.out
	summary=$(tail -n 1 $OUT)
	echo "# $1: $summary"
	keep_records /tmp/$1.json
}

lab() {
	for command; do echo "$command" >$LAB/command; done
}

# storm: faults, written and checked by daxload, until /tmp/enough is there
storm() {
	rounds=0
	rm -f /tmp/enough /tmp/harmed
	while [ ! -e /tmp/enough ]; do
		{ daxload -p 2 -r 2 $MNT/load 4M && daxload -x -p 2 $MNT/change 2M &&
			daxload -h -r 2 $MNT/huge 4M; } >/dev/null || touch /tmp/harmed
		rounds=$((rounds + 1))
		echo $rounds >/tmp/rounds
	done
}

calm() {
	touch /tmp/enough
	wait $load
	echo "# the workload went round $(cat /tmp/rounds) times"
}

make_fs ext4
xfs_io -f -c 'falloc 0 8m' -c 'mmap 0 8m' -c 'mwrite -S 0x61 0 8m' $MNT/data
sum=$(md5sum <$MNT/data)
in_kernel >/tmp/before
storm &
load=$!

# Every fifth is killed somewhere on its way, the others when tracing is complete.
killed=0 complete=0
end=$(($(uptime_s) + LONGEST))
while [ $killed -lt $TIMES ] && [ "$(uptime_s)" -lt $end ]; do
	begin killed
	if [ $((killed % 5)) = 4 ]; then
		sleep $((killed / 25)).$((killed * 3 % 10))
	else
		ready killed
		complete=$((complete + 1))
		[ $((killed % 2)) = 0 ] || sleep 0.$((killed * 7 % 10))
	fi
	kill -9 $tool
	wait $tool 2>/dev/null
	[ $? = 137 ] || touch /tmp/alive
	killed=$((killed + 1))
	# a guest that says nothing for long is ended
	[ $((killed % 5)) != 0 ] || echo "# killed $killed times"
done
echo "# killed $killed times, $complete times when tracing was complete"
verdict "kill: again and again" [ $killed -ge $LEAST ]
verdict "kill: each was running" [ ! -e /tmp/alive ]
verdict "kill: nothing is left in the kernel" as_before
calm
verdict "kill: the workload is not harmed" [ ! -e /tmp/harmed ]
same_data() {
	umount $MNT && mount -t ext4 -o dax=always /dev/pmem0 $MNT && [ "$(md5sum <$MNT/data)" = "$sum" ]
}
verdict "kill: its data is right" same_data
OPTIONS=
trace daxload -p 2 -r 2 $MNT/load 4M
verdict 'kill: the next session is clean' clean
trace sh -c "echo double-free $type >$LAB/command"
verdict 'kill: the next session finds a violation' found double-free
lab drop

# ---- two sessions

# numbers NAME: of its summary
numbers() {
	tail -n 1 /tmp/$1.out | sed 's/^pgmaptrace: //; s/ kernel=.*//'
}

both_found() {
	[ $of_two = 1 ] && [ $status = 1 ] && [ "$(field findings)" = 31 ] && [ "$(field lost)" = 0 ] &&
		[ "$(field requests)" -ge 1000 ] && [ "$(numbers one)" = "$(numbers two)" ]
}
begin one
one=$tool
begin two
two=$tool
ready one
ready two
lab "double-free $type" "storm $type 30" "traffic $type 1000"
daxload -p 2 $MNT/load 4M
lab drop
ended two $two
of_two=$status
ended one $one
verdict 'kill: two sessions see the same' both_found
reports() {
	sed -n 's/.*VIOLATION \([a-z-]*: pfn 0x[0-9a-f]*\) .*/\1/p' /tmp/$1.out | sort
}
same_reports() {
	reports one >/tmp/reports.one
	reports two | cmp - /tmp/reports.one && [ "$(wc -l </tmp/reports.one)" -ge 3 ]
}
verdict 'kill: two sessions report the same' same_reports

# one is killed while events come
storm &
load=$!
begin one
one=$tool
begin two
ready one
ready two
lab "traffic $type 1000"
kill -9 $tool
wait $tool
lab "traffic $type 1000" "double-free $type"
calm
lab drop
ended one $one
survived() {
	[ $status = 1 ] && [ "$(field findings)" = 1 ] && [ "$(field rules)" = double-free ] &&
		[ "$(field lost)" = 0 ] && [ "$(field requests)" -ge 2000 ]
}
verdict 'kill: one of two goes on alone' survived
verdict 'kill: the workload is not harmed by either' [ ! -e /tmp/harmed ]
verdict "kill: nothing is left in the kernel, once more" as_before
umount $MNT
rmmod pgmap_lab
