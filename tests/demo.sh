# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# make demo: what pgmaptrace reports on one kernel.  Runs in the guest.
export KEEPS_RECORDS=nobody
. /bin/guest.sh

title() {
	printf '\n======== %s\n\n' "$*"
}

OPTIONS='-T --stack=all'

explain() {
	sed 's/^/  # /'
}

kernel_says() {
	printf '\n  # what the kernel itself logged, and when:\n'
	dmesg | grep -E "$1" | head -n 2 | sed 's/^/  /'
}

title "1. Clean traffic on ext4 with DAX ($RELEASE)"
explain <<-EOF
	Two processes write 8,192 pages of 4 KiB and 16 of 2 MiB through mappings.
	Each request of a folio must be followed by its free.
EOF
make_fs ext4
pgmaptrace run -- sh -c "daxload -p 2 $MNT/small 16M; daxload -h $MNT/huge 32M; umount $MNT"
echo "  # exit status $?"

title '2. XFS: two files share an extent; one is mapped and pinned, then written'
explain <<-EOF
	daxpin maps the file and pins its first page for DMA; pwrite copies the
	shared extent and drops the page from the file, while it is still in use.
EOF
make_fs xfs
dmesg -c >/dev/null
trace_reflink_bug
cat "$OUT"
echo "  # exit status $status"
if dmesg | grep -q 'WARNING.*fs/dax.c'; then
	kernel_says 'WARNING.*fs/dax.c'
else
	echo "  # $RELEASE itself does not warn about it"
fi
[ "$status" = 1 ] || echo "  # not shown by $RELEASE"
umount $MNT

title '3. device-dax: a page is pinned, and the device is unbound'
explain <<-EOF
	memunmap_pages does not wait for the pin.  The struct page is freed, and
	whoever drops the pin later, here daxpin at its end, uses it after free.
EOF
ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null
dmesg -c >/dev/null
trace_unbind_bug
cat "$OUT"
echo "  # exit status $status"
kill -9 "$(cat /tmp/pinner)"
sleep 2
kernel_says 'BUG: |RIP: '
