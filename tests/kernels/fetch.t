#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch.t: fetch takes the right kernel, from a stand-in for apt with packages of its own. Prints TAP.
#
# Kernel 9.9.0-3 is the newest; packages named in $work/gone are listed, and missing when they are downloaded.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/../vm/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache NG_MIRROR=http://mirror.invalid/debian NG_TEST_REPO=$work
mkdir -p "$work"/{bin,debs,records}

# package NAME DEPENDS FILE...: an empty package with these files.
package()
{
	local name=$1 depends=$2 root=$work/root file
	shift 2
	rm -rf "$root"
	mkdir -p "$root/DEBIAN"
	for file; do
		mkdir -p "$root/$(dirname "$file")"
		printf 'CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14) 12.2.0"\n' >"$root/$file"
	done
	printf 'Package: %s\nVersion: 9.9\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDepends: %s\nDescription: none\n' \
		"$name" "$depends" | tee "$root/DEBIAN/control" >"$work/records/$name"
	dpkg-deb -Znone -b "$root" "$work/debs/${name}_9.9_all.deb" >/dev/null
}

# kernel ABI: its image and headers.
kernel()
{
	package "linux-image-$1" kmod "boot/vmlinuz-$1" "boot/config-$1" "lib/modules/$1/modules.order" "lib/modules/$1/modules.builtin"
	package "linux-headers-$1" "linux-headers-9.9.0-common, linux-kbuild-9.9" "usr/src/linux-headers-$1/Makefile" "usr/src/linux-headers-$1/.config"
}

stand_ins()
{
	cat >"$work/bin/apt-get" <<-'STUB'
	#!/bin/sh
	status=0
	case "$*" in
	*update*) if [ -e "$NG_TEST_REPO/offline" ]; then echo "Err:1 the mirror is away"; fi ;;
	*--print-uris*) ;;
	*download*)
		for name; do
			name=${name%:*}
			[ -e "$NG_TEST_REPO/records/$name" ] || continue
			if grep -qxF "$name" "$NG_TEST_REPO/gone"; then
				echo "Err:1 404  Not Found"
				status=100
			else
				echo "$name" >>"$NG_TEST_REPO/downloaded"
				cp "$NG_TEST_REPO/debs/${name}_"*.deb .
			fi
		done ;;
	esac
	exit $status
	STUB
	cat >"$work/bin/apt-cache" <<-'STUB'
	#!/bin/sh
	[ ! -e "$NG_TEST_REPO/offline" ] || exit 0
	for name; do :; done
	case $1 in
	pkgnames) ls "$NG_TEST_REPO/records" | grep "^$name" ;;
	show) cat "$NG_TEST_REPO/records/${name%:*}" 2>/dev/null ;;
	esac
	STUB
	chmod +x "$work"/bin/*
	PATH=$work/bin:$PATH
}

# fetched STATUS DIRECTORY ARG...: fetch ends so, and prints a directory of that name.
fetched()
{
	local status=0 want=$1 name=$2 printed
	shift 2
	: >"$work/downloaded"
	printed=$(NG_REFRESH=${refresh-1} "$here/fetch" "$@" 2>"$work/messages") || status=$?
	cat "$work/messages"
	printf 'printed: %s\nstatus: %s\n' "$printed" "$status"
	[ "$status" = "$want" ] && [ "${printed##*/}" = "$name" ]
}

says()
{
	cat "$work/messages"
	grep -qE "$1" "$work/messages"
}

last_says()
{
	tail -n 1 "$work/messages" | grep -E "$1"
}

did_not_download()
{
	cat "$work/downloaded"
	! grep -q "$1" "$work/downloaded"
}

variable()
{
	cat "$1/kernel.env"
	# shellcheck disable=SC1091
	(. "$1/kernel.env" && [ "${!2}" = "$3" ])
}

stand_ins
: >"$work/gone"
for abi in 9.9.0-1-amd64 9.9.0-2-amd64 9.9.0-3-amd64 9.9.0-3-cloud-amd64 9.9.0-3-rt-amd64 9.9.0-4-cloud-amd64 9.9.0-3-arm64 9.9.0-4-arm64-16k; do
	kernel $abi
done
package linux-headers-9.9.0-common "" usr/src/linux-headers-9.9.0-common/Makefile
package linux-kbuild-9.9 "" usr/lib/linux-kbuild-9.9/README
store=$XDG_CACHE_HOME/vfio-type1-ng/kernels/amd64

