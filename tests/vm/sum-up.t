#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sum-up.t: nothing that went wrong in a test program is lost between it and the last line of make check. Prints TAP.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# results NAME...: start from these of fixtures/results.
results()
{
	local name
	rm -rf "$work/results"
	mkdir "$work/results"
	for name; do
		cp "$here/fixtures/results/$name.tap" "$work/results/"
	done
}

# one RESULT_LINES: a single program that printed this and ended with status 0.
one()
{
	results
	printf '%b\n# exit status: 0\n# seconds: 1.0\n' "$1" >"$work/results/one.tap"
}

# sums_to STATUS LAST_LINE [PROGRAMS]
sums_to()
{
	local status=0
	"$here/sum-up" "$work/results" "$work/matrix.tsv" "${3:-0}" >"$work/out" || status=$?
	cat "$work/out"
	[ "$status" = "$1" ] && [ "$(tail -n 1 "$work/out")" = "$2" ]
}

table_has()
{
	"$here/sum-up" "$work/results" "$work/matrix.tsv" >"$work/out" || true
	cat "$work/out"
	grep -qE -- "$1" "$work/out"
}

tsv_is()
{
	"$here/sum-up" "$work/results" "$work/matrix.tsv" >/dev/null || true
	printf '%b' "$1" | diff - "$work/matrix.tsv"
}

# says PATTERN: the last sum had a line like that.
says()
{
	cat "$work/out"
	grep -qE -- "$1" "$work/out"
}

says_nothing_of()
{
	! says "$1"
}

# support STATUS TSV PATTERN: support-table of this table ends so and prints a line like that.
support()
{
	local status=0
	printf '%b' "$2" >"$work/table.tsv"
	"$here/support-table" "$work/table.tsv" >"$work/out" 2>&1 || status=$?
	cat "$work/out"
	[ "$status" = "$1" ] && grep -qE -- "$3" "$work/out"
}

