# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154  # variables set by lib.sh and apt.sh
#
# Which compiler builds modules for a kernel, and how to run it.
#
#   choose_toolchain            set $toolchain (host or chroot), compiler_variables[] (for the kernel's makefiles) and
#                               $compiler_id for the loaded kernel
#   run_toolchain DIR COMMAND...  run COMMAND there; it sees DIR and the kernel's directory at their own places
#
# The host's own compiler is used when it is at least as new as the kernel's, and the headers' tools run here. Otherwise a
# small trixie chroot is made once and kept in the cache (half a minute, 500 MB); it builds every kernel from 5.10 to 7.3, and
# has cross compilers for arm64 and s390x. A chroot made for another list of packages is left alone for 30 days, as it may be in use.
# A kernel built with clang gets this machine's clang; for one that build-kernel makes, it is installed.
#
# To be sourced after lib.sh, apt.sh and load_kernel.
#
# Environment: NG_TOOLCHAIN=chroot   use the chroot even where the host would do

ng_chroot_gcc=14
# perl is for kernel-doc, which kbuild runs on our files when W=1.
ng_chroot_packages=gcc-$ng_chroot_gcc-x86-64-linux-gnu,gcc-$ng_chroot_gcc-aarch64-linux-gnu,gcc-$ng_chroot_gcc-s390x-linux-gnu
ng_chroot_packages+=,binutils,make,libc6-dev,pahole
ng_chroot_packages+=,libelf1t64,libssl3t64,zlib1g,perl
ng_chroot=$ng_cache/chroot/trixie-$(cksum <<<"$ng_chroot_packages" | cut -d ' ' -f 1)

# gnu_prefix ARCH: what the names of its cross tools start with.
gnu_prefix()
{
	case $1 in
	amd64)	echo x86_64-linux-gnu- ;;
	arm64)	echo aarch64-linux-gnu- ;;
	s390x)	echo s390x-linux-gnu- ;;
	*)	die "no compiler is known for $1." ;;
	esac
}

# kbuild_arch ARCH: what the kernel's makefiles call it.
kbuild_arch()
{
	case $1 in
	amd64)	echo x86_64 ;;
	arm64)	echo arm64 ;;
	s390x)	echo s390 ;;
	esac
}

# Print the host's compiler for this kernel: the very one it was built with, or a newer one.
host_compiler()
{
	local major

	for ((major = KGCC; major < KGCC + 8; major++)); do
		if have "${cross}gcc-$major"; then
			printf '%sgcc-%s\n' "$cross" "$major"
			return
		fi
	done
	have "${cross}gcc" && major=$("${cross}gcc" -dumpversion) && [ "${major%%.*}" -ge "$KGCC" ] && echo "${cross}gcc"
}

# The headers' tools are programs of the kernel's Debian release, whose C library may be newer than this machine's.
# sign-file and extract-cert are not used to build a module, and want a libssl that later releases lack.
headers_tools_run()
{
	local tool

	while read -r tool; do
		if ldd "$tool" 2>/dev/null | grep -q 'not found'; then
			return 1
		fi
		# A symbol version that the C library lacks is reported on stderr only.
		if ldd "$tool" 2>&1 | grep -q "version .* not found"; then
			return 1
		fi
	done < <(find "$KHEADERS/scripts/" "$KHEADERS/tools/" -type f -perm /111 \
			! -name sign-file ! -name extract-cert ! -name insert-sys-cert ! -name '*.sh' ! -name '*.p[ly]' 2>/dev/null |
		while read -r tool; do
			[ "$(head -c 4 "$tool" | tr -d '\0')" = $'\x7fELF' ] && echo "$tool"
		done)
}

# Succeeds when the host can build for the loaded kernel; otherwise sets $why_not.
host_can_build()
{
	why_not=
	if [ -n "$cross" ] && ! have "${cross}gcc"; then
		why_not="this machine has no compiler for $KARCH"
	elif ! cc=$(host_compiler); then
		why_not="the kernel was built with gcc $KGCC and this machine's compiler for $KARCH is older"
	elif ! headers_tools_run; then
		why_not="the headers' tools need a newer C library than this machine's"
	elif grep -q '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$KCONFIG" && ! have pahole; then
		why_not="pahole is missing on this machine"
	fi
	[ -z "$why_not" ]
}

built_with_clang()
{
	grep -q '^CONFIG_CC_IS_CLANG=y' "$KCONFIG"
}

