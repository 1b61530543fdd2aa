#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/kernels/lines, the matrices, the benchmark's reference and compat/ name the same kernels.

set -euo pipefail
# shellcheck source=tests/kernels/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$ng_tests_dir/vm/tap.sh"

vm=$ng_tests_dir/vm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/headers"
printf 'CONFIG_VFIO=m\nCONFIG_VFIO_CONTAINER=y\n' >"$work/headers/.config"

# all_of COLUMN: print "NAME WORD" for each word of this column.
all_of()
{
	local name

	for name in $(known_kernels "$1"); do
		of_known_kernel "$name" "$1" | tr ',' '\n' | sed "/^-\$/d; s,^,$name ,"
	done
}

# Names become those of files, of tests, and parts of patterns.
has_six_columns_and_names_that_differ()
{
	awk -F'\t' '
		/^#/ { next }
		NF != 6 || $1 !~ /^[a-z0-9.-]+$/ || $1 in seen || $6 !~ /^(-|bench)$/ { print; wrong = 1 }
		{ seen[$1] }
		END { exit wrong || NR == 0 }' "$ng_lines_file"
}

# matrix_kernels FILE: its kernels as NAME ARCH[/FLAVOUR].
matrix_kernels()
{
	awk -F'\t' '!/^#/ && NF { sub("/", " ", $1); print $1 (index($1, " ") ? "" : " amd64") }' "$1" | sort -u
}

# nothing_is_left REMARK: print the lines of stdin, each with that remark, and fail if there are any.
nothing_is_left()
{
	awk -v what="$1" '{ print $0 ": " what; left = 1 } END { exit left }'
}

each_is_in_the_matrix()
{
	comm -23 <(all_of kernels | grep ' amd64$' | sort) <(matrix_kernels "$vm/matrix") |
		nothing_is_left "tests/vm/matrix has no line for it"
}

each_is_in_the_matrix_of_all()
{
	comm -23 <(all_of kernels | sort) <(matrix_kernels "$vm/matrix-all") | nothing_is_left "tests/vm/matrix-all has no line for it"
}

each_of_a_matrix_is_known()
{
	comm -13 <(all_of kernels | sort) <(matrix_kernels "$vm/$1") |
		nothing_is_left "tests/vm/$1 runs it, and tests/kernels/lines lacks it"
}

# A kernel that is built is called FRAGMENT-LINE, also where it is of another architecture.
built_kernels()
{
	all_of built | while read -r name built; do
		split_kernel_name "$built"
		printf '%s-%s %s\n' "$kernel_suite" "$(of_known_kernel "$name" line)" "$kernel_arch"
	done | sort -u
}

each_built_one_is_in_the_debug_matrix()
{
	comm -23 <(built_kernels) <(matrix_kernels "$vm/matrix-debug") | nothing_is_left "tests/vm/matrix-debug has no line for it"
}

each_of_the_debug_matrix_is_known()
{
	comm -13 <(built_kernels) <(matrix_kernels "$vm/matrix-debug") | nothing_is_left "tests/vm/matrix-debug runs it, and tests/kernels/lines lacks it"
}

# Lines that are only tested through a suite that moves on have no number here.
numbered_lines()
{
	all_of line | cut -d ' ' -f 2 | sort -uV
}

newest_is_that_of_compat()
{
	local said

	said=$(sed -n 's/^#define COMPAT_NEWEST_M[AJINOR]*[[:space:]]*//p' "$ng_tree/compat/version.h" | paste -sd .)
	echo "compat/version.h says $said, tests/kernels/lines $(numbered_lines | tail -n 1)"
	[ "$said" = "$(numbered_lines | tail -n 1)" ]
}

