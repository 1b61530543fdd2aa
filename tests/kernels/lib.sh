# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the scripts under tests/kernels and tests/vm: messages, the cache directory, root rights, and the few
# helpers that more than one of them needs. To be sourced; prints nothing by itself.
#
# Environment: XDG_CACHE_HOME    where downloaded kernels are kept (default ~/.cache)
#              JOBS              how many jobs at once (default: number of CPUs)

ng_tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
ng_tree=$(dirname "$ng_tests_dir")
# shellcheck disable=SC2034
ng_cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vfio-type1-ng
# shellcheck disable=SC2034
ng_jobs=${JOBS:-$(nproc)}

# The clang that builds kernels: one that Debian 12 and 13 have, and that knows kCFI.
# shellcheck disable=SC2034
ng_clang=19

# A make that started this must not lend its options and variables to the builds below, nor may what a kernel developer has in
# the environment change them.
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH CROSS_COMPILE LLVM LLVM_IAS KBUILD_OUTPUT

# All messages go to stderr: stdout is for a script's result.
say()
{
	printf '%s\n' "$*" >&2
}

warn()
{
	printf 'warning: %s\n' "$*" >&2
}

die()
{
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The head comment of a script is its help text.
usage()
{
	sed -n '3,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0" >&2
	exit "${1:-2}"
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# Root's tools live in sbin, which the PATH of a plain user often lacks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# as_root WHY COMMAND...: run it as root, through sudo when needed. WHY completes "root is needed to ...".
as_root()
{
	local why=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif have sudo; then
		sudo -- "$@"
	else
		die "root is needed to $why. Run this as root, or install sudo."
	fi
}

# Succeeds when FILE is younger than a day.
younger_than_a_day()
{
	[ -n "$(find "$1" -maxdepth 0 -mmin -1440 2>/dev/null)" ]
}

# lock_file FILE: take FILE's lock for the rest of this shell, saying so when another run holds it.
lock_file()
{
	local fd
	mkdir -p "$(dirname "$1")"
	exec {fd}>"$1"
	if ! flock -n "$fd"; then
		say "Waiting for another run that is using $1."
		flock "$fd"
	fi
}

# elapsed_since START: seconds with one digit, START being an earlier $EPOCHREALTIME.
elapsed_since()
{
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

# split_kernel_name SUITE[/ARCH[/FLAVOUR]]: set $kernel_suite, $kernel_arch (default amd64) and $kernel_flavour (empty for
# the plain kernel; cloud, rt).
split_kernel_name()
{
	kernel_suite=${1%%/*} kernel_arch=amd64 kernel_flavour=''
	case $1 in
	*/*/*/*) die "$1 is not a kernel's name. It is SUITE, SUITE/ARCH or SUITE/ARCH/FLAVOUR." ;;
	*/*/*)	kernel_arch=${1#*/} kernel_arch=${kernel_arch%/*} kernel_flavour=${1##*/} ;;
	*/*)	kernel_arch=${1#*/} ;;
	esac
	case $kernel_arch in
	amd64|arm64|s390x) ;;
	*)	die "there are no tests for the architecture $kernel_arch; there are for amd64, arm64 and s390x." ;;
	esac
}

# What is listed but cannot be had is a reason to skip, not a failure: scripts that find nothing else end with this.
# shellcheck disable=SC2034
ng_status_gone=77

# load_kernel DIR: read kernel.env of a directory made by tests/kernels/fetch.
load_kernel()
{
	[ -r "$1/kernel.env" ] || die "$1 is not a kernel directory: it has no kernel.env. tests/kernels/fetch makes one."
	# shellcheck disable=SC1091
	. "$1/kernel.env"
}

# The kernels that the tests run on; its head comment says what its columns are.
ng_lines_file=$ng_tests_dir/kernels/lines

# known_kernels COLUMN [VALUE]: print the names of kernels, in the order of tests/kernels/lines; with VALUE, only those that
# have it in that column. COLUMN is line, suites, kernels, built or bench.
known_kernels()
{
	awk -F'\t' -v column="$1" -v value="${2-}" '
		/^# name\t/ { for (i = 2; i <= NF; i++) place[$i] = i; next }
		/^#/ || !NF { next }
		!(column in place) { exit 1 }
		value == "" || index("," $place[column] ",", "," value ",") { print $1 }' "$ng_lines_file"
}

# of_known_kernel NAME COLUMN: print what tests/kernels/lines says there of this kernel. A kernel line is a name of the first
# kernel of that line. Fails for a name that is not there.
of_known_kernel()
{
	awk -F'\t' -v name="$1" -v column="$2" '
		/^# name\t/ { for (i = 1; i <= NF; i++) place[i == 1 ? "name" : $i] = i; next }
		/^#/ || !NF || found == 2 { next }
		$1 == name { answer = $place[column]; found = 2 }
		$place["line"] == name && !found { answer = $place[column]; found = 1 }
		END { if (found) print answer; exit !found }' "$ng_lines_file"
}

# is_built_kernel NAME: whether tests/kernels/build-kernel makes it: FRAGMENT-LINE, as in debug-6.1.
is_built_kernel()
{
	[[ $1 == *-[0-9]*.[0-9]* && -e $ng_tests_dir/kernels/config/${1%-*}.config ]]
}

# The cache finds a kernel directory by a name: the file NAME.newest beside the directories says which one it is.
#
# cached_kernel REF: print the directory that this file names, if it is complete and was made for this place.
cached_kernel()
{
	local dir

	[ -r "$1" ] || return 1
	dir=$(dirname "$1")/$(cat "$1")
	[ -r "$dir/kernel.env" ] || return 1
	# shellcheck disable=SC1091
	(. "$dir/kernel.env" && [ "$KDIRECTORY" = "$dir" ]) || return 1
	printf '%s\n' "$dir"
}

# remember_kernel REF DIRECTORY_NAME: it was looked up now.
remember_kernel()
{
	printf '%s\n' "$2" >"$1.$$"
	mv "$1.$$" "$1"
}
