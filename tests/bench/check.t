#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/bench/check finds what is worse than it was or may be, and nothing else. docs/benchmark.md says what the reference says.

set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$ng_tests_dir/vm/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

figures()
{
	printf '%s\n' "$bench_header"
	tr ' ' '\t' <<-'TSV'
	6.1.0-1-amd64 stock map_thp insn_per_page 581.00
	6.1.0-1-amd64 ng map_thp insn_per_page 105.00
	6.1.0-1-amd64 floor map_thp insn_per_page 100.00
	6.1.0-1-amd64 stock unmap_thp insn_per_page 300.00
	6.1.0-1-amd64 ng unmap_thp insn_per_page 12.00
	6.1.0-1-amd64 floor unmap_thp insn_per_page 10.00
	6.1.0-1-amd64 stock map_bar insn_per_page 900.00
	6.1.0-1-amd64 ng map_bar insn_per_page 280.00
	6.1.0-1-amd64 stock close_thp insn_per_page 300.00
	6.1.0-1-amd64 ng close_thp insn_per_page 0.30
	6.1.0-1-amd64 stock memory_4k kib_per_gib 0.00
	6.1.0-1-amd64 ng memory_4k kib_per_gib 1000.00
	6.1.0-1-amd64 stock memory_4k_scattered kib_per_gib 0.00
	6.1.0-1-amd64 ng memory_4k_scattered kib_per_gib 1800.00
	6.1.0-1-amd64 stock unmap_thp_invalidations calls 4.00
	6.1.0-1-amd64 ng unmap_thp_invalidations calls 1.00
	6.1.0-1-amd64 stock attach_2_16 insn 28000.00
	6.1.0-1-amd64 ng attach_2_16 insn 12800.00
	6.1.0-1-amd64 stock attach_2_16_invalidations calls 120.00
	6.1.0-1-amd64 ng attach_2_16_invalidations calls 60.00
	6.1.0-1-amd64 stock memory_entries bytes_per_mapping 96.00
	6.1.0-1-amd64 ng memory_entries bytes_per_mapping 112.00
	6.1.0-1-amd64 stock two_threads_map_4k_first_done ratio 0.52
	6.1.0-1-amd64 ng two_threads_map_4k_first_done ratio 0.94
	6.1.0-1-amd64 floor two_threads_map_4k_first_done ratio 0.91
	6.1.0-1-amd64 ng two_threads_map_4k ratio 1.50
	6.1.0-1-amd64 floor two_threads_map_4k ratio 1.60
	TSV
}

