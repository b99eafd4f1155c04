# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2016,SC2034,SC2086,SC2154
# The lab module breaks each rule that this kernel has, on every type of pgmap
# that it can: each time exactly that finding.  The correct forms: none.
# A line "cell RULE WORD" goes to the table of rules and kernels.
. /bin/guest.sh

LAB=/sys/kernel/debug/pgmap_lab
insmod /bin/pgmap_lab.ko base=0x60000000 size=0x4000000 || {
	not_ok "lab: the module does not load"
	exit 98
}

rule_is_on() {
	pgmaptrace probe | grep -q "^  on *$1\$"
}

# break_rules TYPE: each command of TYPE in one trace: as many findings, of the
# rules of the commands, in their order.
break_rules() {
	{
		grep " $1\>" $LAB/commands | grep -v '^leak '
		grep "^leak $1\>" $LAB/commands
	} >/tmp/commands
	OPTIONS='-T --older 0'
	trace sh -c "while read -r command; do
			echo \"\$command\" >$LAB/command
			case \$command in
			# told when the references have not changed for a second
			ref-imbalance*) sleep 3 ;;
			leak*) continue ;;
			esac
			echo drop >$LAB/command
		done </tmp/commands"
	echo drop >$LAB/command
	# two of one rule may have one stack, and are then one report
	sed 's/ .*//' /tmp/commands | uniq >/tmp/wanted
	sed -n 's/.*VIOLATION \([a-z-]*\):.*/\1/p' $OUT | uniq >/tmp/found
	if [ "$status" = 1 ] && [ "$(field lost)" = 0 ] && cmp -s /tmp/wanted /tmp/found &&
	   [ "$(field findings)" = "$(wc -l </tmp/commands)" ]; then
		sed 's/^/ok lab: /' /tmp/commands
		sed 's/.*/cell & fires/' /tmp/wanted
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

sed 's/ .*//' $LAB/commands | sort -u | while read -r rule; do
	rule_is_on "$rule" || not_ok "lab: the module breaks $rule, which is off here"
done
rmmod pgmap_lab && ok 'lab: the module goes'
