#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tests/vm/service runs in the guest, as a service of a real systemd: the unit from its
# start to its end.  A line each: "ok" or "not ok".
#
# shellcheck disable=SC2317,SC2329 # what is tried is a function that another one calls

readonly UNIT=pgmaptrace.service LAB=/sys/kernel/debug/pgmap_lab
failed=0

# one NAME COMMAND...
one() {
	local name=$1

	shift
	if "$@" >/tmp/out 2>&1; then
		echo "ok service: $name"
	else
		failed=1
		echo "not ok service: $name"
		tail -n 20 /tmp/out | sed 's/^/# /'
	fi
}

# is PROPERTY VALUE: has the unit it, within ten seconds?
is() {
	local i have

	for ((i = 0; i < 100; i++)); do
		have=$(systemctl show -P "$1" "$UNIT")
		# shellcheck disable=SC2053 # a pattern
		[[ $have != $2 ]] || return 0
		sleep 0.1
	done
	echo "$1 is $have"
	systemctl status --no-pager --lines=20 "$UNIT"
	return 1
}

# journal_has WORDS [OPTION]...: it says so, within ten seconds
journal_has() {
	local i words=$1

	shift
	for ((i = 0; i < 100; i++)); do
		journalctl --quiet --output=cat -u "$UNIT" "$@" >/tmp/journal
		! grep -q -e "$words" /tmp/journal || return 0
		sleep 0.1
	done
	tail -n 20 /tmp/journal
	return 1
}

# breaks COMMAND: of the lab module
breaks() {
	echo "$1" >$LAB/command
}

load_lab() {
	local device

	for device in /sys/bus/pci/devices/*; do
		[ "$(cat "$device/vendor") $(cat "$device/device")" = '0x1af4 0x1110' ] || continue
		insmod /lab/pgmap_lab.ko "base=$(sed -n '3s/ .*//p' "$device/resource")" size=0x4000000
		return
	done
	insmod /lab/pgmap_lab.ko base=0x60000000 size=0x4000000
}

reload_lab() {
	rmmod pgmap_lab && load_lab
}

same_process() {
	is MainPID "$pid" && is ActiveState active && kill -0 "$pid"
}

one 'is not enabled by its installation' is UnitFileState disabled
# else systemd forgets it, and its last status, when it has ended
one 'can be enabled' systemctl enable "$UNIT"
one 'the lab module' load_lab
began=$SECONDS
one 'starts, and is ready when it traces' systemctl start "$UNIT"
echo "# start: $((SECONDS - began)) s"
pid=$(systemctl show -P MainPID "$UNIT")
one 'says how it goes' is StatusText 'tracing, no findings'
one 'options of its environment' journal_has 'profile [a-z]'
one 'nothing is refused' bash -c "! journalctl -q -o cat -u $UNIT | grep -Ei 'denied|not permitted|missing|without CAP'"

breaks 'double-free coherent'
one 'a finding is in the journal, as an error' journal_has 'VIOLATION double-free' --priority=err
one 'with its stack' journal_has 'lab_double_free'
one 'with the time of the kernel log' journal_has '^\[ *[0-9]*\.[0-9]*\] pgmaptrace: VIOLATION'
one 'and is counted' is StatusText 'tracing, 1 finding'

one 'reload' systemctl reload "$UNIT"
one 'reload: it goes on' same_process
rm -f /var/log/pgmaptrace/records.json
systemctl reload "$UNIT"
sleep 1
one 'reload: its file is there again' test -e /var/log/pgmaptrace/records.json
one 'daemon-reexec' systemctl daemon-reexec
one 'daemon-reexec: it goes on' same_process
one 'the module is loaded again' reload_lab
one 'the module is loaded again: it goes on' same_process
breaks 'free-unrequested coherent' || breaks 'double-free coherent'
one 'and finds what breaks then' is StatusText 'tracing, [2-9] findings'

one 'stops' systemctl stop "$UNIT"
one 'its verdict is the last line' journal_has '^pgmaptrace: FAIL findings='
one 'and its status' is StatusText 'pgmaptrace: FAIL findings=*'
one 'which is no failure of the service' is Result success
one 'the records are in their file' grep -q '"record":"summary"' /var/log/pgmaptrace/records.json

one 'debian/tests/commands' sh /lab/commands
one 'debian/tests/session' sh /lab/session

# as docs/fleet.md has it
readonly METRICS=/var/lib/prometheus/node-exporter
mkdir -p $METRICS /run/systemd/system/$UNIT.d
cat >/run/systemd/system/$UNIT.d/metrics.conf <<CONF
[Unit]
RequiresMountsFor=$METRICS
[Service]
ReadWritePaths=$METRICS
UMask=0022
CONF
echo "PGMAPTRACE_OPTIONS=\"--metrics $METRICS/pgmaptrace.prom\"" >/etc/default/pgmaptrace
systemctl daemon-reload
one 'with a drop-in for metrics it starts' systemctl start "$UNIT"
for ((i = 0; i < 200; i++)); do
	[ ! -e $METRICS/pgmaptrace.prom ] || break
	sleep 0.1
done
one 'whose file everyone may read' setpriv --reuid=nobody grep -q '^pgmaptrace_' $METRICS/pgmaptrace.prom
systemctl stop "$UNIT"

# a kernel that it may not trace is not tried again
printf '[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN\n' \
	>/run/systemd/system/$UNIT.d/none.conf
systemctl daemon-reload
one 'without capabilities it does not start' bash -c "! systemctl start $UNIT"
one 'and is not started again' is NRestarts 0
one 'because of its status' is ExecMainStatus 69
exit $failed
