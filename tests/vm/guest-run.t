#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest-run.t: the harness tells a good guest from a bad one, with guests and stand-in modules of its own. Prints TAP.
#
# A good guest passes; one that dies, crashes, hangs, or leaves a fault in the kernel log fails, although its tests passed.

set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
export NG_GUEST=$here/fixtures/guest NG_SRC=$here/fixtures/modules NG_OUT=$ng_out/selftest
kernel=${KERNEL:-bookworm}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run SUITE [COLUMNS...]: keep what guest-run prints in $tap.
run()
{
	tap=$("$here/guest-run" "$kernel" intel "$@" 2>&1) || true
}

# Every result is ok, there are COUNT of them, and as many are planned.
passes()
{
	printf '%s\n' "$tap"
	! grep -q '^not ok' <<<"$tap" && [ "$(grep -c '^ok' <<<"$tap")" = "$1" ] && grep -qx "1..$1" <<<"$tap"
}

# The only failures are those named.
fails_in()
{
	local name
	printf '%s\n' "$tap"
	[ "$(grep -c '^not ok' <<<"$tap")" = $# ] || return 1
	for name; do
		grep -qE "^not ok [0-9]+ - $name" <<<"$tap" || return 1
	done
}

# is_failure EDIT: the crash with this change is none that is tried again.
is_failure()
{
	sed "$1" "$here/fixtures/patching.log" >"$work/console"
	if cmp -s "$work/console" "$here/fixtures/patching.log" || crashed_while_patching "$work/console"; then
		return 1
	fi
}

# Two CPUs that are emulated side by side are so by a QEMU that has them right.
has_qemu_for_cpus()
{
	local command=$NG_OUT/logs/$kernel-intel-good-a=1_b.qemu

	cut -d ' ' -f 1-6 "$command" | head -n 1
	grep -qE -- '-accel kvm |thread=single' "$command" || grep -qF -- "$("$here/newer-qemu" amd64) -machine" "$command"
}

# The guest's kernel has these words on its command line, one after the other.
booted_with()
{
	tr -d '\r' <"$NG_OUT/logs/$kernel-intel-good-a=1_b.console" >"$work/console"
	grep -a 'Command line:' "$work/console"
	grep -aqE "Command line: .* $1( |\$)" "$work/console"
}

run good a=1,b 512 2 120 - - - - - ng.one=1,ng.two=2
check "a good guest passes" passes 8
check "its kernel is given further words" booted_with "ng.one=1 ng.two=2"
run good a=1,b 512 2 120 2
check "a good guest with two CPUs passes" passes 8
check "its QEMU has two CPUs right" has_qemu_for_cpus
# Beside the others: it has time to boot even on a busy machine, and nobody has to wait for that.
"$here/guest-run" "$kernel" intel hangs - 512 2 60 >"$work/hangs" 2>&1 &
hanging=$!
run dies - 512 2 120
check "a guest that dies early fails" fails_in "the guest ran all of its 2 tests" "the guest finished"
run panics - 512 2 120
check "a kernel crash after the last test fails" fails_in "the kernel log is clean"
run complains - 512 2 120
check "a fault in the kernel log fails" fails_in "the kernel log is clean"
check "and is shown right before that" grep -q '^# [0-9]*:.*refcount_t: underflow' <(grep -B 1 '^not ok' <<<"$tap")
run nosuchsuite - 512 2 120
check "a suite that does not exist fails" fails_in "the guest printed a plan" "the guest finished" "the kernel log is clean"
tap=$("$here/guest-run" "$kernel" nosuchiommu good 2>&1) || true
check "an IOMMU that does not exist fails" fails_in "the IOMMU of"

# Two CPUs that take turns do not crash by themselves as well.
export NG_ACCEL=tcg,thread=single
run crashes - 512 2 120 2
check "a crash of two CPUs that is known from TCG is tried again" passes 3
check "and that is said" [ "$(grep -c '^# retry: ' <<<"$tap")" = 1 ]
run crashes always 512 2 120 2
check "not for ever" fails_in "the kernel log is clean"
check "but twice" [ "$(grep -c '^# retry: ' <<<"$tap")" = 2 ]
run crashes - 512 2 120
check "with one CPU it is a failure" fails_in "the kernel log is clean"
run crashes module 512 2 120 2
check "in a module it is a failure" fails_in "the kernel log is clean"
check "that is not tried again" [ "$(grep -c '^# retry: ' <<<"$tap")" = 0 ]
check "the crash as 7.3 wrote it is known" crashed_while_patching "$here/fixtures/patching.log"
check "not if the breakpoint is still there" is_failure 's/66 <90>/cc <90>/'
check "not if it was no breakpoint" is_failure 's/int3/general protection fault/'
check "not after a warning" is_failure '1s/$/WARNING: CPU: 0 PID: 1 at kernel\/fork.c:1/'

wait "$hanging" || true
tap=$(<"$work/hangs")
check "a guest that hangs is stopped and fails" fails_in "the guest finished"

done_testing