check "the newest plain kernel is taken" fetched 0 9.9.0-3-amd64_9.9 testing
check "its flavour" fetched 0 9.9.0-4-cloud-amd64_9.9 testing/amd64/cloud
check "another architecture" fetched 0 9.9.0-3-arm64_9.9 testing/arm64
check "a flavour whose name stands behind the architecture" fetched 0 9.9.0-4-arm64-16k_9.9 testing/arm64/16k
check "headers come with a kernel that is there" fetched 0 9.9.0-3-amd64_9.9 --headers testing
check "headers alone" fetched 0 9.9.0-3-rt-amd64_9.9_headers --headers testing/amd64/rt
check "headers alone download no image" did_not_download linux-image
check "headers alone have no image" variable "$store/9.9.0-3-rt-amd64_9.9_headers" KBOOT ""
check "headers alone know their compiler" variable "$store/9.9.0-3-rt-amd64_9.9_headers" KGCC 12
refresh=''
check "the cache is asked first" fetched 0 9.9.0-3-amd64_9.9 testing
check "the cache needs no download" did_not_download .
refresh=1
check "a flavour that is not on offer" fetched 77 "" testing/amd64/realtime
check "the reason comes last" last_says '^There is no kernel of testing/amd64/realtime'
check "an architecture that is not known is an error" fetched 1 "" testing/m68k

rm -rf "$XDG_CACHE_HOME"
printf 'linux-headers-9.9.0-3-amd64\n' >"$work/gone"
check "headers that are gone: the next older kernel" fetched 0 9.9.0-2-amd64_9.9 testing
check "with a warning" says '^warning: the mirror lists 9\.9\.0-3-amd64'
printf 'linux-headers-9.9.0-3-amd64\nlinux-image-9.9.0-2-amd64\n' >"$work/gone"
rm -rf "$XDG_CACHE_HOME"
check "an image that is gone: the next older kernel" fetched 0 9.9.0-1-amd64_9.9 testing
printf 'linux-headers-9.9.0-%s-amd64\n' 1 2 3 >"$work/gone"
rm -rf "$XDG_CACHE_HOME"
check "all gone" fetched 77 "" testing
check "that reason comes last" last_says '^The mirror no longer has any of the 3 kernels of testing/amd64'
: >"$work/gone"
touch "$work/offline"
check "a mirror that is away is an error, no skip" fetched 1 "" testing
rm "$work/offline"
check "it is back" fetched 0 9.9.0-3-amd64_9.9 testing
touch "$work/offline"
check "away again: the cache has one" fetched 0 9.9.0-3-amd64_9.9 testing
rm "$work/offline"

for old in 8.8.0-1-amd64_8.8 8.8.0-2-amd64_8.8 8.8.0-3-amd64_8.8; do
	mkdir "$store/$old"
	touch "$store/$old/kernel.env"
done
touch -d '40 days ago' "$store/8.8.0-1-amd64_8.8/kernel.env" "$store/8.8.0-2-amd64_8.8/kernel.env"
touch -d '40 days ago' "$store/9.9.0-3-amd64_9.9/kernel.env"
echo 8.8.0-2-amd64_8.8 >"$store/oldsuite.newest"
check "a look for newer ones" fetched 0 9.9.0-3-amd64_9.9 testing
check "deletes what is old and of no use" [ ! -e "$store/8.8.0-1-amd64_8.8" ]
check "keeps the newest of another suite" [ -e "$store/8.8.0-2-amd64_8.8" ]
check "keeps what is young" [ -e "$store/8.8.0-3-amd64_8.8" ]
check "keeps what it was asked for" [ -e "$store/9.9.0-3-amd64_9.9" ]

for abi in 9.8.0-0.deb11.9-amd64 9.8.0-0.deb11.10-amd64 9.8.0-0.deb11.11-rt-amd64 9.89.0-1-s390x; do
	kernel $abi
done
check "of a suite with several kernel lines, the one that is asked for" fetched 0 9.8.0-0.deb11.10-amd64_9.9 9.8-testing
check "it is looked for in the suite and its security archive" says 'kernel of 9\.8-testing/amd64 in: testing-security, testing\.$'
check "its flavour, too" fetched 0 9.8.0-0.deb11.11-rt-amd64_9.9 9.8-testing/amd64/rt
check "a suite of backports has no security archive" fetched 0 9.8.0-0.deb11.10-amd64_9.9 9.8-testing-backports
check "so it is not asked" says 'kernel of 9\.8-testing-backports/amd64 in: testing-backports\.$'
check "a line is not another one that begins like it" fetched 77 "" 9.8-testing/s390x

done_testing
