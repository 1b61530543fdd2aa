#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh KDIR OUT [VARIABLE=VALUE...]: find out which kernel interfaces the headers in KDIR offer, and write the
# answers as "#define HAVE_..." lines to OUT.  The variables are for the kernel's makefiles.  Each compat/probes/NAME.c
# asks one question: it compiles where the answer is yes.  A line "symbol: NAME" in its head comment also asks for
# NAME in Module.symvers, because a prototype does not mean that modules may call it.
#
# All probes compile in one kbuild run with the kernel's own flags, to assembly only: neither objtool nor
# modpost can then turn a "yes" into a "no".  control_pass must compile and control_fail must not; otherwise the
# tool chain is broken and every answer would be a lie, so the build stops with the compiler's own words.
#
# OUT is rewritten only when it changes, so that an unchanged kernel rebuilds nothing.
#
# Environment: MORE_PROBES   a directory with further questions, those of test modules

set -eu

kdir=${1:?usage: probe.sh KDIR OUT}
out=${2:?usage: probe.sh KDIR OUT}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
: "${MAKE:=make}"

refuse() {
	echo "vfio-type1-ng: $*" >&2
	exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/probes/*.c "$work"
[ -z "${MORE_PROBES-}" ] || cp "$MORE_PROBES"/*.c "$work"

key="$(cat "$kdir/include/config/kernel.release" 2>/dev/null || echo unknown)"
key="$key $(cksum <"$kdir/Module.symvers") $(cat "$work"/*.c "$0" | cksum)"
key="$key ${CC:-} ${LLVM:-} ${CROSS_COMPILE:-} ${ARCH:-} $*"
if [ -f "$out" ] && [ "$(sed -n 's,^// key: ,,p' "$out")" = "$key" ]; then
	exit 0
fi

probes=$(for file in "$work"/*.c; do basename "$file" .c; done)
{
	# Probe units are not modules anyone links; prototypes for their statics would only be noise.
	echo 'ccflags-y += -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion'
	for p in $probes; do
		echo "obj-m += $p.o"
	done
} >"$work/Kbuild"

# shellcheck disable=SC2046,SC2086 # one word a target is meant
"$MAKE" -k -j"$(nproc 2>/dev/null || echo 1)" -C "$kdir" M="$work" W= C= "$@" $(printf '%s.s ' $probes) >"$work/log" 2>&1 || true

if [ ! -f "$work/control_pass.s" ]; then
	cat "$work/log" >&2
	wanted=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' "$kdir/.config" 2>/dev/null || :)
	refuse "not even an empty file compiles with the headers in $kdir; the compiler's message is above. The kernel was built with ${wanted:-an unknown compiler}: install that version, or name another one with CC= or LLVM=."
fi
[ ! -f "$work/control_fail.s" ] ||
	refuse "a call to an undeclared function compiled with the headers in $kdir, so no probe can be believed."

exported() {
	awk -v name="$1" '$2 == name { found = 1 } END { exit !found }' "$kdir/Module.symvers"
}

{
	echo "// Made by compat/probe.sh from the headers of the kernel named below.  Do not edit."
	echo "// key: $key"
	for p in $probes; do
		case $p in control_*) continue ;; esac
		answer=yes
		[ -f "$work/$p.s" ] || answer=no
		# shellcheck disable=SC2013 # a symbol is a word
		for symbol in $(sed -n 's/^.*symbol: *//p' "$work/$p.c"); do
			exported "$symbol" || answer=no
		done
		name=HAVE_$(echo "$p" | tr '[:lower:]' '[:upper:]')
		if [ $answer = yes ]; then
			echo "#define $name 1"
		else
			echo "/* $name is not set */"
		fi
	done
} >"$work/answers"

mkdir -p "$(dirname "$out")"
cmp -s "$work/answers" "$out" || mv "$work/answers" "$out"
