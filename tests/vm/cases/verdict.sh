# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2094,SC2154
# The verdict as the user wants it: policies, suppressions, exit statuses; and
# where it goes to: files, the kernel log, services, outputs that can't be written.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
load_lab_module || {
	not_ok "verdict: the module does not load"
	exit 98
}

# what breaks a rule, and COMMAND's own status is 0 all the same
cat >/bin/breaks <<-'BREAK'
	#!/bin/sh
	for command; do echo "$command" >/sys/kernel/debug/pgmap_lab/command; done
	exit 0
BREAK
chmod +x /bin/breaks

# judged STATUS VERDICT [KEY=VALUE]... -- OPTION... -- COMMAND...
judged() {
	want=$1 verdict=$2 fields='' OPTIONS=''
	shift 2
	while [ "$1" != -- ]; do
		fields="$fields $1"
		shift
	done
	shift
	while [ "$1" != -- ]; do
		OPTIONS="$OPTIONS $1"
		shift
	done
	shift
	trace "$@"
	[ $status = $want ] && echo "$summary" | grep -q "^pgmaptrace: $verdict " || return 1
	for field in $fields; do
		echo "$summary " | grep -q " $field " || return 1
	done
	# the record says the same
	tail -n 1 /tmp/json | grep -q "\"verdict\":\"$verdict\",\"status\":$want,"
}

# ---- what is to become of a rule
verdict 'verdict: COMMAND passes' judged 5 PASS findings=0 -- -- sh -c 'exit 5'
verdict 'verdict: a violation' judged 1 FAIL findings=1 rules=double-free -- -- \
	breaks 'double-free coherent'
verdict 'verdict: --error-exitcode' judged 99 FAIL findings=1 -- --error-exitcode 99 -- \
	breaks 'double-free coherent'
verdict 'verdict: --warn-on' judged 0 PASS findings=0 warnings=1 -- --warn-on double-free -- \
	breaks 'double-free coherent'
verdict 'verdict: --warn-on: the report says so' grep -q '^pgmaptrace: WARNING double-free' $OUT
verdict 'verdict: --fail-on another' judged 0 PASS findings=0 warnings=1 -- --fail-on leak -- \
	breaks 'double-free coherent'
verdict 'verdict: --ignore' judged 0 PASS findings=0 -- --ignore double-free -- \
	breaks 'double-free coherent'
verdict 'verdict: --ignore: nothing is said' sh -c "! grep -q double-free $OUT"
verdict 'verdict: --ignore another' judged 1 FAIL findings=1 -- --ignore double-request -- \
	breaks 'double-free coherent'
verdict 'verdict: --expect what comes' judged 0 PASS findings=3 -- \
	--expect double-free=2,double-request=1 -- \
	breaks 'double-free coherent' 'double-free coherent' 'double-request coherent'
verdict 'verdict: --expect more' judged 1 FAIL findings=1 -- --expect double-free=2 -- \
	breaks 'double-free coherent'
verdict 'verdict: --expect more: it says so' grep -q 'expected 2 of double-free, found 1' $OUT
verdict 'verdict: --expect another' judged 1 FAIL findings=2 -- --expect double-free=1 -- \
	breaks 'double-free coherent' 'double-request coherent'

# ---- COMMAND takes too long
verdict 'verdict: --timeout' judged 124 PASS command_status=143 command_timed_out=yes -- --timeout 1 -- sh -c 'sleep 300; :'
verdict 'verdict: --timeout ends its children' sh -c '! ps | grep -v grep | grep "sleep 300"'
verdict 'verdict: --timeout that is not needed' judged 3 PASS command_status=3 command_timed_out=no -- --timeout 100 -- sh -c 'exit 3'
verdict 'verdict: --timeout and a violation' judged 1 FAIL findings=1 command_status=143 command_timed_out=yes -- --timeout 6 -- \
	sh -c 'breaks "double-free coherent"; sleep 300; :'
verdict 'verdict: --duration: COMMAND goes on' judged 0 PASS command_status=running -- -d 0 -- \
	sleep 3

