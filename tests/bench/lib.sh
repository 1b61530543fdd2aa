# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the scripts under tests/bench. To be sourced.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

# shellcheck disable=SC2034  # used by the scripts that source this file
bench_dir=$ng_tests_dir/bench
bench_tsv=$ng_out/bench.tsv
# shellcheck disable=SC2034
bench_reference=$bench_dir/reference.tsv
# shellcheck disable=SC2034
bench_kernels=$(known_kernels bench bench)
# shellcheck disable=SC2034
bench_lines=$(for kernel in $bench_kernels; do of_known_kernel "$kernel" line; done | paste -sd ' ')
bench_header=$'kernel\tbackend\tcase\tunit\tvalue'

# require_figures TSV: fails with a sentence unless this is a file of figures.
require_figures()
{
	local hint=

	[ "$1" != "$bench_tsv" ] || hint=" make bench writes it."
	[ -s "$1" ] || die "$1 is missing.$hint"
	[ "$(head -n 1 "$1")" = "$bench_header" ] || die "$1 does not begin with the header of a file of figures.$hint"
}
