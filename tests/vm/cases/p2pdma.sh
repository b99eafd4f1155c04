# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# P2P memory of two NVMe controllers: each has a name of its own, which it keeps while it
# dies, and who maps a page of it through sysfs is found.
. /bin/guest.sh

PCI=/sys/bus/pci/devices
LAB=/sys/kernel/debug/pgmap_lab

# holders STATUS PFN WORDS...: the answer says all of the words
holders() {
	want=$1 pfn=$2 got=0
	shift 2
	pgmaptrace holders $pfn >$OUT 2>&1 || got=$?
	[ $got = $want ] && report_has "$@"
}

# only N: the answer has so many holders
only() {
	[ "$(grep -c '^  .*/[0-9]*: ' $OUT)" = $1 ]
}

# leaks STATUS WORDS...
leaks() {
	want=$1 got=0
	shift
	pgmaptrace leaks >$OUT 2>&1 || got=$?
	[ $got = $want ] && report_has "$@"
}

is_gone() {
	! pgmaptrace leaks | grep -q "^$1 (p2pdma)"
}

modprobe nvme
set -- $(cd /sys/bus/pci/drivers/nvme && echo 0*)
if [ $# != 2 ] || ! wait_until '' [ -d $PCI/$2/p2pmem ] || [ ! -d $PCI/$1/p2pmem ]; then
	not_ok "p2pdma: no P2P memory ($*)"
	exit 98
fi
first=$1 second=$2
insmod /bin/pgmap_lab.ko base=0x60000000 size=0x4000000 || not_ok 'p2pdma: the lab module does not load'
verdict 'p2pdma: two controllers have two names' leaks 0 "^$first (p2pdma), pfn" "^$second (p2pdma), pfn"
verdict 'p2pdma: by its name' says 0 'leaks pgmaps=1 ' pgmaptrace leaks --pgmap $second
verdict 'p2pdma: by that of its resource' says 0 'leaks pgmaps=2 ' pgmaptrace leaks --pgmap nvme

# ---- who maps it
hold_page one map $PCI/$first/p2pmem/allocate 8192
one=$holder
hold_page other map $PCI/$first/p2pmem/allocate 8192
other=$holder
verdict 'p2pdma: who maps it through sysfs' holders 0 $(pfn_of one) "hold/$one: maps it at 0x.*, PTE"
sed 's/^/# /' $OUT
verdict 'p2pdma: near miss: who maps other pages of that file' only 1
verdict 'p2pdma: that one, by its page' holders 0 $(pfn_of other) "hold/$other: maps it at 0x"
hold_page far map $PCI/$second/p2pmem/allocate
verdict 'p2pdma: of the other controller' holders 0 $(pfn_of far) "hold/$holder: maps it at 0x"
verdict 'p2pdma: once' only 1
let_go $holder
verdict 'p2pdma: nobody' holders 1 $(pfn_of far) 'none found'
let_go $other

# ---- a reference that outlives the mapping keeps its pgmap
echo "hold $(pfn_of one)" >$LAB/command
OPTIONS='-T --stall 2'
cat >/tmp/unbind.sh <<-E
	. /bin/guest.sh
	echo $first >/sys/bus/pci/drivers/nvme/unbind &
	told_of teardown-stall
	grep nvme /proc/iomem >/tmp/left
	pgmaptrace leaks >/tmp/leaks
	echo drop >$LAB/command
	wait
E
trace sh /tmp/unbind.sh
sed 's/^/# /' /tmp/left /tmp/leaks
verdict 'p2pdma: it waits to go, and keeps its name' report_has \
	"teardown-stall: .*$first (p2pdma)" "pgmap: $first.* (p2pdma), 0x"
verdict 'p2pdma: while its resource has lost that of its driver' [ $(grep -c nvme /tmp/left) -le 2 ]
verdict 'p2pdma: leaks calls it so, too' eval \
	'grep -q "^$first (p2pdma)" /tmp/leaks && grep -q "^  dying: reference count [1-9]" /tmp/leaks'
let_go $one
verdict 'p2pdma: it went' wait_until '' is_gone $first
verdict 'p2pdma: the other stays' leaks 0 "^$second (p2pdma)"
rmmod pgmap_lab
