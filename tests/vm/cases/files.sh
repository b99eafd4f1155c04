# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# A finding names the file and the device: real bugs of stock kernels, and one
# planted in the request kernel, with files in places that are hard to name.
# Each scene is a bug that bugs.sh or planted.sh shows and explains.
. /bin/guest.sh

DIR="$MNT/a dir/sub"
FILE="$DIR/the file"

# named LINE: the report names the file just so; LINE is a regular expression
named() {
	[ "$status" = 1 ] && grep -qx "  file: $1" "$OUT"
}

# Several findings of a trace are fine, one must name it.
judge() {
	if [ "$status" = 0 ]; then
		skip "$1 - not shown by $RELEASE"
	else
		verdict "$1" named "$2"
		sed -n 's/^  file: /# file: /p' "$OUT" | sort -u
	fi
}

# on FILE: how a line goes on behind the name
on() {
	echo "(inode $(stat -c %i "$1"), $fs on pmem0 $(cat /sys/block/pmem0/dev))"
}

# start ext4|xfs: a file in a directory of a directory, with blanks in their names
start() {
	fs=$1
	make_fs $fs
	mkdir -p "$DIR"
	pwrite "$FILE" 0 4194304
}

# ---- request: a zapped page is touched again (planted), in a hard link
if [ "$(profile)" = request ]; then
	start xfs
	ln "$FILE" "$MNT/link"
	trace xfs_io -c 'mmap 0 2m' -c 'mwrite 0 4k' -c 'truncate 6m' -c 'mwrite 0 4k' "$MNT/link"
	verdict 'files: the name that it was opened by' named "$MNT/link $(on "$FILE"), offset 0x0"
	sed -n '/^  pgmap: /p; /^  file: /p' "$OUT" | sed 's/^/#/'
	verdict 'files: fsdax: the pgmap and its block device' \
		report_has '^  pgmap: namespace0.0, pmem0 (fsdax), 0x40000000-0x5fffffff (pfn 0x40000-0x5ffff), created before tracing began'
	exit 0
fi

# ---- truncate while a page of the file is pinned
start ext4
where=$(on "$FILE")
trace sh -c '. /bin/guest.sh
	pin "$0" -u -o 0x201000
	truncate -s 0 "$0" &
	sleep 2
	unpin
	wait' "$FILE"
judge 'files: a path with blanks' "$FILE $where, offset 0x20[01]000"

# ---- the same, when the file has lost its name and is still open
pwrite "$FILE" 0 4194304
trace sh -c '. /bin/guest.sh
	pin "$0" -u
	exec 8<>"$0"
	rm "$0"
	truncate -s 0 /proc/$$/fd/8 &
	sleep 2
	unpin
	wait' "$FILE"
judge 'files: deleted, but open' "$FILE (deleted) (inode [0-9]*, ext4 on pmem0 [0-9:]*), offset 0x0"

# ---- with the last name goes the file
pwrite "$FILE" 0 4194304
trace sh -c '. /bin/guest.sh
	pin "$0" -u
	rm "$0" &
	sleep 2
	unpin
	wait' "$FILE"
judge 'files: deleted, and not open' \
	"name not known (deleted), inode [0-9]*, ext4 on pmem0 [0-9:]* at $MNT, offset 0x0"

# ---- a path that is too long keeps its end
long=$(printf '%61s' '' | tr ' ' n)
mkdir -p "$DIR/$long/$long/$long/$long"
pwrite "$DIR/$long/$long/$long/$long/f" 0 4194304
trace sh -c '. /bin/guest.sh
	pin "$0" -u
	truncate -s 0 "$0" &
	sleep 2
	unpin
	wait' "$DIR/$long/$long/$long/$long/f"
judge 'files: a long path' "$MNT/\.\.\./sub/$long/$long/$long/$long/f (inode [0-9]*, .*"
rm -r "$MNT/a dir"
umount $MNT

# ---- the file system is unmounted: no name is left, and its place is remembered
start ext4
inode=$(stat -c %i "$FILE")
umount $MNT
trace sh -c '. /bin/guest.sh
	mount -o dax=always /dev/pmem0 $MNT
	pin "$0" -u
	umount $MNT &
	sleep 2
	unpin
	wait' "$FILE"
judge 'files: unmounted' \
	"name not known, inode $inode, ext4 on pmem0 [0-9:]*, last mounted at $MNT (find $MNT -xdev -inum $inode), offset 0x0"

# ---- XFS: two files share an extent, one is pinned and written; a bind mount
start xfs
where=$(on "$FILE")
reflink "$FILE" "$MNT/b"
mkdir -p /tmp/bind
mount --bind "$DIR" /tmp/bind
umount $MNT
trace sh -c '. /bin/guest.sh
	pin "$0" -r
	pwrite "$0" 0 4096
	unpin' "/tmp/bind/the file"
# 6.12 keeps no offset of what is shared
judge 'files: a bind mount' "/tmp/bind/the file $where.*"
umount /tmp/bind

# ---- XFS: two files share an extent, and both are read through mappings
start xfs
ln "$FILE" "$MNT/link"
where=$(on "$FILE")
reflink "$MNT/link" "$MNT/b"
ln "$MNT/b" "$MNT/first"
trace sh -c '. /bin/guest.sh; pin $MNT/link -r; unpin; pin $MNT/b -r; unpin'
judge 'files: the name that it was opened by' "$MNT/b $(on "$MNT/b"), offset 0x0.*"

# ---- and one of them is written while its page is pinned
trace sh -c '. /bin/guest.sh
	pin $MNT/link -r
	: >/tmp/other
	daxpin -r $MNT/b >/tmp/other &
	other=$!
	wait_for /tmp/other pinned $other
	pwrite $MNT/b 0 4096
	kill $other
	unpin'
grep -h '^  file: ' "$OUT" | sed 's/^/#/'
umount $MNT

# ---- device-dax goes away under a pin
if ! ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null 2>&1; then
	skip 'files: device-dax - ndctl could not make a namespace'
	exit 0
fi
numbers=$(cat /sys/bus/dax/devices/dax0.0/dev)
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
# with -v the report has the stack of who made it
OPTIONS='-T -v'
trace sh -c '. /bin/guest.sh
	echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind
	pin /dev/dax0.0 -o 0x403000
	echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind'
verdict 'files: device-dax: the device' named "/dev/dax0.0 (char device $numbers), offset 0x400000"
verdict 'files: device-dax: the pgmap, and who made it' \
	report_has '^  pgmap: dax0.0 (generic), 0x40[02]00000-0x5fffffff (pfn 0x40[02]00-0x5ffff), created by sh/[0-9]*, [0-9.]* s earlier, epoch' \
	memremap_pages
sed -n '/^  pgmap: /p; /^  file: /p' "$OUT" | sed 's/^/#/'
