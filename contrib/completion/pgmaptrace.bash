# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of pgmaptrace for bash: options, commands, rules, pids, cgroups and names of
# pgmaps.  Needs nothing but bash; with bash-completion, COMMAND of run is completed as usual.

# ---- tables: written by make completion
__pgmaptrace_commands=' run leaks holders probe rules help'
__pgmaptrace_rules=' request-not-idle double-request request-dying request-outside order-mismatch partial-request release-unrequested free-unrequested double-free free-referenced pages-unbalanced generic-overput refcount-underflow map-unrequested flow-order association-conflict entry-dropped-busy reset-busy pgmap-overlap ref-imbalance teardown-live teardown-stall break-stall leak'
__pgmaptrace_stacks=' none findings all'
__pgmaptrace_options() {
	case $1 in
	'any') echo '-d --duration --timeout -o --older --stall --stack --max-memory -p --pid --cgroup --events --pfn --inode --pgmap -T --timestamps --deterministic -v --verbose --fail-on --warn-on --ignore --expect --require-events --error-exitcode --suppressions --gen-suppressions --strict-suppressions --output -j --json-lines --json --ktap --junit --kmsg --ready-file --save --top --past --baseline --btf --vmlinux -V --version -h --help' ;;
	'trace') echo '-d --duration -o --older --stall --stack --max-memory -p --pid --cgroup --events --pfn --inode --pgmap -T --timestamps --deterministic -v --verbose --fail-on --warn-on --ignore --expect --require-events --error-exitcode --suppressions --gen-suppressions --strict-suppressions --output -j --json-lines --json --ktap --junit --kmsg --ready-file --save --btf --vmlinux -V --version -h --help' ;;
	'leaks') echo '-o --older --pgmap -v --verbose -j --json-lines --save --top --past --baseline --btf --vmlinux -V --version -h --help' ;;
	'holders') echo '-v --verbose --btf --vmlinux -V --version -h --help' ;;
	'probe') echo '-v --verbose --btf --vmlinux -V --version -h --help' ;;
	'rules') echo '-v --verbose --btf --vmlinux -V --version -h --help' ;;
	'help') echo '-v --verbose --btf --vmlinux -V --version -h --help' ;;
	esac
}
__pgmaptrace_value() {
	case $1 in
	-d | --duration) echo SECS ;;
	--timeout) echo SECS ;;
	-o | --older) echo SECS ;;
	--stall) echo SECS ;;
	--stack) echo WHEN ;;
	--max-memory) echo SIZE ;;
	-p | --pid) echo PID ;;
	--cgroup) echo PATH ;;
	--pfn) echo PFN ;;
	--inode) echo INODE ;;
	--pgmap) echo DEVICE ;;
	--fail-on) echo RULES ;;
	--warn-on) echo RULES ;;
	--ignore) echo RULES ;;
	--expect) echo RULE=N ;;
	--require-events) echo N ;;
	--error-exitcode) echo N ;;
	--suppressions) echo FILE ;;
	--output) echo FILE ;;
	--json) echo FILE ;;
	--junit) echo FILE ;;
	--ready-file) echo FILE ;;
	--save) echo FILE ;;
	--top) echo N ;;
	--past) echo FILE ;;
	--baseline) echo FILE ;;
	--btf) echo FILE ;;
	--vmlinux) echo FILE ;;
	*) return 1 ;;
	esac
}
# ---- end of tables

# __pgmaptrace_devices: names of pgmaps, as far as sysfs tells.  A GPU driver's is not there.
__pgmaptrace_devices() {
	local path sys=${__pgmaptrace_root-}/sys

	for path in "$sys"/bus/nd/devices/namespace* "$sys"/bus/dax/devices/dax* \
		"$sys"/class/block/pmem* "$sys"/bus/pci/devices/*/p2pmem; do
		[[ -e $path ]] || continue
		path=${path%/p2pmem}
		echo "${path##*/}"
	done
}

# __pgmaptrace_words WORDS CUR [PREFIX]: those that begin with CUR, behind PREFIX
__pgmaptrace_words() {
	local word

	for word in $1; do
		[[ $word != "$2"* ]] || COMPREPLY+=("${3-}$word")
	done
}

# __pgmaptrace_files CUR [-d]: names of files, or of directories only
__pgmaptrace_files() {
	local file

	compopt -o filenames 2>/dev/null
	while read -r file; do
		COMPREPLY+=("$file")
	done < <(compgen "${2:--f}" -- "$1")
}

