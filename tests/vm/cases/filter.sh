# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2016,SC2034,SC2086,SC2154
# --pid and --cgroup: what the others do breaks no verdict, and their requests and
# frees pair as before; a folio that was requested inside is judged whoever frees it.
. /bin/guest.sh

export LAB=/sys/kernel/debug/pgmap_lab
CGROUPS=/sys/fs/cgroup
load_lab_module || {
	not_ok "filter: the module does not load"
	exit 98
}
type=$(sed -n 's/^double-free \([a-z0-9]*\)$/\1/p' $LAB/commands | head -n 1)
export type

# A process that writes to the module what it is told.
mkfifo /tmp/orders /tmp/done
sh -c 'while read -r order; do
		echo "$order" >$LAB/command
		echo done >/tmp/done
	done' <>/tmp/orders &
inside=$!
# The same for the commands of a trace: by that process, by the one that is traced.
cat >/tmp/commands.sh <<'END'
. /bin/guest.sh
inside() {
	echo "$*" >/tmp/orders
	read -r answer </tmp/done
}
outside() {
	echo "$*" >$LAB/command
}
END

# summary_has JUDGED N OUTSTANDING: N were not judged, and everyone's requests and frees pair
summary_has() {
	[ "$(field judged)" = "$1" ] && [ "$(field not_judged)" = "$2" ] &&
		[ "$(field outstanding)" = "$3" ] && [ "$(field lost)" = 0 ] &&
		[ "$(field requests)" = $(($(field frees) + $3)) ] &&
		[ "$(field requests)" -ge 1000 ]
}

# found_all RULE...: these findings, in this order, and no other
found_all() {
	[ "$status" = 1 ] && [ "$(field findings)" = $# ] &&
		[ "$(sed -n 's/.*VIOLATION \([a-z-]*\):.*/\1/p' $OUT | tr '\n' ' ')" = "$* " ]
}

verdict 'filter: no such process' \
	says 64 '--pid 4000000: no such process' pgmaptrace -p 4000000
verdict 'filter: no number' says 64 '--pid init: give the pid' pgmaptrace -p init
verdict 'filter: cgroup v2 is not mounted' \
	says 64 '--cgroup test: cgroup v2 is not mounted' pgmaptrace --cgroup test
mount -t cgroup2 none $CGROUPS
mkdir -p $CGROUPS/test/below $CGROUPS/test2
verdict 'filter: no such cgroup' \
	says 64 "--cgroup nothere: No such file.*mounted on $CGROUPS" pgmaptrace --cgroup nothere
verdict 'filter: a directory that is no cgroup' \
	says 64 '--cgroup /tmp: not a cgroup v2 directory' pgmaptrace --cgroup /tmp
verdict 'filter: both' \
	says 64 '--pid and --cgroup: give only one' pgmaptrace -p $inside --cgroup test

# unseen OPTION WORDS...: the trace is inconclusive since it saw nothing, and says these
unseen() {
	[ "$status" = 2 ] && [ "$(field events)" = 0 ] && [ "$(field requests)" = 1000 ] && report_has "$@"
}
OPTIONS="-p $inside --pgmap dax7.0 --require-events 1"
trace sh -e -c '. /tmp/commands.sh
	outside traffic $type 1000'
verdict 'filter: --require-events: others do not count' unseen \
	"^pgmaptrace: --pid $inside matched no event; may hide: any rule" \
	'^pgmaptrace: --pgmap dax7.0 matched no pgmap; may hide: any rule' \
	'^pgmaptrace: saw 0 events in scope, and --require-events is 1; may hide: any rule'
enough() {
	clean && [ "$(field events)" = 2000 ] && [ "$(field requests)" = 2000 ] && ! report_has matched
}
OPTIONS="-p $inside --require-events 2000"
trace sh -e -c '. /tmp/commands.sh
	outside traffic $type 1000
	inside traffic $type 1000'
verdict 'filter: --require-events: its requests and frees do' enough
OPTIONS="-p $inside --require-events 2001"
trace sh -e -c '. /tmp/commands.sh
	inside traffic $type 1000'
verdict 'filter: --require-events: one too few' [ "$status" = 2 ]

OPTIONS="-T -p $inside"
trace sh -e -c '. /tmp/commands.sh
	outside double-free $type
	outside traffic $type 1000
	inside traffic $type 1000'
silent() {
	[ "$status" = 0 ] && echo "$summary" | grep -q '^pgmaptrace: PASS findings=0 ' &&
		! grep -q VIOLATION $OUT && summary_has pid:$inside 1 0
}
verdict 'filter: --pid is silent about the others' silent

trace sh -e -c '. /tmp/commands.sh
	outside double-free $type elsewhere
	inside double-free $type elsewhere
	told_of "VIOLATION double-free"
	outside traffic $type 1000
	inside double-request $type
	outside double-request $type'
of_process() {
	found_all double-free double-request && summary_has pid:$inside 2 0 &&
		report_has 'by kworker' "last requested by sh/$inside "
}
verdict "filter: --pid: what it does, and a kworker's free of its folio" of_process

# Below the cgroup; the other one only begins with its name.
echo $inside >$CGROUPS/test/below/cgroup.procs
OPTIONS='-T --older 0 --stall 3 --cgroup test'
trace sh -e -c '. /tmp/commands.sh
	echo $$ >/sys/fs/cgroup/test2/cgroup.procs
	outside double-free $type elsewhere
	inside double-free $type elsewhere
	told_of "VIOLATION double-free"
	outside traffic $type 1000
	outside teardown-stall $type
	sleep 9
	outside drop
	inside teardown-stall $type
	told_of "VIOLATION teardown-stall"
	outside drop
	told_of "is done waiting, after"
	outside leak $type
	inside leak $type'
of_cgroup() {
	found_all double-free teardown-stall leak && summary_has cgroup:$CGROUPS/test 3 2 &&
		[ "$(grep -c 'is done waiting, after' $OUT)" = 1 ] &&
		[ "$(grep -c "last requested by sh/$inside " $OUT)" = 3 ]
}
verdict 'filter: --cgroup: what is done below it, and what waits or leaks' of_cgroup
echo drop >$LAB/command

kill $inside
rmmod pgmap_lab && ok 'filter: the module goes'
