# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# Waits that last: truncate, unlink and unmount for a pin, a clone that spins, an unbind for whatever
# refers to the pgmap.  Told of once, with who holds it; then who let it go.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
OPTIONS='-T --stall 3'
MORE_THAN_3='\([3-9]\|[1-9][0-9]\)\.[0-9]'

# HOW FILE COMMAND...: COMMAND waits until that is told of again, when it lasts twice as long.
cat >/tmp/wait.sh <<'E2'
. /bin/guest.sh
how=$1
file=$2
shift 2
hold_page holder $how $file
"$@" &
waiter=$!
echo $waiter >/tmp/waiter
told_of 'is still waiting, after'
kill $holder
wait $waiter
told_of 'is done waiting, after'
E2

reports() {
	sed -n '/VIOLATION\|WARNING\|keeps\|waiting/s/^/# /p' $OUT
}

holder() {
	cat /tmp/holder.pid
}

waiter() {
	cat /tmp/waiter
}

# warned TASK FILE: a warning, and no finding
warned() {
	reports
	[ "$status" = 0 ] && [ "$(field findings)" = 0 ] && [ "$(field warnings)" = 1 ] &&
		[ "$(grep -c 'WARNING break-stall' $OUT)" = 1 ] && [ "$(field lost)" = 0 ] &&
		report_has "reason: $1/$(waiter) has waited for $MORE_THAN_3 s" \
			"$2" "hold/$(holder): pipe, fd"
}

# warned again when it has lasted twice as long, and when it is over
told_on() {
	report_has "$1/$(waiter) is still waiting, after \([6-9]\|[1-9][0-9]\)\.[0-9] s\$" 'is done waiting, after'
}

# Where frees are seen, who freed it; else who holds it no more.
by_whom() {
	if [ "$(profile)" = classic ]; then
		report_has "no longer a holder: hold/$(holder): pipe"
	else
		report_has "is done waiting, after .*; freed by hold/$(holder) on cpu"
	fi
}

quiet() {
	reports
	clean && ! grep -q 'WARNING\|stall' $OUT
}

# ---- a file system waits for a pin

make_fs ext4
pwrite $MNT/a 0 8388608
trace sh /tmp/wait.sh pin $MNT/a truncate -s 0 $MNT/a
verdict 'stalls: truncate waits for a vmsplice pin' warned truncate "  file: $MNT/a ("
verdict 'stalls: truncate: told again, and when it ends' told_on truncate
verdict 'stalls: truncate: who ended it' by_whom
sed -n '/WARNING/,/^$/s/^/# /p' $OUT
! warned truncate "  file: $MNT/a (" >/dev/null || echo 'cell break-stall fires'

# a signal ends the wait, and the pin stays
cat >/tmp/signal.sh <<E2
. /bin/guest.sh
hold_page holder pin $MNT/a
truncate -s 0 $MNT/a &
told_of 'WARNING break-stall'
kill \$!
wait \$!
told_of 'gave up waiting, after'
kill \$holder
E2
given_up() {
	reports
	[ "$status" = 0 ] && [ "$(field warnings)" = 1 ] && ! grep -q 'is done waiting' $OUT &&
		report_has 'truncate/[0-9]* gave up waiting, after .*, at refcount [1-9]'
}
pwrite $MNT/a 0 8388608
trace sh /tmp/signal.sh
verdict 'stalls: truncate is killed while it waits' given_up

# a timer interrupts the wait again and again: it is one wait all the same
for ms in 700 5000; do
	pwrite $MNT/a 0 8388608
	trace sh /tmp/wait.sh pin $MNT/a interrupted $ms $MNT/a
	verdict "stalls: a timer of $ms ms interrupts truncate" warned interrupted "  file: $MNT/a ("
	verdict "stalls: a timer of $ms ms: told again, and when it ends" told_on interrupted
done

# the wait ends, and COMMAND with it, before the next look
cat >/tmp/ends.sh <<E2
. /bin/guest.sh
hold_page holder pin $MNT/a
truncate -s 0 $MNT/a &
echo \$! >/tmp/waiter
told_of 'WARNING break-stall'
kill \$holder
wait
E2
ended() {
	warned truncate "  file: $MNT/a (" && report_has 'is done waiting, after' &&
		! grep -q 'at the end of tracing' $OUT
}
pwrite $MNT/a 0 8388608
trace sh /tmp/ends.sh
verdict 'stalls: a wait that has ended is not said to last' ended

