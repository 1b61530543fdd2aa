# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154  # variables set by lib.sh and apt.sh
#
# A private apt: reads any Debian suite from this machine's own mirror without touching the machine's package lists.
# apt itself verifies the suites' signatures with Debian's archive keys, and every package's hash with the suites.
#
#   debian_mirror [SUITE]              print the address of the archive that has SUITE (security suites have their own)
#   private_apt_setup DIR ARCH SUITE...  make a private apt in DIR for these suites
#   private_apt DIR COMMAND ARG...     run apt-get or apt-cache there
#   private_apt_unpack DIR LOG INTO ARG...  download packages (ARG as for apt-get install), with all that they depend on, and unpack
#                                      them into INTO; where that fails, say what apt said
#   resolve_name SUITE|LINE|LINE-SUITE   set $suites and $line: where to look for a kernel, and which kernel line to take
#
# To be sourced after lib.sh.
#
# Environment: NG_MIRROR            address of a Debian archive, instead of this machine's own
#              NG_MIRROR_SECURITY   the same for the security suites

ng_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Print the archives this machine's apt uses, one "label address codename" per line. The label is in the downloaded
# lists only; before the first apt-get update it is empty and shows as "-".
machine_archives()
{
	# shellcheck disable=SC2016  # the $() are apt's, not the shell's
	apt-get indextargets --format '$(LABEL)|$(REPO_URI)|$(RELEASE)' 'Created-By: Packages' 2>/dev/null |
		awk -F'|' '$2 ~ /^cdrom:/ { next } { print ($1 == "" || $1 ~ /^\$/ ? "-" : $1), $2, $3 }' | sort -u
}

# The first archive that says it is Debian's, or else looks like it by its path.
pick_archive()
{
	local label=$1 path=$2
	machine_archives | awk -v label="$label" -v path="$path" '
		$1 == label && !named { named = $2 }
		$2 ~ path && !looks { looks = $2 }
		END { if (named) print named; else if (looks) print looks }'
}

debian_mirror()
{
	local base

	case ${1-} in
	*-security)
		base=${NG_MIRROR_SECURITY-}
		[ -n "$base" ] || base=$(pick_archive Debian-Security '/debian-security/?$')
		if [ -z "$base" ]; then
			# The security archive usually lives beside the main one.
			base=$(debian_mirror)
			base=${base%/}-security
		fi
		;;
	*)
		base=${NG_MIRROR-}
		[ -n "$base" ] || base=$(pick_archive Debian '/debian/?$')
		if [ -z "$base" ]; then
			# Not a Debian machine: many mirrors carry Debian beside the other distribution.
			base=$(machine_archives | awk '$2 ~ /\/[a-z]+\/?$/ { print $2; exit }')
			[ -n "$base" ] || die "this machine's apt has no network archive to take Debian kernels from." \
				"Set NG_MIRROR to the address of a Debian archive."
			base=$(printf '%s\n' "$base" | sed -E 's#/[a-z]+/?$#/debian/#')
			warn "this machine's apt has no Debian archive; trying the directory debian/ of its mirror." \
				"If that fails, set NG_MIRROR to the address of a Debian archive."
		fi
		;;
	esac
	printf '%s/\n' "${base%/}"
}

private_apt_setup()
{
	local dir=$1 arch=$2 suite base
	shift 2

	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/empty"
	: >"$dir/status"

	# Proxies, transports and credentials stay the machine's own; its sources, preferences, keys and update hooks are
	# left out. The file may hold a proxy's password, so nobody else may read it.
	(
		umask 077
		apt-config dump | grep -E '^Acquire' | grep -vE '^Acquire::(IndexTargets|Languages|Check-Valid-Until)'
		cat <<-CONF
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "$dir/empty";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/empty";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "$dir/empty";
		Dir::Etc::trusted "/dev/null";
		Dir::Etc::trustedparts "$dir/empty";
		APT::Architecture "$(dpkg --print-architecture)";
		APT::Architectures { "$(dpkg --print-architecture)"; "$arch"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		// Suites that no longer get updates, and frozen mirrors, have an expired date. The signature still holds.
		Acquire::Check-Valid-Until "false";
		Acquire::http::Timeout "20";
		Acquire::https::Timeout "20";
		// Of many downloads one meets a bad moment of the network; apt waits longer before each new attempt.
		Acquire::Retries "5";
		CONF
	) >"$dir/apt.conf.new"
	mv "$dir/apt.conf.new" "$dir/apt.conf"

	[ -r "$ng_keyring" ] || die "$ng_keyring is missing. Install debian-archive-keyring (tests/kernels/provision does)."
	for suite; do
		# No command substitution inside printf: a refusal in debian_mirror has to end this script.
		base=$(debian_mirror "$suite")
		printf 'deb [signed-by=%s] %s %s main\n' "$ng_keyring" "$base" "$suite"
	done >"$dir/sources.list.new"
	mv "$dir/sources.list.new" "$dir/sources.list"
}

private_apt()
{
	local dir=$1
	shift
	APT_CONFIG=$dir/apt.conf "$@"
}

# This apt knows of no installed package, so it downloads all that they depend on, too.
private_apt_unpack()
{
	local dir=$1 log=$2 into=$3 package
	shift 3

	mkdir -p "$into"
	private_apt "$dir" apt-get -q update >"$log" 2>&1 || true
	private_apt "$dir" apt-get clean
	if ! private_apt "$dir" apt-get -q -y --no-install-recommends --download-only install "$@" >>"$log" 2>&1; then
		grep -E '^(Err|E|W):' "$log" | sed 's/^/    apt: /' >&2
		return 1
	fi
	for package in "$dir"/cache/archives/*.deb; do
		dpkg -x "$package" "$into" || return
	done
	private_apt "$dir" apt-get clean
}

# Set suites (where to look) and line (the kernel line to take; empty: any). The line matters because a suite's security
# archive may also carry the next line, as bookworm's carries 6.12.
# shellcheck disable=SC2034  # for the scripts that source this file
resolve_name()
{
	if suites=$(of_known_kernel "$1" suites); then
		suites=${suites//,/ } line=$(of_known_kernel "$1" line)
		[ "$line" != - ] || line=
		return
	fi
	case $1 in
	[0-9]*.[0-9]*-[a-z]*)
		line=${1%%-*} suites=${1#*-}
		# Suites for other suites, and unstable, have no security archive of their own.
		[[ $suites == *-* || $suites == sid ]] || suites="$suites-security $suites"
		;;
	[a-z]*)		suites=$1 line= ;;
	*)		die "no suite is known for the kernel line $1. Name a Debian suite, LINE-SUITE, or one of tests/kernels/lines:" \
				"$(known_kernels line | paste -sd ' ')." ;;
	esac
}
