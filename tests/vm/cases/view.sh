# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# INTERVAL [COUNT]: the rates of known traffic add up to the summary, and what is
# held, for how long, and the reference counts are those of the lab's pgmaps.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
profile=$(profile)

verdict 'view: no interval' says 64 'INTERVAL 0: give a number of seconds' pgmaptrace 0
verdict 'view: no number' says 64 'INTERVAL 5x: give a number of seconds' pgmaptrace 5x
verdict 'view: no table' says 64 'COUNT 0: give a number of tables' pgmaptrace 1 0
verdict 'view: no number of tables' says 64 'COUNT ten: give a number of tables' pgmaptrace 1 ten
verdict 'view: a third argument' says 64 '3: too many arguments' pgmaptrace 1 2 3
verdict 'view: not with run' says 64 'COUNT run: give a number of tables' pgmaptrace 1 run -- true

load_lab_module || {
	not_ok 'view: the lab module does not load'
	exit 98
}

# view ARGUMENT...: in the background; returns when the first table is there
view() {
	# the tables of an earlier one must not be taken for this one's
	: >"$OUT"
	pgmaptrace "$@" >"$OUT" 2>/tmp/err &
	tool=$!
	wait_until $tool has_lines 2 '' "$OUT"
}

view_ends() {
	status=0
	wait $tool || status=$?
	summary=$(tail -n 1 "$OUT")
	! grep -qw pgmap_reports /proc/cmdline || sed 's/^/| /' "$OUT"
}

# The columns, with -T -v
TIME=1 DEVICE=2 TYPE=3 REQ=4 FREE=5 OUTSTANDING=6 OLDEST=7 REFS=8 EXPLAINED=9

# over_rows AWK [WANTED]: with the rows of all tables; @NAME is a column
over_rows() {
	program=$1
	for column in TIME DEVICE TYPE REQ FREE OUTSTANDING OLDEST REFS EXPLAINED; do
		eval "number=\$$column"
		program=$(echo "$program" | sed "s/@$column/\$$number/g")
	done
	grep -E '^ *[0-9]+\.[0-9]{3} ' "$OUT" | awk -v wanted="$2" "$program"
}

tables() {
	over_rows '{ time[@TIME] } END { for (i in time) n++; print n + 0 }'
}

# adds_up COLUMN WANTED: rates times intervals, as far as three decimals of a time
# and one of a rate can tell.  Nothing happened before the first table.
adds_up() {
	over_rows '
		@TIME != time { interval = time ? @TIME - time : 0; time = @TIME }
		{ sum += @'"$1"' * interval; error += 0.05 * interval + @'"$1"' * 0.001 }
		!interval && @'"$1"' + 0 { early = 1 } # a dash is none
		END {
			print "# '"$1"' " sum " of " wanted ", to " error
			exit early || sum - wanted > error || wanted - sum > error
		}' "$2"
}

# Of all pgmaps in the last table, so many have another count than is explained.
unexplained() {
	over_rows '
		@TIME != time { time = @TIME; n = 0 }
		{ split(@EXPLAINED, want, /[-+]/) }
		@EXPLAINED ~ /[+]/ { want[2] = @REFS + 1 }
		@EXPLAINED !~ /[-+]/ { want[2] = want[1] }
		@REFS < want[1] || @REFS > want[2] { n++ }
		END { print n + 0 }'
}

# held OUT: one pgmap has so many out in all tables but the first, and they get older
held() {
	over_rows '
		@TIME != time { interval = time ? @TIME - time : 0; time = @TIME }
		@TYPE != "coherent" || @OUTSTANDING != wanted { next }
		n++ && (@OLDEST < last + interval - 0.11 || @OLDEST > last + interval + 0.11) { wrong = 1 }
		{ last = @OLDEST }
		END { exit wrong || n < 2 || last > 60 }' "$1"
}

# What can't be paired here has no number, and everything else has one.
dashes() {
	case $profile in
	classic) unpaired='fsdax|generic|p2pdma' ;;
	counted) unpaired='generic|p2pdma' ;;
	request) unpaired='none' ;;
	esac
	over_rows '
		(@TYPE ~ "^(" wanted ")$") != (@OUTSTANDING == "-") { exit 1 }
		@OUTSTANDING !~ /^[1-9]/ && @OLDEST != "-" { exit 1 }' "$unpaired"
}

