# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2046,SC2086,SC2154
# Mixed load of real programs for pgmap_soak= seconds, in one session: fio, stress-ng
# and sqlite on DAX file systems, fio on device-dax, the hmm selftests, and a
# namespace that is one and then the other.  No finding, nothing lost.
. /bin/guest.sh

seconds=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^pgmap_soak=//p')
[ ! -x /bin/hmm-tests ] || modprobe test_hmm || {
	not_ok 'soak: the hmm test driver does not load'
	exit 98
}

cat >/bin/load <<-'LOAD'
	#!/bin/busybox sh
	. /bin/guest.sh
	end=$(($(cut -d. -f1 /proc/uptime) + $1)) round=1

	# the first round is whole, however slow the guest
	on() {
		[ $round = 1 ] || [ $(cut -d. -f1 /proc/uptime) -lt $end ]
	}

	# ran NAME COMMAND...: counts how it ended; what a program says is kept if it failed
	ran() {
		name=$1
		shift
		on || return 0
		if [ "$1" = fio ] && [ ! -d /proc/sysvipc ]; then
			echo "without $name: this kernel has no shared memory of System V"
			return
		fi
		if timeout 200 "$@" >/tmp/said 2>&1; then
			echo "ran $name"
		else
			echo "failed $name, status $?"
			tail -n 15 /tmp/said | sed 's/^/# /'
		fi
	}

	FIO='--thread --output-format=terse --size=12m --bs=4k --iodepth=1 --time_based --runtime=6'
	on_files() {
		ran "fio mmap on $1" fio --name=m --directory=$MNT --ioengine=mmap --rw=randrw \
			--numjobs=2 --fdatasync=64 $FIO
		ran "fio mmap, verified, on $1" fio --name=v --directory=$MNT --ioengine=mmap \
			--rw=randwrite --verify=crc32c --size=4m --bs=4k
		ran "fio libpmem on $1" fio --name=p --directory=$MNT --ioengine=libpmem --direct=1 \
			--rw=randrw --numjobs=2 $FIO
		mkdir -p $MNT/stress
		# no madvise: as root it poisons pages of memory and of the device, and dies of it
		ran "stress-ng on $1" stress-ng --temp-path $MNT/stress --timeout 8 --verify \
			--mmap 1 --mmap-file --mmap-bytes 8M --mremap 1 \
			--mremap-bytes 8M --msync 1 --msync-bytes 4M --mincore 1 --munmap 1 --vm 1 \
			--vm-bytes 16M --remap 1
		ran "sqlite on $1" sqlite3 $MNT/db '
			PRAGMA journal_mode = WAL; PRAGMA mmap_size = 33554432;
			DROP TABLE IF EXISTS t;
			CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
				INSERT INTO t SELECT i, hex(randomblob(200)) FROM n;
			CREATE INDEX b ON t(b);
			UPDATE t SET b = b || a WHERE a % 3 = 0;
			DELETE FROM t WHERE a % 2;
			VACUUM;
			SELECT CASE WHEN (SELECT integrity_check FROM pragma_integrity_check) = "ok" AND
				(SELECT count(*) FROM t) = 1500 THEN "good" ELSE abs(-9223372036854775808) END;'
		ran "huge pages on $1" daxload -h -r 2 $MNT/huge 16M
	}
	while on; do
		for fs in ext4 xfs; do
			on || break
			make_fs $fs
			on_files $fs
			umount $MNT || echo "failed umount of $fs"
		done
		[ ! -x /bin/hmm-tests ] || ran 'hmm selftests' sh -c 'hmm-tests | grep "^# PASSED:"'
		on || break
		# the pgmap of fsdax goes, and that of device-dax comes
		ran 'to device-dax' ndctl create-namespace -f -e namespace0.0 -m devdax -M mem
		ran 'fio dev-dax' fio --name=d --filename=/dev/dax0.0 \
			--ioengine=dev-dax --rw=randrw --bs=2m --size=64m --thread --iodepth=1 --time_based \
			--runtime=5
		ran 'to fsdax' ndctl create-namespace -f -e namespace0.0 -m fsdax -M mem
		echo "round $round"
		round=$((round + 1))
	done
	exit 0
LOAD
chmod +x /bin/load

trace load $seconds
grep -E '^(ran|failed) ' $OUT | sed 's/^ran //; s/, status.*//' | sort | uniq -c | while read -r times what; do
	echo "# $RELEASE: $what: $times"
done
grep '^without ' $OUT | sort -u | sed "s/^/# $RELEASE: /"
echo "# $RELEASE: $seconds s: $summary"
verdict "soak: $(grep -c '^ran ' $OUT) programs, $(field requests) requests, $(field frees) frees: no finding, nothing lost" clean
# what failed, and what it said: each kind once
if awk '/^failed / { show = !seen[$0]++ } /^(ran|round|pgmaptrace:) / { show = 0 } show' $OUT |
	sed 's/^/# /' | grep .; then
	echo 'not ok soak: each program went well'
else
	ok 'soak: each program went well'
fi
verdict 'soak: each of them ran' grep -q '^round 1$' $OUT
# what the kernel itself complains of is no finding, but must be seen
dmesg | grep -E 'cut here|BUG:|bad pmd|Memory failure|Out of memory' | sed "s/^/# $RELEASE: /"
