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

# interface FORM [DIR]: how backends speak with the VFIO core of these headers, in as many words as tell it; in a directory of
# its own, where the sources are apart from the headers.
interface()
{
	local dir=${2:-$work/headers}

	mkdir -p "$dir/include/linux"
	case $1 in
	5.10)	echo 'struct vfio_iommu_driver_ops {' ;;
	5.16)	printf 'struct vfio_iommu_driver_ops;\nint vfio_pin_pages(struct vfio_device *d, unsigned long *n);\n' ;;
	6.0)	printf 'int vfio_pin_pages(struct vfio_device *d,\n\t\t   dma_addr_t a);\n' ;;
	esac >"$dir/include/linux/vfio.h"
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

# What the interface is counts, not what the kernel is called.
for release in 5.17.0-1-amd64 6.1.0-1-amd64 5.14.0-70.el9_0.x86_64; do
	headers $release CONFIG_VFIO=m
	interface 5.16
	check "$release with VFIO's interface of 5.16" refused_without_building "in a form of Linux 5.16 to 5.19"
	rm "$work/headers/include/linux/vfio.h"
	interface 5.16 "$work/sources"
	echo "include ../sources/Makefile" >"$work/headers/Makefile"
	check "$release with the same, and its sources elsewhere" refused_without_building "in a form of Linux 5.16 to 5.19"
done

headers 5.11.0-1-amd64 CONFIG_VFIO=m
interface 5.10
printf '0x0\tfollow_pfn\tvmlinux\tEXPORT_SYMBOL\t\n' >"$work/headers/Module.symvers"
check "kernel that does not export what finds memory of devices" refused_without_building "does not export follow_pte()"

headers 99.1.0-1-amd64 CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
check "kernel newer than tested" refused_without_building "newer than"
check "kernel newer than tested, allowed" refused_without_building "cannot be checked" VFIO_TYPE1_NG_ALLOW_UNTESTED=1
check "kernel newer than tested, allowed without a look at its layout" \
	not_refused_for_its_version VFIO_TYPE1_NG_ALLOW_UNTESTED=1 VFIO_TYPE1_NG_ALLOW_UNCHECKED=1

headers 6.12.0-1-amd64 '# CONFIG_VFIO is not set'
check "kernel without VFIO" refused_without_building "CONFIG_VFIO)"

headers 6.12.0-1-amd64 CONFIG_VFIO=m '# CONFIG_VFIO_CONTAINER is not set'
check "kernel without VFIO containers" refused_without_building "CONFIG_VFIO_CONTAINER"

headers 5.14.0-427.el9_4.x86_64 CONFIG_VFIO=m '# CONFIG_VFIO_CONTAINER is not set'
check "kernel without VFIO containers, whatever its number" refused_without_building "CONFIG_VFIO_CONTAINER"
headers 6.12.0-1-amd64 CONFIG_VFIO=m CONFIG_IOMMUFD=m '# CONFIG_VFIO_GROUP is not set'
check "kernel without VFIO groups, so that containers are not even named" refused_without_building "CONFIG_VFIO_CONTAINER"

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_SPARSEMEM=y '# CONFIG_SPARSEMEM_VMEMMAP is not set'
check "kernel whose struct pages do not say which frames are contiguous" refused_without_building "CONFIG_SPARSEMEM_VMEMMAP"

# Headers of which nothing is wrong until something is compiled with them?
gets_to_the_build()
{
	local output

	output=$(make -C "$tree" KDIR="$work/headers" "$@" 2>&1) || true
	[[ $output == *"not even an empty file compiles"* ]] || { echo "$output"; return 1; }
}

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_SPARSEMEM=y CONFIG_SPARSEMEM_VMEMMAP=y
check "kernel with a virtual memory map" gets_to_the_build

headers 6.1.0-1-amd64 CONFIG_VFIO=m CONFIG_FLATMEM=y
check "kernel with flat memory" gets_to_the_build

