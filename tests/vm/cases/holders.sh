# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# pgmaptrace holders PFN: who maps a page, pins it, or waits for it, and who not.
. /bin/guest.sh

# holders STATUS PFN WORDS...: the answer says all of the words
holders() {
	want=$1 pfn=$2 got=0
	shift 2
	pgmaptrace holders $pfn >$OUT 2>&1 || got=$?
	[ $got = $want ] && report_has "$@"
}

# waiters STATUS WORDS...: the answer says all of the words
waiters() {
	want=$1 got=0
	shift
	pgmaptrace holders >$OUT 2>&1 || got=$?
	[ $got = $want ] && report_has "$@"
}

# only_waiters N: the answer has so many waiters
only_waiters() {
	[ "$(grep -c '^[^ ]*/[0-9]* waits for ' $OUT)" = $1 ]
}

# only N: the answer has so many holders
only() {
	[ "$(grep -c '^  .*/[0-9]*: ' $OUT)" = $1 ]
}

show() {
	sed 's/^/# /' $OUT
}

make_fs ext4
pwrite $MNT/a 0 8388608

# ---- mappings
hold_page mapped map $MNT/a 8192
mapper=$holder
hold_page covered cover $MNT/a
coverer=$holder
verdict 'holders: a process that maps the page' \
	holders 0 $(pfn_of mapped) "hold/$mapper: maps it at 0x"
show
verdict 'holders: near miss: a process that maps the file and never touched it' only 1
hold_page second map $MNT/a 8192
verdict 'holders: a second process that maps it' \
	holders 0 $(pfn_of mapped) "hold/$mapper: maps it" "hold/$holder: maps it"
verdict 'holders: both, once' only 2
let_go $holder
let_go $mapper
verdict 'holders: nobody, while a process maps the file' \
	holders 1 $(pfn_of mapped) 'none found' 'not visible'
show
let_go $coverer

# ---- pipes
hold_page piped pipe $MNT/a 4096
verdict 'holders: a pipe' holders 0 $(pfn_of piped) "hold/$holder: pipe, fd [0-9]"
show
verdict 'holders: both ends of the pipe are one' only 1
pages=$(sed -n 's/^pfn .*, \([0-9]*\) page.*/\1/p' $OUT)
next=$(printf '0x%x' $(($(pfn_of piped) + pages)))
verdict 'holders: near miss: the page behind' holders 1 $next 'none found'
let_go $holder

# ---- waiters: the page is cut off while a pipe pins it (6.x looks for pins only
# if the file is mapped)
hold_page piped pin $MNT/a 4096
piper=$holder
verdict 'holders: nobody waits, while a page is in a pipe' waiters 1 'nobody found'
verdict 'holders: mapped and in a pipe, by one process' holders 0 $(pfn_of piped) \
	"hold/$piper: maps it at 0x" "hold/$piper: pipe"
truncate -s 0 $MNT/a &
waiter=$!
sleep 2
verdict 'holders: who waits for it' \
	holders 0 $(pfn_of piped) "hold/$piper: pipe" "truncate/$waiter: waits for it"
show
verdict 'holders: who waits for any page, and where' \
	waiters 0 "truncate/$waiter waits for pfn $(pfn_of piped) (refcount [0-9]*)" \
	'^    ext4_setattr+0x'
show
verdict 'holders: near miss: the others that sleep' only_waiters 1
let_go $piper
wait $waiter
verdict 'holders: nobody any more' holders 1 $(pfn_of piped) 'none found'
verdict 'holders: nobody waits any more' waiters 1 'nobody found'
umount $MNT

# ---- direct I/O: to a disk that is a file, the file system of which is frozen
if make_slow_disk; then
	make_fs ext4
	pwrite $MNT/a 0 8388608
	pwrite $MNT/b 0 2097152
	hold_page read read $MNT/a 4096
	reader=$holder
	sleep 1
	verdict 'holders: near miss: a read of a pipe into the page is no direct I/O' \
		holders 0 $(pfn_of read) "hold/$reader: maps it at 0x"
	verdict 'holders: that one maps it, and no more' only 1
	let_go $reader
	fsfreeze --freeze /tmp/slow
	hold_page dio dio $MNT/a 4096 $disk
	writer=$holder
	sleep 1
	truncate -s 0 $MNT/a &
	waiter=$!
	sleep 2
	verdict 'holders: direct I/O, and who waits for its end' holders 0 $(pfn_of dio) \
		"hold/$writer: direct I/O, pwrite64 on fd [0-9]* from 0x.*, in flight$" \
		"truncate/$waiter: waits for it"
	show
	verdict 'holders: these two, once' only 2
	hold_page diov diov $MNT/b 4096 $disk
	sleep 1
	verdict 'holders: direct I/O with vectors' holders 0 $(pfn_of diov) \
		"hold/$holder: direct I/O, pwritev on fd [0-9]* from 0x.*, in flight"
	show
	fsfreeze --unfreeze /tmp/slow
	wait_for /tmp/diov 'done' $holder
	let_go $holder
	wait_for /tmp/dio 'done' $writer
	# 6.1 leaves it asleep, though the page is idle again
	sleep 1
	kill $waiter 2>/dev/null || :
	wait $waiter || :
	verdict 'holders: nobody, when the direct I/O is done' \
		holders 1 $(pfn_of dio) 'none found'
	show
	let_go $writer
	drop_slow_disk
	umount $MNT