# record_keeps STATUS PATTERN PROGRAM_TEXT: record ends with the program's status and keeps what it printed.
record_keeps()
{
	local status=0
	printf '#!/bin/sh\n%s\n' "$3" >"$work/program.t"
	chmod +x "$work/program.t"
	rm -rf "$work/out.d"
	NG_OUT=$work/out.d "$here/record" "$work/program.t" >"$work/printed" || status=$?
	cat "$work"/out.d/results/*.tap
	[ "$status" = "$1" ] && grep -qx -- "$2" "$work"/out.d/results/*.tap && ! grep -q 'exit status' "$work/printed"
}

results good_guest skipped_guest build unit
check "guests, builds and unit tests are added up" sums_to 0 "5 passed, 0 failed, 2 skipped"
check "a cell of the table" table_has '^6\.1\.0-1-amd64 +amd64 +2/0/1 +0/0/1$'
check "a build in the table" table_has '^7\.3\.4\+deb13-cloud-arm64 +arm64 +ok$'
check "the rows of the file" tsv_is "$(printf '%s' 'kernel\tarch\tiommu\tsuite\tpassed\tfailed\tskipped\n' \
	'6.1.0-1-amd64\tamd64\tintel\ttype1\t2\t0\t1\n6.1.0-1-amd64\tamd64\tvirtio\ttype1\t0\t0\t1\n' \
	'7.3.4+deb13-cloud-arm64\tarm64\t-\tbuild\t1\t0\t0\n')"
echo "# retry: attempt 1 crashed while it patched its code, see log" >>"$work/results/good_guest.tap"
check "a retry is shown" table_has '^Started again because of a crash known from TCG: 1$'
results good_guest bad_guest
check "a failure is counted and is the status" sums_to 1 "3 passed, 1 failed, 1 skipped"
check "a failure is named" says '^    bad_guest: not ok 2 - two$'
check "and what the guest said before it" says '^        # it was not there$'
check "and nothing it said before another" says_nothing_of 'was fine'
check "a failure in the table" table_has '^7\.3\.4\+deb13-arm64 +arm64 +1/1/0 core$'
results good_guest
sed -i 's/^# exit status: 0/# exit status: 2/' "$work/results/good_guest.tap"
check "a program that ends with an error fails" sums_to 1 "2 passed, 1 failed, 1 skipped"
check "and is named" says '^    good_guest: ended with status 2$'
results good_guest
sed -i '/^# exit status/d' "$work/results/good_guest.tap"
check "a program that was cut off fails" sums_to 1 "2 passed, 1 failed, 1 skipped"
check "and is named" says '^    good_guest: was cut off$'
results good_guest unit
check "a program without results fails" sums_to 1 "4 passed, 1 failed, 1 skipped" 3
check "and is mentioned" says '^    1 of 3 programs left no results$'
one '1..3\nok 1 - one\nok 2 - two\n'
check "fewer results than planned fail" sums_to 1 "2 passed, 1 failed, 0 skipped"
check "and are named" says '^    one: 2 results, planned 3$'
one '1..2\nnot ok 1 - one\n# it fell\nok 2 - two\n'
check "a test on the host fails" sums_to 1 "1 passed, 1 failed, 0 skipped"
check "and what was said after it" says '^        # it fell$'
one '1..1\nok 1 - one\nok 2 - two\n'
check "more results than planned fail" sums_to 1 "2 passed, 1 failed, 0 skipped"
one 'ok 1 - one\n'
check "results without a plan fail" sums_to 1 "1 passed, 1 failed, 0 skipped"
one '1..0\n'
check "an empty plan without a reason fails" sums_to 1 "0 passed, 1 failed, 0 skipped"
one '1..1\nok 1 - one\nBail out! no memory\n'
check "a bail-out fails" sums_to 1 "1 passed, 1 failed, 0 skipped"
one '1..2\nok 1 - is not ok\nok 2 - okay\n'
check "words in a name decide nothing" sums_to 0 "2 passed, 0 failed, 0 skipped"
one ''
check "a program that printed nothing fails" sums_to 1 "0 passed, 1 failed, 0 skipped"
results skipped_guest
check "nothing but skips is no success" sums_to 1 "0 passed, 0 failed, 1 skipped"
results
check "no results at all are no success" sums_to 1 "0 passed, 0 failed, 0 skipped"

check "record keeps results and status" record_keeps 3 "ok 1 - one" 'echo 1..1; echo ok 1 - one; exit 3'
# resumes TREE RUNS RESULT [PLAN]: a program with this result, on this tree; by now it has run so often.
resumes()
{
	printf '#!/bin/sh\necho >>%s\necho "%s"\necho "%s"\n' "$work/runs" "${4-1..1}" "$3" >"$work/program.t"
	NG_TREE_ID=$1 RESUME=1 NG_OUT=$work/out.d "$here/record" "$work/program.t" >"$work/printed" || true
	cat "$work/printed"
	[ "$(cat "$work/printed")" = "${4-1..1}"$'\n'"$3" ] && [ "$(wc -l <"$work/runs")" = "$2" ]
}

check "record keeps a status of 0" record_keeps 0 "# exit status: 0" 'echo 1..1; echo ok 1 - one'
rm -rf "$work/out.d" "$work/runs"
check "a test that passed" resumes one 1 "ok 1 - one"
check "is not run again on the same tree" resumes one 1 "ok 1 - one"
check "but on another one" resumes two 2 "ok 1 - one"
rm -rf "$work/out.d" "$work/runs"
check "one that failed" resumes one 1 "not ok 1 - one"
check "is run again" resumes one 2 "not ok 1 - one"
rm -rf "$work/out.d" "$work/runs"
check "one that passed" resumes one 1 "ok 1 - one"
check "is run again when it does something else under its name" resumes one 2 "ok 1 - two"
rm -rf "$work/out.d" "$work/runs"
check "one that was skipped" resumes one 1 "# no reason" "1..0 # SKIP it is not there"
check "is tried again" resumes one 2 "# no reason" "1..0 # SKIP it is not there"

header='kernel\tarch\tiommu\tsuite\tpassed\tfailed\tskipped\n'
check "support: full and selected tests" support 0 \
	"$header"'6.1.0-1-amd64\tamd64\tintel\ttype1\t9\t0\t0\n6.1.0-1-amd64\tamd64\tamd\tcore\t9\t0\t0\n' \
	'^\| 6\.1 \| amd64 \| 6\.1\.0-1-amd64 \| Intel: all tests; AMD: main tests \| - \|$'
check "support: a failure is said" support 0 "$header"'6.1.0-1-amd64\tamd64\tintel\ttype1\t9\t2\t0\n' 'Intel: all tests \(\*\*2 failed\*\*\)'
check "support: builds" support 0 "$header"'6.1.0-1-cloud-amd64\tamd64\t-\tbuild\t1\t0\t0\n' '^\| 6\.1 \| amd64 \| - \| - \| 6\.1\.0-1-cloud-amd64 \|$'
check "support: a build that fails is said" support 0 "$header"'6.1.0-1-rt-amd64\tamd64\t-\tbuild\t0\t1\t0\n' 'does not build'
older_first()
{
	support 0 "$header"'7.3.4-amd64\tamd64\tintel\ttype1\t9\t0\t0\n5.10.0-46-amd64\tamd64\tintel\tcore\t9\t0\t0\n' '^\| 7\.3 ' &&
		sed -n 3p "$work/out" | grep -q '^| 5\.10 '
}
check "support: older lines come first" older_first
check "support: what was not tested makes no row" support 0 "$header"'sid/arm64/rt\tarm64\t-\tbuild\t0\t0\t1\n' '^\|---'
check "support: another file is refused" support 1 'kernel\tarch\n' 'does not begin with the header'

done_testing