# As after a copy over a file system that knows no such bits, or with one that runs nothing.
find "$tree" -type f -exec chmod -x {} +
check "scripts that may not be executed" gets_to_the_build
says_why()
{
	local BUILD_EXCLUSIVE_KERNEL='' kernelver=$1 kernel_source_dir=$work/headers

	# shellcheck disable=SC1091
	. "$tree/dkms.conf" 2>/dev/null
	[[ $BUILD_EXCLUSIVE_KERNEL == "^skipped: "*"$2"* ]] || { echo "$BUILD_EXCLUSIVE_KERNEL"; return 1; }
}
cp "$ng_tree/dkms.conf" "$tree/"
check "scripts that may not be executed tell DKMS what to skip" says_why 5.4.0-1-amd64 "older than 5.10"

headers 5.15.0-91-generic CONFIG_VFIO=m
interface 5.10
printf '0x0\tfollow_pte\tvmlinux\tEXPORT_SYMBOL_GPL\t\n' >"$work/headers/Module.symvers"
check "5.15 with the interface of 5.10" gets_to_the_build

# Nothing can be compared: no vfio.ko, no type information.
headers 5.14.0-427.el9_4.x86_64 CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
interface 6.0
check "5.14 with the interface of 6.0, as RHEL 9 has it, unchecked" refused_without_building "cannot be checked: no vfio.ko"
check "the same, allowed" gets_to_the_build VFIO_TYPE1_NG_ALLOW_UNCHECKED=1
headers 6.8.0-90-generic CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
interface 6.0
check "6.8 of another distribution, unchecked" refused_without_building "not one of the kernels these modules were tested on"
rm "$work/headers/include/linux/vfio.h"
check "6.8 of another distribution, of whose headers nothing is known" refused_without_building "cannot be checked"
for release in 5.10.0-46-amd64 6.1.0-57-amd64 6.1.0-0.deb11.21-amd64 6.1.0-57-rt-arm64 6.12.95+deb12-cloud-amd64 7.3.4+deb13-arm64 7.3-amd64 \
	6.12.115+deb13.1-amd64 7.2.13+deb14-arm64-16k 6.12.107+deb13-s390x; do
	headers $release CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
	interface 6.0
	check "$release is Debian's, also unchecked" gets_to_the_build
done

# No test runs on these: the first are of other lines or flavours, the last are called like none of Debian's.
for release in 6.1.0-50-s390x 6.1.0-57-arm64-16k 6.6.15-amd64 6.12.118+deb13-riscv64 7.3.4+deb13-rt-s390x 7.3.4+deb13-cloud-arm64-16k \
	7.3.4+deb13-amd64-16k 7.3.4+deb13.-amd64 6.1.0-0.deb11-amd64; do
	headers $release CONFIG_VFIO=m CONFIG_VFIO_CONTAINER=y
	interface 6.0
	check "$release is not taken for one that was tested" refused_without_building "not one of the kernels these modules were tested on"
done

kernel=$("$ng_tests_dir/kernels/fetch" bookworm)
load_kernel "$kernel"
check "compiler that does not work" refused "install that version, or name another one with CC=" KDIR="$KHEADERS" CC=/bin/false