choose_clang()
{
	local cc=clang missing word

	! is_built_kernel "$KSUITE" || "$ng_tests_dir/kernels/provision" build clang
	toolchain=host
	missing=$(sh "$ng_tree/compat/compiler.sh" --missing "$KHEADERS")
	[ -z "$missing" ] || die "modules cannot be built for $KABI: $missing."
	mapfile -t compiler_variables < <(sh "$ng_tree/compat/compiler.sh" "$KHEADERS")
	[ "$KARCH" = "$(dpkg --print-architecture)" ] || compiler_variables+=("ARCH=$(kbuild_arch "$KARCH")")
	for word in "${compiler_variables[@]}"; do
		[[ $word != CC=* ]] || cc=${word#CC=}
	done
	compiler_id="host $("$cc" --version | head -n 1)"
}

choose_gcc()
{
	local cc cross=''

	[ "$KARCH" = "$(dpkg --print-architecture)" ] || cross=$(gnu_prefix "$KARCH")
	if [ "${NG_TOOLCHAIN-}" != chroot ] && host_can_build; then
		toolchain=host
		compiler_id="host $("$cc" --version | head -n 1)"
	else
		toolchain=chroot
		make_chroot "${why_not:-NG_TOOLCHAIN asks for it}"
		cc=$(gnu_prefix "$KARCH")gcc-$ng_chroot_gcc
		compiler_id="chroot gcc-$ng_chroot_gcc"
	fi
	compiler_variables=("CC=$cc" ${cross:+"CROSS_COMPILE=$cross" "ARCH=$(kbuild_arch "$KARCH")"})
}

choose_toolchain()
{
	if built_with_clang; then
		choose_clang
	else
		choose_gcc
	fi
	say "Compiler: $compiler_id."
}

# The chroot is complete, and made of these packages.
chroot_is_ready()
{
	[ "$(cat "$ng_chroot/made-by-vfio-type1-ng" 2>/dev/null)" = "$ng_chroot_packages" ]
}

# Delete chroots of other package lists that were made more than 30 days ago.
prune_chroots()
{
	local mark root

	while read -r mark; do
		root=${mark%/*}
		[ "$root" = "$ng_chroot" ] || as_root "delete an old chroot" rm -rf --one-file-system "$root"
	done < <(find "$ng_cache/chroot" -mindepth 2 -maxdepth 2 -name made-by-vfio-type1-ng -mtime +30)
}

# make_chroot WHY: make the chroot unless the cache has it.
make_chroot()
{
	local base options

	chroot_is_ready && return
	say "A chroot with gcc $ng_chroot_gcc is needed because $1. Making it once; this takes up to a minute."
	"$ng_tests_dir/kernels/provision" kernels chroot
	(
		lock_file "$ng_chroot.lock"
		chroot_is_ready && exit

		base=$(debian_mirror trixie)
		options=$(mktemp)
		trap 'rm -f "$options" "$ng_chroot.log"' EXIT
		apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries)' >"$options" || true
		as_root "make a chroot" rm -rf "$ng_chroot" "$ng_chroot.new"
		as_root "make a chroot" mmdebstrap --mode=root --variant=apt --format=directory \
			--aptopt="$options" \
			--aptopt='APT::Install-Recommends "false"' \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			--dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/man/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' \
			--dpkgopt=force-unsafe-io \
			--include="$ng_chroot_packages" \
			trixie "$ng_chroot.new" "deb [signed-by=$ng_keyring] $base trixie main" >"$ng_chroot.log" 2>&1 || {
				sed 's/^/    mmdebstrap: /' "$ng_chroot.log" >&2
				die "the chroot could not be made; mmdebstrap's messages are above."
			}
		printf '%s\n' "$ng_chroot_packages" |
			as_root "make a chroot" tee "$ng_chroot.new/made-by-vfio-type1-ng" >/dev/null
		as_root "make a chroot" mv "$ng_chroot.new" "$ng_chroot"
		prune_chroots
	)
}

# Whether root may mount here. In a container it usually may not.
may_mount()
{
	as_root "build in a chroot" unshare -m true 2>/dev/null
}

# Run a command in the chroot, with its directories mounted. The mounts are made in a mount namespace of their own and
# vanish with it. Arguments: DIR KERNEL_DIR CHROOT COMMAND...
run_in_chroot_mounted()
{
	# shellcheck disable=SC2016  # expanded by the inner shell
	as_root "build in a chroot" unshare -m sh -euc '
		dir=$1 kernel=$2 root=$3
		shift 3
		mkdir -p "$root$dir" "$root$kernel"
		mount --bind "$dir" "$root$dir"
		mount --bind "$kernel" "$root$kernel"
		mount -t proc proc "$root/proc"
		exec chroot "$root" "$@"' sh "$@"
}

# The same with copies instead of mounts.
run_in_chroot_copied()
{
	# shellcheck disable=SC2016
	as_root "build in a chroot" sh -euc '
		dir=$1 kernel=$2 root=$3
		shift 3
		mkdir -p "$root$dir" "$root$kernel"
		if [ ! -d "$root$kernel/headers" ]; then
			cp -a "$kernel/headers" "$root$kernel/headers.new"
			mv "$root$kernel/headers.new" "$root$kernel/headers"
		fi
		rm -rf "$root$dir"
		cp -a "$dir" "$root$dir"
		status=0
		chroot "$root" "$@" || status=$?
		cp -a "$root$dir/." "$dir/"
		rm -rf "$root$dir"
		exit $status' sh "$@"
}

run_toolchain()
{
	local dir=$1 status=0 how=run_in_chroot_copied
	shift

	if [ "$toolchain" = host ]; then
		"$@"
		return
	fi
	! may_mount || how=run_in_chroot_mounted
	$how "$dir" "$KDIRECTORY" "$ng_chroot" env PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 "$@" || status=$?
	# What root made must stay deletable by the user who runs the tests.
	[ "$(id -u)" = 0 ] || as_root "hand over what was built" chown -R "$(id -u):$(id -g)" "$dir"
	return $status
}
