#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mkinitcpio.t: what packaging/mkinitcpio/vfio-type1-ng asks of mkinitcpio, which Debian does not have. The functions that
# mkinitcpio gives its hooks are modelled here as its manual describes them. Prints TAP.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
hook=$here/../../packaging/mkinitcpio/vfio-type1-ng

# Modules that are not there are an error, but for those whose name ends in "?".
add_module()
{
	[[ " $have " == *" ${1%\?} "* ]] && { echo "module ${1%\?}"; return; }
	[[ $1 == *\? ]]
}

add_binary()
{
	[ -e "$1" ] && echo "binary $1"
}

# asks SHELL MODULES WANTED...: with these modules in the kernel, and a shell in the image or not, the hook asks for this.
# shellcheck disable=SC2030,SC2031 # each runs in a subshell of its own
asks()
{
	local shell=$1 have=$2 found
	shift 2

	found=$(
		BUILDROOT=$(mktemp -d)
		mkdir -p "$BUILDROOT/usr/bin"
		[ "$shell" = no ] || : >"$BUILDROOT/usr/bin/sh"
		# shellcheck source=packaging/mkinitcpio/vfio-type1-ng
		. "$hook"
		status=0
		build || status=$?
		rm -r "$BUILDROOT"
		exit "$status"
	) || { echo "build() failed"; return 1; }
	diff <(printf '%s\n' "$@") - <<<"$found"
}

has_help()
{
	# shellcheck source=packaging/mkinitcpio/vfio-type1-ng
	(. "$hook" && help | grep -q vfio_type1_ng)
}

check "both backends are added" asks yes "vfio vfio_iommu_type1 vfio_type1_ng" "module vfio_type1_ng" "module vfio_iommu_type1"
check "a kernel without ours gets stock" asks yes "vfio vfio_iommu_type1" "module vfio_iommu_type1"
check "a kernel with type1 built in gets ours" asks yes "vfio_type1_ng" "module vfio_type1_ng"
check "a kernel with neither is no error" asks yes "" ""
check "an image without a shell gets one, for the install line" asks no "vfio_type1_ng" "module vfio_type1_ng" "binary /bin/sh"
check "the hook has help" has_help
done_testing
