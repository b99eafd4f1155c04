# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
# What a pgmap of 64 GiB takes of the kernel's memory while it is traced: 4 GiB of it
# touched everywhere, and 58 GiB once a section of 2 MiB.  And how long the scan at the
# start takes while nobody uses it.  Runs in a guest whose clock counts instructions;
# tests/bench/run makes a table of the lines
#   memory SETTING WHAT NUMBER
export KEEPS_RECORDS=nobody
. /bin/guest.sh
. /bin/tool.sh

GIB=1073741824

# namespace: a device-dax one whose pages are of 4 KiB; its device in $dax
namespace() {
	ndctl destroy-namespace -f all >/dev/null 2>&1
	ndctl create-namespace -f -m devdax -M dev -a 4096 >/tmp/namespace 2>&1 || {
		echo "not ok ndctl: $(tail -n 1 /tmp/namespace)"
		exit 97
	}
	dax=/dev/$(sed -n 's/.*"chardev":"\([^"]*\)".*/\1/p' /tmp/namespace | head -n 1)
}

no_namespace() {
	ndctl disable-namespace all >/dev/null 2>&1
}

end() {
	kill -INT $tool
	wait $tool
	summary=$(tail -n 1 $OUT)
	case $summary in
	*PASS*' lost=0 '*) ;;
	*) echo "not ok memory: $summary" ;;
	esac
}

# what cannot be reclaimed of the slab, bytes
slab() {
	sync
	sleep 2
	awk '/^SUnreclaim:/ { print $2 * 1024 }' /proc/meminfo
}

# cpu_bytes SETTING MAP...: what their entries take on each CPU
cpu_bytes() {
	setting=$1 all=0
	shift
	for map; do
		bytes=$(bpftool map list name $map |
			sed -n 's/.*value \([0-9]*\)B  max_entries \([0-9]*\) .*/\1 * \2/p')
		[ -n "$bytes" ] || echo "not ok memory: there is no map $map"
		all=$((all + ${bytes:-0}))
	done
	echo "memory $setting cpu $all"
}

# touched SETTING WHAT FROM BYTES STEP: bytes that the kernel took meanwhile
touched() {
	before=$(slab)
	touchmap $dax $3 $4 $5 || exit 97
	echo "memory $1 $2 $(($(slab) - before))"
}

for setting in none findings all; do
	namespace
	begin --stack=$setting
	echo "memory $setting maps $(kernel_memory)"
	cpu_bytes $setting scratches rates counts named_task runs
	touched $setting everywhere 0 $((4 * GIB)) 4096
	touched $setting once $((4 * GIB)) $((58 * GIB)) 2097152
	full=$(slab)
	no_namespace
	echo "memory $setting given-back $((full - $(slab)))"
	end
done
namespace
begin
echo "memory findings idle-start $started"
end
no_namespace
begin
echo "memory findings bare-start $started"
end
echo 'ok measured'