# with BACKEND CASE VALUE...: the figures with other values.
with()
{
	local backend case_ value changed

	changed=$(figures)
	while [ $# -ge 3 ]; do
		backend=$1 case_=$2 value=$3
		shift 3
		changed=$(awk -F'\t' -v OFS='\t' -v b="$backend" -v c="$case_" -v v="$value" '
			$2 == b && $3 == c { $5 = v } { print }' <<<"$changed")
	done
	printf '%s\n' "$changed" >"$work/now"
}

judge()
{
	"$bench_dir/check" --reference "$work/was" "$work/now"
}

judge_part()
{
	"$bench_dir/check" --partial --reference "$work/was" "$work/now"
}

# finds WORDS: fails with a sentence that has them; it is the only one.
finds()
{
	local said

	if said=$(judge); then
		echo "no failure: $said"
		return 1
	fi
	echo "$said"
	[ "$(grep -c '^FAILED: ' <<<"$said")" = 1 ] && grep '^FAILED: ' <<<"$said" | grep -qF "$1"
}

knows()
{
	local said

	said=$(judge) || { echo "$said"; return 1; }
	echo "$said"
	grep '^known: ' <<<"$said" | grep -qF "$1"
}

figures >"$work/was"
figures >"$work/now"
check "the same figures are no worse" judge
check "what the reference does not meet either is told" knows "attach_2_16 on Linux 6.1.0-1-amd64 is 12800 insn; at most 11800"

with ng map_thp 107
check "2 % more instructions are tolerated" judge
with ng map_thp 109
check "4 % more instructions are not" finds "map_thp on Linux 6.1.0-1-amd64 is 109 insn_per_page; it was 105"
with ng map_thp 109 floor map_thp 104
check "they are, if the floor needs them too" judge
with floor map_thp 97
check "the same is found, if the floor needs less" finds "it was 105, and up to 104 is tolerated"
with ng map_thp 76 floor map_thp 70
check "what ours adds to the floor is compared, where this needs much less" judge
with ng map_thp 160 floor map_thp 150
check "and where it needs much more" finds "it was 105, and up to 158 is tolerated"
with ng map_bar 290
check "without a floor they are not" finds "map_bar on"
with ng map_bar 290 stock map_bar 940
check "they are, if there is no floor and the stock module needs them too" judge
with ng close_thp 0.6
check "closing may find the memory in more pieces" judge
with ng close_thp 0.7
check "but not cost twice as much" finds "it was 0.30, and up to 0.61 is tolerated"
with ng memory_4k 1220
check "so may remembering it" judge
with ng memory_4k 1240
check "to a certain extent" finds "it was 1000, and up to 1228 is tolerated"
with ng memory_4k_scattered 2100
check "that is more where memory is scattered" judge
with ng memory_4k_scattered 2200
check "up to what is promised" finds "memory_4k_scattered on Linux 6.1.0-1-amd64 is 2200 kib_per_gib; at most 2112 is allowed"
with ng unmap_thp_invalidations 2
check "a call more is found" finds "unmap_thp_invalidations on Linux 6.1.0-1-amd64 is 2.00 calls; it was 1.00"
with ng memory_entries 119
check "more memory than stock's and a run is found" finds "the stock module's is 96.00, and 17 more are allowed"

# Limits, where the reference alone would allow it.
figures | sed 's/map_thp\tinsn_per_page\t105.00/map_thp\tinsn_per_page\t114.90/' >"$work/was"
with ng map_thp 116
check "mapping at more than 1.15 x floor is found" finds "the floor is 100, so at most 115 is allowed"
figures | sed 's/unmap_thp\tinsn_per_page\t12.00/unmap_thp\tinsn_per_page\t13.45/' >"$work/was"
with ng unmap_thp 13.7
check "unmapping at more than 1.15 x floor + 2 is found" finds "the floor is 10.00, so at most 13.50 is allowed"
figures | sed 's/map_bar\tinsn_per_page\t280.00/map_bar\tinsn_per_page\t899.00/' >"$work/was"
with ng map_bar 901
check "slower than stock is found" finds "the stock module's is 900"
figures >"$work/was"
with ng two_threads_map_4k_first_done 0.55
check "threads that wait for each other are found" finds "has to be at least 0.75"
with ng two_threads_map_4k 1.43
check "so are threads that gain less than they would without any lock" finds "has to be at least 1.44"
with ng two_threads_map_4k_first_done 0.55 floor two_threads_map_4k_first_done 0.6
check "not where they do without any lock" judge
with ng two_threads_map_4k_first_done 0.55 ng two_threads_map_4k 0.9 floor two_threads_map_4k 1.1
check "not where there are no two CPUs for them" judge

# What is not there.
with
sed -i '/\tng\tmap_bar\t/d' "$work/now"
check "what was not measured is found" finds "map_bar on Linux 6.1.0-1-amd64 was not measured"
check "unless only a part was to be measured" judge_part
with
sed -i 's/^6\.1\./7.9./' "$work/now"
no_reference()
{
	! judge >"$work/said" && grep -q 'there is no reference for Linux 7.9' "$work/said"
}
check "a kernel without a reference is found" no_reference
printf '%s\n' "$bench_header" >"$work/now"
check "no figures at all are no success" finds "nothing was compared"

# The reference itself.
table_is_up_to_date()
{
	"$bench_dir/figures-table" >"$work/table"
	sed -n '/^| instructions a page/,/^[^|]*$/p' "$ng_tree/docs/benchmark.md" | grep '^|' | diff - "$work/table"
}
check "docs/benchmark.md has the reference's figures" table_is_up_to_date

# The dearest of a row's figures, as a share of stock's in per cent, rounded up.
worst_share()
{
	awk -F'|' -v row="$1" '
		$2 ~ "^ " row {
			for (i = 3; i < NF; i++) {
				split($i, figure, " → ")
				share = 100 * figure[2] / figure[1]
				if (share > worst)
					worst = share
			}
		}
		END { print int(worst) + (worst > int(worst)) }' "$work/table"
}

readme_says_what_is_true()
{
	local said

	said=$(tr '\n' ' ' <"$ng_tree/README.md" | grep -oE 'at most [0-9]+ %' | grep -oE '[0-9]+' | paste -sd ' ')
	echo "README says at most $said %, the reference $(worst_share "add a group") $(worst_share map,) $(worst_share unmap,) %"
	[ "$said" = "$(worst_share "add a group") $(worst_share map,) $(worst_share unmap,)" ]
}
check "README says what the worst of the reference's figures are" readme_says_what_is_true
done_testing