vfio=$(find "$KMODULES" -name 'vfio.ko*' | head -n 1)
# shellcheck disable=SC2153 # from kernel.env
base=$KBOOT layout_headers=""
layout()
{
	# shellcheck disable=SC2153 # from kernel.env
	VFIO_KO=$vfio BTF_BASE=$base sh "$tree/compat/check-layout.sh" "${layout_headers:-$KHEADERS}" 2>&1
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

# Goes on, and says why nothing was compared.
layout_not_checked()
{
	local words=$1 output

	output=$(layout) || { echo "failed: $output"; return 1; }
	[[ $output == *"was not checked: $words"* ]] || { echo "$output"; return 1; }
}

# with NAME=VALUE COMMAND...: run it with another value of a variable.
with()
{
	local "$1"
	shift
	"$@"
}

# core FILE: an object with the operations as the layout has them, and type information, as a kernel with VFIO built in.
core()
{
	{
		echo 'struct module; struct iommu_group; struct vfio_device; struct page; struct iommu_domain;'
		echo 'enum vfio_group_type { SOME }; typedef _Bool bool;'
		echo 'typedef unsigned long long dma_addr_t; typedef unsigned long size_t;'
		printf 'struct vfio_iommu_driver_ops {\n'
		sed -E 's/^[0-9]+ (.*)$/\1;/' "$work/layout"
		printf '} operations;\n'
	} >"$1.c"
	gcc -g -c -o "$1" "$1.c" && pahole -J "$1"
}

expected=$tree/compat/vfio_iommu_driver_ops.layout
cp "$expected" "$work/layout"
check "layout of VFIO's operations: the right one" layout_fits
check "layout of VFIO's operations: types shared with a packed kernel" with base="$KVMLINUZ" layout_fits
check "layout of VFIO's operations: without pahole it is said that it was not checked" \
	with PATH="$work/bin" layout_not_checked "pahole is not installed. Install it"
check "layout of VFIO's operations: no base" with base= layout_not_checked "no vmlinux with BTF"
check "layout of VFIO's operations: a base without type information" with base=/bin/true layout_not_checked "$vfio has no BTF that can be read with that of /bin/true"

xz -c "$vfio" >"$work/vfio.ko.xz"
check "layout of VFIO's operations: a packed module" with vfio="$work/vfio.ko.xz" layout_fits
head -c 5000 "$work/vfio.ko.xz" >"$work/broken.ko.xz"
check "layout of VFIO's operations: a damaged module" with vfio="$work/broken.ko.xz" layout_not_checked "$work/broken.ko.xz does not unpack"
rm -f "$work/bin/xz"
ln -s "$(command -v pahole)" "$work/bin/"
check "layout of VFIO's operations: no program to unpack a module" \
	with PATH="$work/bin" with vfio="$work/vfio.ko.xz" layout_not_checked "xz is not installed"

# unfit RELEASE WORDS: what unfit-kernel says of a kernel with these headers and this VFIO core; nothing if WORDS are empty.
unfit()
{
	local output

	output=$(COMPILER=named VFIO_KO=$vfio BTF_BASE=$base sh "$tree/compat/unfit-kernel" "$1" "$KHEADERS" 2>&1) || { echo "failed: $output"; return 1; }
	if [ -z "$2" ]; then
		[ -z "$output" ]
	else
		[[ $output == *"$2"* ]]
	fi || { echo "$output"; return 1; }
}

check "a kernel that is not Debian's is fit when its layout is right" unfit 6.8.0-90-generic ""
check "and not when nothing can unpack it" \
	with PATH="$work/bin" with vfio="$work/vfio.ko.xz" unfit 6.8.0-90-generic "cannot be checked: xz is not installed"
check "one of Debian is then" with PATH="$work/bin" with vfio="$work/vfio.ko.xz" unfit 6.1.0-57-amd64 ""
sed '/register_device/d' "$work/layout" >"$expected"
check "and not when its layout is another one" unfit 6.8.0-90-generic "expects other operations"
cp "$work/layout" "$expected"

headers 6.8.0-90-generic CONFIG_VFIO=y CONFIG_VFIO_CONTAINER=y
interface 6.0
core "$work/vmlinux"
check "layout of VFIO's operations: built in" with layout_headers="$work/headers" with base="$work/vmlinux" with vfio= layout_fits
check "a kernel of another distribution with VFIO built in is checked" gets_to_the_build BTF_BASE="$work/vmlinux"
# As clang calls them.
sed -i 's/long unsigned int/unsigned long/g; s/long int/long/g' "$expected"
check "layout of VFIO's operations: other names of the same types" layout_fits
cp "$work/layout" "$expected"

sed -i 's/enum vfio_group_type/unsigned int/' "$expected"
check "layout of VFIO's operations: another argument" layout_refused

sed '/register_device/d' "$work/layout" >"$expected"
check "layout of VFIO's operations: a member too few" layout_refused

awk '{ $1 += 8; print }' "$work/layout" >"$expected"
check "layout of VFIO's operations: other offsets" layout_refused

# Compilers are stand-ins, in a PATH with this machine's other programs.
mkdir "$work/machine"
find /usr/bin /bin -mindepth 1 -maxdepth 1 ! -name '*gcc*' ! -name 'clang*' ! -name 'ld.lld*' ! -name 'llvm-*' \
	-exec ln -sft "$work/machine" {} +

# machine TOOL...: what is installed; "clang=14" is one that says so, and "llvm-14=14" all of that version with names that end so.
machine()
{
	local tool

	rm -rf "$work/compilers"
	mkdir "$work/compilers"
	for tool; do
		case $tool in
		llvm*=*) tool=${tool#llvm} && install_tools "clang$tool" "ld.lld${tool%=*}" "llvm-nm${tool%=*}" "llvm-objcopy${tool%=*}" ;;
		*)	install_tools "$tool" ;;
		esac
	done
}

