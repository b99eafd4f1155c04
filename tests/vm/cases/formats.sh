# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# One run in each format: they agree with each other, and with what is kept in
# tests/golden, byte by byte.  Wants a kernel that does not change: our own.
. /bin/guest.sh

load_lab_module || {
	not_ok "formats: the module does not load"
	exit 98
}
cat >/bin/breaks <<-'BREAK'
	#!/bin/sh
	for command; do echo "$command" >/sys/kernel/debug/pgmap_lab/command; done
BREAK
chmod +x /bin/breaks

# run NAME: all formats of one run into the directory NAME
run() {
	mkdir -p $1
	status=0
	pgmaptrace --deterministic --output $1/text --json $1/json --junit $1/junit --ktap \
		--stack=all run -- breaks 'double-free private' 'double-free private' \
		'free-referenced coherent' >$1/ktap || status=$?
	keep_records $1/json
	# the one thing that differs with the version of the kernel's source
	sed -i "s/$RELEASE/RELEASE/g" $1/*
}
run /tmp/a
verdict 'formats: exit status' [ $status = 1 ]
run /tmp/b
for format in text json ktap junit; do
	verdict "formats: $format: two runs are the same" cmp /tmp/a/$format /tmp/b/$format
	# a patch for tests/golden (CONTRIBUTING.md)
	diff -u -L a/tests/golden/$format -L b/tests/golden/$format \
		/bin/golden.$format /tmp/a/$format >"$OUT" 2>&1
	verdict "formats: $format: as it was" [ ! -s "$OUT" ]
done
cd /tmp/a || exit 98

# found RULE NUMBER: all say so
found_by_all() {
	grep -q "\"rules\":{.*\"$1\":$2[,}]" json &&
		grep -q "^not ok [0-9]* $1 # $2 findings*" ktap &&
		grep -q "name=\"$1\"><failure message=\"$2 findings*\"" junit &&
		tail -n 1 text | grep -q "rules=[^ ]*$1"
}
verdict 'formats: all tell of double-free' found_by_all double-free 2
verdict 'formats: all tell of free-referenced' found_by_all free-referenced 1
verdict 'formats: all have the verdict' sh -c '
	grep -q "\"verdict\":\"FAIL\",\"status\":1,\"findings\":3," json &&
	tail -n 1 text | grep -q "^pgmaptrace: FAIL findings=3 " &&
	[ "$(tail -n 1 ktap)" = "# $(tail -n 1 text)" ] && grep -q "^not ok [0-9]* verdict # FAIL" ktap &&
	grep -qF "<system-out>$(tail -n 1 text)</system-out>" junit && grep -q "failures=\"2\" errors=\"0\"" junit &&
	[ $(grep -c "<failure " junit) = 2 ]'
verdict 'formats: each rule is in KTAP and JUnit' sh -c '
	pgmaptrace rules | while read -r rule rest; do
		grep -q "ok [0-9]* $rule\( \|$\)" ktap && grep -q "name=\"$rule\"" junit || echo $rule
	done >/tmp/missing
	[ ! -s /tmp/missing ]'
verdict 'formats: no time, no pid, no address' sh -c '
	! grep -E "0x[0-9a-f]{7}|/[0-9]{2,}|[0-9]\.[0-9]*[1-9]" text'
