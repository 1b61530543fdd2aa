#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that the modules cannot work on is refused before anything is compiled for it, in words that say what to do.

set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tree, so that nothing is left in this one and parts of it can be broken.
tree=$work/tree
mkdir "$tree"
cp -r "$ng_tree"/{Makefile,Kbuild,compat,iommu_emt,vfio_type1_ng} "$tree"
rm -rf "$tree/compat/generated"

# Headers that look right to everybody but a compiler: headers RELEASE [CONFIG...]
headers()
{
	local release=$1
	shift

	rm -rf "$work/headers"
	mkdir -p "$work/headers/include/generated"
	echo 'all: ; @echo a build was tried >&2; false' >"$work/headers/Makefile"
	: >"$work/headers/Module.symvers"
	echo "#define UTS_RELEASE \"$release\"" >"$work/headers/include/generated/utsrelease.h"
	printf '%s\n' "$@" >"$work/headers/.config"
}

# Does make fail, and say so?
refused()
{
	local words=$1 output
	shift

	if output=$(make -C "$tree" "$@" 2>&1); then
		echo "make succeeded"
		return 1
	fi
	[[ $output == *"vfio-type1-ng: "*"$words"* ]] || { echo "$output"; return 1; }
}

refused_without_building()
{
	refused "$@" KDIR="$work/headers"
}

not_refused_for_its_version()
{
	local output

	output=$(make -C "$tree" KDIR="$work/headers" "$@" 2>&1) || true
	[[ $output != *"newer than"*"were tested on. To build"* && $output == *"nobody has tested"* ]] || { echo "$output"; return 1; }
}

check "missing headers" refused "there are no kernel headers" KDIR="$work/nowhere"

headers 6.1.0-1-amd64 CONFIG_VFIO=m
rm "$work/headers/Module.symvers"
check "missing Module.symvers" refused_without_building "has no Module.symvers"

headers 6.1.0-1-amd64 CONFIG_VFIO=m
rm "$work/headers/include/generated/utsrelease.h"
check "headers that were not prepared" refused_without_building "does not say which kernel it belongs to"

headers 5.4.0-1-amd64 CONFIG_VFIO=m
check "kernel too old" refused_without_building "older than 5.10"

headers 5.15.0-1-amd64 CONFIG_VFIO=m
check "kernel between the forms of VFIO's interface" refused_without_building "between 5.10 and 6.1"

headers 99.1.0-1-amd64 CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
check "kernel newer than tested" refused_without_building "newer than"
check "kernel newer than tested, with the override" not_refused_for_its_version VFIO_TYPE1_NG_ALLOW_UNTESTED=1

headers 6.12.0-1-amd64 '# CONFIG_VFIO is not set'
check "kernel without VFIO" refused_without_building "CONFIG_VFIO)"

headers 6.12.0-1-amd64 CONFIG_VFIO=m '# CONFIG_VFIO_CONTAINER is not set'
check "kernel without VFIO containers" refused_without_building "CONFIG_VFIO_CONTAINER"

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_SPARSEMEM=y '# CONFIG_SPARSEMEM_VMEMMAP is not set'
check "kernel whose struct pages do not say which frames are contiguous" refused_without_building "CONFIG_SPARSEMEM_VMEMMAP"

# Headers of which nothing is wrong until something is compiled with them?
gets_to_the_build()
{
	local output

	output=$(make -C "$tree" KDIR="$work/headers" 2>&1) || true
	[[ $output == *"not even an empty file compiles"* ]] || { echo "$output"; return 1; }
}

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_SPARSEMEM=y CONFIG_SPARSEMEM_VMEMMAP=y
check "kernel with a virtual memory map" gets_to_the_build

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_FLATMEM=y
check "kernel with flat memory" gets_to_the_build

kernel=$("$ng_tests_dir/kernels/fetch" bookworm)
load_kernel "$kernel"
check "compiler that does not work" refused "install that version, or name another one with CC=" KDIR="$KHEADERS" CC=/bin/false

vfio=$(find "$KMODULES" -name 'vfio.ko*' | head -n 1)
layout()
{
	# shellcheck disable=SC2153 # from kernel.env
	VFIO_KO=$vfio BTF_BASE=$KBOOT "$tree/compat/check-layout.sh" "$KHEADERS" 2>&1
}

layout_fits()
{
	local output

	output=$(layout) || true
	[ -z "$output" ] || { echo "$output"; return 1; }
}

layout_refused()
{
	local output

	if output=$(layout); then
		echo "not refused: $output"
		return 1
	fi
	[[ $output == *"would crash it"* ]] || { echo "$output"; return 1; }
}

# A PATH without pahole.
mkdir "$work/bin"
find /usr/bin /bin -mindepth 1 -maxdepth 1 ! -name pahole -exec ln -sft "$work/bin" {} +

layout_not_checked()
{
	local output

	output=$(PATH=$work/bin layout) || { echo "failed: $output"; return 1; }
	[[ $output == *"was not checked: pahole is not installed. Install it"* ]] || { echo "$output"; return 1; }
}

expected=$tree/compat/vfio_iommu_driver_ops.layout
cp "$expected" "$work/layout"
check "layout of VFIO's operations: the right one" layout_fits
check "layout of VFIO's operations: without pahole it is said that it was not checked" layout_not_checked

sed -i 's/enum vfio_group_type/unsigned int/' "$expected"
check "layout of VFIO's operations: another argument" layout_refused

sed '/register_device/d' "$work/layout" >"$expected"
check "layout of VFIO's operations: a member too few" layout_refused

awk '{ $1 += 8; print }' "$work/layout" >"$expected"
check "layout of VFIO's operations: other offsets" layout_refused

done_testing
