# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The kernel's own hmm selftests, on its own test driver, under the tool.
. /bin/guest.sh

modprobe test_hmm || {
	not_ok 'hmm: the test driver does not load'
	exit 98
}

selftests() {
	grep '^# Totals:' $OUT
	clean && grep -q '^# PASSED:' $OUT && [ "$(field requests)" = "$(field frees)" ] &&
		[ "$(field requests)" -gt 1000 ] && ! dmesg | grep -q 'cut here'
}
# by the wrapper, as the kernel's runner of selftests would call it
trace_selftest() {
	status=0
	PGMAPTRACE_OPTIONS='--json /tmp/json' \
		/contrib/kselftest/pgmaptrace-kselftest "$@" >$OUT 2>&1 || status=$?
	keep_records /tmp/json
	summary=$(sed -n 's/^# \(pgmaptrace: [A-Z]* findings=\)/\1/p' $OUT)
	! grep -qw pgmap_reports /proc/cmdline || sed 's/^/| /' $OUT
}
trace_selftest hmm-tests
verdict "hmm: the selftests pass: $(field requests) requests, as many frees, no finding" selftests
trace rmmod test_hmm
verdict 'hmm: the driver goes' clean
