#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-layout.sh [--why-not] KDIR: does the VFIO core of the kernel behind KDIR expect the struct
# vfio_iommu_driver_ops that compat/vfio.h declares?
#
# The structure is private to the core since v5.16, so no compiler compares the two, and a difference would crash the
# kernel.  The core's own type information (BTF) tells; it is compared, member by member with offsets and argument
# types, with compat/vfio_iommu_driver_ops.layout.  A difference refuses the build.  Where nothing can be compared,
# that is said and the build goes on: unfit-kernel has refused the kernels for which that would be rash.
#
#   --why-not   only print why nothing can be compared, as half a sentence; nothing if it can
#
# Environment: VFIO_KO   vfio.ko of the target kernel (default: found by the kernel's release in /lib/modules)
#              BTF_BASE  its vmlinux or vmlinuz, for the types that vfio.ko shares with it (default: from the headers,
#                        from the running kernel if that is the target, or from where kernels are installed)

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
		echo "vfio-type1-ng: the layout of the VFIO core's operations was not checked: $*." >&2
	fi
	exit 0
}

# built_in OPTION: is it part of the kernel itself?
built_in() {
	grep -qs "^$1=y\$" "$kdir/.config" "$kdir/include/config/auto.conf"
}

first_file() {
	for file; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

find_base() {
	running=''
	[ "$(uname -r)" != "$release" ] || running=/sys/kernel/btf/vmlinux
	first_file "${BTF_BASE-}" "$kdir/vmlinux" "$running" "/usr/lib/debug/lib/modules/$release/vmlinux" \
		"/usr/lib/debug/boot/vmlinux-$release" "/lib/modules/$release/vmlinuz" "/boot/vmlinuz-$release"
}

# need PROGRAM FOR: or nothing can be compared.
need() {
	command -v "$1" >/dev/null || unchecked "$1 is not installed, which $2 needs. Install it to have the layout checked"
}

# unpack FILE: what is packed in it, told by its name.
unpack() {
	case $1 in
	*.xz)	need xz "$1" && xz -dc "$1" ;;
	*.zst)	need zstd "$1" && zstd -qdc "$1" ;;
	*.gz)	gzip -dc "$1" ;;
	*)	cat "$1" ;;
	esac
}

number() {
	od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

hex() {
	od -A n -t x1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# unpack_kernel FILE: the kernel in an x86 boot image.  Its setup header has a magic at 0x202, the number of sectors of
# 512 bytes before the code at 0x1f1 (0 means 4), and where in the code the packed kernel is at 0x248.  All packers but
# gzip append the unpacked size, in 4 bytes.
unpack_kernel() {
	sectors=$(number "$1" 497 1)
	[ "$sectors" != 0 ] || sectors=4
	start=$(((sectors + 1) * 512 + $(number "$1" 584 4)))
	bytes=$(number "$1" 588 4)
	tail -c +$((start + 1)) "$1" | head -c "$bytes" >"$work/packed"
	case $(hex "$work/packed" 0 4) in
	fd377a58)	need xz "$1" && head -c $((bytes - 4)) "$work/packed" | xz -dc ;;
	28b52ffd)	need zstd "$1" && head -c $((bytes - 4)) "$work/packed" | zstd -qdc ;;
	1f8b*)		gzip -dc <"$work/packed" ;;
	*)		return 1 ;;
	esac
}

# make_readable BASE: set $readable to what pahole can read of it: itself, unless it is a boot image.
make_readable() {
	readable=$1
	if [ "$(hex "$1" 514 4)" = 48647253 ]; then
		readable=$work/vmlinux
		unpack_kernel "$1" >"$readable" || unchecked "$1 is packed in a way that is not known here"
	fi
}

# One member a line, "OFFSET TYPE", as pahole prints them but for white space.  gcc and clang call some types by other
# names.  The trailing member that v6.3 removed is left out: an object that is longer than needed does no harm.
members() {
	sed -n 's,^[[:space:]]*\(.*\);[[:space:]]*/\*[[:space:]]*\([0-9]*\)[[:space:]]*[0-9]*[[:space:]]*\*/.*,\2 \1,p' |
		sed 's/[[:space:]][[:space:]]*/ /g; s/ \* \*/ **/g' | same_names | grep -v '(\*notify)'
}

same_names() {
	sed -E 's/\blong (long )?unsigned int\b/unsigned long \1/g; s/\bshort unsigned int\b/unsigned short/g
		s/\b(long long|long|short) int\b/\1/g; s/unsigned long ([^l])/unsigned long\1/g; s/_Bool/bool/g; s/ +([,)])/\1/g'
}

command -v pahole >/dev/null ||
	unchecked "pahole is not installed. Install it (package pahole or dwarves) to have the layout checked"
base=$(find_base)
[ -n "$base" ] || unchecked "no vmlinux with BTF of kernel $release was found; name it with BTF_BASE="
vfio=''
if ! built_in CONFIG_VFIO; then
	vfio=$(first_file "${VFIO_KO-}" "/lib/modules/$release/kernel/drivers/vfio/vfio.ko"*)
	[ -n "$vfio" ] || unchecked "no vfio.ko of kernel $release was found; name it with VFIO_KO="
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make_readable "$base"
if [ -n "$vfio" ]; then
	unpack "$vfio" >"$work/vfio.ko" || unchecked "$vfio does not unpack"
	set -- --btf_base "$readable" -C vfio_iommu_driver_ops "$work/vfio.ko"
else
	vfio=$base
	set -- -C vfio_iommu_driver_ops "$readable"
fi
pahole -F btf "$@" 2>"$work/errors" >"$work/struct" || :
members <"$work/struct" >"$work/found" || :
[ -s "$work/found" ] || unchecked "$vfio has no readable BTF"
[ -z "$why_not" ] || exit 0

same_names <"$expected" >"$work/expected"
if ! diff -u "$work/expected" "$work/found" >"$work/diff"; then
	cat >&2 <<-END
	vfio-type1-ng: the VFIO core of kernel $release expects other operations than this version of vfio-type1-ng
	provides, so the module would crash it.  Lines with + are the kernel's, lines with - are ours:

	END
	sed 1,2d "$work/diff" >&2
	echo "Use a newer version of vfio-type1-ng, or the stock module." >&2
	exit 1
fi
