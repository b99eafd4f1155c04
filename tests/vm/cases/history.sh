# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The life of a page as a timeline: --inode, --pfn, --pgmap.  And what a report
# has in place of stacks that were not kept: --stack.
. /bin/guest.sh

profile=$(profile)
make_fs ext4
pwrite $MNT/a 0 8192
pwrite $MNT/b 0 8192
umount $MNT

# A mapping of the file comes and goes, and then the file does.
life() {
	mount -o dax=always /dev/pmem0 $MNT
	inode=$(stat -c %i $MNT/a)
	umount $MNT
	trace sh -e -c '. /bin/guest.sh
		mount -o dax=always /dev/pmem0 $MNT
		xfs_io -c "mmap 0 4k" -c "mwrite 0 4k" $MNT/a
		xfs_io -c "mmap 0 4k" -c "mwrite 0 4k" $MNT/b
		umount $MNT'
	# "TIME pfn PFN order N WHAT: STATE..."
	sed -n 's/^[0-9]*\.[0-9]* pfn 0x[0-9a-f]* order 0 \([^:]*\): .*/\1/p' $OUT >/tmp/steps
}

case $profile in
classic) steps='store remove' ;;
counted) steps='store map free remove reset' ;;
request) steps='request store map release free' ;;
esac

has_steps() {
	clean && [ "$(paste -s -d ' ' /tmp/steps)" = "$1" ]
}

# of two pages the steps may come by turns
has_steps_twice() {
	clean && [ "$(sort /tmp/steps)" = "$(for i in 1 2; do echo "$1" | tr ' ' '\n'; done | sort)" ]
}

# a request comes before a file has the page
[ "$profile" = request ] && of_file=${steps#request } || of_file=$steps
OPTIONS="--inode $(mount -o dax=always /dev/pmem0 $MNT; stat -c %i $MNT/a; umount $MNT)"
life
verdict "history: --inode: one file's page: $of_file" has_steps "$of_file"
verdict 'history: who, where and how many' \
	report_has "xfs_io/[0-9]* on cpu [01]" 'refcount [0-9]* mapcount [0-9]*' 'dax_fault_iter\|dax_insert_entry\|dax_iomap'
sed -n 's/^[0-9.]* pfn /# pfn /p' $OUT

OPTIONS="--pfn $(sed -n 's/^[0-9.]* pfn \(0x[0-9a-f]*\) .*/\1/p' $OUT | head -n 1)"
life
verdict 'history: --pfn: the same page' has_steps "$steps"

OPTIONS='--pgmap namespace0.0'
life
verdict 'history: --pgmap: both files' has_steps_twice "$steps"

OPTIONS='--pgmap pmem0'
life
verdict 'history: --pgmap: by its block device' has_steps_twice "$steps"

OPTIONS='--pgmap namespace1.0'
life
verdict 'history: --pgmap of another device: nothing' has_steps ''
verdict 'history: --pgmap of another device: said' \
	report_has 'no such pgmap yet' '^pgmaptrace: --pgmap namespace1.0 matched no pgmap$'
verdict 'history: --pgmap of another device: no loss' clean

# ---- stacks that are not kept
if ! ndctl create-namespace -f -e namespace0.0 -m devdax -M mem >/dev/null 2>&1; then
	not_ok 'history: ndctl could not make a namespace'
	exit 98
fi
if [ "$profile" = request ]; then
	skip 'history: --stack - unbinding waits there'
	exit 0
fi

# touch_frames: how many lines the last mapping's place takes
touch_frames() {
	awk '/^  last mapped by/ { on = 1; next } !/^    / { on = 0 } on' $OUT | wc -l
}

# The pinner stays to the end of the guest, since its end brings an oops.
unbind() {
	OPTIONS="-T --stack=$1"
	trace_unbind_bug
	echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind
}

unbind all
verdict 'history: --stack=all: a stack at both ends' report_has 'memunmap_pages+' 'handle_mm_fault+'
unbind findings
one_site() {
	[ "$status" = 1 ] && [ "$(touch_frames)" = 2 ] && report_has 'memunmap_pages+' \
		'    dev_dax_huge_fault+\|    __dev_dax_pmd_fault+' 'call site only; --stack=all records whole stacks'
}
verdict 'history: --stack=findings: a stack of the event, the call site of the mapping' one_site
sed -n '/^  last mapped/,/^$/p' $OUT | sed 's/^/#/'
unbind none
nothing_kept() {
	[ "$status" = 1 ] && report_has '^    memunmap_pages+' 'call site only; --stack=all records whole stacks' \
		'^  last mapped: not recorded (--stack=none)$' && ! grep -q release_nodes $OUT
}
verdict 'history: --stack=none: the call site of the event, no last mapping' nothing_kept
