# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The wrappers of test suites, each with a clean test, one that breaks a rule, and
# without the tool.  What else may befall them is in tests/wrappers.
. /bin/guest.sh

load_lab_module || {
	not_ok "wrappers: the module does not load"
	exit 98
}
cat >/bin/breaks <<-'BREAK'
	#!/bin/sh
	echo 'double-free private' >/sys/kernel/debug/pgmap_lab/command
	echo "ok 1 the test has seen nothing"
BREAK
cat >/bin/works <<-'WORKS'
	#!/bin/sh
	echo 'double-free private correct' >/sys/kernel/debug/pgmap_lab/command
	echo "ok 1 works"
	exit "${1:-0}"
WORKS
chmod +x /bin/breaks /bin/works
echo 'nobody:x:65534:65534:nobody:/tmp:/bin/sh' >>/etc/passwd
tool=$(command -v pgmaptrace)
hide_tool() {
	mv "$tool" /tmp/hidden
}
show_tool() {
	mv /tmp/hidden "$tool"
}

# ends STATUS COMMAND...; what it says in $OUT and $OUT.err
ends() {
	want=$1 status=0
	shift
	"$@" >$OUT 2>$OUT.err </dev/null || status=$?
	cat $OUT.err >>$OUT
	[ $status = $want ]
}

# ---- xfstests
export RESULT_BASE=/tmp/results
mkdir -p /xfstests/tests/generic
cd /xfstests/tests/generic || exit 98
# a report waits for the programs that find holders, which are loaded once tracing has begun
cat >./002 <<-'TEST'
	#!/bin/sh
	for _ in $(seq 300); do
		command -v pgmaptrace >/dev/null || break
		! bpftool prog list | grep -q ' name find_holders' || break
		sleep 0.2
	done
	exec breaks
TEST
# a file system that is gone at the end
cat >./001 <<-'TEST'
	#!/bin/sh
	. /bin/guest.sh
	make_fs ext4 && daxload -p 2 $MNT/small 4M && umount $MNT
TEST
chmod +x 001 002
cd /xfstests || exit 98

xfstests() {
	want=$1
	shift
	rm -rf $RESULT_BASE
	ends $want "$@"
}
fails='_pgmaptrace_check: a rule of device pages was broken'
verdict 'xfstests: a session for each test: one breaks a rule' \
	xfstests 1 ./check generic/002 generic/001
verdict 'xfstests: it is that one' report_has '^PGMAPTRACE    -- a session for each test' \
	"^generic/002 ... $fails (see $RESULT_BASE/generic/002.pgmaptrace)" '^Failures: generic/002$'
verdict 'xfstests: its report says what' \
	grep -q 'VIOLATION double-free: ' $RESULT_BASE/generic/002.pgmaptrace
verdict 'xfstests: one that ends by umount passes' \
	sh -c "grep -q '^generic/001 ...  1s' $OUT && grep -q '^pgmaptrace: PASS ' $RESULT_BASE/generic/001.pgmaptrace"
verdict 'xfstests: one session: one breaks a rule' \
	xfstests 1 env USE_PGMAPTRACE=run ./check generic/001 generic/001 generic/002 generic/001 generic/001
# in a guest that is slow it may be told when the next one runs, and counts for that
verdict 'xfstests: one session: it is that one, or the next' report_has \
	'^PGMAPTRACE    -- a session for each run' "^generic/00[12] ... $fails" '^Failures: generic/00[12]$'
verdict 'xfstests: one session: its verdict' \
	sh -c "tail -n 1 $RESULT_BASE/pgmaptrace | grep -q '^pgmaptrace: FAIL findings=1 rules=double-free '"
hide_tool
verdict 'xfstests: without the tool' xfstests 0 ./check generic/002
verdict 'xfstests: without the tool: it says so once' \
	sh -c "[ \"\$(grep pgmaptrace -i $OUT)\" = 'PGMAPTRACE    -- off: not in PATH' ]"
show_tool
cd /tmp || exit 98

# ---- meson, which gives the wrapper the test with its arguments
wrap=/contrib/meson/pgmaptrace-wrap
verdict 'meson: a test that skips' ends 77 $wrap works 77
verdict 'meson: stderr has the verdict' grep -q '^pgmaptrace: PASS findings=0 ' $OUT.err
verdict 'meson: a test that breaks a rule' ends 1 $wrap breaks
verdict 'meson: stderr has the report' grep -q 'VIOLATION double-free: ' $OUT.err
verdict 'meson: a user who may not trace' ends 77 \
	su nobody -c "$wrap sh -c 'exit 77'"
verdict 'meson: a user who may not trace is told so' \
	grep -q "^pgmaptrace: not traced: this kernel can't be traced, or not by this user" $OUT.err
hide_tool
verdict 'meson: without the tool' ends 77 $wrap works 77
verdict 'meson: without the tool: it says so' grep -q '^pgmaptrace: not traced: ' $OUT.err
show_tool

# ---- kselftest: as its run_one() calls a test and tells what came of it
selftest() {
	rc=0
	{ ( ( ( (/contrib/kselftest/pgmaptrace-kselftest "$@" 2>&1; echo $? >&3) |
		sed 's/^/# /' >&4) 3>&1) | (read -r xs; exit $xs) ) 4>$OUT; } || rc=$?
	case $rc in
	0) echo ok 1 ;;
	4) echo 'ok 1 # SKIP' ;;
	*) echo "not ok 1 # exit=$rc" ;;
	esac >>$OUT
}
selftest works 4
verdict 'kselftest: a test that skips' report_has '^ok 1 # SKIP' '^# ok 1 works$' \
	'^# # pgmaptrace: PASS findings=0 '
selftest breaks
verdict 'kselftest: a test that breaks a rule' report_has '^not ok 1 # exit=1' \
	'^# ok 1 the test has seen nothing$' '^# # pgmaptrace: VIOLATION double-free: ' \
	'^# # pgmaptrace: FAIL findings=1 rules=double-free '
hide_tool
selftest breaks
verdict 'kselftest: without the tool' report_has '^ok 1$' '^# # pgmaptrace: not traced: '
show_tool
verdict 'wrappers: all hooks are gone' hooks_gone