# Debian's kernels were called LINE.0-ABI, and are LINE.UPDATE+SUITE since 6.12.
compat_takes_them_for_tested()
{
	local line release taken wrong=

	for line in $(numbered_lines); do
		taken=
		for release in "$line.0-1-amd64" "$line.1+deb99-amd64"; do
			[ -n "$(sh "$ng_tree/compat/unfit-kernel" "$release" "$work/headers" 2>&1)" ] || taken=1
		done
		[ -n "$taken" ] || { echo "compat/unfit-kernel does not know that $line is tested"; wrong=1; }
	done
	[ -z "$wrong" ]
}

reference_has_the_benchmarks()
{
	comm -3 <(for name in $(known_kernels bench bench); do of_known_kernel "$name" line; done | sort -u) \
		<(tail -n +2 "$ng_tests_dir/bench/reference.tsv" | sed -E 's/^([0-9]+\.[0-9]+).*/\1/' | sort -u) |
		nothing_is_left "only one of tests/kernels/lines and tests/bench/reference.tsv has it"
}

a_line_is_its_first_kernel()
{
	[ "$(of_known_kernel 6.1 suites)" = "$(of_known_kernel bookworm suites)" ] && [ "$(of_known_kernel 6.1-bullseye line)" = 6.1 ] &&
		! of_known_kernel 1.0 suites
}

# Answers with one of them the other way round, or one missing.
answers_of()
{
	awk -F'\t' -v line="$1" -v wrong="${2-}" -v gone="${3-}" '
		/^# probe\t/ { for (i = 2; i <= NF; i++) if ($i == line) column = i; next }
		/^#/ || $1 == gone { next }
		($column == "yes") != ($1 == wrong) { print "#define HAVE_" toupper($1) " 1"; next }
		{ print "/* HAVE_" toupper($1) " is not set */" }' "$ng_tests_dir/kernels/answers" >"$work/probes.h"
}

answers_are_wrong()
{
	answers_of "$1" "$2" "$3"
	! "$ng_tests_dir/kernels/check-answers" "$1" "$work/probes.h" >"$work/said" && grep -q "probe page_folio says $4 " "$work/said"
}

answers_are_right()
{
	answers_of "$1" && "$ng_tests_dir/kernels/check-answers" "$1" "$work/probes.h"
}

answers_are_about_all_probes_and_lines()
{
	comm -3 <(for file in "$ng_tree"/{,tests/}compat/probes/*.c; do basename "$file" .c; done | grep -v '^control_' | sort) \
		<(sed '/^#/d; s/\t.*//' "$ng_tests_dir/kernels/answers" | sort) |
		nothing_is_left "only one of the directories of probes and tests/kernels/answers has it" &&
		comm -3 <(sed -n 's/^# probe\t//p' "$ng_tests_dir/kernels/answers" | tr '\t' '\n' | sort) <(numbered_lines | grep -v -- - | sort) |
		nothing_is_left "only one of tests/kernels/lines and tests/kernels/answers has it"
}

check "the file is in order" has_six_columns_and_names_that_differ
check "a kernel line is a name of its first kernel" a_line_is_its_first_kernel
check "make check has each kernel" each_is_in_the_matrix
check "make check-all has each kernel, architecture and flavour" each_is_in_the_matrix_of_all
check "make check has no other one" each_of_a_matrix_is_known matrix
check "make check-all has no other one" each_of_a_matrix_is_known matrix-all
check "make check-debug has each kernel that is built" each_built_one_is_in_the_debug_matrix
check "make check-debug has no other one" each_of_the_debug_matrix_is_known
check "the newest line is the newest that compat/ knows" newest_is_that_of_compat
check "compat/ takes each line for tested" compat_takes_them_for_tested
check "the benchmark's reference is about its kernels" reference_has_the_benchmarks
check "the answers of compat/probes are known, for each line" answers_are_about_all_probes_and_lines
check "answers that are right" answers_are_right 5.10
check "an answer that is wrong" answers_are_wrong 5.10 page_folio "" yes
check "another line has other answers" answers_are_wrong 6.1 page_folio "" -
check "a probe that said nothing" answers_are_wrong 7.3 "" page_folio nothing
done_testing