# of two pins one goes: who has let go, and who is left
cat >/tmp/two.sh <<E2
. /bin/guest.sh
hold_page other pipe $MNT/a
other=\$holder
hold_page holder pin $MNT/a
truncate -s 0 $MNT/a &
echo \$! >/tmp/waiter
told_of 'WARNING break-stall'
kill \$other
told_of 'is still waiting, after'
kill \$holder
wait
told_of 'is done waiting, after'
E2
one_is_left() {
	warned truncate "  file: $MNT/a (" &&
		report_has "^  no longer a holder: hold/$(cat /tmp/other.pid): pipe, fd" '^  before: [0-9]' &&
		! grep -q 'no pin is left' $OUT
}
pwrite $MNT/a 0 8388608
trace sh /tmp/two.sh
verdict 'stalls: of two pins one goes: what has changed' one_is_left

cat >/tmp/short.sh <<E2
. /bin/guest.sh
for i in 1 2 3; do
	pwrite $MNT/b 0 4194304
	hold_page holder pin $MNT/b
	truncate -s 0 $MNT/b &
	sleep 4
	kill \$holder
	wait \$!
done
E2
OPTIONS='-T --stall 10'
trace sh /tmp/short.sh
OPTIONS='-T --stall 3'
verdict 'stalls: near miss: three short waits of one kind' quiet

cat >/tmp/sleeps.sh <<E2
. /bin/guest.sh
pwrite $MNT/c 0 4194304
hold_page holder pin $MNT/c
sleep 6
kill \$holder
E2
trace sh /tmp/sleeps.sh
verdict 'stalls: near miss: a pin that nobody waits for' quiet

# 6.x waits in truncate, and in no other place
if [ "$(profile)" = counted ]; then
	pwrite $MNT/d 0 4194304
	trace sh /tmp/wait.sh pipe $MNT/d rm $MNT/d
	verdict 'stalls: unlink waits for a vmsplice pin' warned rm "  file: name not known (deleted), inode [0-9]*, ext4 on pmem0"
	pwrite $MNT/e 0 4194304
	trace sh /tmp/wait.sh pipe $MNT/e umount $MNT
	verdict 'stalls: unmount waits for a vmsplice pin' warned umount "  file: name not known, inode [0-9]*, ext4 on pmem0"
	mount -t ext4 -o dax=always /dev/pmem0 $MNT
fi

# direct I/O to a disk that takes no more
cat >/tmp/dio.sh <<E2
. /bin/guest.sh
fsfreeze --freeze /tmp/slow
hold_page holder dio $MNT/h 4096 \$1
sleep 1
truncate -s 0 $MNT/h &
echo \$! >/tmp/waiter
told_of 'WARNING break-stall'
fsfreeze --unfreeze /tmp/slow
wait_for /tmp/holder 'done' \$holder
# 6.1 leaves it asleep, though the page is idle again
sleep 2
kill \$! 2>/dev/null
wait \$!
told_of 'is done waiting, after'
kill \$holder
E2
by_dio() {
	reports
	[ "$status" = 0 ] && [ "$(field warnings)" = 1 ] && [ "$(field lost)" = 0 ] &&
		report_has "reason: truncate/$(waiter) has waited for $MORE_THAN_3 s" \
			"  file: $MNT/h (" 'is done waiting, after' \
			"hold/$(holder): direct I/O, pwrite64 on fd [0-9]* from 0x.*, in flight$"
}
if make_slow_disk; then
	pwrite $MNT/h 0 4194304
	trace sh /tmp/dio.sh $disk
	verdict 'stalls: truncate waits for direct I/O in flight' by_dio
	sed -n '/WARNING/,/^$/s/^/# /p' $OUT
	drop_slow_disk
else
	skip "stalls: direct I/O - $RELEASE has no module brd or loop"
fi

