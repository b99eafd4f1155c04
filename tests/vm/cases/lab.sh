# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The lab module breaks each rule that this kernel has, on every type of pgmap
# that it can: each time exactly that finding.  The correct forms: none.
# A line "cell RULE WORD" goes to the table of rules and kernels.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
load_lab_module || {
	not_ok "lab: the module does not load"
	exit 98
}

rule_is_on() {
	pgmaptrace probe | grep -q "^  on *$1\$"
}

# reports_agree: the Nth report of the last trace says what /bin/reports wants of the
# Nth command.  Prints what does not.
reports_agree() {
	awk -v profile="$(profile)" -v lab="$(echo "$LAB_DEVICE" | tr -d '\134')" '
	function complain(text) {
		print "# " command[at] ": " text
		complaints++
	}

	# Are the functions of @want in the stack @have, the first as the first of the module?
	function agree(have, want, n, name, i, from) {
		n = split(want, name, ",")
		if (index(have, name[1] ",") != index(have, "lab_"))
			return 0
		for (i = 1; i <= n; i++) {
			from = index("," have, "," name[i] ",")
			if (!from)
				return 0
			have = substr(have, from + length(name[i]))
		}
		return 1
	}

	function check(block, want, text, have) {
		text = title[at, block]
		have = frames[at, block]
		if (want == "none" ? text == "" : want == "end" ? text ~ /^  found at the end/ :
		    want == "no" ? text ~ /^  not / :
		    text ~ /^  (by|last|waiting) / && agree(have, want))
			return
		complain("block \"" block "\": wanted " want ", it is:" text " " have)
	}

	FILENAME ~ /reports$/ {
		if ($1 && $1 !~ /^#/)
			row[++rows] = $0
		next
	}
	FILENAME ~ /commands$/ {
		command[++commands] = $0
		next
	}

	/pgmaptrace: VIOLATION / {
		headline[++reports] = $0
		block = ""
		next
	}
	/^  file: / { file[reports] = $0 }
	/^  [^ ]/ { block = "" }
	/^  (by|found|waiting) / { block = "by" }
	/^  (last|not) / { block = title[reports, "request"] == "" ? "request" : "free" }
	/^  [^ ]/ && block { title[reports, block] = $0 }
	/^    [^ ]/ && block {
		sub(/[+.].*/, "", $1)
		frames[reports, block] = frames[reports, block] $1 ","
	}
	/^$/ { block = "" }

	END {
		for (at = 1; at <= commands; at++) {
			split(command[at] " ", word)
			scene = word[1] (word[3] == "" ? "" : ":" word[3])
			for (i = 1; i <= rows; i++) {
				split(row[i], want)
				if (scene ~ "^(" want[1] ")$" && profile "." word[2] ~ "^(" want[2] ")$")
					break
			}
			self = "lab_" word[1]
			gsub(/-/, "_", self)
			for (i = 3; i <= 5; i++)
				gsub(/[+]/, self, want[i])
			device = word[2] == "private" ? "pgmap_lab" : lab
			if (headline[at] !~ "VIOLATION " word[1] ":.* " device " \\(" word[2] "\\) ")
				complain("its report is: " headline[at])
			check("by", want[3])
			check("request", want[4])
			check("free", want[5])
			# an offset in the device is the physical address of what is mapped there
			match(headline[at], /0x[0-9a-f]+/)
			there = "/dev/pgmap_lab \\(char device [0-9:]*\\)"
			if (want[6] != "name")
				there = there ", offset " substr(headline[at], RSTART, RLENGTH) "000"
			if (want[6] == "no" ? file[at] != "" : file[at] !~ "^  file: " there "$")
				complain("file: " (file[at] == "" ? "not told" : file[at]))
		}
		exit complaints > 0
	}' /bin/reports /tmp/commands $OUT
}

# break_rules TYPE: each command of TYPE in one trace: as many reports, in their order.
break_rules() {
	{
		grep " $1\>" $LAB/commands | grep -v "^leak $1\$"
		grep "^leak $1\$" $LAB/commands # told at the end
	} >/tmp/commands
	OPTIONS='-T --stack=all --older 0 --stall 10'
	trace sh -c ". /bin/guest.sh
		while read -r command; do
			echo \"\$command\" >$LAB/command
			told=\$((told + 1))
			[ \"\$command\" != 'leak $1' ] || continue
			# the name of a pgmap is read when it is told of; after drop it has none
			told_of VIOLATION \$told
			echo drop >$LAB/command
		done </tmp/commands"
	echo drop >$LAB/command
	sed 's/ .*//' /tmp/commands >/tmp/wanted
	sed -n 's/.*VIOLATION \([a-z-]*\):.*/\1/p' $OUT >/tmp/found
	if [ "$status" = 1 ] && [ "$(field lost)" = 0 ] && cmp -s /tmp/wanted /tmp/found &&
	   [ "$(field findings)" = "$(wc -l </tmp/commands)" ]; then
		sed 's/^/ok lab: /' /tmp/commands
		sort -u /tmp/wanted | sed 's/.*/cell & fires/'
		reports_agree || { not_ok "lab: $1: a report is not as tests/vm/cases/reports has its scene"; return; }
		ok "lab: $1: the reports say what the scenes did"
	else
		diff /tmp/wanted /tmp/found | sed 's/^/# /'
		grep VIOLATION $OUT >/tmp/violations && mv /tmp/violations $OUT
		not_ok "lab: $1: not the findings of the commands (< wanted, > found)"
	fi
}

for type in private coherent fsdax generic p2pdma; do
	! grep -q " $type\>" $LAB/commands || break_rules $type
done

correct_forms() {
	OPTIONS=-T
	trace sh -e -c "while read -r command; do
			echo \"\$command correct\" >$LAB/command
			echo drop >$LAB/command
		done <$LAB/commands"
	clean
}
verdict 'lab: the correct form of each' correct_forms

# All types at once, from both CPUs.
traffic() {
	trace sh -c "for type in $*; do echo traffic \$type 20000 >$LAB/command & done; wait"
	clean && [ "$(field requests)" = "$(field frees)" ] && [ "$(field outstanding)" = 0 ] &&
		[ "$(field requests)" -ge 20000 ]
}
types=$(sed -n 's/^double-request \([a-z0-9]*\)$/\1/p' $LAB/commands | tr '\n' ' ')
verdict "lab: traffic on ${types}at once" traffic $types

# Large folios whose parts come back from both CPUs at once.
parts_at_once() {
	OPTIONS='-T --older 0'
	trace sh -c "for type in $*; do echo split \$type 60 >$LAB/command || exit; done"
	clean && [ "$(field requests)" = "$(field frees)" ] && [ "$(field requests)" -ge 15000 ]
}
types=$(sed -n 's/^pages-unbalanced \([a-z0-9]*\)$/\1/p' $LAB/commands | tr '\n' ' ')
[ -z "$types" ] || verdict "lab: parts of large folios from two CPUs, $types" parts_at_once $types

# end_while_unsettled once|on: a signal comes when COMMAND is over, and a pgmap was killed just
# now; or they go on to come
end_while_unsettled() {
	status=0
	rm -f /tmp/killed /tmp/json
	pgmaptrace --json /tmp/json run -- sh -c \
		"echo ref-imbalance $type >$LAB/command; : >/tmp/killed" >$OUT 2>&1 &
	tool=$!
	wait_until $tool [ -e /tmp/killed ]
	sleep 0.1
	while kill -TERM $tool 2>/dev/null && [ $1 = on ]; do
		sleep 0.1
	done
	wait $tool || status=$?
	summary=$(tail -n 1 "$OUT")
	keep_records /tmp/json
	echo drop >$LAB/command
}

unsettled() {
	[ "$status" = 2 ] && report_has '^pgmaptrace: INCONCLUSIVE findings=0 ' \
		'references of a pgmap that was just killed were judged; may hide: ref-imbalance$'
}

type=$(sed -n 's/^ref-imbalance //p' $LAB/commands | head -n 1)
if [ -n "$type" ]; then
	# as when a wrapper hands on what each process of its group got
	end_while_unsettled once
	verdict 'lab: a signal when COMMAND is over: references are still judged' found ref-imbalance
	end_while_unsettled on
	verdict 'lab: more of them: the verdict knows that they were not' unsettled
fi

sed 's/ .*//' $LAB/commands | sort -u | while read -r rule; do
	rule_is_on "$rule" || not_ok "lab: the module breaks $rule, which is off here"
done
rmmod pgmap_lab && ok 'lab: the module goes'
