# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# Stacks that can be read: with and without debug info, with modules that go,
# and with the addresses hidden.  /debug/vmlinux is there if run has one.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
ERR=/tmp/pgmaptrace.err

load() {
	load_lab_module || {
		not_ok "symbols: the module does not load"
		exit 98
	}
}

unload() {
	rmmod pgmap_lab
}

break_rule() {
	echo "$1 coherent" >$LAB/command
	echo drop >$LAB/command
}

# traced: a finding whose stack goes through the module
traced() {
	trace sh -c "echo double-request coherent >$LAB/command; echo drop >$LAB/command"
	found double-request
}

# begin, end: a trace in the background, whose tool can be stopped ($tool)
begin() {
	# the one before said so too
	: >$ERR
	pgmaptrace $OPTIONS >"$OUT" 2>$ERR &
	tool=$!
	wait_for $ERR 'tracing, Ctrl-C' $tool
}

# cpu_time: of the tool, in ticks
cpu_time() {
	awk '{ print $14 + $15 }' /proc/$tool/stat
}

# noticed: the tool has seen what came, and says nothing of it; without work it is woken
# once a second
noticed() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		before=$(cpu_time)
		sleep 2
		[ $(($(cpu_time) - before)) -ge 20 ] || return 0
	done
	not_ok "symbols: the tool is busy for 20 s"
}

has_findings() {
	[ "$(sed -n '/VIOLATION/,/^$/p' "$OUT" | grep -c '^$')" -ge "$1" ]
}

# told N: so many findings, each to its end
told() {
	wait_until $tool has_findings $1
}

# end N: with so many findings
end() {
	status=0
	told $1
	kill -TERM $tool
	wait $tool || status=$?
	summary=$(tail -n 1 "$OUT")
	cat $ERR >>"$OUT"
}

report_lacks() {
	! report_has "$1"
}

in_module() {
	report_has " lab_double_request+0x[0-9a-f]* \[pgmap_lab$1\]"
}

times_said() {
	[ "$(grep -c "$2" "$OUT")" = "$1" ]
}

echo 1 >/proc/sys/kernel/kptr_restrict
load

# ---- without debug info

plain() {
	traced && in_module '' && report_has ' vfs_write+0x[0-9a-f]*$' && report_lacks '(no symbol)' &&
		report_lacks '\.[ch]:[0-9]' && report_lacks inlined && report_lacks 'bpf_'
}
verdict 'symbols: no debug info, plain symbols' plain

no_such_file() {
	status=0
	pgmaptrace --vmlinux /nothere -d 0 >"$OUT" 2>&1 || status=$?
	[ $status = 64 ] && report_has "can't read /nothere"
}
verdict 'symbols: --vmlinux names a missing file' no_such_file

wrong_file() {
	OPTIONS='-T --vmlinux /bin/pgmap_lab.ko'
	traced && times_said 1 'pgmap_lab.ko: no debug info of the running kernel' &&
		report_lacks '\.[ch]:[0-9]'
	wrong=$?
	OPTIONS=-T
	return $wrong
}
verdict 'symbols: --vmlinux names something else' wrong_file

# ---- a module that is gone when its stack is shown

gone() {
	begin
	kill -STOP $tool
	break_rule double-request
	unload
	kill -CONT $tool
	end 1
	[ "$status" = 1 ] && in_module ', unloaded' && report_lacks '(no symbol)'
}
verdict 'symbols: unloaded before its stack is shown' gone

came_and_went() {
	begin
	load
	# it makes a pgmap, and by that is noticed
	echo double-request coherent correct >$LAB/command
	noticed
	kill -STOP $tool
	break_rule double-request
	unload
	kill -CONT $tool
	end 1
	[ "$status" = 1 ] && in_module ', unloaded' && report_lacks '(no symbol)'
}
verdict 'symbols: loaded and unloaded while tracing' came_and_went

never_seen() {
	begin
	kill -STOP $tool
	load
	break_rule double-request
	unload
	kill -CONT $tool
	end 1
	[ "$status" = 1 ] && report_has ' 0x[0-9a-f]* (no symbol)$' ' vfs_write+0x' &&
		report_lacks '\[pgmap_lab'
}
verdict 'symbols: a module that nobody saw has addresses' never_seen

# ---- addresses that are hidden

hidden_later() {
	load
	begin
	echo 2 >/proc/sys/kernel/kptr_restrict
	break_rule double-request
	told 1
	# another instance, of which nothing is known
	unload
	load
	break_rule request-not-idle
	end 2
	echo 1 >/proc/sys/kernel/kptr_restrict
	[ "$status" = 1 ] && [ "$(field rules)" = request-not-idle,double-request ] &&
		times_said 1 'hides the addresses now' && in_module '' &&
		report_has ' 0x[0-9a-f]* (no symbol)$' && report_lacks unloaded
}
verdict 'symbols: hidden while tracing' hidden_later

hidden_at_start() {
	status=0
	echo 2 >/proc/sys/kernel/kptr_restrict
	pgmaptrace -d 1 >"$OUT" 2>&1 || status=$?
	echo 1 >/proc/sys/kernel/kptr_restrict
	[ $status = 69 ] && report_has 'pgmap_array' 'sysctl kernel.kptr_restrict=1'
}
verdict 'symbols: hidden at the start' hidden_at_start

# ---- with debug info

[ -e /debug/vmlinux ] || {
	skip 'symbols: source lines - no debug info of this kernel'
	exit
}

in_source() {
	report_has ' vfs_write+0x[0-9a-f]* (fs/read_write.c:[0-9]*)$' \
		' do_syscall_x64 (inlined, arch/x86/entry/common.c:[0-9]*)$' \
		' do_syscall_64+0x[0-9a-f]* (arch/x86/entry/common.c:[0-9]*)$'
}

by_option() {
	OPTIONS='-T --vmlinux /debug/vmlinux'
	traced && in_source && in_module ''
	found=$?
	OPTIONS=-T
	return $found
}
verdict 'symbols: source lines from --vmlinux' by_option

in_place() {
	mkdir -p /usr/lib/debug/boot "/lib/modules/$RELEASE/extra"
	mv /debug/vmlinux "/usr/lib/debug/boot/vmlinux-$RELEASE"
	cp /bin/pgmap_lab.ko "/lib/modules/$RELEASE/extra/"
	traced && in_source &&
		report_has ' request \[pgmap_lab\] (inlined, .*pgmap_lab.c:[0-9]*)$' \
			' lab_double_request+0x[0-9a-f]* \[pgmap_lab\] (.*pgmap_lab.c:[0-9]*)$'
}
verdict 'symbols: source lines from the usual places' in_place
sed -n '/VIOLATION/,$s/^/# /p' "$OUT"