# begun before tracing: its age counts from then on
pwrite $MNT/f 0 4194304
hold_page holder pin $MNT/f
truncate -s 0 $MNT/f &
echo $! >/tmp/waiter
sleep 2
trace sh -c '. /bin/guest.sh; told_of "WARNING break-stall"'
# whose file it is can't be known where the entry is gone by then
file="  file: $MNT/f ("
[ "$(profile)" != request ] || file='state: in use since before tracing began'
verdict 'stalls: a wait that began before tracing' warned truncate "$file"
verdict 'stalls: and lasts when tracing ends' report_has 'truncate/.* is still waiting at the end of tracing'
kill $holder
wait
umount $MNT

# ---- a task spins: XFS does not sleep for the pages of the second of two files

# clone: the second is the one with the higher inode number
make_fs xfs
pwrite $MNT/low 0 4194304
pwrite $MNT/high 0 8388608
cat >/tmp/spin.sh <<E2
. /bin/guest.sh
hold_page holder pin $MNT/high
reflink $MNT/high $MNT/low &
echo \$! >/tmp/waiter
told_of 'WARNING break-stall'
pgmaptrace holders \$(pfn_of holder) >/tmp/holders.out
pgmaptrace holders >/tmp/waiters.out
pgmaptrace leaks >/tmp/leaks.out
kill -9 \$!
told_of 'is still waiting, after'
kill \$holder
wait \$!
told_of 'is done waiting, after'
E2
# It asks some ten thousand times a second: that some of it is missed, while bpf(2) is busy on
# its processor, hides nothing.
only_asks_lost() {
	! grep 'pgmaptrace: lost: ' $OUT |
		grep -v ' of dax_\(layout_busy_page\|zap_mappings\)_range$'
}
spun() {
	reports
	[ "$status" = 0 ] && [ "$(field findings)" = 0 ] && [ "$(field warnings)" = 1 ] &&
		[ "$(grep -c 'WARNING break-stall' $OUT)" = 1 ] && only_asks_lost &&
		report_has "reason: reflink/$(waiter) has spun for $MORE_THAN_3 s .* asked [0-9]\{3,\} times" \
			"  file: $MNT/high (" "hold/$(holder): pipe, fd" \
			'  dax_\(layout_busy_page\|zap_mappings\)_range+0x' ' xfs_reflink_remap_prep' \
			"reflink/$(waiter) is done waiting, after"
}
found_spinning() {
	sed 's/^/# /' /tmp/holders.out /tmp/waiters.out /tmp/leaks.out
	grep -q "^  reflink/$(waiter): spins until it is idle" /tmp/holders.out &&
		grep -q "^reflink/$(waiter) spins for pfn $(pfn_of holder) (refcount [12])" /tmp/waiters.out &&
		grep -q ' xfs_reflink_remap_prep' /tmp/waiters.out &&
		grep -q "reflink/$(waiter): spins until it is idle" /tmp/leaks.out
}
trace sh /tmp/spin.sh
verdict 'stalls: a clone spins for a pin' spun
verdict 'stalls: who spins is known to holders and leaks' found_spinning
verdict 'stalls: who spins: without a session it is said' says 1 'not searched, since nothing traces: who spins' pgmaptrace holders
cat >/tmp/spins.sh <<E2
. /bin/guest.sh
for i in 1 2 3; do
	hold_page holder pin $MNT/high
	reflink $MNT/high $MNT/low &
	sleep 4
	kill \$holder
	wait \$!
done
E2
OPTIONS='-T --stall 10'
trace sh /tmp/spins.sh
spun_in_silence() {
	reports
	[ "$status" = 0 ] && [ "$(field findings)" = 0 ] && only_asks_lost &&
		! grep -q 'WARNING\|stall' $OUT
}
verdict 'stalls: near miss: three short spins' spun_in_silence
umount $MNT

OPTIONS='-T --stall soon'
trace true
verdict 'stalls: --stall soon' [ "$status" = 64 ]

# ---- a pgmap waits

load_lab_module || {
	not_ok 'stalls: the lab module does not load'
	exit 98
}

# stalled RULES: these findings
stalled() {
	reports
	[ "$status" = 1 ] && [ "$(field rules)" = "$1" ] && [ "$(field lost)" = 0 ] &&
		[ "$(grep -c 'VIOLATION teardown-stall' $OUT)" = 1 ] &&
		! grep -q 'no symbol' $OUT
}

