# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Some capabilities in place of root.
. /bin/guest.sh

chmod 1777 /tmp
# before 6.2 CAP_SYS_ADMIN is needed, which stands for two of the others
if grep -q ' bpf_rdonly_cast$' /proc/kallsyms; then
	ENOUGH=bpf,perfmon,syslog
	lacking="bpf,syslog:CAP_PERFMON perfmon,syslog:CAP_BPF bpf,perfmon:CAP_SYSLOG syslog:CAP_BPF,+CAP_PERFMON"
	unnamed='without CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH some pgmaps have no name'
else
	ENOUGH=sys_admin,syslog
	lacking="bpf,perfmon,syslog:CAP_SYS_ADMIN sys_admin:CAP_SYSLOG syslog:CAP_SYS_ADMIN"
	unnamed='without CAP_DAC_READ_SEARCH some pgmaps have no name'
fi
for case in $lacking; do
	without=$(echo ${case#*:} | tr + ' ')
	for command in probe 'run -- touch /tmp/too-late' leaks holders 'holders 0x40400'; do
		verdict "privileges: without $without: $command" says 69 "not permitted without $without: run as root" \
			withcaps ${case%:*} pgmaptrace $command
	done
done
verdict 'privileges: not permitted: COMMAND was not run' [ ! -e /tmp/too-late ]
make_fs ext4
chmod 777 $MNT
# with ENOUGH: no other capability, and what that costs is said
verdict "privileges: $ENOUGH: probe" says 0 '^profile: ' withcaps $ENOUGH pgmaptrace probe
trace_with_few() {
	says 0 '^pgmaptrace: PASS findings=0 ' withcaps $ENOUGH pgmaptrace run -- daxload $MNT/few 1M || return
	summary=$(tail -n 1 "$OUT") status=0
	clean && [ "$(field stored)" = 256 ] && report_has "^pgmaptrace: $unnamed"
}
verdict "privileges: $ENOUGH: run sees all" trace_with_few
verdict "privileges: $ENOUGH: -T" says 0 '^pgmaptrace: PASS findings=0 ' \
	withcaps $ENOUGH pgmaptrace -T -d 0.1
verdict "privileges: $ENOUGH: --kmsg" says 70 "can't write /dev/kmsg" \
	withcaps $ENOUGH pgmaptrace --kmsg -d 0.1
verdict "privileges: $ENOUGH: leaks" says 0 "$unnamed" withcaps $ENOUGH pgmaptrace leaks
case $ENOUGH in
*sys_admin*) ;;
*)
	verdict 'privileges: leaks says what it can not look for' \
		report_has "^pgmaptrace: without CAP_SYS_ADMIN a running session can't be found"
	verdict 'privileges: with CAP_SYS_ADMIN it looks' says 0 'without CAP_DAC_READ_SEARCH some pgmaps' \
		withcaps $ENOUGH,sys_admin pgmaptrace leaks
	;;
esac
verdict 'privileges: with that it says no more' sh -c "! grep -q 'running session' $OUT"
verdict "privileges: $ENOUGH: holders" says 1 'nobody found' withcaps $ENOUGH pgmaptrace holders
umount $MNT
