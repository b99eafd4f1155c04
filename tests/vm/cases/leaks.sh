# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# pgmaptrace leaks: what is held now, on a kernel that was never traced and on one
# that is; nothing on any correct use.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
profile=$(profile)
case $profile in
classic) stored='stored in a file' ;;
counted) stored='requested for a mapping' ;;
request) stored='requested' ;;
esac

# leaks STATUS HELD [OPTION]...: the exit status, and held= of the last line
leaks() {
	want=$1 held=$2 got=0
	shift 2
	pgmaptrace leaks "$@" >$OUT 2>&1 || got=$?
	keep_records $OUT
	summary=$(tail -n 1 $OUT)
	! grep -qw pgmap_reports /proc/cmdline || sed 's/^/| /' $OUT
	[ $got = $want ] || return 1
	[ "$held" = - ] || { [ "$(field held)" = $held ] &&
		echo "$summary" | grep -q "^pgmaptrace: leaks pgmaps=.* kernel=$RELEASE profile=$profile$"; }
}

# leaks_say STATUS HELD WORDS... [-- OPTION...]
leaks_say() {
	words=/tmp/words
	: >$words
	status_wanted=$1 held_wanted=$2
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		echo "$1" >>$words
		shift
	done
	[ $# = 0 ] || shift
	leaks $status_wanted $held_wanted "$@" || return 1
	while read -r word; do
		grep -q -- "$word" $OUT || return 1
	done <$words
}

# leaks_say_not WORDS STATUS HELD [OPTION]...
leaks_say_not() {
	word=$1
	shift
	leaks "$@" && ! grep -q -- "$word" $OUT
}

# leaks_lack WORDS
leaks_lack() {
	! pgmaptrace leaks | grep -q -- "$1"
}

# ---- nothing is held: traffic, files that stay mapped, files that no one maps any more
verdict 'leaks: nothing yet' leaks 0 0
# what comes later has pages of ext4, too
file_systems='ext4 xfs'
! brief || file_systems=xfs
for fs in $file_systems; do
	make_fs $fs
	daxload -r 2 $MNT/small 16M >/dev/null
	daxload -h -r 2 $MNT/huge 16M >/dev/null
	pwrite $MNT/a 0 8388608
	hold_page mapped map $MNT/a 8192
	mapper=$holder
	hold_page again map $MNT/a 8192
	verdict "leaks: $fs: files, mapped by some" leaks 0 0
	let_go $mapper
	let_go $holder
	verdict "leaks: $fs: files, and nobody maps them" leaks 0 0
	if [ $fs = xfs ]; then
		pwrite $MNT/b 0 2097152
		reflink $MNT/b $MNT/c
		hold_page mapped map $MNT/b 8192
		mapper=$holder
		hold_page again map $MNT/c 8192
		verdict 'leaks: two files share what they map' leaks 0 0
		let_go $mapper
		let_go $holder
		# each small page of the one is an entry that counts at the other's huge folio
		pwrite $MNT/d 0 2097152
		reflink $MNT/d $MNT/e
		xfs_io -r -c 'mmap -r 0 2m' -c 'mread 0 4k' $MNT/d >/dev/null
		xfs_io -r -c 'mmap -r 0 1m' -c 'mread 0 1m' $MNT/e >/dev/null
		verdict 'leaks: two files share a huge page, which one has by small pages' leaks 0 0
	fi

	# ---- a pin
	hold_page piped pipe $MNT/a 4096
	piper=$holder
	verdict "leaks: $fs: a pin that nobody traced" leaks_say 1 1 'namespace0.0, pmem0 (fsdax), pfn 0x' \
		' 1 unexplained' "file: $MNT/a (inode" "^      hold/$piper: pipe, fd"
	let_go $piper
	verdict "leaks: $fs: the pin is gone" leaks 0 0
	umount $MNT
done

# ---- later than another leaks
make_fs ext4
pwrite $MNT/a 0 8388608
hold_page piped pipe $MNT/a 4096
first=$holder
verdict 'leaks: --save' leaks 1 1 --save /tmp/saved
verdict 'leaks: --baseline: nothing new' leaks_say 0 0 ' known=1 ' '^  1 unexplained, as in the baseline' -- \
	--baseline /tmp/saved
hold_page second pipe $MNT/a 12288
verdict 'leaks: --baseline: one is new' leaks_say 1 1 ' known=1 ' "^      hold/$holder: pipe" -- \
	--baseline /tmp/saved
verdict 'leaks: --top' leaks_say 1 2 'and 1 more, not shown' -- --top 1
verdict 'leaks: --json' leaks_say 1 - '^{"record":"start","schema":2,"contents":"leaks",.*"profile":"'$profile \
	'^{"record":"pgmap","device":"namespace0.0","type":"fsdax","first_pfn":[0-9]*,' \
	"^{\"record\":\"folio\",.*\"pfn\":$(($(pfn_of second))),.*\"file\":\"$MNT/a.*\"holders\":\\[\"hold/$holder: pipe" \
	'^{"record":"summary",.*"unexplained":2,.*"incomplete":false}$' -- -j
let_go $holder
let_go $first
# Bad input is the same everywhere: one kernel has to show it.
bad_input() {
	head -n 1 /tmp/saved >/tmp/cut
	verdict 'leaks: a baseline without its end' leaks_say 64 - '/tmp/cut:1: .*without a summary; save it again' -- \
		--baseline /tmp/cut
	head -c 300 /tmp/saved >/tmp/cut
	verdict 'leaks: a baseline cut off in a line' leaks_say 64 - '/tmp/cut:[0-9]*: cut off' -- --baseline /tmp/cut
	sed '1s/"boot_id":"./"boot_id":"x/' /tmp/saved >/tmp/other
	verdict 'leaks: a baseline of another boot' leaks_say 64 - '/tmp/other:1: .*another boot' -- \
		--baseline /tmp/other
	sed '1s/"schema":2,"contents":"leaks",//; 1s/"boot_id"/"boot"/' /tmp/saved >/tmp/other
	verdict 'leaks: a baseline of schema 1' leaks_say 64 - \
		'/tmp/other:1: written by pgmaptrace before schema 2; save it again: pgmaptrace leaks --save' -- \
		--baseline /tmp/other
	verdict 'leaks: no baseline' leaks_say 64 - "can't read /tmp/none: No such file" -- --baseline /tmp/none
	mkdir -p /tmp/full
	mount -t tmpfs -o size=4k none /tmp/full
	head -c 4096 /dev/zero >/tmp/full/fill 2>/dev/null
	verdict 'leaks: --save on a disk that is full' leaks_say 70 - "can't write /tmp/full/saved: No space" -- \
		--save /tmp/full/saved
	verdict 'leaks: nothing is left of it' [ "$(ls /tmp/full)" = fill ]
	umount /tmp/full
	verdict 'leaks: --older without a session' leaks_say 64 - 'no session runs' -- --older 1
	verdict 'leaks: --pgmap that is not there' leaks_say 64 - 'no such pgmap' -- --pgmap dax7.7
	verdict 'leaks: --pgmap' leaks_say 0 0 'leaks pgmaps=1 ' -- --pgmap pmem0
	verdict 'leaks: options of others' leaks_say 64 - 'pfn is not valid with leaks (use it with run)' -- --pfn 1
	verdict 'leaks: --save in place of a device' leaks_say 64 - 'not a regular file' -- --save /dev/null
	status=0
	pgmaptrace --pgmap dax7.7 leaks >$OUT 2>&1 || status=$?
	[ $status = 64 ] || not_ok 'leaks: options before the command'
	for option in -j '--save /tmp/x' '--baseline /tmp/x' '--top 3'; do
		status=0
		pgmaptrace $option probe >$OUT 2>&1 || status=$?
		[ $status = 64 ] || not_ok "leaks: $option elsewhere"
	done
}
[ $profile != counted ] || brief || bad_input

interrupt() {
	pgmaptrace leaks >$OUT 2>&1 &
	takes_signals $!
	kill -INT $!
	status=0
	wait $! || status=$?
	[ $status = 2 ] && tail -n 1 $OUT | grep -q '^pgmaptrace: leaks .* incomplete$'
}
verdict 'leaks: interrupted: said, and inconclusive' interrupt

mkdir -p /tmp/bpf
if mount -t bpf none /tmp/bpf 2>/dev/null &&
   bpftool map create /tmp/bpf/old type array key 4 value 8 entries 1 name pgmaptrace; then
	verdict 'leaks: a session of another version' leaks_say 0 0 'session of another version is running'
	rm /tmp/bpf/old
else
	skip 'leaks: a session of another version - no bpftool'
fi
verdict 'leaks: no session' leaks 0 0
verdict 'leaks: no session: nothing is said of one' [ $(grep -c session $OUT) = 0 ]

# ---- while a session runs
pgmaptrace --stack=all >/tmp/session 2>&1 &
session=$!
wait_for /tmp/session 'tracing, Ctrl-C' $session
hold_page piped pipe $MNT/a 16384
piper=$holder
sleep 1
verdict 'leaks: with a session: who asked, and when' leaks_say 1 1 \
	"requests are known from the session of pid $session" "^      hold/$piper: pipe" \
	"$stored by hold/$piper on cpu [0-9], [1-9][0-9]*\\.[0-9]* s ago" \
	"^  1 folio, .* KiB, by hold, the oldest [0-9.]* s ago: pfn $(pfn_of piped)" \
	'dax_iomap_p[tm][ed]_fault\|dax_iomap_fault'
brief || {
	verdict 'leaks: with a session: --older 0' leaks 1 1 --older 0
	verdict 'leaks: with a session: --older 1000' leaks_say 0 0 ' young=1 ' -- --older 1000
}
verdict 'leaks: with a session: --json' leaks_say 1 - \
	"\"pfn\":$(($(pfn_of piped))),.*\"last_request\":{\"time_ns\":[0-9]*,\"ago_ns\":[0-9]*,\"comm\":\"hold\",\"tid\":$piper,\"stack\":\\[\"" \
	-- -j --save /tmp/saved
verdict 'leaks: with a session: --baseline' leaks 0 0 --baseline /tmp/saved
let_go $piper
hold_page piped pipe $MNT/a 16384
[ $profile != counted ] ||
	verdict 'leaks: with a session: the same page, asked for anew' leaks_say 1 1 "hold/$holder: pipe" -- \
		--baseline /tmp/saved
kill -INT $session
wait $session
verdict 'leaks: the session has ended' leaks_say 1 1 "^      hold/$holder: pipe"
verdict 'leaks: and is not asked any more' [ $(grep -c 'session of pid' $OUT) = 0 ]
let_go $holder
umount $MNT

# ---- after a session that has ended
past_began='^requests are known from /tmp/past, of a session that ended [0-9.]* s ago; later requests are not known'
# remember FILE COMMAND...: a session that writes FILE, while COMMAND runs
remember() {
	file=$1
	shift
	saved=0
	pgmaptrace --stack=all --save $file run -- "$@" >/tmp/session 2>&1 || saved=$?
	grep '^pgmaptrace: ' /tmp/session | sed 's/^/# /'
	return $saved
}
hold_script() {
	# what an earlier one said must not be taken for this one's
	: >/tmp/piped
	cat >/tmp/hold.sh <<-E
	hold pin $MNT/a 20480 >/tmp/piped &
	echo \$! >/tmp/holder
	. /bin/guest.sh
	wait_for /tmp/piped held \$!
	E
}
past_options() {
	verdict 'leaks: --past: --older 0' leaks 1 1 --past /tmp/past --older 0
	verdict 'leaks: --past: --older 1000' leaks_say 0 0 ' young=1 ' -- --past /tmp/past --older 1000
	verdict 'leaks: --past: --json' leaks_say 1 - '"saved_session":"/tmp/past","saved_session_ended_ns":[0-9]' \
		"\"pfn\":$(($(pfn_of piped))),.*\"comm\":\"hold\",\"tid\":[0-9]*,\"from_saved_session\":true,\"stack\":\\[\"" -- \
		-j --past /tmp/past --save /tmp/saved
	verdict 'leaks: --past: --baseline' leaks 0 0 --past /tmp/past --baseline /tmp/saved
}
if [ $profile != classic ]; then
	make_fs ext4
	pwrite $MNT/a 0 8388608
	hold_script
	verdict 'leaks: a session that saves' remember /tmp/past sh /tmp/hold.sh
	piper=$(cat /tmp/holder)
	case $profile in
	counted) place=vmf_insert_page_mkwrite ;;
	request) place=pgmap_request_folios ;;
	esac
	sleep 1
	verdict 'leaks: --past: who asked, and when' leaks_say 1 1 "$past_began" "^      hold/$piper: pipe" \
		"$stored by hold/[0-9]*, [1-9][0-9]*\\.[0-9]* s ago, seen by a session that ended [1-9][0-9.]* s ago" \
		"^  1 folio, .* KiB, by hold, the oldest [0-9.]* s ago: pfn $(pfn_of piped)" \
		"^    $place" -- --past /tmp/past
	brief || past_options
	hold_page second pipe $MNT/a 24576
	second() {
		leaks_say 1 2 "^      hold/$holder: pipe" '^  1 folio, ' '^  1 with no known request$' -- \
			--past /tmp/past && [ $(grep -c 'seen by a session that ended' $OUT) = 1 ]
	}
	verdict 'leaks: --past: near miss: a folio that it does not know' second
	let_go $holder
	kill $piper
	wait_until '' leaks_lack ' 1 unexplained'
	umount $MNT
