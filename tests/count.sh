# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by what runs tests: counts lines "ok ...", "not ok ..." and "skip ...", and lists
# at the end what was skipped.

passed=0 failed=0
skips=()

# count FILE: the results in it
count() {
	local here

	mapfile -t here < <(sed -n 's/^skip //p' "$1")
	skips+=("${here[@]}")
	passed=$((passed + $(grep -c '^ok ' "$1"))) failed=$((failed + $(grep -c '^not ok ' "$1")))
}

# totals: what was skipped, and the line that ends a run; fails if a test failed
totals() {
	if [ ${#skips[@]} -gt 0 ]; then
		printf '\n== skipped: %d\n' ${#skips[@]}
		printf '# %s\n' "${skips[@]}"
	fi
	printf '\n%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ]
}
