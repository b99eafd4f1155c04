# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The kernel's own hmm selftests, on its own test driver, under the tool.
. /bin/guest.sh

# of a kernel that was built here, or built for this one from its source
load_driver() {
	if [ -f /bin/test_hmm.ko ]; then
		insmod /bin/test_hmm.ko "$@"
	else
		modprobe test_hmm
	fi
}

load_driver || {
	not_ok 'hmm: the test driver does not load'
	exit 98
}

balanced() {
	[ "$(field requests)" = "$(field frees)" ] && [ "$(field requests)" -gt 1000 ]
}
selftests() {
	grep '^# Totals:' $OUT
	clean && grep -q '^# PASSED:' $OUT && balanced && ! dmesg | grep -q 'cut here' && return
	# only what is said of tests that failed
	sed -i -E '/^# (#  (RUN|  +OK) |ok [0-9])/d' $OUT
	return 1
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
# as many as its folios explain, after all that: large ones, and their parts
references() {
	pgmaptrace leaks -j >$OUT && keep_records $OUT && report_has '"device":"hmm_dmirror"' &&
		[ "$(grep -c '"excess":0,' $OUT)" = "$(grep -c '"record":"pgmap"' $OUT)" ]
}
verdict 'hmm: near miss: the references of its pgmaps are as they should be' references
trace rmmod test_hmm
verdict 'hmm: the driver goes' clean

# ---- coherent memory, with huge pages: its driver asks for all of it again when it needs more,
# and the kernel warns, too.  Its tests then fail, and that driver is not unloaded.
[ -f /bin/test_hmm.ko ] || exit 0
echo always >/sys/kernel/mm/transparent_hugepage/enabled
load_driver spm_addr_dev0=0x60000000 spm_addr_dev1=0x70000000
verdict 'hmm: memory that is only "Reserved" is called by its driver' eval \
	'pgmaptrace leaks >$OUT &&
	report_has "^test_hmm (coherent), pfn 0x60000-" "^test_hmm@0x70000000 (coherent), pfn 0x70000-"'
coherent() {
	[ $status = 1 ] && [ "$(field rules)" = pgmap-overlap ] && [ "$(field lost)" = 0 ] && balanced &&
		report_has 'VIOLATION pgmap-overlap: pfn 0x[67]0000 .* test_hmm.* (coherent) mapped a second time' \
			'^    dmirror_allocate_chunk' && dmesg | grep -q 'Conflicting mapping in same section'
}
trace hmm-tests -v hmm_device_coherent
grep '^# Totals:' $OUT
verdict "hmm: coherent: $(field requests) requests, as many frees, and a range that is mapped twice" coherent
