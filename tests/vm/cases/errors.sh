# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Bad input and bad surroundings: a message that names the thing, a documented
# exit status, a summary line wherever a session began, and no hook left.
. /bin/guest.sh

hooks_there() {
	! hooks_gone
}

last_line_is_summary() {
	tail -n 1 "$1" | grep -Eq '^pgmaptrace: (PASS|FAIL|INCONCLUSIVE) findings='
}

verdict 'errors: unknown option' says 64 'unknown option --fast' pgmaptrace --fast
verdict 'errors: unknown command' says 64 'unknown command walk' pgmaptrace walk
verdict 'errors: option without a value' says 64 'needs a value' pgmaptrace --duration
verdict 'errors: no number' says 64 '--duration soon' pgmaptrace --duration soon
verdict 'errors: no such stack mode' says 64 'all, findings or none' pgmaptrace --stack some
verdict 'errors: no such rule' says 64 'no such rule: x' pgmaptrace rules x
verdict 'errors: run without COMMAND' says 64 'give a COMMAND' pgmaptrace run --
verdict 'errors: COMMAND not found' says 127 'nothere: command not found' pgmaptrace run -- nothere
verdict 'errors: COMMAND not executable' says 126 'permission denied' pgmaptrace run -- /etc
verdict 'errors: --btf names a missing file' says 64 'nothere.btf: No such file' \
	pgmaptrace --btf /nothere.btf
echo no types >/tmp/garbage
verdict 'errors: --btf names something else' says 64 "types from /tmp/garbage: [^0-9]*$" \
	pgmaptrace --btf /tmp/garbage
verdict 'errors: one file for two' says 64 '/tmp/x is given twice' \
	pgmaptrace --output /tmp/x --json /tmp/x
verdict 'errors: --expect and --ignore' says 64 'leak is in both --expect and --ignore' \
	pgmaptrace --expect leak=1 --ignore leak
verdict 'errors: --expect and --stall 0' says 64 '--stall 0 disables break-stall, but --expect names it' \
	pgmaptrace --expect break-stall=1 --stall 0 run -- true
verdict 'errors: --stall 0: its rules are not called good' sh -c \
	"pgmaptrace --ktap --stall 0 run -- true >/tmp/ktap 2>&1; grep -q 'teardown-stall # SKIP' /tmp/ktap"
verdict 'errors: an option behind the command' says 64 '--pfn is not valid with rules (use it with run)' \
	pgmaptrace rules leak --pfn 1
verdict 'errors: --save has no place' says 70 "can't write /nothere/saved" \
	pgmaptrace --save /nothere/saved run -- touch /tmp/too-late
verdict 'errors: --ready-file has no place' says 70 "can't write /nothere/ready" \
	pgmaptrace --ready-file /nothere/ready run -- touch /tmp/too-late
verdict 'errors: too few open files' says 69 'Too many open files (the limit is 20: ulimit -n' \
	sh -c 'ulimit -n 20; pgmaptrace run -- touch /tmp/too-late'
verdict 'errors: --vmlinux is none' says 64 "can't read /etc/passwd: not an ELF file" \
	pgmaptrace --vmlinux /etc/passwd run -- touch /tmp/too-late
verdict 'errors: COMMAND was not run' [ ! -e /tmp/too-late ]
verdict 'errors: nothing was seen' says 2 "^pgmaptrace: --pid $$ matched no event; may hide: any rule" \
	pgmaptrace -p $$ --require-events 1 run -- true
verdict 'errors: nothing was seen, and nobody minds' says 0 "^pgmaptrace: --pid $$ matched no event$" \
	pgmaptrace -p $$ run -- true
verdict 'errors: COMMAND status is handed on' says 7 PASS pgmaptrace run -- sh -c 'exit 7'
verdict 'errors: COMMAND dies of a signal' says 143 PASS pgmaptrace run -- sh -c 'kill $$'
verdict 'errors: output to a full disk' sh -c \
	"pgmaptrace -d 0.1 >/dev/full 2>/tmp/err; [ \$? = 70 ] && grep -q ' findings=0' /tmp/err"