# __pgmaptrace_cgroups CUR: directories of cgroup v2, by their path or below the mount
__pgmaptrace_cgroups() {
	local dir=${__pgmaptrace_root-}/sys/fs/cgroup

	if [[ $1 == /* ]]; then
		__pgmaptrace_files "$1" -d
	elif [[ -d $dir ]]; then
		compopt -o nospace 2>/dev/null
		__pgmaptrace_words "$(cd "$dir" && compgen -d -S / -- "$1")" "$1"
	fi
}

# __pgmaptrace_value_of KIND CUR: complete a value that help calls KIND
__pgmaptrace_value_of() {
	local cur=$2 list='' file

	# of a list, what comes after the last comma
	[[ $cur != *,* ]] || list=${cur%,*},
	case $1 in
	FILE) __pgmaptrace_files "$cur" ;;
	PID)
		for file in /proc/[0-9]*; do
			__pgmaptrace_words "${file##*/}" "$cur"
		done
		;;
	PATH) __pgmaptrace_cgroups "$cur" ;;
	DEVICE) __pgmaptrace_words "$(__pgmaptrace_devices)" "$cur" ;;
	RULES) __pgmaptrace_words "all $__pgmaptrace_rules" "${cur##*,}" "$list" ;;
	RULE=N)
		compopt -o nospace 2>/dev/null
		__pgmaptrace_words "${__pgmaptrace_rules// /= }=" "${cur##*,}" "$list"
		;;
	WHEN) __pgmaptrace_words "$__pgmaptrace_stacks" "$cur" ;;
	esac
}

# __pgmaptrace_split: the line up to the cursor as words.  COMP_WORDS are split at = and :, too.
__pgmaptrace_split() {
	local line=${COMP_LINE:0:COMP_POINT}

	# shellcheck disable=SC2162 # a backslash quotes a blank
	read -a words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=('')
}

# __pgmaptrace_scan: what is completed: $mode, a command or "any"; $kind, if it is the value of
# an option; $first, the place of the first word behind the command
__pgmaptrace_scan() {
	local i word last=$((${#words[@]} - 1)) letters

	mode=any kind='' first=0
	for ((i = 1; i < last; i++)); do
		word=${words[i]} letters=''
		case $word in
		--) ;;
		--*=*) ;;
		--*) kind=$(__pgmaptrace_value "$word") ;;
		-?*)
			letters=${word#-}
			# -Td 5, but not -d5
			while [[ $letters ]]; do
				kind=$(__pgmaptrace_value "-${letters:0:1}") && break
				letters=${letters:1}
			done
			[[ ${#letters} = 1 ]] || kind=''
			;;
		*)
			[[ $mode == any ]] || continue
			mode=$word first=$((i + 1))
			[[ $word != [0-9.]* ]] || mode=trace
			[[ $word != run ]] || return
			;;
		esac
		[[ $kind ]] || continue
		((i + 1 < last)) || return
		((++i))
		kind=''
	done
}

# __pgmaptrace_command: of run, which begins at $first of $words
__pgmaptrace_command() {
	local at=$((first - 1))

	# here, too, what comes before may have been split
	until [[ ${COMP_WORDS[at]} == run ]]; do
		((++at < COMP_CWORD)) || return
	done
	((++at))
	[[ ${COMP_WORDS[at]} != -- ]] || ((at == COMP_CWORD)) || ((++at))
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$at"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$at"
	elif ((COMP_CWORD > at)); then
		__pgmaptrace_files "$cur"
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
	fi
}

# __pgmaptrace_trim: what readline replaces begins behind the last : or = of the word
__pgmaptrace_trim() {
	local i head=''

	[[ $COMP_WORDBREAKS != *:* || $cur != *:* ]] || head=${cur%:*}:
	[[ $COMP_WORDBREAKS != *=* || $cur != *=* ]] || head=${cur%"${cur##*[=:]}"}
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$head"}
	done
}

_pgmaptrace() {
	local words mode kind first cur

	COMPREPLY=()
	__pgmaptrace_split
	__pgmaptrace_scan
	cur=${words[-1]}
	if [[ $mode == run ]]; then
		__pgmaptrace_command
		return
	fi
	if [[ $kind ]]; then
		__pgmaptrace_value_of "$kind" "$cur"
	elif [[ $cur == --*=* ]]; then
		kind=$(__pgmaptrace_value "${cur%%=*}")
		cur=${cur#*=}
		__pgmaptrace_value_of "$kind" "$cur"
	elif [[ $cur == -* ]]; then
		__pgmaptrace_words "$(__pgmaptrace_options "$mode")" "$cur"
	else
		case $mode in
		any) __pgmaptrace_words "$__pgmaptrace_commands" "$cur" ;;
		rules) ((${#words[@]} - 1 > first)) || __pgmaptrace_words "$__pgmaptrace_rules" "$cur" ;;
		help) ((${#words[@]} - 1 > first)) || __pgmaptrace_words "$__pgmaptrace_commands" "$cur" ;;
		esac
	fi
	__pgmaptrace_trim
}

complete -F _pgmaptrace pgmaptrace
