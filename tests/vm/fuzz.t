#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.t: tests/vm/fuzz adds up what guests say, and fails when one found something or did not finish. With a guest-run that only
# says what it is told to. Prints TAP.

set -euo pipefail
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/vm" "$dir/kernels"
cp "$here/fuzz" "$here/lib.sh" "$dir/vm/"
cp "$here/../kernels/lib.sh" "$dir/kernels/"
printf '#!/bin/sh\n' >"$dir/kernels/provision"
cat >"$dir/vm/guest-run" <<'EOS'
#!/bin/sh
echo "$*" >>"${0%/*}/called"
cat "${0%/*}/says-$1"
EOS
chmod +x "$dir/kernels/provision" "$dir/vm/guest-run"
printf '%s\n' "# matrix: x" "# fuzz: 100 steps, 0 unexplained differences" "ok 1 - fuzz: stock_and_ours_do_the_same" >"$dir/vm/says-good"
printf '%s\n' "# fuzz: 20 steps, 2 unexplained differences" "not ok 1 - fuzz: stock_and_ours_do_the_same" >"$dir/vm/says-bad"
printf '%s\n' "# fuzz: 30 steps, 0 unexplained differences" "not ok 2 - the kernel log is clean" >"$dir/vm/says-unclean"
printf '%s\n' "ok 1 - fuzz: a_wrong_errno_is_found" >"$dir/vm/says-short"
printf '%s\n' "1..0 # SKIP no such kernel any more" >"$dir/vm/says-gone"

# ends STATUS LINE KERNEL...: how it ends, and its last line.
ends()
{
	local wanted=$1 line=$2 status=0 said
	shift 2

	said=$(KERNEL="$*" SEED=7 "$dir/vm/fuzz" 3 2>&1) || status=$?
	printf '%s\n' "$said"
	[ "$status" = "$wanted" ] && [ "$(tail -n 1 <<<"$said")" = "$line" ]
}

says_how_to_repeat()
{
	KERNEL=good SEED=7 "$dir/vm/fuzz" 3 2>&1 | grep -F "$1" >/dev/null
}

draws_anew()
{
	KERNEL=good "$dir/vm/fuzz" 3 >/dev/null 2>&1
	KERNEL=good "$dir/vm/fuzz" 3 >/dev/null 2>&1
	[ "$(tail -n 2 "$dir/vm/called" | grep -o 'seed=[0-9]*' | sort -u | wc -l)" = 2 ]
}

check "nothing found is success" ends 0 "fuzz: 100 steps, 0 unexplained differences" good
check "the seed and the minutes reach the guest" grep -qx "good intel fuzz seed=7,minutes=3 .*" "$dir/vm/called"
check "several kernels are added up" ends 0 "fuzz: 200 steps, 0 unexplained differences" good good
check "a difference is failure" ends 1 "fuzz: 120 steps, 2 unexplained differences" good bad
check "a kernel log that is not clean is failure" ends 1 "fuzz: 30 steps, 0 unexplained differences" unclean
check "a guest that does not get to its end is failure" ends 1 "fuzz: 0 steps, 0 unexplained differences" short
check "a kernel that is not there is failure" ends 1 "fuzz: 100 steps, 0 unexplained differences" good gone
check "minutes are a number" bash -c "! '$dir/vm/fuzz' soon"
check "the command that repeats a run is printed" \
	says_how_to_repeat "make fuzz MINUTES=3 KERNEL=good VIOMMU=intel SEED=7"
check "and with calls at once, too" \
	env THREADS=1 bash -c "KERNEL=good SEED=7 '$dir/vm/fuzz' 3 2>&1 | grep -F 'SEED=7 THREADS=1'"
check "calls at once reach the guest, with two CPUs" \
	grep -qx "good intel fuzz seed=7,minutes=3,threads=1 1536 7 [0-9]* 2" "$dir/vm/called"
check "THREADS is 0 or 1" bash -c "! THREADS=2 '$dir/vm/fuzz' 3"
check "without a seed, each run has another one" draws_anew
check "make check has a fixed seed" seeds_are_drawn fuzz "$here/matrix" -v
check "check-all draws one each time" seeds_are_drawn fuzz "$here/matrix-all"
done_testing
