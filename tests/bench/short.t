#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmark's short form, on one kernel: nothing that maps, unmaps or attaches has become slower, or makes more calls.

set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$ng_tests_dir/vm/tap.sh"

kernel=bookworm
log=$ng_logs/bench-short
tsv=$ng_out/bench-short.tsv

mkdir -p "$ng_logs"
status=0
"$ng_tests_dir/vm/prepare" "$kernel" >"$log.prepare" 2>&1 || status=$?
if [ "$status" = "$ng_status_gone" ]; then
	echo "1..0 # SKIP $(tail -n 1 "$log.prepare")"
	exit
fi
rm -f "$tsv"
check "the figures of $kernel could be measured" "$bench_dir/run" --short --out "$tsv" "$kernel"
check "none is worse than in the reference, or than it may be" "$bench_dir/check" --partial "$tsv"
done_testing