install_tools()
{
	local tool

	for tool; do
		printf '#!/bin/sh\necho %s.0.6\n' "${tool#*=}" >"$work/compilers/${tool%=*}"
		chmod +x "$work/compilers/${tool%=*}"
	done
}

# A kernel that was built with a compiler, CONFIG... says which. Its makefiles choose as the kernel's do, and write down what came out
# of it; with whatever it is, every probe but one compiles.
built_with()
{
	headers 6.1.0-1-amd64 CONFIG_VFIO=m "$@"
	cat >"$work/headers/Makefile" <<-'END'
	ifneq ($(LLVM),)
	CC = clang
	LD = ld.lld
	OBJCOPY = llvm-objcopy
	else
	CC = $(CROSS_COMPILE)gcc
	LD = $(CROSS_COMPILE)ld
	OBJCOPY = $(CROSS_COMPILE)objcopy
	endif
	-include $(CURDIR)/.kernelvariables
	$(CURDIR)/.kernelvariables: ;
	%.s: ; @[ $@ = control_fail.s ] || { echo probes with $(CC) $(LD) $(OBJCOPY) >>log && : >$(M)/$@; }
	modules: ; @echo modules with $(CC) $(LD) $(OBJCOPY) >>log
	END
}

# builds WITH [COMMAND...]: the probes and the modules, with these tools and no others. COMMAND is make, unless it is DKMS's.
builds()
{
	local with=$1
	shift
	[ $# != 0 ] || set -- make

	rm -rf "$work/headers/log" "$tree/compat/generated"
	(cd "$tree" && PATH=$work/compilers:$work/machine "$@" KDIR="$work/headers") || return 1
	printf '%s with %s\n' modules "$with" probes "$with" | diff - <(sort -u "$work/headers/log")
}

# dkms_make APPENDED: what DKMS runs, which is what dkms.conf says, and behind it what this DKMS appends.
dkms_make()
{
	local kernelver=6.1.0-1-amd64 kernel_source_dir=$work/headers MAKE=()

	# shellcheck disable=SC1091
	. "$tree/dkms.conf" 2>/dev/null
	eval "${MAKE[0]} $1"
}

no_compiler()
{
	with PATH="$work/compilers:$work/machine" refused_without_building "$@"
}

skipped_by_dkms()
{
	with PATH="$work/compilers:$work/machine" says_why 6.1.0-1-amd64 "$1"
}

built_with CONFIG_CC_IS_CLANG=y CONFIG_CLANG_VERSION=190107 CONFIG_LD_IS_LLD=y
machine gcc
check "kernel built with clang, and there is none" no_compiler "built with clang 19, and neither that nor a newer one is installed. Install clang, lld"
check "DKMS skips it" skipped_by_dkms "built with clang 19, and neither that nor a newer one is installed"
machine gcc llvm=14
check "and there is an older one" no_compiler "neither that nor a newer one is installed"
machine gcc clang-19=19 llvm-nm-19 llvm-objcopy-19
check "and there is no linker of that version" no_compiler "ld.lld-19 is not installed. Install clang, lld"
check "DKMS skips that, too" skipped_by_dkms "ld.lld-19 is not installed"
machine gcc clang=19 ld.lld llvm-nm
check "and there are not all tools of that version" no_compiler "llvm-objcopy is not installed"

machine gcc llvm=19
check "kernel built with clang, and there is one whose name has no number" builds "clang ld.lld llvm-objcopy"
machine gcc llvm=22
check "and it is newer" builds "clang ld.lld llvm-objcopy"
machine gcc llvm-21=21
check "and one whose name has a number" builds "clang-21 ld.lld-21 llvm-objcopy-21"
machine gcc llvm=14 llvm-22=22 llvm-19=19
check "and of several, it is the kernel's own" builds "clang-19 ld.lld-19 llvm-objcopy-19"
for appends in '' 'LLVM=1' 'CC=clang LD=ld.lld'; do
	check "and with DKMS that appends '$appends'" builds "clang-19 ld.lld-19 llvm-objcopy-19" dkms_make "$appends"
done
check "somebody names LLVM=" builds "clang ld.lld llvm-objcopy" make LLVM=1
check "somebody names LLVM= in the environment" builds "clang ld.lld llvm-objcopy" env LLVM=1 make
check "somebody names CC=" builds "my-gcc ld objcopy" make CC=my-gcc
mkdir -p "$work/headers/include/config"
mv "$work/headers/.config" "$work/headers/include/config/auto.conf"
check "headers without .config" builds "clang-19 ld.lld-19 llvm-objcopy-19"
machine gcc
check "somebody names a compiler, and it is not looked for another one" builds "my-gcc ld objcopy" make CC=my-gcc

built_with CONFIG_CC_IS_GCC=y CONFIG_CLANG_VERSION=0
machine gcc llvm=19
check "kernel built with gcc, though there is clang" builds "gcc ld objcopy"
check "and with DKMS" builds "gcc ld objcopy" dkms_make ""
machine llvm=19
check "kernel built with gcc, and there is none" no_compiler "makefiles call gcc, which is not installed. Install gcc."
check "DKMS skips it without gcc" skipped_by_dkms "makefiles call gcc, which is not installed"
machine gcc
check "cross compiler that is not there" no_compiler "makefiles call aarch64-linux-gnu-gcc, which is not installed. Install gcc" CROSS_COMPILE=aarch64-linux-gnu-
machine aarch64-linux-gnu-gcc
check "cross compiler" builds "aarch64-linux-gnu-gcc aarch64-linux-gnu-ld aarch64-linux-gnu-objcopy" make CROSS_COMPILE=aarch64-linux-gnu-
machine gcc
# shellcheck disable=SC2016
printf '%s\n' 'CC = $(if $(NOT_SET),ccache) $(CROSS_COMPILE)gcc-14' 'override CROSS_COMPILE = x86_64-linux-gnu-' >"$work/headers/.kernelvariables"
check "a certain gcc of Debian that is not there" no_compiler "makefiles call x86_64-linux-gnu-gcc-14, which is not installed. Install gcc-14."
machine x86_64-linux-gnu-gcc-14
check "a certain gcc of Debian" builds "x86_64-linux-gnu-gcc-14 x86_64-linux-gnu-ld x86_64-linux-gnu-objcopy"
rm "$work/headers/.kernelvariables"
sed -i 's/)gcc$/)gcc-13/' "$work/headers/Makefile"
check "a certain gcc of another distribution that is not there" no_compiler "makefiles call gcc-13, which is not installed. Install gcc-13."

done_testing
