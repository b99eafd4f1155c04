# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2086
# In a guest, for tests/fleet/draw: a session in which mapped pages add up, a truncate waits for
# a pin, and a driver breaks a rule.  Each file of metrics is printed as it is written, with the
# second in front: "shot 12 LINE".
KEEPS_RECORDS=1
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
FILE=/tmp/session.prom SECONDS_IN_ALL=84

make_fs ext4
load_lab_module || exit 98
for file in 1 2 3 4 5 6 7 8 pinned; do
	dd if=/dev/zero of=$MNT/$file bs=4096 count=1 2>/dev/null
done
pgmaptrace --metrics $FILE --stall 5 >$OUT 2>&1 &
tool=$!
wait_until $tool [ -s $FILE ]

uptime() {
	cut -d. -f1 /proc/uptime
}

shot() {
	! cmp -s $FILE /tmp/last || return
	cp $FILE /tmp/last
	sed "s/^/shot $1 /" /tmp/last
}

began=$(uptime) now=0 did='' mapped=0

# due SECOND: once
due() {
	case " $did " in *" $1 "*) return 1 ;; esac
	[ $now -ge $1 ] && did="$did $1"
}

while [ $now -lt $SECONDS_IN_ALL ]; do
	now=$(($(uptime) - began))
	shot $now
	if due 8; then
		daxload $MNT/load1 8M >/dev/null &
	fi
	for second in 14 18 22 26 30 34 38 42; do
		if due $second; then
			mapped=$((mapped + 1))
			hold map $MNT/$mapped >/dev/null &
		fi
	done
	if due 36; then
		daxload $MNT/load2 16M >/dev/null &
	fi
	if due 46; then
		hold pipe $MNT/pinned >/dev/null &
	fi
	if due 52; then
		truncate -s 0 $MNT/pinned &
	fi
	! due 64 || echo traffic coherent 3000 stay >$LAB/command
	! due 72 || echo double-request coherent >$LAB/command
	sleep 1
done
kill -INT $tool
wait $tool
sed 's/^/# /' $OUT
exit 0
