# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Real bugs of stock kernels, each with its near miss.  The last one leaves
# the kernel with an oops, so this is a guest's last case.
. /bin/guest.sh

profile=$(profile)

# judge NAME RULE [RELEASE]: the kernel's WARN and the finding of the last trace
# agree; RELEASE is known to break the rule though it may not warn
judge() {
	warned=$(kernel_time 'WARNING: .*fs/dax.c')
	if [ -n "$warned" ]; then
		verdict "$1: found, once" found "$2"
		verdict "$1: before the kernel's own WARN" earlier "$(finding_time)" "$warned"
	elif [ "$status" = 0 ] && [ "$RELEASE" != "$3" ]; then
		verdict "$1: not shown by $RELEASE" clean
	else
		# 6.x checks only when it truncates; the entry goes all the same
		verdict "$1: found, where $RELEASE itself is silent" found "$2"
	fi
	dmesg -c >/dev/null
}

# ---- XFS: two files share an extent, one is mapped and pinned, then written
make_fs xfs
dmesg -c >/dev/null
trace_reflink_bug
judge 'bugs: xfs reflink, pin, write' entry-dropped-busy 6.12.107+deb13-amd64
if [ "$status" = 1 ]; then
	verdict 'bugs: xfs reflink: the report names both ends' \
		report_has daxpin pwrite dax_disassociate_entry 'dax_fault_iter' fsdax
	# a shared folio of 6.12 does not know its place in the file
	case $RELEASE in 6.12.*) offset='' ;; *) offset=', offset 0x0' ;; esac
	verdict 'bugs: xfs reflink: the report names file and holder' \
		report_has "file: $MNT/a (inode $(stat -c %i $MNT/a), xfs on pmem0 [0-9:]*)$offset\$" \
			'^    daxpin/[0-9]*: pipe, fd'
fi
rm $MNT/a $MNT/b
umount $MNT

make_fs xfs
pwrite $MNT/a 0 2097152
reflink $MNT/a $MNT/b
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin $MNT/a -r
unpin
pwrite $MNT/a 0 4096
rm $MNT/a $MNT/b
umount $MNT
EOF
trace sh /tmp/case.sh
verdict 'bugs: near miss: xfs reflink without a pin' clean

# ---- XFS: two files share an extent, and both are read through mappings
make_fs xfs
pwrite $MNT/a 0 2097152
reflink $MNT/a $MNT/b
dmesg -c >/dev/null
trace sh -c '. /bin/guest.sh; pin $MNT/a -r; unpin; pin $MNT/b -r; unpin'
judge 'bugs: xfs reflink, both files read' association-conflict
umount $MNT

# ---- XFS: a page of a shared extent is pinned, unmapped, and read again
make_fs xfs
pwrite $MNT/a 0 2097152
reflink $MNT/a $MNT/b
dmesg -c >/dev/null
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin $MNT/a -r -u
: >/tmp/again
daxpin -r $MNT/a >/tmp/again &
again=\$!
until grep -q pinned /tmp/again; do sleep 0.1; done
kill \$again
unpin
EOF
trace sh /tmp/case.sh
judge 'bugs: xfs reflink, pin, read again' reset-busy
umount $MNT

# ---- truncate while a page of the file is pinned
make_fs ext4
pwrite $MNT/a 0 4194304
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin $MNT/a -u
truncate -s 0 $MNT/a &
sleep 2
unpin
wait
EOF
dmesg -c >/dev/null
trace sh /tmp/case.sh
judge 'bugs: pin, munmap, truncate' entry-dropped-busy
if [ "$status" = 1 ]; then
	verdict 'bugs: truncate: the report names file and both ends' \
		report_has truncate daxpin "file: $MNT/a (inode $(stat -c %i $MNT/a), ext4 .*), offset 0x0" \
			'^    daxpin/[0-9]*: pipe, fd'
fi

pwrite $MNT/a 0 4194304
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin $MNT/a -u
unpin
truncate -s 0 $MNT/a
umount $MNT
EOF
trace sh /tmp/case.sh
verdict 'bugs: near miss: truncate after the pin went' clean

# ---- device-dax goes away under a pin
if ! ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null 2>&1; then
	skip 'bugs: device-dax - ndctl could not make a namespace'
	exit 0
fi
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin /dev/dax0.0
unpin
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
EOF
trace sh /tmp/case.sh
verdict 'bugs: near miss: device-dax unbound after the pin went' clean

echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind
dmesg -c >/dev/null
trace_unbind_bug
verdict 'bugs: device-dax pin, unbind: found, once' found teardown-live
verdict 'bugs: device-dax: the report names device and pinner' \
	report_has 'dax0.0 (generic)' memunmap_pages 'last mapped by daxpin' dev_dax_huge_fault \
		"^    daxpin/$(cat /tmp/pinner): pipe, fd"
kill -9 "$(cat /tmp/pinner)"
sleep 2
oops=$(kernel_time 'BUG: unable to handle page fault')
if [ -n "$oops" ]; then
	verdict 'bugs: device-dax: before the oops' earlier "$(finding_time)" "$oops"
else
	skip "bugs: device-dax: before the oops - not shown by $RELEASE"
fi
