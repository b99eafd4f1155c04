# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2086,SC2154
# What tracing costs, in instructions: of a DAX fault, its unmap and the truncate of
# its page, bare, under pgmaptrace and under what is used today.  Runs in a guest
# whose clock counts instructions; tests/bench/run makes tables of the lines
#   cost SETTING SIZE OPERATION INSTRUCTIONS
#   tool SETTING WHAT NUMBER
#   verifier PROGRAM INSTRUCTIONS STATES
export KEEPS_RECORDS=nobody
. /bin/guest.sh
. /bin/tool.sh

# What one traces by hand to see the same: each is there or not, by the kernel.
TAKES='vmf_insert_page_mkwrite dax_insert_entry'
GIVES='free_zone_device_folio dax_disassociate_entry'

# measure_small SETTING
measure_small() {
	faultcost $MNT/file 16 5 >/tmp/cost || exit 97
	sed "s/^/cost $1 4K /" /tmp/cost
}

# measure SETTING
measure() {
	measure_small $1
	faultcost -h $MNT/huge 64 15 >/tmp/cost || exit 97
	sed "s/^/cost $1 2M /" /tmp/cost
}

# traced SETTING OPTION...
traced() {
	setting=$1
	shift
	rm -f /tmp/events
	begin "$@"
	echo "tool $setting start ${started}000000"
	# what any loader of the same programs takes
	sed -n 's/^pgmaptrace: programs loaded in \([0-9.]*\) s, attached in \([0-9.]*\) s.*/\1 \2/p' /tmp/said |
		awk -v s=$setting '{ printf "tool %s load %.0f\n", s, ($1 + $2) * 1e9 }'
	measure $setting
	if [ $setting = events ]; then
		# the buffer has room for these without their reader, who takes of the same processor
		kill -STOP $tool
		measure_small events-alone
		kill -CONT $tool
	fi
	echo "tool $setting resident $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$tool/status)"
	echo "tool $setting maps $(kernel_memory)"
	kill -INT $tool
	wait $tool
	summary=$(grep -h '^pgmaptrace: [A-Z]* findings=' $OUT /tmp/said /tmp/events 2>/dev/null | tail -n 1)
	# figures of a run that lost anything say nothing; but who reads all events has to wait
	# for the only processor here
	echo "tool $setting lost $(field lost)"
	case "$setting $summary" in
	'events '*PASS* | *PASS*' lost=0 '*) ;;
	*)
		echo "not ok $setting: $summary"
		tail -n 5 /tmp/said
		;;
	esac
}

# by_hand SETTING COMMAND...: which is ended when that was measured
by_hand() {
	setting=$1
	shift
	"$@" >/tmp/by_hand 2>&1 &
	hand=$!
	sleep 60
	if kill -0 $hand 2>/dev/null; then
		measure $setting
	else
		echo "# $setting: $(tail -n 1 /tmp/by_hand)"
	fi
	kill -INT $hand 2>/dev/null
	wait $hand
}

# first NAME...: the first that is a function here
first() {
	for name in "$@"; do
		! grep -q " $name\$" /proc/kallsyms || { echo $name; return; }
	done
	for name in "$@"; do
		! grep -q " $name\.[a-z0-9.]*\$" /proc/kallsyms || { echo $name; return; }
	done
}

# symbol NAME: with what the compiler put behind it
symbol() {
	sed -n "s/.* \($1\|$1\.isra\.0\|$1\.constprop\.0\)\$/\1/p" /proc/kallsyms | head -n 1
}

make_fs xfs
measure bare
traced none --stack=none
traced findings --stack=findings
debug=2
traced all --stack=all
debug=
grep -E 'BEGIN PROG LOAD LOG|^processed' /tmp/said | sed "s/.*prog '\(.*\)': .*/\1/" |
	paste -d' ' - - | sed -n 's/^\([^ ]*\) processed \([0-9]*\) insns.* total_states \([0-9]*\) .*/verifier \1 \2 \3/p'
sed -n 's/^verification time \([0-9]*\) usec.*/\1/p' /tmp/said |
	awk '{ n += $1 } END { printf "tool all verified %d000\n", n }'
traced events --events --output /tmp/events

take=$(symbol "$(first $TAKES)") give=$(symbol "$(first $GIVES)")
echo "# by hand: $take, $give"
cd $TRACING || exit 1
echo $take >set_ftrace_filter
echo $give >>set_ftrace_filter
echo function >current_tracer
measure ftrace
echo nop >current_tracer
echo >set_ftrace_filter
echo "p:take $take" >kprobe_events
echo "p:give $give" >>kprobe_events
echo 1 >events/kprobes/enable
measure kprobe-events
echo 0 >events/kprobes/enable
echo >kprobe_events
cd /tmp || exit 1
if command -v bpftrace >/dev/null; then
	by_hand bpftrace-kprobe bpftrace -e "kprobe:$take { @[arg1] = nsecs; } kprobe:$give { delete(@[arg0]); }"
	by_hand bpftrace-fentry bpftrace -e "kfunc:$take { @[(uint64)args->page] = nsecs; } kfunc:$give { delete(@[(uint64)args->folio]); }"
	by_hand bpftrace-stacks bpftrace -e "kfunc:$take { @[(uint64)args->page] = kstack; } kfunc:$give { @gone[kstack] = count(); delete(@[(uint64)args->folio]); }"
fi
echo 'ok measured'
