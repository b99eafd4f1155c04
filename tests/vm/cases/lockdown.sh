# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# A kernel in lockdown: with integrity all works, with confidentiality nothing can, and each
# command says why.
. /bin/guest.sh

LOCKDOWN=/sys/kernel/security/lockdown
mount -t securityfs none /sys/kernel/security
if [ ! -e $LOCKDOWN ]; then
	skip 'lockdown - this kernel has none'
	exit 0
fi
make_fs ext4

# in_lockdown LEVEL: there is no way back
in_lockdown() {
	echo "$1" >$LOCKDOWN && grep -q "\[$1\]" $LOCKDOWN
}

verdict 'lockdown: integrity' in_lockdown integrity
verdict 'lockdown: integrity: probe' says 0 '^profile: ' pgmaptrace probe
trace daxload -p 2 $MNT/small 4M
was_traced() {
	clean && [ "$(field stored)" -ge 2048 ]
}
verdict 'lockdown: integrity: run' was_traced
pwrite $MNT/pinned 0 4096
pin $MNT/pinned
verdict 'lockdown: integrity: leaks' says 1 "daxpin/$pinner: pipe" pgmaptrace leaks
unpin
verdict 'lockdown: integrity: near miss: leaks' says 0 ' held=0' pgmaptrace leaks

verdict 'lockdown: confidentiality' in_lockdown confidentiality
# the tool must not need it
umount /sys/kernel/security
for command in probe 'run -- touch /tmp/too-late' leaks holders 'holders 0x40400' '-d 1'; do
	verdict "lockdown: confidentiality: $command" says 69 \
		'this kernel is in lockdown (confidentiality), where BPF programs may not read its memory' \
		pgmaptrace $command
done
verdict 'lockdown: confidentiality: COMMAND was not run' [ ! -e /tmp/too-late ]
verdict 'lockdown: all hooks are gone' hooks_gone
umount $MNT
