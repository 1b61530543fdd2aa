#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/guest/behaviour names tests that exist and are built into the guest's programs.

set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"

list=$ng_guest/behaviour

# The objects of a program, a word each: list_of TYPE1
list_of()
{
	sed -nE "s/^$1 \+?= ?//p; s/^$1 := ?//p" "$ng_guest/Makefile"
}

# Names of all tests of the programs for type1 and the mock, sorted.
built_tests()
{
	local dir object

	for dir in type1 mock; do
		for object in $(list_of "${dir^^}"); do
			sed -nE 's/^TEST\(([a-z0-9_]+)[,)].*/\1/p' "$ng_guest/$dir/$object.c"
		done
	done | sort -u
}

named_tests()
{
	sed -nE 's/^\t([^-].*)/\1/p' "$list" | tr ' ' '\n' | sort
}

every_test_exists()
{
	local missing

	missing=$(comm -23 <(named_tests | uniq) <(built_tests))
	echo "No test has these names: ${missing//$'\n'/ }"
	[ -z "$missing" ]
}

# An area without a test, or a line that is neither.
every_area_is_covered()
{
	awk '
		function check() { if (area != "" && !lines) { print "No test and no reason: " area; bad = 1 } }
		/^#/ || /^$/ { next }
		/^[a-z]+: ./ { check(); area = $0; lines = 0; if (seen[$0]++) { print "Twice: " $0; bad = 1 } next }
		/^\t[a-z0-9_ ]+$/ || /^\t- ./ { lines++; next }
		{ print "Neither an area nor tests: " $0; bad = 1 }
		END { check(); exit bad }' "$list"
}

# So that the checks above do not hold for want of anything to check.
lists_are_long()
{
	echo "$(built_tests | wc -l) tests built, $(named_tests | wc -l) named"
	[ "$(built_tests | wc -l)" -gt 300 ] && [ "$(named_tests | wc -l)" -gt 200 ]
}

check "every area of tests/guest/behaviour has a test, or a reason why not" every_area_is_covered
check "every test that it names exists" every_test_exists
check "there are many" lists_are_long
done_testing
