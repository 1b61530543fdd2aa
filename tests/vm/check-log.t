#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-log.t: the kernel log checker catches every sign of a fault, and nothing else.
#
# Each line of fixtures/faults.log is put into a real, clean log, and must be caught; each line of fixtures/harmless.log
# must not. Prints TAP.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clean=$here/fixtures/clean.log

# verdict STATUS LOG: check-log ends with this status.
verdict()
{
	local status=0
	"$here/check-log" "$2" || status=$?
	[ "$status" = "$1" ]
}

log_with()
{
	cat "$clean"
	printf '[    4.000000] %s\r\n' "$1"
	tail -n 2 "$clean"
}

names_the_line()
{
	local report
	report=$("$here/check-log" "$1") || true
	grep -qF -- "$2" <<<"$report"
}

check "a clean log passes" verdict 0 "$clean"
: >"$work/empty"
check "an empty log proves nothing" verdict 2 "$work/empty"
check "a log that is missing proves nothing" verdict 2 "$work/missing"
tail -n 20 "$clean" >"$work/headless"
check "a log without its beginning proves nothing" verdict 2 "$work/headless"

while IFS= read -r line; do
	log_with "$line" >"$work/log"
	check "caught: $line" verdict 1 "$work/log"
done < <(grep -v '^#' "$here/fixtures/faults.log")
log_with "BUG: one of many" >"$work/log"
check "the line is named" names_the_line "$work/log" "BUG: one of many"
printf 'binary \0 before BUG: after a zero byte\n' | cat "$clean" - >"$work/log"
check "a zero byte hides nothing" verdict 1 "$work/log"

# report NAME [LINE]: a process of this name is killed for want of memory in its cgroup, and while
# that is reported, another line comes.
report()
{
	local where="oom_memcg=/7,task_memcg=/7"

	cat "$clean"
	printf '[    4.%06d] %s\r\n' \
		1 "soak-actor invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0" 2 "Call Trace:" \
		3 "${2-memory: usage 8192kB, limit 8192kB, failcnt 29}" \
		4 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),$where,task=$1,pid=77,uid=0" \
		5 "Memory cgroup out of memory: Killed process 77 ($1) total-vm:9000kB"
}

report soak-tight >"$work/log"
check "the end of a process that was to be short of memory is harmless" verdict 0 "$work/log"
report type1-test >"$work/log"
check "the end of another is not" verdict 1 "$work/log"
report soak-tight "WARNING: CPU: 0 PID: 77 at drivers/iommu/iommu.c:2199 __iommu_unmap+0x12" >"$work/log"
check "a fault beside it is caught" verdict 1 "$work/log"
report soak-tight $' asm_exc_page_fault+0x26/0x30\r\n[    4.000003] RIP: 0010:rep_movs_alternative+0x75/0xa0' >"$work/log"
check "where the kernel was when it copied to such a process is harmless" verdict 0 "$work/log"
report type1-test $' asm_exc_page_fault+0x26/0x30\r\n[    4.000003] RIP: 0010:rep_movs_alternative+0x75/0xa0' >"$work/log"
check "to another process, it is not" verdict 1 "$work/log"
report soak-tight "RIP: 0010:iommu_detach_group+0xc1/0x100" >"$work/log"
check "nor is it elsewhere" verdict 1 "$work/log"
{ report soak-tight && printf '[    5.000000] Call Trace:\r\n'; } >"$work/log"
check "so is one after it" verdict 1 "$work/log"
report soak-tight | sed '$d' >"$work/log"
check "a report that does not end is not left out" verdict 1 "$work/log"

while IFS= read -r line; do
	log_with "$line" >"$work/log"
	check "harmless: $line" verdict 0 "$work/log"
done < <(grep -v '^#' "$here/fixtures/harmless.log")

done_testing
