#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-kernel.sh KDIR: can the modules be built for the kernel whose headers are in KDIR?
#
# Silent if so.  If not, says in one sentence what is wrong and what to do, and fails.

set -eu

kdir=${1:?usage: check-kernel.sh KDIR}
here=$(cd "$(dirname "$0")" && pwd)

refuse() {
	echo "vfio-type1-ng: $*" >&2
	exit 1
}

[ -f "$kdir/Makefile" ] ||
	refuse "there are no kernel headers in $kdir. Install the linux-headers package of the kernel to build for, or name its headers with KDIR=."
[ -f "$kdir/Module.symvers" ] ||
	refuse "$kdir has no Module.symvers, so the kernel's exported functions are unknown. Use the distribution's linux-headers package, or build the kernel itself first."

release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h" 2>/dev/null || :)
[ -n "$release" ] ||
	refuse "$kdir does not say which kernel it belongs to (include/generated/utsrelease.h). Use the distribution's linux-headers package, or run 'make modules_prepare' there."

reason=$(sh "$here/unfit-kernel" "$release" "$kdir")
[ -z "$reason" ] || refuse "$reason"

if [ -n "$(sh "$here/unfit-kernel" --untested "$release")" ]; then
	echo "vfio-type1-ng: warning: nobody has tested these modules on Linux $release; you asked to build them all the same." >&2
fi
