#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# provision installs what is missing through apt, as root or with sudo, and says in words what it cannot do. Nothing is really
# installed here: apt, sudo and the user are stand-ins in a PATH with only a few of this machine's programs.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/../vm/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# stand_in NAME: a program made of standard input. The name may be a link to the real one, which must not be written to.
stand_in()
{
	rm -f "$work/bin/$1"
	{ echo '#!/bin/sh'; cat; } >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# A machine that lacks zstd, whose user is not root, with apt and sudo.
machine()
{
	local tool

	rm -rf "${work:?}/bin"
	mkdir "$work/bin"
	: >"$log"
	for tool in bash sh env sed awk grep cat dirname basename uname mktemp rm tail touch chmod xz nproc true; do
		ln -s "$(type -P "$tool")" "$work/bin/$tool"
	done
	stand_in id <<<'echo 1000'
	stand_in sudo <<-END
	echo "sudo \$*" >>"$log"
	[ "\$1" != -- ] || shift
	exec "\$@"
	END
	stand_in apt-cache <<<'exit 0'
	stand_in apt-get <<-END
	case " \$* " in
	*" -s "*) exit 0 ;;
	esac
	echo "apt-get \$*" >>"$log"
	touch "$work/bin/zstd"
	chmod +x "$work/bin/zstd"
	END
}

# provision STATUS ARG...: provision there ends with this status.
provision()
{
	local want=$1 status=0
	shift

	env -i PATH="$work/bin" HOME="$work" "$here/provision" "$@" >"$work/said" 2>&1 || status=$?
	cat "$work/said" "$log"
	[ "$status" = "$want" ]
}

says()
{
	cat "$work/said"
	tr '\n' ' ' <"$work/said" | grep -qF -- "$1"
}

logged()
{
	cat "$log"
	grep -qE -- "$1" "$log"
}

not_a_word()
{
	cat "$work/said" "$log"
	[ ! -s "$work/said" ] && [ ! -s "$log" ]
}

lists()
{
	provision 0 --list "$1" && grep -q "^$1 " "$work/said"
}

machine
check "a user who is not root: sudo installs what is missing" provision 0 kernels
check "what is missing is told, with its reason" says "zstd: newer kernel images are zstd packed"
check "sudo runs apt-get with the package" logged '^sudo -- .*apt-get .*install -y --no-install-recommends zstd$'
: >"$log"
check "when all is there it succeeds" provision 0 kernels
check "when all is there nothing is said or done" not_a_word

machine
rm "$work/bin/sudo"
check "no root and no sudo: it fails" provision 1 kernels
check "no root and no sudo: it says what to do" says "root is needed to install packages. Run this as root, or install sudo."

machine
rm "$work/bin/apt-get"
check "no apt: it fails" provision 1 kernels
check "no apt: it names the packages" says "zstd: newer kernel images are zstd packed"
check "no apt: it says what to do" says "Install the packages above (or your distribution's equivalents) and run this again"

machine
stand_in apt-get <<<'echo "E: broken" >&2; exit 100'
check "apt fails: so does it" provision 1 kernels
check "apt fails: its words are shown" says "apt: E: broken"

machine
stand_in apt-get <<<'exit 0'
check "apt installs something else: it fails" provision 1 kernels
check "apt installs something else: it says so" says "installed, but still not found: zstd."

machine
stand_in uname <<<'echo riscv64'
check "another machine: it fails" provision 1 kernels
check "another machine: it says why" says "need an x86-64 machine"

# Another distribution that has apt, by what os-release says in a mount namespace.
other_distribution()
{
	echo ID=ubuntu >"$work/os-release"
	unshare "$@" -m sh -c "mount --bind '$work/os-release' '$(readlink -f /etc/os-release)' && env -i PATH='$work/bin' HOME='$work' \
		'$here/provision' kernels" >"$work/said" 2>&1
}

machine
name="another distribution with apt: it is tried, with a warning"
if unshare -m true 2>/dev/null; then
	check "$name" eval 'other_distribution && says "this is not Debian (it is ubuntu)" && logged "apt-get .*install"'
elif unshare -r -m true 2>/dev/null; then
	check "$name" eval 'other_distribution -r && says "this is not Debian (it is ubuntu)" && logged "apt-get .*install"'
else
	check "$name # SKIP no mount namespace can be made here" true
fi
check "an unknown purpose is refused" provision 2 nonsense
for what in kernels build vm check bench chroot arm64 s390x backport foreign-chroot; do
	check "the purpose $what is known" lists $what
done
done_testing
