#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-layout.sh KDIR: does the VFIO core of the kernel behind KDIR expect the struct vfio_iommu_driver_ops that
# compat/vfio.h declares?
#
# The structure is private to the core since v5.16, so no compiler compares the two, and a difference would crash the
# kernel.  The core's own type information (BTF) tells; it is compared, member by member with offsets and argument
# types, with compat/vfio_iommu_driver_ops.layout.  A difference refuses the build.  Where nothing can be compared,
# because there is no BTF or no pahole, that is said, and the build goes on with what the supported kernels have.
#
# Environment: VFIO_KO   vfio.ko of the target kernel (default: found by the kernel's release in /lib/modules)
#              BTF_BASE  its vmlinux, for the types that vfio.ko shares with it (default: from the headers, or from the
#                        running kernel if that is the target)

set -eu

kdir=${1:?usage: check-layout.sh KDIR}
here=$(cd "$(dirname "$0")" && pwd)
expected=$here/vfio_iommu_driver_ops.layout

release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h" 2>/dev/null || :)

unchecked() {
	echo "vfio-type1-ng: the layout of the VFIO core's operations was not checked: $*" >&2
	exit 0
}

find_vfio() {
	for file in "${VFIO_KO-}" "/lib/modules/$release/kernel/drivers/vfio/vfio.ko"*; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

find_base() {
	for file in "${BTF_BASE-}" "$kdir/vmlinux"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
	if [ "$(uname -r)" = "$release" ] && [ -f /sys/kernel/btf/vmlinux ]; then
		echo /sys/kernel/btf/vmlinux
	fi
}

unpack() {
	case $1 in
	*.xz)	xz -dc "$1" ;;
	*.zst)	zstd -qdc "$1" ;;
	*.gz)	gzip -dc "$1" ;;
	*)	cat "$1" ;;
	esac
}

# One member a line, "OFFSET TYPE", as pahole prints them but for white space.  The trailing member that v6.3 removed is
# left out: an object that is longer than needed does no harm.
members() {
	sed -n 's,^[[:space:]]*\(.*\);[[:space:]]*/\*[[:space:]]*\([0-9]*\)[[:space:]]*[0-9]*[[:space:]]*\*/.*,\2 \1,p' |
		sed 's/[[:space:]][[:space:]]*/ /g; s/ \* \*/ **/g' |
		grep -v '(\*notify)'
}

command -v pahole >/dev/null ||
	unchecked "pahole is not installed. Install it (package pahole or dwarves) to have it checked."
vfio=$(find_vfio)
[ -n "$vfio" ] || unchecked "no vfio.ko of kernel $release was found; name it with VFIO_KO=."
base=$(find_base)
[ -n "$base" ] || unchecked "no vmlinux with BTF of kernel $release was found; name it with BTF_BASE=."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unpack "$vfio" >"$work/vfio.ko"
pahole -F btf --btf_base "$base" -C vfio_iommu_driver_ops "$work/vfio.ko" 2>"$work/errors" >"$work/struct" || :
members <"$work/struct" >"$work/found"
[ -s "$work/found" ] || unchecked "$vfio has no readable BTF."

if ! diff -u "$expected" "$work/found" >"$work/diff"; then
	cat >&2 <<-END
	vfio-type1-ng: the VFIO core of kernel $release expects other operations than this version of vfio-type1-ng
	provides, so the module would crash it.  Lines with + are the kernel's, lines with - are ours:

	END
	sed 1,2d "$work/diff" >&2
	echo "Use a newer version of vfio-type1-ng, or the stock module." >&2
	exit 1
fi