# ---- suppressions
trace_with_suppressions() {
	judged 1 FAIL findings=2 -- --gen-suppressions -- \
		breaks 'double-free coherent' 'double-request coherent'
}
verdict 'suppressions: they are printed' trace_with_suppressions
sed -n '/^suppress /,/^$/p' $OUT >/tmp/both
sed -n '/^suppress double-free/,/^$/p' /tmp/both >/tmp/one
verdict 'suppressions: one for each finding' [ $(grep -c '^suppress ' /tmp/both) = 2 ]
verdict 'suppressions: what was printed leaves out just that' \
	judged 1 FAIL findings=1 rules=double-request suppressed=1 -- --suppressions /tmp/one -- \
	breaks 'double-free coherent' 'double-request coherent'
verdict 'suppressions: nothing is said of it' sh -c "! grep -q 'VIOLATION double-free' $OUT"
verdict 'suppressions: used ones are counted' grep -q '^pgmaptrace: suppressed: 1 by /tmp/one:1, double-free' $OUT
verdict 'suppressions: both' judged 0 PASS findings=0 suppressed=3 -- \
	--suppressions /tmp/both --strict-suppressions -- \
	breaks 'double-free coherent' 'double-request coherent' 'double-request coherent'
sed 's/device: .*/device: dax*/' /tmp/one >/tmp/other
verdict 'suppressions: of another device' judged 1 FAIL findings=1 unused_suppressions=1 -- \
	--suppressions /tmp/other -- breaks 'double-free coherent'
cat >/bin/six <<-'SIX'
	#!/bin/sh
	for i in 1 2 3 4 5 6; do breaks 'double-free coherent'; done
SIX
chmod +x /bin/six
verdict 'suppressions: more of a device than can be looked at' judged 1 FAIL findings=6 -- \
	--suppressions /tmp/one -- six
verdict 'suppressions: they are shown then' grep -q '^pgmaptrace: VIOLATION double-free' $OUT
sed '/device:/d' /tmp/one >/tmp/any
verdict 'suppressions: any number of any device' judged 0 PASS findings=0 suppressed=6 -- \
	--suppressions /tmp/any -- six
# folios that are out at the end: all of one place are one finding
leaks() {
	judged "$@" -- breaks 'leak coherent' 'traffic coherent 10 hold'
	judged=$?
	echo drop >$LAB/command
	return $judged
}
verdict 'suppressions: leaks' leaks 1 FAIL rules=leak -- --older 0 --gen-suppressions
sed -n '/^suppress leak/,/^$/p' $OUT >/tmp/leaks
verdict 'suppressions: what was printed leaves all of them out' \
	leaks 0 PASS findings=0 'suppressed=[1-9][0-9]*' -- --older 0 --strict-suppressions --suppressions /tmp/leaks
verdict 'suppressions: --strict-suppressions' judged 1 FAIL findings=0 unused_suppressions=1 -- \
	--suppressions /tmp/one --strict-suppressions -- true
sed '/reason:/d' /tmp/one >/tmp/wrong
verdict 'suppressions: one without a reason' says 64 '/tmp/wrong:1: suppress double-free has no reason' \
	pgmaptrace --suppressions /tmp/wrong run -- true
verdict 'suppressions: no such file' says 64 '/tmp/nothere: No such file' \
	pgmaptrace --suppressions /tmp/nothere run -- true

# ---- times, also when the kernel log's clock is measured again
cat >/bin/marked <<-'MARKED'
	#!/bin/sh
	for command; do
		echo "mark before" >/dev/kmsg
		breaks "$command"
		echo "mark after" >/dev/kmsg
		sleep 11
	done
MARKED
chmod +x /bin/marked
as_in_dmesg() {
	dmesg -c >/dev/null
	judged 1 FAIL findings=2 -- -T -- marked 'double-free coherent' 'double-request coherent' ||
		return 1
	{ dmesg; cat $OUT; } |
		sed -n 's/^\[ *\([0-9.]*\)\] \(mark before\|mark after\|pgmaptrace: VIOLATION\).*/\1 \2/p' >/tmp/times
	sed 's/^/# /' /tmp/times
	awk '/before/ { before[++n] = $1 } /after/ { after[++m] = $1 } /VIOLATION/ { at[++k] = $1 }
		END {
			for (i = 1; i <= 2; i++)
				bad += at[i] < before[i] - 0.05 || at[i] > after[i] + 0.05
			exit bad || n != 2 || m != 2 || k != 2
		}' /tmp/times
}
verdict 'timestamps: findings have the times of the kernel log' as_in_dmesg
# one line for each, up to five where writing one takes long
lines=$(dmesg | grep -c "reading the log's clock")
verdict "timestamps: $lines lines in the log for two findings" [ $lines -ge 2 -a $lines -le 10 ]

