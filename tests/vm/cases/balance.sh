# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Real traffic on real filesystems: no finding, and counts that equal those of
# kprobe events on the same functions in the same run.
. /bin/guest.sh

profile=$(profile)
remove_function=$(awk '$3 ~ /^dax_disassociate_entry(\.|$)/ { print $3; exit }' /proc/kallsyms)

count_start() {
	echo >$TRACING/kprobe_events
	echo 65536 >$TRACING/buffer_size_kb
	echo >$TRACING/trace
	if [ "$profile" = counted ]; then
		echo 'p:count free_zone_device_folio' >$TRACING/kprobe_events
	elif [ "$profile" = request ]; then
		echo 'p:count pgmap_request_folios nr=$arg3:s32' >$TRACING/kprobe_events
	else
		# bits 2 and 3 of the value say that an entry names no folio
		echo "p:count $remove_function entry=\$arg1" >$TRACING/kprobe_events
		echo '!(entry & 24)' >$TRACING/events/kprobes/count/filter
	fi
	echo 1 >$TRACING/events/kprobes/count/enable
}

counted=
count_stop() {
	echo 0 >$TRACING/events/kprobes/count/enable
	if [ "$profile" = counted ]; then
		counted=$(awk '$1 == "count" { print $2 }' $TRACING/kprobe_profile)
	elif [ "$profile" = request ]; then
		counted=$(sed -n 's/.* count: .* nr=//p' $TRACING/trace | awk '{ n += $1 } END { print n + 0 }')
	else
		counted=$(grep -c ' count: ' $TRACING/trace)
	fi
}

# requests=0 frees=0 must not look as if nothing was traced
says_what_is_hidden() {
	hidden=$(sed -n 's/^pgmaptrace: not visible on this kernel: requests and frees of \(.*\) folios; .*/\1/p' "$OUT")
	[ "$profile" = classic ] && wanted='fsdax, generic, p2pdma' || wanted=
	[ "$hidden" = "$wanted" ]
}

balanced() {
	clean || return 1
	case $profile in
	counted|request)
		[ "$(field frees)" = "$counted" ] && [ "$(field requests)" = "$counted" ] || return 1
		;;
	esac
	case $profile in
	counted|classic)
		[ "$(field stored)" = "$(field removed)" ] || return 1
		;;
	esac
	[ "$profile" != classic ] || [ "$(field removed)" = "$counted" ] || return 1
	says_what_is_hidden || return 1
	[ "$counted" -ge "$1" ] && [ "$counted" -le "$2" ] && [ "$(field outstanding)" = 0 ]
}

# traffic NAME FS LEAST MOST COMMAND: so many requests or associations
traffic() {
	make_fs "$2"
	count_start
	trace sh -e -c "$5; umount $MNT"
	count_stop
	# counts are of pages of 4 KiB
	verdict "balance: $2, $1: $counted counted by kprobe" \
		balanced $(($3 / (PAGE / 4096))) $(($4 / (PAGE / 4096)))
}

for fs in ext4 xfs; do
	traffic "$((PAGE / 1024)) KiB pages" $fs 8192 16384 "daxload -r 2 $MNT/small 32M"
	# where a huge folio is made of requested pages, these are counted
	pages=1 size="$((HUGE / 1048576)) MiB pages"
	[ "$profile" != request ] || pages=512
	has_huge_pages || pages=512 size='2 MiB of 4 KiB pages'
	# 32 MiB are one huge page of a kernel with pages of 16 KiB
	pages=$((pages * 33554432 * (PAGE / 4096) / HUGE))
	most=$((3 * pages))
	# XFS gives a new file no extent of 32 MiB in one go: the first round maps small pages
	[ $fs = ext4 ] || [ $PAGE = 4096 ] || most=$((most + 33554432 / 4096))
	traffic "$size" $fs $pages $most "daxload -h -r 3 $MNT/huge 32M"
	# what follows does not differ by file system
	[ $fs = xfs ] || ! brief || continue
	traffic 'two processes' $fs 8192 16384 "daxload -p 2 -r 2 $MNT/two 16M"
	traffic 'one file, four processes, both CPUs' $fs 4096 98304 "daxload -s -p 4 -r 6 $MNT/shared 16M"
	traffic 'truncate, punch, rename, unlink while mapped' $fs 4096 98304 \
		"daxload -x -p 2 -r 2 $MNT/change 16M"
