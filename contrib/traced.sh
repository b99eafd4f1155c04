# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the wrappers of test suites: run a test under pgmaptrace, and keep the output
# of the two apart.
#
# PGMAPTRACE_OPTIONS	options of pgmaptrace, such as --suppressions FILE, which it reads itself
# PGMAPTRACE_STRICT	yes: a test that passed fails if its session is inconclusive

# The shell makes background jobs ignore these signals, and their children can't undo that.
defaults=
! env --default-signal=INT,QUIT true 2>/dev/null || defaults='env --default-signal=INT,QUIT'

# hand_on COMMAND...: run it, and pass on to it the signals that would end us.  Its exit
# status is in $status.
hand_on() {
	# a background job would read /dev/null
	{ $defaults "$@" <&3 3<&- & } 3<&0
	child=$!
	trap 'kill -TERM "$child" 2>/dev/null || :' HUP INT TERM
	status=0
	wait "$child" || status=$?
	# a signal ends the wait, not the child
	while kill -0 "$child" 2>/dev/null; do
		status=0
		wait "$child" || status=$?
	done
}

# traced_command LIBRARY DIR COMMAND...: what pgmaptrace runs.  Only here is COMMAND's own
# status known, even if pgmaptrace dies.
# shellcheck disable=SC2016 # for another shell
traced_command='
	. "$0"
	dir=$1
	shift
	echo $$ >"$dir/pid"
	hand_on "$@"
	echo "$status" >"$dir/own"
	exit "$status"'

# traced LIBRARY COMMAND...: run COMMAND, under pgmaptrace if possible.  LIBRARY is this
# file.  The output of pgmaptrace is in the file $report, the combined exit status in
# $result, which is empty if COMMAND was not run.
traced() {
	library=$1
	shift
	dir=$(mktemp -d) || exit
	trap 'rm -rf "$dir"' EXIT
	report=$dir/report
	: >"$report"
	if ! command -v pgmaptrace >/dev/null; then
		untraced 'there is no pgmaptrace in PATH' "$@"
		return
	fi
	hand_on pgmaptrace --output "$report" run -- \
		sh -c "$traced_command" "$library" "$dir" "$@"
	if [ ! -s "$dir/pid" ]; then
		result=
		[ "$status" != 69 ] || untraced "this kernel can't be traced, or not by this user" "$@"
		return
	fi
	# if pgmaptrace was killed, COMMAND may still be running
	child=$(cat "$dir/pid")
	while [ ! -s "$dir/own" ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; done
	result=$(cat "$dir/own" 2>/dev/null) || result=$status
	case $(sed -n 's/^pgmaptrace: \([A-Z]*\) findings=.*/\1/p' "$report" | tail -n 1) in
	PASS) ;;
	FAIL) result=1 ;;
	INCONCLUSIVE) not_sure ;;
	*)
		echo "pgmaptrace: ended with status $status and no verdict" >>"$report"
		not_sure
		;;
	esac
}

not_sure() {
	[ "${PGMAPTRACE_STRICT:-}" != yes ] || [ "$result" != 0 ] || result=1
}

# untraced WHY COMMAND...
untraced() {
	echo "pgmaptrace: not traced: $1" >>"$report"
	shift
	hand_on "$@"
	result=$status
}
