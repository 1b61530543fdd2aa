# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034  # variables from and for other files
#
# Shared by the scripts under tests/dkms: clean Debian systems that are made once, and used through a throw-away layer.
#
#   base_system SUITE KIND [ARCH]   print the directory of a clean system; tests/dkms/base-system makes it on first use
#   in_sandbox SUITE KIND COMMAND...   run COMMAND in a copy of it that vanishes afterwards. It sees the tree at /tree
#                                (read only) and $sandbox_share, when set, at /share (writable). $sandbox_arch, when
#                                set, is the system's architecture instead of this machine's
#   subtest NUMBER NAME COMMAND...   run COMMAND with its TAP indented, and count it as one test; sets $failed when it fails
#   boot_guest LOG OPTION...     boot a guest as tests/vm/boot does, and print its results as TAP; fails when a test does
#
# To be sourced.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
# shellcheck source=tests/kernels/apt.sh
. "$ng_tests_dir/kernels/apt.sh"

ng_dkms_dir=$ng_tests_dir/dkms
ng_systems=$ng_cache/systems

base_system()
{
	"$ng_dkms_dir/base-system" "$@"
}

# The kernel's overlay file system makes the copy; where it does not work, cp does, in some seconds. All mounts are made in
# a mount namespace of their own and end with the command, as its processes do.
in_sandbox()
{
	local suite=$1 kind=$2 base
	shift 2

	base=$(base_system "$suite" "$kind" ${sandbox_arch:+"$sandbox_arch"})
	mkdir -p "$ng_cache/sandbox"
	# shellcheck disable=SC2016  # expanded by the inner shell
	as_root "work in a chroot" unshare -m --pid --fork --kill-child bash -euc '
		base=$1 work=$2 tree=$3 share=$4
		shift 4
		mount -t tmpfs tmpfs "$work"
		mkdir "$work"/{upper,work,root}
		root=$work/root
		mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$root" 2>/dev/null ||
			cp -a --reflink=auto "$base/." "$root/"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mkdir -p "$root/tree"
		mount --bind "$tree" "$root/tree"
		mount -o remount,ro,bind "$root/tree"
		if [ -n "$share" ]; then
			mkdir -p "$root/share"
			mount --bind "$share" "$root/share"
		fi
		chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
			DEBIAN_FRONTEND=noninteractive "$@"' bash \
		"$base" "$ng_cache/sandbox" "$ng_tree" "${sandbox_share-}" "$@"
}

subtest()
{
	local number=$1 title=$2 status=0
	shift 2
	echo "# Subtest: $title"
	"$@" | sed 's/^/    /' || status=$?
	if [ $status = 0 ]; then
		echo "ok $number - $title"
	else
		echo "not ok $number - $title"
		failed=1
	fi
}

boot_guest()
{
	local log=$1 status=0 finished=ok count
	shift

	"$ng_tests_dir/vm/boot" --log "$log" "$@" >"$log.boot" 2>&1 || status=$?
	[ "$status" = 0 ] || finished="not ok"
	tr -d '\r' <"$log.results" | "$ng_tests_dir/vm/ktap-to-tap" "$log.count"
	count=$(cat "$log.count")
	echo "$finished $((count + 1)) - the guest finished with a clean kernel log"
	[ "$status" = 0 ] || sed 's/^/# /' "$log.boot"
	echo "1..$((count + 1))"
	[ "$status" = 0 ] && ! grep -q '^not ok' "$log.results"
}