else
	skip "holders: direct I/O - $RELEASE has no module brd or loop"
fi

# ---- a huge page of ext4 or XFS: a pin of a part of it
make_fs xfs
pwrite $MNT/a 0 8388608
hold_page huge map $MNT/a 12288
mapper=$holder
hold_page piped pipe $MNT/a 12288
verdict 'holders: xfs: mapped and in a pipe' holders 0 $(pfn_of piped) \
	"hold/$mapper: maps it at 0x" "hold/$holder: pipe"
show
let_go $holder
let_go $mapper
umount $MNT

# ---- any other pfn
verdict 'holders: no device page' holders 64 0x100 'not a device page'
verdict 'holders: no pfn at all' holders 64 soon 'page frame number'

# ---- symbols that are not there: said, and nobody is not taken for sure
make_fs ext4
pwrite $MNT/a 0 4194304
hold_page mapped map $MNT/a
let_go $holder
grep -Ev ' (io_uring_fops|bit_wait_table)$' /proc/kallsyms >/tmp/kallsyms
mount --bind /tmp/kallsyms /proc/kallsyms
verdict 'holders: without the symbols of io_uring and waiters: not known' holders 2 \
	$(pfn_of mapped) 'none found' 'not completely: io_uring buffers, who waits for it$'
show
verdict 'holders: without these, who waits is not known' waiters 2 \
	'nobody found' 'not completely: who waits for a page'
umount /proc/kallsyms
umount $MNT

# ---- device-dax: huge, and the kind of page that io_uring takes
make_devdax 'holders: device-dax' || exit 0
hold_page dax map /dev/dax0.0 16384
mapper=$holder
verdict 'holders: device-dax: a PMD' holders 0 $(pfn_of dax) "hold/$mapper: maps it at 0x.*, PMD"
show
for how in uring ring; do
	hold_page $how $how /dev/dax0.0 20480
	if grep -q 'registers no such page' /tmp/$how; then
		skip "holders: $how - $RELEASE takes no device page as a fixed buffer"
		continue
	fi
	words='fd [0-9]'
	[ $how = uring ] || words='registered ring'
	verdict "holders: io_uring: $words" holders 0 $(pfn_of $how) \
		"hold/$mapper: maps it" "hold/$holder: io_uring fixed buffer, $words"
	show
	let_go $holder
done
let_go $mapper
hold_page piped pipe /dev/dax0.0 1048576
verdict 'holders: device-dax: the pin of a tail page' holders 0 $(pfn_of piped) \
	"hold/$holder: pipe, fd"
show
let_go $holder

# ---- whoever waits for all of the pgmap: only there does an unbind wait for pins
if [ "$(profile)" = request ]; then
	hold_page piped pipe /dev/dax0.0
	(echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind) &
	waiter=$!
	sleep 2
	verdict 'holders: who waits for its pgmap' holders 0 $(pfn_of piped) \
		"hold/$holder: pipe" "sh/$waiter: waits for its pgmap"
	show
	verdict 'holders: who waits for any pgmap, and where' \
		waiters 0 "sh/$waiter waits for the pgmap of pfn 0x" '^    memunmap_pages+0x'
	show
	verdict 'holders: near miss: the others that sleep, here too' only_waiters 1
	let_go $holder
	wait $waiter
	verdict 'holders: the pgmap is gone' holders 64 $(pfn_of piped) 'not a device page'
fi

# ---- device-private pages, in anonymous memory
if ! modprobe test_hmm 2>/dev/null; then
	skip "holders: device-private pages - $RELEASE has no test driver"
	exit 0
fi
hold_page private private /dev/hmm_dmirror0
verdict 'holders: a device-private page' holders 0 $(pfn_of private) \
	"hold/$holder: maps it at 0x.*, device-private entry"
show
let_go $holder