sh -c 'pgmaptrace -d 0.1 2>/tmp/err; echo $? >/tmp/closed' | true
verdict 'errors: output closed' sh -c \
	"[ \"\$(cat /tmp/closed)\" = 70 ] && grep -q ' findings=0' /tmp/err"

mkdir -p /etc
echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd
verdict 'errors: not root' says 69 'not permitted without CAP_[A-Z_, ]*: run as root' \
	su nobody -c "pgmaptrace -d 1"

chmod 1777 /tmp
restrict=$(cat /proc/sys/kernel/kptr_restrict)
echo 2 >/proc/sys/kernel/kptr_restrict
verdict 'errors: addresses are hidden' says 69 'even from root: sysctl kernel.kptr_restrict=1' pgmaptrace -d 1
echo $restrict >/proc/sys/kernel/kptr_restrict

# refused WORDS: by tracing and by probe, in the same words
refused() {
	says 69 "$1" pgmaptrace -d 1 || return 1
	cp $OUT /tmp/by-run
	says 69 "$1" pgmaptrace probe && cmp -s $OUT /tmp/by-run && [ "$(wc -l <$OUT)" = 1 ]
}

# without NAME WORDS SYMBOL...: as on a kernel that has no such symbols
without() {
	name=$1 words=$2
	shift 2
	echo "$*" | tr ' ' '\n' | sed 's/.*/ &$/' >/tmp/symbols
	grep -v -f /tmp/symbols /proc/kallsyms >/tmp/kallsyms
	mount --bind /tmp/kallsyms /proc/kallsyms
	verdict "errors: $name" refused "$words"
	umount /proc/kallsyms
}

mount -t tmpfs none /sys/kernel/btf
verdict 'errors: no BTF' refused 'this kernel has no BTF.*CONFIG_DEBUG_INFO_BTF=y'
umount /sys/kernel/btf
without 'no KALLSYMS_ALL' 'CONFIG_KALLSYMS_ALL=y' pgmap_array
without 'no BPF_EVENTS' 'CONFIG_BPF_EVENTS=y' kprobe_prog_ops tracing_prog_ops tracepoint_prog_ops
without 'no direct calls' 'CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y' \
	register_ftrace_direct unregister_ftrace_direct modify_ftrace_direct
without 'a required hook is missing' "can't attach to memunmap_pages: not in this kernel" memunmap_pages
echo 0 >/proc/sys/kernel/ftrace_enabled
verdict 'errors: ftrace is switched off' refused 'kernel.ftrace_enabled is 0.*: set it to 1'
echo 1 >/proc/sys/kernel/ftrace_enabled

# Signals from the first moment on until tracing has begun.
for signal in INT TERM; do
	for delay in 0 0.5 1.4 3 5 8; do
		pgmaptrace >/tmp/signal.out 2>&1 &
		tool=$!
		takes_signals $tool
		sleep $delay
		kill -$signal $tool
		wait $tool
		got=$?
		if ! last_line_is_summary /tmp/signal.out || { [ $got != 0 ] && [ $got != 2 ]; }; then
			cp /tmp/signal.out "$OUT"
			not_ok "errors: SIG$signal after $delay s (status $got)"
		elif ! hooks_gone; then
			not_ok "errors: SIG$signal after $delay s left hooks"
		else
			ok "errors: SIG$signal after $delay s"
		fi
	done
done
# the shell that runs COMMAND in the background ignores SIGINT, so TERM
pgmaptrace run -- sh -c 'echo >/tmp/started; exec sleep 60' >/tmp/signal.out 2>&1 &
tool=$!
wait_until $tool [ -e /tmp/started ]
sleep 1
verdict 'errors: hooks are there while COMMAND runs' hooks_there
kill -TERM $tool
wait $tool
verdict 'errors: SIGTERM reaches COMMAND' [ $? = 143 ]
verdict 'errors: SIGTERM with COMMAND: summary' last_line_is_summary /tmp/signal.out
verdict 'errors: all hooks are gone' hooks_gone