fi
bad_past() {
	verdict 'leaks: --past wants what a session saved' leaks_say 64 - '/tmp/saved:1: leaks has saved it' -- \
		--past /tmp/saved
	mkdir /tmp/none
	verdict 'leaks: tracing saves to a disk that went' eval \
		'! remember /tmp/none/past rmdir /tmp/none && grep -q "^pgmaptrace: PASS" /tmp/session &&
		grep -q "can.t write /tmp/none/past" /tmp/session && [ $saved = 70 ]'
	remember /tmp/past true
	verdict 'leaks: --baseline wants what leaks saved' leaks_say 64 - '/tmp/past:1: a session has saved it' -- \
		--baseline /tmp/past
}
brief || bad_past

# ---- pgmaps of other types
if load_lab_module; then
	echo 'leak coherent' >$LAB/command
	verdict 'leaks: a folio that its driver has out' leaks_say 0 0 \
		"$LAB_DEVICE (coherent), pfn .*: 1 folio above idle, 1 in use, 0 unexplained"
	echo drop >$LAB/command
	remember /tmp/past sh -c "echo teardown-stall coherent >$LAB/command"
	verdict 'leaks: --past: a folio of a driver' leaks_say 1 1 "$past_began" "^$LAB_DEVICE (coherent)" \
		'    requested by sh/[0-9]*, [0-9.]* s ago, seen by a session that ended [0-9.]* s ago' \
		'^    lab_request\|^    .*zone_device_page_init' '^    lab_teardown_stall' -- --past /tmp/past
	echo drop >$LAB/command
	wait_until '' leaks_lack "$LAB_DEVICE"
	if [ $profile = request ]; then
		echo 'entries fsdax 19 held' >$LAB/command
		verdict 'leaks: a file has entries of what it names' leaks_say 0 0 \
			'^pgmap_lab (fsdax).*: 19 folios above idle, 19 mapped, 0 '
		echo drop >$LAB/command
		echo 'entries fsdax 19 none' >$LAB/command
		verdict 'leaks: a fault failed in the middle: no entry' leaks_say 1 19 \
			'^pgmap_lab (fsdax).*: 19 folios above idle, 0 mapped, 19 ' \
			'file: /dev/pgmap_lab .*, where no entry has it: the file does not hold it$'
		echo drop >$LAB/command
		echo 'entries fsdax 2 zapped' >$LAB/command
		verdict 'leaks: the entries are zapped' leaks_say 1 2 \
			'file: /dev/pgmap_lab .*, whose entry there is zapped: the file does not hold it$'
		echo drop >$LAB/command
		OPTIONS='-T --older 0'
		trace sh -c "echo 'entries fsdax 19 held' >$LAB/command"
		verdict 'leaks: --older: what a file holds is no leak' clean
		echo drop >$LAB/command
		for how in none zapped; do
			trace sh -c "echo 'entries fsdax 19 $how' >$LAB/command"
			verdict "leaks: --older: what no file holds is one: $how" eval '[ $status = 1 ] &&
				[ "$(field rules)" = leak ] && [ "$(field findings)" = 19 ] &&
				report_has "references: 1 = 1 by the requester" "requested at one site: 19 folios"'
			echo drop >$LAB/command
		done
		OPTIONS=-T
	fi
	stuck='coherent fsdax generic' live='coherent fsdax p2pdma generic'
	! brief || stuck=generic live='fsdax generic'
	for type in $stuck; do
		echo "stuck $type" >$LAB/command
		verdict "leaks: a pgmap that a lost reference keeps: $type" leaks_say 1 0 \
			"^$LAB_DEVICE ($type)" 'dying: reference count 1, outstanding folios account for 0' \
			'^    kworker.*: waits for its pgmap' ' dying=1 '
		[ $type = generic ] || echo drop >$LAB/command
	done
	verdict 'leaks: which is in the baseline' leaks 1 0 --save /tmp/saved
	verdict 'leaks: and then not new' leaks_say 0 0 ' known=1 ' -- --baseline /tmp/saved
	echo drop >$LAB/command
	wait_until '' leaks_lack "$LAB_DEVICE"
	verdict 'leaks: it went' leaks 0 0
	echo 'overput coherent' >$LAB/command
	verdict 'leaks: a pgmap whose references are below zero' leaks_say 1 0 \
		"^$LAB_DEVICE (coherent)" 'dying: reference count -1, below zero' \
		'^    kworker.*: waits for its pgmap' ' dying=1 '
	echo drop >$LAB/command
	wait_until '' leaks_lack "$LAB_DEVICE"
	verdict 'leaks: it went, too' leaks 0 0
	# ---- and before they are killed: one more, or one less, while nothing moves
	for type in $live; do
		echo "traffic $type 0 stay" >$LAB/command
		verdict "leaks: near miss: a live pgmap with the references that it should have: $type" \
			leaks_say_not ' too \(few\|many\)' 0 0
		echo drop >$LAB/command
		echo "traffic $type 0 lose" >$LAB/command
		verdict "leaks: a live pgmap with one reference less: $type" leaks_say 1 0 "^$LAB_DEVICE ($type)" \
			'reference count [0-9]*, 1 too few: [0-9]* are its own, outstanding folios account for 0' \
			' imbalanced=1 '
		echo drop >$LAB/command
		echo "traffic $type 0 gain" >$LAB/command
		# there nobody can tell
		if [ $type = p2pdma ]; then
			verdict 'leaks: one more, which may be an allocation: p2pdma' leaks 0 0
		else
			verdict "leaks: a live pgmap with one reference more: $type" leaks_say 1 0 \
				'reference count [0-9]*, 1 too many: [0-9]* are its own' ' imbalanced=1 '
		fi
		[ $type = generic ] || echo drop >$LAB/command
	done
	verdict 'leaks: which is in the baseline, too' leaks 1 0 --save /tmp/saved
	verdict 'leaks: and then not new, either' leaks_say 0 0 ' known=1 ' -- --baseline /tmp/saved
	echo drop >$LAB/command
	echo 'traffic coherent 1000 hold' >$LAB/command
	verdict 'leaks: near miss: folios that their driver has out' leaks_say_not ' too \(few\|many\)' 0 - -j
	verdict 'leaks: near miss: they are counted' grep -q \
		'"excess":0,"explained_min":[1-9][0-9]*,' $OUT
	echo drop >$LAB/command
	(while :; do echo 'traffic coherent 10000' >$LAB/command; done) &
	traffic=$!
	for _ in 1 2 3 4 5; do
		pgmaptrace leaks || :
	done >$OUT 2>&1
	verdict 'leaks: near miss: traffic' eval \
		'grep -q "^$LAB_DEVICE (coherent)" $OUT && ! grep -q " too \(few\|many\):" $OUT'
	let_go $traffic
	rmmod pgmap_lab