# What was out before has no request, and counts all the same.
refs_of_before() {
	[ "$status" = 0 ] && [ "$(unexplained)" = "$lost" ] && [ "$(field preexisting)" -gt 0 ] &&
		over_rows '@OUTSTANDING ~ /^[1-9]/ || @OLDEST != "-" { exit 1 }'
}

# metric FILE NAME: its value, or the sum of its values
metric() {
	awk -v name="$2" '{ sub(/[{].*[}]/, "", $1) } $1 == name { sum += $2 } END { print sum }' "$1"
}

# What is there by pgmap adds up to the session's, and that is the summary's.
metrics_add_up() {
	[ "$(metric /tmp/view.prom pgmaptrace_requests_total)" = "$(field requests)" ] &&
		[ "$(metric /tmp/view.prom pgmaptrace_pgmap_requests_total)" = "$(field requests)" ] &&
		[ "$(metric /tmp/view.prom pgmaptrace_pgmap_frees_total)" = "$(field frees)" ] &&
		[ "$(metric /tmp/view.prom pgmaptrace_pgmap_outstanding_folios)" = "$(field outstanding)" ]
}

make_fs ext4
view -T -v --metrics /tmp/view.prom 2 4
for type in coherent private fsdax generic p2pdma; do
	# not every kernel has each
	echo traffic $type 0 stay 2>/dev/null >$LAB/command
done
echo traffic coherent 5000 stay >$LAB/command
echo traffic coherent 0 lose >$LAB/command
lost=1
! echo traffic generic 0 lose 2>/dev/null >$LAB/command || lost=2
echo leak coherent >$LAB/command
echo traffic coherent 2000 hold >$LAB/command
daxload $MNT/small 4M
view_ends
verdict 'view: ends with the verdict' clean
verdict 'view: as many tables as COUNT' [ "$(tables)" = 4 ]
verdict 'view: requests add up' adds_up REQ "$(field requests)"
verdict 'view: frees add up' adds_up FREE "$(field frees)"
verdict 'view: metrics add up' metrics_add_up
verdict 'view: a held folio and its age' held 1
verdict 'view: four, large ones too, and their age' held 4
verdict 'view: what is not known' dashes
verdict 'view: references are explained but for those lost' [ "$(unexplained)" = $lost ]

view -T -v 0.5 1
view_ends
verdict 'view: what was there before' refs_of_before

echo drop >$LAB/command
umount $MNT

# A finding comes between two tables, and the header after it.
finding_between() {
	found double-request &&
		[ "$(grep -E 'VIOLATION|DEVICE' "$OUT" | sed 's/.*\(VIOLATION\|DEVICE\).*/\1/' |
			tr '\n' ' ')" = 'DEVICE VIOLATION DEVICE ' ]
}
# its pgmap is gone before the second table
# and a second later the finding is in the metrics
is_in_metrics() {
	grep -q '^pgmaptrace_findings{rule="double-request",result="violation"} 1$' /tmp/lab.prom &&
		grep -q '^pgmaptrace_verdict{verdict="FAIL"} 1$' /tmp/lab.prom &&
		[ "$(metric /tmp/lab.prom pgmaptrace_findings)" = 1 ] &&
		[ "$(metric /tmp/lab.prom pgmaptrace_session_running)" = $1 ]
}
view --metrics /tmp/lab.prom 3
echo double-request coherent >$LAB/command
wait_until $tool has_lines 2 DEVICE "$OUT"
verdict 'view: a finding is in the metrics' wait_until $tool is_in_metrics 1
kill -INT $tool
view_ends
verdict 'view: a finding between tables' finding_between
verdict 'view: at the end it is in the metrics, too' is_in_metrics 0
verdict 'view: nothing is left beside the metrics' [ "$(echo /tmp/lab.prom*)" = /tmp/lab.prom ]
verdict 'view: what went away is left out' sh -c "! grep -q '^$LAB_DEVICE ' $OUT"

# One reference for each huge page of dax0.0.
for where in mem dev; do
	if ! ndctl create-namespace -f -e namespace0.0 -m devdax -M $where >/dev/null 2>&1; then
		not_ok "view: ndctl could not make a namespace -M $where"
		continue
	fi
	view -T -v 0.5 1
	view_ends
	verdict "view: dax0.0, struct pages in $where" \
		[ "$(unexplained) $(over_rows '{ print @DEVICE, @TYPE }')" = '0 dax0.0 generic' ]
done

rmmod pgmap_lab
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
view 0.5 1
view_ends
verdict 'view: no pgmap' report_has '^no pgmaps$'
