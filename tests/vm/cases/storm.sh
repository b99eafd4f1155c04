# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# A bug that is met all the time: three rules are broken 100,000 times from both
# CPUs.  Three reports, the exact counts, and a tool that stays small.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
TIMES=100000
MAX_LINES=200
MAX_KB=65536

# peak_of PID: the most memory that it ever had, in KiB, when it ends
peak_of() {
	while kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status") && [ "$kb" ]; do
		peak=$kb
		sleep 0.2
	done 2>/dev/null
}

# storm OPTIONS [stopped]: half of it from each CPU, the way trace() does it; stopped:
# the tool can't read a record meanwhile
storm() {
	load_lab_module || {
		not_ok 'storm: the module does not load'
		exit 98
	}
	type=$(sed -n 's/^double-free //p' $LAB/commands | head -n 1)
	pgmaptrace $1 run -- sh -c "${2:+kill -STOP \$PPID}
		for cpu in 0 1; do
			taskset -c \$cpu sh -c 'echo storm $type $((TIMES / 2)) >$LAB/command' &
		done
		wait
		${2:+kill -CONT \$PPID}" >$OUT 2>&1 &
	peak_of $!
	status=0
	wait $! || status=$?
	summary=$(tail -n 1 $OUT)
	cat $LAB/storms >/tmp/made
	rmmod pgmap_lab
}

# told RULE: how often that was, by the tool
told() {
	sed -n "s/^pgmaptrace: $1 at pfn 0x[0-9a-f]*: \([0-9]*\) times in all.*/\1/p" $OUT
}

# The tool may be preempted inside bpf(2), and what comes on that processor until it goes on is
# missed: see "How programs attach" in docs/kernels.md.  Then no more than was missed may be wrong.
missed() {
	sed -n 's/^pgmaptrace: lost: \([0-9]*\) events missed .*/\1/p' $OUT |
		awk '{ n += $1 } END { print n + 0 }'
}

only_missed() {
	[ "$(field lost)" = "$(missed)" ] && [ "$(missed)" -lt $((TIMES / 4)) ]
}

groups() {
	sed -n 's/.*VIOLATION \([a-z-]*\):.*/\1/p' $OUT | sort >/tmp/found
	sed 's/ .*//' /tmp/made | sort >/tmp/wanted
	cmp -s /tmp/wanted /tmp/found || {
		# beside them, what follows from the miss
		[ "$(missed)" -gt 0 ] && [ -z "$(uniq -d /tmp/found)" ] &&
			! grep -vxFf /tmp/found /tmp/wanted
	}
}

# What is unverified, since something was lost that could explain it, is not in findings=.
all_counted() {
	found=$(($(field findings) + $(field unverified | grep . || echo 0)))
	[ "$status" = 1 ] && [ "$(awk '{ n += $2 } END { print n }' /tmp/made)" = $TIMES ] &&
		only_missed && [ $found -ge $((TIMES - $(missed))) ] &&
		[ $found -le $((TIMES + $(missed))) ] && [ "$(field outstanding)" -le "$(missed)" ]
}

each_counted() {
	while read -r rule times; do
		told=$(told $rule)
		[ "${told:-0}" -le "$times" ] && [ "${told:-0}" -ge $((times - $(missed))) ] ||
			return 1
	done </tmp/made
}

short() {
	[ "$(wc -l <$OUT)" -lt $MAX_LINES ]
}

small() {
	[ "$peak" -lt $MAX_KB ]
}

# judge_storm NAME OPTIONS [stopped]
judge_storm() {
	began=$(cut -d ' ' -f 1 /proc/uptime)
	storm "$2" $3
	echo "# $1: $type, $(awk "{ print \$1 - $began }" /proc/uptime) s, peak $peak KiB," \
		"$(wc -l <$OUT) lines"
	sed 's/^/# made: /' /tmp/made
	grep '^pgmaptrace: ' $OUT | sed 's/^/# /'
	verdict "$1: each broken rule is one report" groups
	verdict "$1: all are counted" all_counted
	verdict "$1: how often each was" each_counted
	verdict "$1: fewer than $MAX_LINES lines" short
	verdict "$1: memory below $MAX_KB KiB" small
}
judge_storm 'storm' -T
judge_storm 'storm: --stack=none' '-T --stack=none'
judge_storm 'storm: the tool is stopped meanwhile' -T stopped
