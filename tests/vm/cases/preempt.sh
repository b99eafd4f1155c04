# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# A kernel that preempts itself: no event is missed under load, and what is missed for other
# reasons is counted, to the event.
. /bin/guest.sh

profile=$(profile)
watched=dax_insert_entry
hooked=$(pgmaptrace probe | sed -n "s/^  \([a-z.]*\) *$watched\$/\1/p")
OPTIONS='-T -v'

# traced NAME: hits of a kprobe of our own on the same function, meanwhile
traced() {
	echo "p:count $watched" >$TRACING/kprobe_events
	echo 1 >$TRACING/events/kprobes/count/enable
	trace sh -e -c "$1"
	hits=$(awk '$1 == "count" { print $2 }' $TRACING/kprobe_profile)
	echo 0 >$TRACING/events/kprobes/count/enable
	echo '-:count' >>$TRACING/kprobe_events
	missed=$(sed -n "s/^pgmaptrace: lost: \([0-9]*\) events missed .* at the entry of $watched;.*/\1/p" $OUT)
	missed=${missed:-0}
	ran=$(sed -n 's/^ran //p' $OUT)
	echo "# $summary"
	grep '^pgmaptrace: lost' $OUT | sed 's/^/# /'
}

# how often the program ran, since it was loaded; names of programs are cut
cat >/tmp/runs.sh <<'E2'
bpftool prog show | awk '
	/ name (kprobe|fentry)_dax_inse/ { show = 1 }
	show && / run_cnt / { sub(/.* run_cnt /, ""); print "ran " $1; exit }'
E2

verdict "preempt: hooks are kprobes ($hooked)" [ "${hooked%.multi}" = kprobe ]

load="daxload -p 4 -r 4 $MNT/two 16M; daxload -s -p 4 -r 6 $MNT/shared 16M; rm $MNT/two* $MNT/shared"
make_fs ext4
traced "$load"
# kprobes_left: of the tool, in tracefs
kprobes_left() {
	grep -q pgmaptrace $TRACING/kprobe_events
}
nothing_missed() {
	clean && [ "$hits" -ge 100000 ] && ! kprobes_left
}
verdict 'preempt: four processes on two CPUs: nothing is missed' nothing_missed

# A session that is killed can't tidy up; the next one does.
tidied_up() {
	pgmaptrace >$OUT 2>&1 &
	tool=$!
	wait_for $OUT 'tracing, Ctrl-C' $tool
	kill -9 $tool
	wait $tool
	[ "$hooked" != kprobe ] || kprobes_left || return 1
	trace true
	clean && ! kprobes_left
}
verdict 'preempt: what a killed session left is removed' tidied_up

# The kernel itself can say how often a program ran; with what was missed these are all hits.
echo 1 >/proc/sys/kernel/bpf_stats_enabled
busy=
for cpu in 0 1; do
	taskset -c $cpu bpfbusy &
	busy="$busy $!"
done
traced "$load; sh /tmp/runs.sh"
kill $busy
all_counted() {
	[ "$hits" -ge 100000 ] && [ $((ran + missed)) = "$hits" ] || return 1
	if [ "$missed" = 0 ]; then
		clean
	else
		[ "$status" = 2 ] && report_has '^pgmaptrace: INCONCLUSIVE'
	fi
}
verdict "preempt: others are inside bpf(2): $missed of $hits are missed, and counted" all_counted
umount $MNT
