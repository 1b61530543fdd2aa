# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests written in shell: count and print TAP. To be sourced.
#
#   check NAME COMMAND...    one test: ok when COMMAND succeeds; its output is shown when it does not
#   done_testing             print the plan; the status says whether all passed

tap_count=0 tap_failed=0

check()
{
	local name=$1 output
	shift

	tap_count=$((tap_count + 1))
	if output=$("$@" 2>&1); then
		echo "ok $tap_count - $name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $name"
		[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/# /'
	fi
}

done_testing()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}

# seeds_are_drawn SUITE MATRIX [-v]: all its lines of this suite draw a new seed; -v: none does.
seeds_are_drawn()
{
	awk -F '\t' -v suite="$1" -v drawn="${3:-}" '
		$3 == suite { n++; if (($4 ~ /seed=fresh/) == (drawn == "-v")) wrong++ }
		END { exit !n || wrong }' "$2"
}
