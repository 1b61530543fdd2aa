#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ktap-to-tap.t: what a guest prints becomes TAP, and a guest that dies early never passes. Prints TAP.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# converts KTAP TAP: the first text becomes the second, and the count is that of its results.
converts()
{
	local count
	# shellcheck disable=SC2059  # the texts have \n and \r in them
	printf "$1" | "$here/ktap-to-tap" "$work/count" >"$work/tap"
	# shellcheck disable=SC2059
	printf "$2" >"$work/expected"
	count=$(grep -cE '^(not )?ok ' "$work/expected" || true)
	diff "$work/expected" "$work/tap" && [ "$(cat "$work/count")" = "$count" ]
}

check "results pass through" converts \
	'KTAP version 1\n1..2\nok 1 one\nnot ok 2 two\n# ng-guest-done\n' \
	'ok 1 - one\nnot ok 2 - two\n'
check "a serial line's carriage returns go" converts \
	'KTAP version 1\r\n1..1\r\nok 1 one\r\n' \
	'ok 1 - one\n'
check "dashes and skips are kept" converts \
	'1..2\nok 1 - one\nok 2 two # SKIP no such device\n' \
	'ok 1 - one\nok 2 - two # SKIP no such device\n'
check "several documents are numbered through" converts \
	'1..1\nok 1 one\nKTAP version 1\n1..2\nok 1 two\nok 2 three\n' \
	'ok 1 - one\nok 2 - two\nok 3 - three\n'
check "other lines become diagnostics, progress goes" converts \
	'1..1\nhello\n# a remark\n# progress: working\n  ok 1 nested\nok 1 one\n' \
	'# hello\n# a remark\n#   ok 1 nested\nok 1 - one\n'
check "an empty document is a skip" converts \
	'1..0 # SKIP no device\n' \
	'ok 1 - nothing to run # SKIP no device\n'
check "a failure marked TODO stays a failure" converts \
	'1..1\nnot ok 1 one # TODO later\n' \
	'not ok 1 - one  TODO later\n'
check "nothing at all fails" converts \
	'' \
	'not ok 1 - the guest printed a plan\n'
check "results without a plan fail" converts \
	'ok 1 one\n' \
	'ok 1 - one\nnot ok 2 - the guest printed a plan\n'
check "a guest that stops early fails" converts \
	'1..3\nok 1 one\n' \
	'ok 1 - one\nnot ok 2 - the guest ran all of its 3 tests (it ran 1)\n'
check "a result that is cut off counts as it stands" converts \
	'1..2\nok 1 one\nok 2' \
	'ok 1 - one\nok 2 - unnamed\n'
check "half a word is no result" converts \
	'1..2\nok 1 one\no' \
	'ok 1 - one\n# o\nnot ok 2 - the guest ran all of its 2 tests (it ran 1)\n'
check "more results than planned fail" converts \
	'1..1\nok 1 one\nok 2 two\n' \
	'ok 1 - one\nok 2 - two\nnot ok 3 - the guest ran only its 1 planned tests (it ran 2)\n'
check "a bail-out fails" converts \
	'1..2\nok 1 one\nBail out! no memory\n' \
	'ok 1 - one\nnot ok 2 - the guest bailed out: no memory\nnot ok 3 - the guest ran all of its 3 tests (it ran 2)\n'

done_testing
