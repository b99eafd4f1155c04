# SPDX-License-Identifier: GPL-2.0-only
#
# Make an entry of a C table, {NAME, TEXT}, of each section of docs/rules.md that is about a rule:
# awk -f rule_pages.awk docs/rules.md

/^## / {
	if (open)
		print "\t},"
	open = /^## [a-z-]+$/
	if (open)
		printf "\t{\"%s\",\n", substr($0, 4)
	next
}
open {
	gsub(/[\\"]/, "\\\\&")
	printf "\t \"%s\\n\"\n", $0
}
END {
	if (open)
		print "\t},"
}
