#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.t: tests/vm/soak fails when a guest found something or did not finish. With a guest-run that
# only says what it is told to. Prints TAP.

set -euo pipefail
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/vm" "$dir/kernels"
cp "$here/soak" "$here/lib.sh" "$dir/vm/"
cp "$here/../kernels/lib.sh" "$dir/kernels/"
printf '#!/bin/sh\n' >"$dir/kernels/provision"
cat >"$dir/vm/guest-run" <<'EOS'
#!/bin/sh
echo "$*" >>"${0%/*}/called"
cat "${0%/*}/says-$1"
EOS
chmod +x "$dir/kernels/provision" "$dir/vm/guest-run"
done_all="# soak: seed 7, 5/6 map"
printf '%s\n' "# matrix: x" "$done_all" "ok 1 - soak: nothing_is_left" >"$dir/vm/says-good"
printf '%s\n' "# soak: lost" "$done_all" "not ok 1 - soak: nothing_is_left" >"$dir/vm/says-bad"
printf '%s\n' "$done_all" "not ok 2 - the kernel log is clean" >"$dir/vm/says-unclean"
printf '%s\n' "# progress: soak: 3 epochs" >"$dir/vm/says-short"
printf '%s\n' "1..0 # SKIP no such kernel any more" >"$dir/vm/says-gone"

# ends STATUS LINE KERNEL...: how it ends, and its last line.
ends()
{
	local wanted=$1 line=$2 status=0 said
	shift 2

	said=$(KERNEL="$*" SEED=7 "$dir/vm/soak" 3 2>&1) || status=$?
	printf '%s\n' "$said"
	[ "$status" = "$wanted" ] && [ "$(tail -n 1 <<<"$said")" = "$line" ]
}

check "nothing found is success" ends 0 "soak: 3 minutes, 0 findings" good
check "the seed and the minutes reach the guest" \
	grep -q "^good intel soak seed=7,minutes=3,mode=all," "$dir/vm/called"
check "several kernels are added up" ends 0 "soak: 6 minutes, 0 findings" good good
check "something that is left is failure" ends 1 "soak: 3 minutes, 1 findings" good bad
check "a kernel log that is not clean is failure" ends 1 "soak: 0 minutes, 1 findings" unclean
check "a guest that does not get to its end is failure" ends 1 "soak: 0 minutes, 1 findings" short
check "a kernel that is not there is failure" ends 1 "soak: 3 minutes, 1 findings" good gone
check "make check has a fixed seed" seeds_are_drawn soak "$here/matrix" -v
check "check-all draws one each time" seeds_are_drawn soak "$here/matrix-all"
check "minutes are a number" bash -c "! '$dir/vm/soak' soon"
done_testing
