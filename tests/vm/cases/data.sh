# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The kernel with the request patch works: what is written through mappings is
# there after a remount, pins are waited for, and the kernel warns of nothing.
. /bin/guest.sh

# 4 KiB pages: one mapping is not aligned to 2 MiB; both on the same file
write_and_remount() {
	xfs_io -f -c 'falloc 0 8m' -c 'mmap 0 8m' -c 'mwrite -S 0x61 0 8m' $MNT/huge &&
		xfs_io -f -c 'falloc 0 8m' -c 'mmap 4k 1m' -c 'mwrite -S 0x62 4k 1m' $MNT/small || return 1
	before=$(cat $MNT/huge $MNT/small | md5sum)
	umount $MNT && mount -t $1 -o dax=always /dev/pmem0 $MNT || return 1
	[ "$(cat $MNT/huge $MNT/small | md5sum)" = "$before" ] &&
		[ "$(head -c 8388608 $MNT/huge | tr -d a | wc -c)" = 0 ] &&
		[ "$(dd if=$MNT/small bs=4k skip=1 count=256 2>/dev/null | tr -d b | wc -c)" = 0 ]
}

# truncate must not come back while a page is pinned
truncate_waits() {
	pwrite $MNT/pinned 0 65536
	trace sh -c '. /bin/guest.sh
		pin $MNT/pinned -u
		{ truncate -s 0 $MNT/pinned; : >/tmp/truncated; } &
		sleep 2
		[ ! -e /tmp/truncated ] && : >/tmp/waited
		unpin
		wait'
	clean && [ -e /tmp/waited ] && [ -e /tmp/truncated ]
}

for fs in ext4 xfs; do
	make_fs $fs
	rm -f /tmp/waited /tmp/truncated
	verdict "data: $fs: written through mappings, read back after a remount" write_and_remount $fs
	verdict "data: $fs: truncate waits for a pin" truncate_waits
	umount $MNT
done

unbind_waits() {
	trace sh -c '. /bin/guest.sh
		pin /dev/dax0.0
		{ echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind; : >/tmp/unbound; } &
		sleep 2
		[ ! -e /tmp/unbound ] && : >/tmp/waited
		unpin
		wait'
	clean && [ -e /tmp/waited ] && [ -e /tmp/unbound ] && [ "$(field requests)" -gt 0 ] &&
		[ "$(field requests)" = "$(field frees)" ]
}
rm -f /tmp/waited
if ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null 2>&1; then
	verdict 'data: device-dax: unbinding waits for a pin' unbind_waits
else
	not_ok 'data: device-dax: ndctl could not make a namespace'
fi

silent() {
	! dmesg | grep -A3 'cut here'
}
verdict 'data: the kernel warns of nothing' silent
