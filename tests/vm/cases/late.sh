# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# Tracing that starts in the middle: what was in use before gives no finding.
. /bin/guest.sh

make_fs ext4
pwrite $MNT/stored 0 67108864
daxload -s -r 1 $MNT/stored 64M >/dev/null
pwrite $MNT/pinned 0 4194304
pin $MNT/pinned -u
cat >/tmp/rest.sh <<EOF
set -e
# entries and sections from before tracing, removed with interrupts off
truncate -s 0 $MNT/stored
echo release >/tmp/orders
. /bin/guest.sh
wait_for /tmp/pin released
truncate -s 0 $MNT/pinned
daxload -r 1 $MNT/new 8M
EOF
trace sh /tmp/rest.sh
verdict 'late: pinned and stored before attach, released after' clean
verdict 'late: one folio is counted as preexisting' [ "$(field preexisting)" = 1 ]
exec 9>&-
wait
trace umount $MNT
verdict 'late: umount of what an earlier trace saw' clean

# a pgmap that goes and comes back while tracing: the same pfns start afresh
cat >/tmp/again.sh <<EOF
set -e
for i in 1 2; do
	echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind
	echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/bind
	mount -t ext4 -o dax=always /dev/pmem0 $MNT
	daxload -r 1 $MNT/again 8M
	umount $MNT
done
EOF
trace sh /tmp/again.sh
verdict 'late: a pgmap that goes and comes back' clean

# what is still out when tracing ends: a pin is a leak, a mapping is none
make_fs ext4
pwrite $MNT/a 0 4194304
cat >/tmp/still-out.sh <<EOF
rm -f /tmp/orders /tmp/pin
mkfifo /tmp/orders
daxpin \$1 -w /tmp/orders $MNT/a >/tmp/pin &
pinner=\$!
# holds the fifo open: its end would end daxpin, and here it outlives the trace
sleep 1000 >/tmp/orders &
echo "\$pinner \$!" >/tmp/pinner
. /bin/guest.sh
wait_for /tmp/pin pinned \$pinner
[ -n "\$1" ] || echo release >/tmp/orders
sleep 3
EOF
OPTIONS='-T --stack=all --older 1'
trace sh /tmp/still-out.sh -u
if [ "$(profile)" = counted ]; then
	verdict 'late: a folio that is pinned at the end is a leak' found leak
	verdict 'late: leak: the report names the request' \
		report_has 'last requested for a mapping by daxpin' vmf_insert_page_mkwrite
else
	verdict 'late: pins are not seen on classic kernels' clean
fi
kill $(cat /tmp/pinner)
OPTIONS='-T --older 60'
trace sh /tmp/still-out.sh -u
verdict 'late: near miss: a pinned folio that is younger than --older' clean
kill $(cat /tmp/pinner)
OPTIONS='-T --older 1'
trace sh /tmp/still-out.sh ''
verdict 'late: near miss: a folio that is mapped at the end' clean
kill $(cat /tmp/pinner)
OPTIONS=-T
wait_until '' umount $MNT

# stopped again while what is outstanding is judged: 16384 mapped folios take a while
if [ "$(profile)" = counted ]; then
	make_fs ext4
	cut_short() {
		status=0
		: >$OUT
		: >/tmp/many
		pgmaptrace --older 0 >$OUT 2>&1 &
		tool=$!
		wait_for $OUT 'tracing, Ctrl-C' $tool
		daxload -k $MNT/many 64M >/tmp/many &
		wait_for /tmp/many mapped $!
		for _ in $(seq 200); do
			kill -TERM $tool 2>/dev/null || break
			sleep 0.05
		done
		wait $tool || status=$?
		kill $!
		wait $! 2>/dev/null
		[ $status = 2 ] && report_has 'stopped before all outstanding folios were judged' \
			'^pgmaptrace: INCONCLUSIVE findings=0 ' && hooks_gone
	}
	verdict 'late: stopped again while leaks are judged' cut_short
	wait_until '' umount $MNT
fi

# two sessions at once
make_fs ext4
pgmaptrace run -- daxload -r 2 $MNT/one 16M >/tmp/other.out 2>&1 &
other=$!
trace daxload -r 2 $MNT/two 16M
verdict 'late: two sessions at once, the first' clean
wait $other
verdict 'late: two sessions at once, the second' grep -q '^pgmaptrace: PASS .* lost=0 ' /tmp/other.out
umount $MNT

# filesystem modules that load after attach need no hook of their own
make_fs xfs
umount $MNT
rmmod xfs
if [ -d /sys/module/xfs ]; then
	not_ok 'late: xfs could not be unloaded'
fi
trace sh -e -c "mount -t xfs -o dax=always /dev/pmem0 $MNT; daxload -r 1 $MNT/late 8M; umount $MNT"
verdict 'late: xfs loaded after attach' clean
