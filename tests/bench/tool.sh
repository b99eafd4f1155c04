# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
# What the guests of tests/bench/run have in common.

# uptime in ms, each a million instructions
now() {
	sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\20/; s/^0*//' /proc/uptime
}

# kernel_memory: bytes of all BPF maps
kernel_memory() {
	bpftool map list | sed -n 's/.*memlock \([0-9]*\)B.*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

# begin OPTION...: pgmaptrace as $tool; $started is then how long it took, ms
begin() {
	rm -f /tmp/ready
	started=$(now)
	PGMAPTRACE_DEBUG=${debug:-} pgmaptrace -v --ready-file /tmp/ready "$@" >"$OUT" 2>/tmp/said &
	tool=$!
	until [ -e /tmp/ready ] || ! kill -0 $tool 2>/dev/null; do sleep 0.01; done
	started=$(($(now) - started))
	# it goes on loading what it needs for findings only
	sleep 30
}
