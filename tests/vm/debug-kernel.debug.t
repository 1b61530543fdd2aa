#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.debug.t: a debug kernel reports every kind of defect, and a guest with a defect fails. Prints TAP.
#
# The guest's suite commits one defect after the other (tests/guest/suites/defects) and looks for each report.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"

# The defects, each seen by the guest, and what the host makes of them.
results_are()
{
	local name

	printf '%s\n' "$tap"
	[ "$(grep -c '^ok' <<<"$tap")" = 8 ] && [ "$(grep -c '^not ok' <<<"$tap")" = 3 ] || return 1
	for name in lock-order sleep shift refcount use-after-free out-of-bounds leak; do
		grep -qE "^ok [0-9]+ - defects: $name\$" <<<"$tap" || return 1
	done
	for name in "the kernel log is clean" "no memory was lost" "lock rules were checked to the end"; do
		grep -qE "^not ok [0-9]+ - $name\$" <<<"$tap" || return 1
	done
	grep -qE "^ok [0-9]+ - the guest finished\$" <<<"$tap"
}

for kernel in debug-6.1 debug-7.3; do
	tap=$("$here/guest-run" "$kernel" intel defects - 1024 2 200 2>&1) || true
	check "$kernel reports every kind of defect, and its guest fails" results_are
done

done_testing
