#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-layout.sh [--why-not] KDIR: does the VFIO core of the kernel behind KDIR expect the struct
# vfio_iommu_driver_ops that compat/vfio.h declares?
#
# The structure is private to the core since v5.16, so no compiler compares the two, and a difference
# would crash the kernel.  The core's own type information (BTF) tells; it is compared, member by member
# with offsets and argument types, with compat/vfio_iommu_driver_ops.layout.  A difference refuses the
# build.  Where nothing can be compared, that is said and the build goes on: unfit-kernel has refused
# the kernels for which that would be rash.
#
#   --why-not   only print why not, as half a sentence, if nothing can be compared, or "it differs";
#               nothing if all is well.  Exit status 0.
#
# Environment: VFIO_KO   vfio.ko of the target kernel (default: found by its release in /lib/modules)
#              BTF_BASE  its vmlinux or vmlinuz, for the types that vfio.ko shares with it (default:
#                        from the headers, from the running kernel if that is the target, or from where
#                        kernels are installed)

set -eu

why_not=''
if [ "${1-}" = --why-not ]; then
	why_not=1
	shift
fi
kdir=${1:?usage: check-layout.sh [--why-not] KDIR}
here=$(cd "$(dirname "$0")" && pwd)
expected=$here/vfio_iommu_driver_ops.layout

release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h" 2>/dev/null || :)

unchecked() {
	if [ -n "$why_not" ]; then
		echo "$*"
	else
		echo "vfio-type1-ng: the layout of the VFIO core's operations was not checked:" "$*." >&2
	fi
	exit 0
}

# built_in OPTION: is it part of the kernel itself?
built_in() {
	grep -qs "^$1=y\$" "$kdir/.config" "$kdir/include/config/auto.conf"
}

# As in boot-image.sh, the functions below return false with the reason in $reason, and may not run in
# a subshell.
# shellcheck source=compat/boot-image.sh
. "$here/boot-image.sh"

# unpack FILE OUT: what is packed in it, told by its name.
unpack() {
	reason="$1 does not unpack"
	case $1 in
	*.xz)	need xz "$1" && xz -dc "$1" >"$2" 2>/dev/null ;;
	*.zst)	need zstd "$1" && zstd -qdc "$1" >"$2" 2>/dev/null ;;
	*.gz)	gzip -dc "$1" >"$2" 2>/dev/null ;;
	*)	cat "$1" >"$2" ;;
	esac
}

# One member a line, "OFFSET TYPE", as pahole prints them but for white space.  The trailing member that v6.3 removed is
# left out: an object that is longer than needed does no harm.
members() {
	sed -n 's,^[[:space:]]*\(.*\);[[:space:]]*/\*[[:space:]]*\([0-9]*\)[[:space:]]*[0-9]*[[:space:]]*\*/.*,\2 \1,p' |
		sed 's/[[:space:]][[:space:]]*/ /g; s/ \* \*/ **/g' | same_names | sed '/(\*notify)/d'
}

# gcc and clang call some types by other names.
same_names() {
	sed 's/long long unsigned int/unsigned long long/g; s/long unsigned int/unsigned long/g
		s/short unsigned int/unsigned short/g; s/long int/long/g; s/short int/short/g; s/_Bool/bool/g'
}

# compare_with BASE: find the members in the type information of the VFIO core, with what it shares with this kernel.
compare_with() {
	readable=$1
	if is_boot_image "$1"; then
		readable=$work/vmlinux
		unpack_boot_image "$1" "$readable" || return 1
	fi
	if [ -n "$vfio" ]; then
		set -- "$1" --btf_base "$readable" -C vfio_iommu_driver_ops "$work/vfio.ko"
	else
		set -- "$1" -C vfio_iommu_driver_ops "$readable"
	fi
	base=$1
	shift
	pahole -F btf "$@" 2>/dev/null >"$work/struct" || :
	members <"$work/struct" >"$work/found"
	reason="${vfio:-$base} has no BTF that can be read with that of $base"
	[ -s "$work/found" ]
}

compare_with_any() {
	for file; do
		if [ -f "$file" ] && [ -r "$file" ] && compare_with "$file"; then
			return
		fi
	done
	return 1
}

command -v pahole >/dev/null ||
	unchecked "pahole is not installed. Install it (package pahole or dwarves) to have the layout checked"

work=$(mktemp -d) || unchecked "no temporary directory can be made"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

vfio=''
if ! built_in CONFIG_VFIO; then
	for file in "${VFIO_KO-}" "/lib/modules/$release/kernel/drivers/vfio/vfio.ko"*; do
		[ -z "$vfio" ] && [ -f "$file" ] && vfio=$file
	done
	[ -n "$vfio" ] || unchecked "no vfio.ko of kernel $release was found; name it with VFIO_KO="
	unpack "$vfio" "$work/vfio.ko" || unchecked "$reason"
fi
running=''
[ "$(uname -r)" != "$release" ] || running=/sys/kernel/btf/vmlinux
reason="no vmlinux with BTF of kernel $release was found; name it with BTF_BASE="
compare_with_any "${BTF_BASE-}" "$kdir/vmlinux" "$running" "/usr/lib/debug/lib/modules/$release/vmlinux" \
	"/usr/lib/debug/boot/vmlinux-$release" "/lib/modules/$release/vmlinuz" "/boot/vmlinuz-$release" ||
	unchecked "$reason"

same_names <"$expected" >"$work/expected"
if ! diff -u "$work/expected" "$work/found" >"$work/diff"; then
	if [ -n "$why_not" ]; then
		echo "it differs"
		exit 0
	fi
	cat >&2 <<-END
	vfio-type1-ng: the VFIO core of kernel $release expects other operations than this version of vfio-type1-ng
	provides, so the module would crash it.  Lines with + are the kernel's, lines with - are ours:

	END
	sed 1,2d "$work/diff" >&2
	echo "Use a newer version of vfio-type1-ng, or the stock module." >&2
	exit 1
fi
