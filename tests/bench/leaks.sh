# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
# How long pgmaptrace leaks takes on a large pgmap; docs/performance.md has figures.
#   tests/vm/lab --pmem '' --nvdimm 16G newest tests/bench/leaks.sh tests/vm/guest.sh \
#	build/static/pgmaptrace build/programs/*
export KEEPS_RECORDS=nobody
. /bin/guest.sh

# measure NAME: three runs
measure() {
	for _ in 1 2 3; do
		status=0
		busybox time -v pgmaptrace -v leaks >$OUT 2>/tmp/time || status=$?
		seconds=$(sed -n 's/.*Elapsed.*: *//p' /tmp/time)
		user=$(sed -n 's/.*User time.*: *//p' /tmp/time)
		system=$(sed -n 's/.*System time.*: *//p' /tmp/time)
		memory=$(sed -n 's/.*Maximum resident.*: *//p' /tmp/time)
		echo "$1: status $status, elapsed $seconds, user $user s, system $system s, $memory KiB at most"
		tail -n 1 $OUT
		grep 'looked at' /tmp/time
	done
}

echo "pgmaptrace probe: $( (time pgmaptrace probe >/dev/null) 2>&1 | tr '\n' ' ')"
measure 'no pgmap'
ndctl create-namespace -f -e namespace0.0 -m fsdax -M dev >/dev/null || exit 1
measure idle
make_fs ext4
daxload -k $MNT/file 1G >/tmp/mapped &
until grep -q mapped /tmp/mapped; do sleep 1; done
measure '1 GiB mapped by 4 KiB'
kill $!