# ---- who else is told
dmesg -c >/dev/null
verdict 'kmsg: a violation' judged 1 FAIL -- --kmsg -- breaks 'double-free coherent'
verdict 'kmsg: as the scanners of logs want it' sh -c \
	"dmesg | grep -q 'BUG: pgmaptrace: double-free in lab_double_free: pfn 0x.* freed twice'"
dmesg -c >/dev/null
verdict 'kmsg: a warning' judged 0 PASS warnings=1 -- --kmsg --warn-on all -- \
	breaks 'double-free coherent'
verdict 'kmsg: a warning is no BUG' sh -c \
	"dmesg | grep -q ' pgmaptrace: double-free in lab_double_free:' && ! dmesg | grep -Eq 'BUG:|WARNING:'"

for name in /tmp/notify @notify; do
	notified $name pgmaptrace run -- true >/tmp/notified 2>&1
	verdict "services: told at $name" sh -c \
		'grep -q "notified: READY=1" /tmp/notified && grep -q "notified: STOPPING=1" /tmp/notified'
done

: >/tmp/journal
JOURNAL_STREAM=$((0x$(stat -c %D /tmp/journal))):$(stat -c %i /tmp/journal) \
	pgmaptrace -v run -- breaks 'double-free coherent' >/tmp/journal 2>&1
verdict 'services: the journal gets levels' sh -c \
	'grep -q "^<3>pgmaptrace: VIOLATION" /tmp/journal && grep -q "^<6>pgmaptrace: profile" /tmp/journal &&
	 grep -q "^<3>pgmaptrace: FAIL" /tmp/journal && ! grep -q "^[^<]" /tmp/journal'

# live, told by the ready file, and the files are rotated
echo old >/tmp/ready
pgmaptrace --ready-file /tmp/ready --output /tmp/log --json /tmp/jsonl 2>/tmp/err &
tool=$!
wait_for /tmp/ready "^$tool\$" $tool
breaks 'double-free coherent'
wait_for /tmp/log VIOLATION $tool
mv /tmp/log /tmp/log.1
mv /tmp/jsonl /tmp/jsonl.1
kill -HUP $tool
wait_until $tool [ -e /tmp/log -a -e /tmp/jsonl ]
breaks 'double-request coherent'
wait_for /tmp/log VIOLATION $tool
kill -INT $tool
wait $tool
verdict 'rotation: exit status' [ $? = 1 ]
cat /tmp/jsonl.1 /tmp/jsonl >/tmp/json
keep_records /tmp/json
verdict 'rotation: each finding is in one file' sh -c \
	'grep -q "VIOLATION double-free" /tmp/log.1 && ! grep -q double-request /tmp/log.1 &&
	 grep -q "VIOLATION double-request" /tmp/log && tail -n 1 /tmp/log | grep -q "FAIL findings=2" &&
	 [ $(grep -c "\"record\":\"finding\"" /tmp/jsonl.1) = 1 ] && [ $(grep -c "\"record\":\"finding\"" /tmp/jsonl) = 1 ]'

# ---- outputs that can't be written: 70, and the verdict on stderr
unwritten() {
	pgmaptrace "$@" run -- breaks 'double-free coherent' >/tmp/out 2>/tmp/err
	[ $? = 70 ] && grep -q "can't write $words" /tmp/err &&
		tail -n 1 /tmp/err | grep -q '^pgmaptrace: FAIL findings=1 '
}
# not_begun: it is known at the start that there is nowhere to write to
not_begun() {
	pgmaptrace "$@" run -- touch /tmp/begun >/tmp/out 2>/tmp/err
	[ $? = 70 ] && grep -q "can't write $words" /tmp/err && ! [ -e /tmp/begun ] &&
		tail -n 1 /tmp/err | grep -q '^pgmaptrace: INCONCLUSIVE findings=0 '
}
mkdir -p /tmp/ro /tmp/small
mount -t tmpfs -o ro none /tmp/ro
mount -t tmpfs -o size=4k none /tmp/small
words='/dev/full: No space'
for option in --output --json --junit; do
	verdict "outputs: $option on a full disk" unwritten $option /dev/full