done

# 4 KiB and 2 MiB at the same time, on both CPUs
if [ "$profile" = request ]; then
	traffic '100,000 and more' xfs 100000 400000 "
		for i in 1 2 3 4; do daxload -p 2 $MNT/small 32M; done &
		for i in 1 2 3 4; do daxload -h -p 2 $MNT/large 32M; done
		wait"
fi

# Every event in a file, while both CPUs make as many as they can: none is lost, and
# there are as many lines as the totals say.
at_full_speed() {
	pgmaptrace --events --output /tmp/events run -- sh -c \
		'for cpu in 0 1; do taskset -c $cpu faultcost $0/$cpu 16 2 & done; wait' $MNT >"$OUT" 2>&1 || return 1
	summary=$(tail -n 1 /tmp/events)
	echo "# $summary"
	status=0 clean && [ "$(field stored)" -ge $((16384 / (PAGE / 4096))) ] || return 1
	for pair in 'store stored' 'remove removed' 'free frees'; do
		[ "$(grep -c " ${pair% *}: " /tmp/events)" = "$(field ${pair#* })" ] || return 1
	done
}
make_fs xfs
verdict 'balance: all events, from both CPUs at full speed' at_full_speed

# Records are slower than that: there are always more, and yet it ends when it is to.
ends_in_time() {
	for cpu in 0 1; do
		sh -c 'while [ -e /tmp/busy ]; do faultcost $0 16 2; done' $MNT/$cpu >/dev/null &
	done
	began=$(cut -d. -f1 /proc/uptime) status=0
	# it is too busy to look for stalls, and would say that it is blind
	pgmaptrace -d 1 --stall 0 --events --json /tmp/json --output /tmp/events >"$OUT" 2>&1 || status=$?
	took=$(($(cut -d. -f1 /proc/uptime) - began))
	rm /tmp/busy
	wait
	# enough of them to be checked outside
	tail -n 500 /tmp/json >/tmp/some
	keep_records /tmp/some
	summary=$(tail -n 1 /tmp/events)
	echo "# after $took s: $summary"
	# so busy a machine may have no memory for a section just then: that is counted, and said
	[ $status = 0 ] || { [ $status = 2 ] && grep -q '^pgmaptrace: lost: .*; may hide: ' /tmp/events; } ||
		return 1
	[ "$(field findings)" = 0 ] && [ "$(field lost)" -gt 0 ] && [ $took -lt 200 ]
}
: >/tmp/busy
[ "$profile" != counted ] || [ "${PGMAPTRACE_SLOW:-}" ] || brief ||
	verdict 'balance: more events than can be read: it ends' ends_in_time

# Where make check has no case stalls: its first scene.
waits_for_pin() {
	OPTIONS='-T --stall 3'
	pwrite $MNT/a 0 8388608
	trace sh -c '. /bin/guest.sh
		hold_page pinned pin $0/a
		truncate -s 0 $0/a &
		told_of "WARNING break-stall"
		kill $holder
		wait' $MNT
	[ "$status" = 0 ] && [ "$(field findings)" = 0 ] && [ "$(field warnings)" = 1 ] &&
		report_has "file: $MNT/a (" "hold/$(cat /tmp/pinned.pid): pipe, fd" || return
	echo 'cell break-stall fires'
}
! brief || verdict 'balance: a truncate that waits for a pin' waits_for_pin
umount $MNT
