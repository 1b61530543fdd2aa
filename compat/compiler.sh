#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compiler.sh: which compiler builds modules for a kernel?  The kind that built the kernel itself: gcc
# and clang do not know each other's options, and a kernel with kCFI calls nothing that clang has not
# marked.
#
# usage: compiler.sh KDIR            print the variables that make its makefiles use it, one a line;
#                                    nothing where they find it by themselves, as they do with gcc
#        compiler.sh --missing KDIR  print, as half a sentence, what is not installed of it; nothing
#                                    where all is, or where the headers in KDIR do not tell
#
# Of clang, a version counts that is not older than the kernel's.  It comes with a linker and tools,
# which have to be of the same version: they read what it writes when a kernel is optimized at link time.
# All are named where their names have a number, as older kernels do not know LLVM=-19.

set -eu

missing=''
if [ "${1-}" = --missing ]; then
	missing=1
	shift
fi
kdir=${1?usage: compiler.sh [--missing] KDIR}

# value OPTION: both files of the headers hold the same answers.
value() {
	for file in "$kdir/.config" "$kdir/include/config/auto.conf"; do
		[ -r "$file" ] || continue
		sed -n "s/^$1=//p" "$file" | head -n 1
		return
	done
}

# What the kernel's makefiles call.  Distributions that want a certain gcc say so there, Debian in a file
# of its own.
gcc_of_makefiles() {
	{
		# shellcheck disable=SC2016 # expanded by make
		echo 'CC = $(CROSS_COMPILE)gcc'
		sed -nE '/^[[:space:]]*CC[[:space:]]*:?=.*gcc/s/^[[:space:]]*//p' \
			"$kdir/Makefile" "$kdir/source/Makefile" 2>/dev/null || :
		[ ! -r "$kdir/.kernelvariables" ] || cat "$kdir/.kernelvariables"
		# shellcheck disable=SC2016
		printf 'compiler:\n\t@echo $(lastword $(CC))\n'
	} | MAKEFLAGS='' "${MAKE:-make}" -s -f - compiler 2>/dev/null || :
}

# llvm_has SUFFIX: are its tools there?  Otherwise $lacks is the first that is not.
llvm_has() {
	for tool in clang ld.lld llvm-nm llvm-objcopy; do
		command -v "$tool$1" >/dev/null && continue
		[ "$tool" = clang ] || lacks=$tool$1
		return 1
	done
}

# The clang whose name has no number may be of any version.
not_older() {
	major=$(clang -dumpversion 2>/dev/null | sed 's/\..*//')
	[ "${major:-0}" -ge "$wanted" ]
}

# find_llvm: set $suffix; otherwise $lacks is what is not there.
find_llvm() {
	lacks=''
	for suffix in "-$wanted" '' $(seq -f '-%.0f' $((wanted + 1)) $((wanted + 8))); do
		if [ -n "$suffix" ] || not_older; then
			! llvm_has "$suffix" || return 0
		fi
	done
	return 1
}

if [ "$(value CONFIG_CC_IS_CLANG)" = y ]; then
	# 190107 is 19.1.7.
	version=$(value CONFIG_CLANG_VERSION)
	wanted=$((${version:-0} / 10000))
	if ! find_llvm; then
		[ -z "$missing" ] ||
			echo "it was built with clang $wanted, and ${lacks:-neither that nor a newer one} is${lacks:+ not} installed. Install clang, lld and llvm of that version, on Debian clang-$wanted, lld-$wanted and llvm-$wanted"
	elif [ -z "$missing" ]; then
		echo LLVM=1
		[ -z "$suffix" ] || printf '%s\n' "CC=clang$suffix" "HOSTCC=clang$suffix" \
			"HOSTCXX=clang++$suffix" "LD=ld.lld$suffix" "AR=llvm-ar$suffix" "NM=llvm-nm$suffix" \
			"OBJCOPY=llvm-objcopy$suffix" "OBJDUMP=llvm-objdump$suffix" \
			"READELF=llvm-readelf$suffix" "STRIP=llvm-strip$suffix"
	fi
elif [ -n "$missing" ] && [ "$(value CONFIG_CC_IS_GCC)" = y ]; then
	gcc=$(gcc_of_makefiles)
	[ -z "$gcc" ] || command -v "$gcc" >/dev/null ||
		echo "its makefiles call $gcc, which is not installed. Install gcc${gcc##*gcc}"
fi
