. /bin/guest.sh
LAB=/sys/kernel/debug/pgmap_lab
insmod /bin/pgmap_lab.ko base=0x60000000 size=0x4000000
OPTIONS=''
cat $LAB/commands | head -50 | tr '\n' ';'; echo
trace sh -c "end=\$((\$(cut -d. -f1 /proc/uptime) + ${LOOP:-300})); n=0
while [ \$(cut -d. -f1 /proc/uptime) -lt \$end ]; do
 for type in private coherent private coherent; do echo traffic \$type 50 >$LAB/command & done; wait; n=\$((n+1)); done; echo rounds \$n"
cat $OUT
ok x