OPTIONS='-T --stall 3'
stall() {
	trace sh -c '. /bin/guest.sh
		echo $0 coherent >$1
		told_of "VIOLATION teardown-stall"
		echo drop >$1
		told_of "is done waiting, after"' $1 $LAB/command
}
stall teardown-stall
verdict 'stalls: a folio that is not freed keeps memunmap_pages' stalled teardown-stall
verdict 'stalls: who gave the last reference back' report_has 'still has 1 reference, held by outstanding folios' \
	'requested at one site: 1 folio (4 KiB), the oldest' \
	'last reference dropped by sh/' ' lab_free'
sed -n '/VIOLATION/,/^$/s/^/# /p' $OUT

# a lost reference: nothing to be found but that
rules=teardown-stall
[ "$(profile)" != request ] || rules=ref-imbalance,teardown-stall
stall stuck
verdict 'stalls: a pgmap reference that is lost' stalled $rules
verdict 'stalls: it is called so' report_has 'still has 1 reference, but no outstanding folio'
# a reference that was given back twice: it comes below zero, and never to zero
stall overput
verdict 'stalls: a pgmap count below zero' stalled $rules
verdict 'stalls: below zero: it is called so' report_has \
	"the reference count of $LAB_DEVICE is -1, .*below zero, since more references were given"
OPTIONS=-T
trace sh -c "echo teardown-stall coherent >$LAB/command; sleep 5; echo drop >$LAB/command"
verdict 'stalls: near miss: shorter than --stall' quiet

# stopped while it lasts: what is known, and nothing is left of the tool
stopped() {
	status=0
	: >$OUT
	pgmaptrace --stall 2 >$OUT 2>&1 &
	tool=$!
	wait_for $OUT 'tracing, Ctrl-C' $tool
	echo stuck coherent >$LAB/command
	wait_for $OUT '^  waiting since' $tool
	kill -$1 $tool
	wait $tool || status=$?
	echo drop >$LAB/command
	summary=$(tail -n 1 "$OUT")
	stalled $rules && report_has 'is still waiting at the end of tracing' && hooks_gone
}
verdict 'stalls: SIGTERM while one lasts' stopped TERM

# blind STALL COMMAND...: the tool stands still while COMMAND runs
blind() {
	status=0
	: >$OUT
	pgmaptrace --stall $1 >$OUT 2>&1 &
	shift
	tool=$!
	wait_for $OUT 'tracing, Ctrl-C' $tool
	kill -STOP $tool
	"$@"
	kill -CONT $tool
	sleep 2
	kill -INT $tool
	wait $tool || status=$?
	summary=$(tail -n 1 "$OUT")
	reports
}
hang_for() {
	echo stuck coherent >$LAB/command
	sleep $1
	echo drop >$LAB/command
}
past_stall() {
	[ "$status" = 1 ] && [ "$(field findings)" = 1 ] && [ "$(field rules)" = teardown-stall ] &&
		report_has 'kept memunmap_pages waiting' 'waited for \([6-9]\|[1-9][0-9]\)\.[0-9] s' \
			'was over when pgmaptrace came to look' 'last reference dropped by sh/'
}
blind 2 hang_for 7
verdict 'stalls: the tool is stopped while memunmap_pages waits' past_stall
# the same of a file system: there only the loss is known
unseen() {
	[ "$status" = 2 ] && [ "$(field findings)" = 0 ] && report_has 'may hide: .*break-stall'
}
blind 2 sleep 7
verdict 'stalls: the tool is stopped for longer than --stall: inconclusive' unseen
# a busy host may stop it for some seconds more
blind 20 sleep 1
verdict 'stalls: near miss: stopped for a moment' quiet

if [ "$(profile)" != request ]; then
	rmmod pgmap_lab
	exit 0
fi

# ---- an unbind: only there it waits for pins

OPTIONS='-T --stall 3'
unbind() {
	echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind
}

rebind() {
	umount $MNT 2>/dev/null
	[ -e /dev/pmem0 ] || echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/bind
	make_fs ext4
	pwrite $MNT/g 0 4194304
}

