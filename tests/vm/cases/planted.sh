# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Bugs of request patches, planted in the test kernel (tests/kernel/bugs.patch):
# pgmap_bug=NAME on the kernel command line has one of them, and its traffic
# must be found to break RULE; without it all traffic must be clean.
. /bin/guest.sh

# bug_NAME: traffic that the bug NAME breaks.  What a bug leaves behind keeps
# later truncates, umounts or unbinds waiting, so no trace waits for those.

# A layout break gives a folio back while a pin keeps it; then the pin goes.
# Unbinding waits for ever, beside the trace.
bug_release_loses_ref() {
	make_fs xfs
	pwrite $MNT/a 0 4096
	trace sh -c '. /bin/guest.sh
		pin $MNT/a -u
		truncate -s 0 $MNT/a &
		sleep 1
		unpin
		wait
		umount $MNT
		echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind &
		sleep 5'
}

# Two files map an extent that they share.
bug_busy_request() {
	make_fs xfs
	pwrite $MNT/a 0 2097152
	reflink $MNT/a $MNT/b
	trace sh -c '. /bin/guest.sh
		xfs_io -r -c "mmap -r 0 2m" -c "mread 0 4k" $MNT/a
		xfs_io -r -c "mmap -r 0 2m" -c "mread 0 4k" $MNT/b
		rm $MNT/a $MNT/b'
}

# One span of 512 folios.
bug_span_loop() {
	make_fs xfs
	trace sh -c 'daxload -h $0/huge 2M; rm $0/huge.0' $MNT
}

# A file's page is mapped while it owns the extent alone, so that its request
# and free are known.  Then two files share the extent and map it, and a write
# through a mapping replaces the entry of one.
bug_cow_unrequested() {
	make_fs xfs
	pwrite $MNT/a 0 2097152
	trace sh -c '. /bin/guest.sh
		xfs_io -r -c "mmap -r 0 4k" -c "mread 0 4k" $MNT/a
		reflink $MNT/a $MNT/b
		xfs_io -r -c "mmap -r 0 4k" -c "mread 0 4k" $MNT/a
		xfs_io -c "mmap 0 4k" -c "mread 0 4k" -c "mwrite 0 4k" $MNT/b'
}

# The end of the file moves, so that the layout break zaps its entries, and a
# mapping touches a page again that it had before.
bug_zap_refault() {
	make_fs xfs
	pwrite $MNT/a 0 4194304
	trace xfs_io -c 'mmap 0 2m' -c 'mwrite 0 4k' -c 'truncate 6m' -c 'mwrite 0 4k' $MNT/a
}

# One file maps 4 KiB in the middle of a shared extent, the other wants a huge
# page there, and falls back.
bug_partial_leak() {
	make_fs xfs
	pwrite $MNT/a 0 2097152
	reflink $MNT/a $MNT/b
	OPTIONS='-T --older 0'
	trace sh -c '. /bin/guest.sh
		xfs_io -r -c "mmap -r 1m 4k" -c "mread 1m 4k" $MNT/a
		xfs_io -r -c "mmap -r 0 2m" -c "mread 1536k 4k" $MNT/b
		rm $MNT/a $MNT/b'
	OPTIONS=-T
}

# breaks RULE: the last trace reports it; other rules may be broken, too
breaks() {
	[ "$status" = 1 ] && field rules | tr ',' '\n' | grep -qx "$1"
}

planted=$(sed -n 's/.*pgmap_bug=\([a-z-]*\).*/\1/p' /proc/cmdline)

# plant BUG RULE: its traffic, unless another bug is planted
plant() {
	[ -z "$planted" ] || [ "$planted" = "$1" ] || return 0
	"bug_$(echo $1 | tr - _)"
	if [ -n "$planted" ]; then
		verdict "planted: $1: found" breaks $2
		# whose fault it is: where they share the folio, it names no file itself
		[ $1 != busy-request ] || verdict "planted: $1: the second file is named" \
			report_has "file: $MNT/b (inode [0-9]*, xfs on pmem0 [0-9:]*), offset 0x0\$"
		return
	fi
	verdict "planted: $1: near miss: not planted" clean
	if grep -q " $MNT " /proc/mounts; then
		umount $MNT
	else
		echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/bind
	fi
}

plant release-loses-ref ref-imbalance
plant busy-request double-request
plant span-loop partial-request
plant cow-unrequested map-unrequested
plant zap-refault map-unrequested
plant partial-leak leak