else
	not_ok 'leaks: the lab module does not load'
fi

# ---- an unbind that hangs, where the pgmap waits for a pin
if [ $profile = request ]; then
	make_fs ext4
	pwrite $MNT/a 0 8388608
	hold_page piped pin $MNT/a 4096
	piper=$holder
	echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind &
	unbind=$!
	sleep 3
	verdict 'leaks: an unbind that hangs' leaks_say 1 1 'namespace0.0 (fsdax), pfn 0x' \
		'dying: reference count [1-9][0-9]*, outstanding folios account for [1-9]' "^  pfn $(pfn_of piped) " \
		"file: .*$MNT/a" "^      hold/$piper: pipe, fd" ' dying=1 ' \
		"sh/$unbind: waits for its pgmap"
	let_go $piper
	umount $MNT
	wait $unbind
	verdict 'leaks: the process is gone, and so is the pgmap' leaks_say 0 0 'leaks pgmaps=0 '
	echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/bind
fi

# ---- device-dax
make_devdax 'leaks: device-dax' || exit 0
hold_page dax map /dev/dax0.0 16384
mapper=$holder
verdict 'leaks: device-dax: mapped' leaks 0 0
hold_page piped pipe /dev/dax0.0 1048576
verdict 'leaks: device-dax: a pin' leaks_say 1 1 '^dax0.0 (generic)' "^      hold/$holder: pipe" 'file: /dev/dax0.0'
let_go $holder
let_go $mapper