# evicted: the file is thrown away, and waits for its page: page, inode, holder, who ended it
evicted() {
	reports
	[ "$status" = 0 ] && [ "$(field warnings)" = 1 ] &&
		report_has "WARNING break-stall: pfn $(pfn_of holder)" \
			"hold/$(holder): pipe, fd" 'unbind_store+0x' \
			"is done waiting, after .*; freed by hold/$(holder) on cpu"
}

cat >/tmp/unbind.sh <<'E2'
. /bin/guest.sh
hold_page holder $1 /tmp/mnt/g
(echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind) &
told_of 'WARNING\|VIOLATION'
kill $holder
wait $holder
# the page is in the file still
[ $1 = pipe ] || { told_of 'is still waiting, after' && umount /tmp/mnt; }
wait
told_of 'is done waiting, after'
E2
rebind
trace sh /tmp/unbind.sh pipe
verdict 'stalls: an unbind evicts a file with a pin in a pipe' evicted
verdict 'stalls: it is known which' report_has '  file: .*inode 12, ext4 on pmem0'
sed -n '/WARNING/,/^$/s/^/# /p' $OUT

# the tool comes when it hangs already
rebind
hold_page holder pipe $MNT/g
unbind &
sleep 3
cat >/tmp/late.sh <<E2
. /bin/guest.sh
told_of 'WARNING break-stall'
kill $holder
told_of 'is done waiting, after'
E2
trace sh /tmp/late.sh
verdict 'stalls: an unbind that hung before tracing began' evicted
wait

# a file that is open stays, and so does its page: memunmap_pages waits for both
named() {
	stalled teardown-stall &&
		report_has "VIOLATION teardown-stall: pfn $(pfn_of holder)" \
			'(fsdax) keeps memunmap_pages waiting' "  file: $MNT/g (inode 12, ext4" \
			"hold/$(holder): maps it at" "hold/$(holder): pipe, fd" \
			'references: 2 = 1 by the file + 1 unexplained' \
			'last reference dropped by umount/'
}
rebind
trace sh /tmp/unbind.sh pin
verdict 'stalls: an unbind waits for a file that is mapped and pinned' named
verdict 'stalls: once the pin is gone: what is left to do' report_has \
	"^  no longer a holder: hold/$(holder): pipe, fd" '^  before: 2 = 1 by the file + 1 unexplained' \
	"^  now only the file's entries hold it: unmount"
sed -n '/VIOLATION/,/^$/s/^/# /p' $OUT

# device-dax: the pin is all that is left
ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null || not_ok 'stalls: no device-dax'
cat >/tmp/dax.sh <<'E2'
. /bin/guest.sh
hold_page holder pipe /dev/dax0.0
(echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind) &
told_of 'VIOLATION teardown-stall'
kill $holder
wait
told_of 'is done waiting, after'
E2
dax_named() {
	stalled teardown-stall && report_has '(generic) keeps memunmap_pages waiting' \
		"  file: /dev/dax0.0 (" "hold/$(holder): pipe, fd" \
		"last reference dropped by hold/$(holder) on cpu"
}
trace sh /tmp/dax.sh
verdict 'stalls: an unbind waits for a pin of device-dax' dax_named

# ---- pages of a device that a module takes away

modprobe test_hmm
hold_page private private /dev/hmm_dmirror0
pfn=$(pfn_of private)
echo "hold $pfn" >$LAB/command
kill $holder
wait $holder
cat >/tmp/hmm.sh <<E2
. /bin/guest.sh
rmmod test_hmm &
told_of 'VIOLATION teardown-stall'
echo drop >$LAB/command
wait
told_of 'is done waiting, after'
E2
hmm_named() {
	stalled teardown-stall && report_has "VIOLATION teardown-stall: pfn $pfn order 0 refcount 1" \
		'(private) keeps memunmap_pages waiting' '^  waiting since [0-9.]*: rmmod/' ' dmirror_device_remove_chunks' \
		'last reference dropped by sh/' 'lab_let_go'
}
trace sh /tmp/hmm.sh
verdict 'stalls: the hmm test driver goes while a page is held' hmm_named
sed -n '/VIOLATION/,/^$/s/^/# /p' $OUT
rmmod pgmap_lab
