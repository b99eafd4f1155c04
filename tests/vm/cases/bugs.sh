# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Real bugs of stock kernels, each with its near miss.  The last one leaves
# the kernel with an oops, so this is a guest's last case.
. /bin/guest.sh

profile=$(profile)

# shows SERIES...: this kernel is one of those that are known to have a bug
shows() {
	for series; do
		case $RELEASE in $series.*) return 0 ;; esac
	done
	return 1
}

# judge NAME RULE SERIES...: the kernel's WARN and the finding of the last trace agree.  What
# is known to break the rule must be found, though the kernel may be silent: 6.x checks only
# when it truncates, and the entry goes all the same.
judge() {
	bug=$1 rule=$2
	shift 2
	warned=$(kernel_time 'WARNING: .*fs/dax.c')
	dmesg -c >/dev/null
	if [ -n "$warned" ]; then
		verdict "$bug: found, once" found $rule
		verdict "$bug: before the kernel's own WARN" earlier "$(finding_time)" "$warned"
	elif shows "$@"; then
		# no more in this series?  Then it has been mended there, and goes from its list
		verdict "$bug: found, where $RELEASE itself is silent" found $rule
	elif [ "$status" = 0 ]; then
		verdict "$bug: not shown by $RELEASE" clean
	else
		verdict "$bug: found, though $RELEASE was not known for it" found $rule
	fi
}

# ---- XFS: two files share an extent, one is mapped and pinned, then written
make_fs xfs
dmesg -c >/dev/null
trace_reflink_bug
judge 'bugs: xfs reflink, pin, write' entry-dropped-busy 6.12 7
if [ "$status" = 1 ]; then
	verdict 'bugs: xfs reflink: the report names both ends' \
		report_has daxpin pwrite dax_disassociate_entry 'dax_\(fault_iter\|iomap_pte_fault\)+0x' fsdax
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
judge 'bugs: xfs reflink, both files read' association-conflict 6.1
[ "$status" != 1 ] || verdict 'bugs: xfs reflink, both files read: the report names both' \
	report_has "file: $MNT/b (inode $(stat -c %i $MNT/b), xfs on pmem0 [0-9:]*), offset 0x0\$" \
		"also stored in: $MNT/a (inode $(stat -c %i $MNT/a), xfs on pmem0 [0-9:]*), offset 0x0\$"
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
wait_for /tmp/again pinned \$again
kill \$again
unpin
EOF
trace sh /tmp/case.sh
judge 'bugs: xfs reflink, pin, read again' reset-busy 7
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
judge 'bugs: pin, munmap, truncate' entry-dropped-busy 6.1 6.12
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
make_devdax 'bugs: device-dax' || exit 0
cat >/tmp/case.sh <<EOF
. /bin/guest.sh
pin /dev/dax0.0
unpin
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
EOF
trace sh /tmp/case.sh
verdict 'bugs: near miss: device-dax unbound after the pin went' clean
# no kernel of these shows a request of it
was_mapped() {
	[ "$(field mapped)" = 1 ] && [ "$(field requests)" = 0 ] &&
		report_has '^pgmaptrace: not visible on this kernel: requests and frees of .*generic, p2pdma folios'
}
verdict 'bugs: device-dax: it was seen, and what can not be is said' was_mapped

echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind
dmesg -c >/dev/null
trace_unbind_bug
verdict 'bugs: device-dax pin, unbind: found, once' found teardown-live
verdict 'bugs: device-dax: the report names device and pinner' \
	report_has 'dax0.0 (generic)' memunmap_pages 'last mapped by daxpin' dev_dax_huge_fault \
		"^    daxpin/$(cat /tmp/pinner): pipe, fd"
kill -9 "$(cat /tmp/pinner)"
sleep 2
# as x86 and arm64 call it
oops=$(kernel_time 'BUG: unable to handle page fault\|Unable to handle kernel paging request')
if [ -n "$oops" ]; then
	verdict 'bugs: device-dax: before the oops' earlier "$(finding_time)" "$oops"
elif shows 6.1 6.12 7; then
	not_ok "bugs: device-dax: no oops, for which $RELEASE is known"
else
	skip "bugs: device-dax: before the oops - not shown by $RELEASE"
fi