done
words='/tmp/ro/x: Read-only'
for option in --output --json --junit --save --ready-file; do
	verdict "outputs: $option in a read-only file system" not_begun $option /tmp/ro/x
done
words='/tmp/small/x: No space'
head -c 3000 /dev/zero >/tmp/small/fill
verdict 'outputs: a disk that fills up' unwritten --json /tmp/small/x
words='standard output: No space'
for option in '-j' '--ktap' ''; do
	pgmaptrace $option run -- breaks 'double-free coherent' >/dev/full 2>/tmp/err
	verdict "outputs: stdout is full, $option" sh -c "[ $? = 70 ] && grep -q \"can't write $words\" /tmp/err &&
		tail -n 1 /tmp/err | grep -q '^pgmaptrace: FAIL findings=1 '"
done
sh -c 'pgmaptrace -j run -- breaks "double-free coherent" 2>/tmp/err; echo $? >/tmp/closed' | true
verdict 'outputs: stdout is closed, -j' sh -c \
	"[ \"\$(cat /tmp/closed)\" = 70 ] && tail -n 1 /tmp/err | grep -q 'FAIL findings=1 '"
verdict 'outputs: one file by two names' says 64 '/tmp/d.json is given twice' \
	pgmaptrace --json /tmp/d.json --output /tmp/../tmp/d.json run -- true
verdict 'outputs: one file by two names, of which none is there' says 64 'is given twice' \
	pgmaptrace --json /tmp/e.json --save /tmp/../tmp/e.json run -- true
mkfifo /tmp/pipe
verdict 'outputs: one pipe twice' says 64 '/tmp/pipe is given twice' \
	pgmaptrace --json /tmp/pipe --output /tmp/pipe run -- true
verdict 'outputs: one file twice, in /dev/shm' says 64 '/dev/shm/x is given twice' \
	pgmaptrace --json /dev/shm/x --output /dev/shm/x run -- true
for option in --json --output --junit --ready-file --save; do
	verdict "outputs: a file that stdout goes to, $option: it keeps what it has" sh -c "
		echo earlier >/tmp/log
		pgmaptrace $option /tmp/log run -- true >>/tmp/log 2>/tmp/err
		[ \$? = 64 ] && [ \"\$(cat /tmp/log)\" = earlier ] && grep -q 'where stdout goes' /tmp/err"
done
pgmaptrace --ktap --json /tmp/k.json run -- true >/dev/full 2>/tmp/err
verdict 'outputs: stdout is full: the summary is the last record, and has the exit status' sh -c \
	"[ $? = 70 ] && tail -n 1 /tmp/k.json | grep -q '^{\"record\":\"summary\".*\"status\":70'"
keep_records /tmp/k.json
pgmaptrace --json /tmp/c.json run -- true >&- 2>/tmp/err
verdict 'outputs: there is no stdout' sh -c \
	"[ $? = 70 ] && ! grep -qv '^{\"record\":\"' /tmp/c.json && grep -q '\"record\":\"summary\"' /tmp/c.json"
odd=/bin/$(printf 'a\302\233\033[2Jb')
cp /bin/breaks "$odd"
verdict 'outputs: a task whose name moves the cursor' judged 1 FAIL findings=1 -- -- \
	"$odd" 'double-free coherent'
verdict 'outputs: it is shown harmless' sh -c \
	"grep -q '^  by a???\[2Jb/' $OUT && ! grep -q '$(printf '\033')' $OUT"
verdict 'outputs: -j: an error is a record' says 64 '^{"record":"error","message":"unknown option --fast' \
	pgmaptrace -j --fast
verdict 'outputs: -j: records and nothing else' sh -c \
	"pgmaptrace -j run -- true >/tmp/out && ! grep -qv '^{\"record\":\"' /tmp/out &&
	 tail -n 1 /tmp/out | grep -q '\"record\":\"summary\",\"verdict\":\"PASS\"'"
keep_records /tmp/out
verdict 'outputs: all hooks are gone' hooks_gone
