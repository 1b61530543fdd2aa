# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154  # variables set by lib.sh and load_kernel
#
# Any distribution's kernel packages as a kernel directory of the form that tests/kernels/unpack makes. To be sourced after
# tests/vm/lib.sh.
#
#   backport_kernel IMAGE HEADERS       set $kernel to the kernel directory; both are lists of package files, or IMAGE is a
#                                       kernel directory already
#   backport_backend KERNEL KO          print a kernel directory like KERNEL in which KO is the module vfio_iommu_type1
#   require_fit_kernel BACKEND          die unless the loaded kernel can be tested with this backend (stock, ng or a file)
#   find_limits BACKEND                 set $no_modules and $no_events to why test modules, or kprobe events, cannot be had there
#
# Everything is kept in the cache under a name made of the packages' contents, and found there the next time.
#
# Environment: NG_BACKPORT_STORE   where to keep it, instead of the cache

backport_store=${NG_BACKPORT_STORE:-$ng_cache/backport}

# What a package carries: one path a line, without a leading "./".
package_paths()
{
	local list=$work/lists/${1//\//%}

	if [ ! -e "$list" ]; then
		mkdir -p "$work/lists"
		case $1 in
		*.deb)	dpkg-deb --fsys-tarfile "$1" | tar -tf - ;;
		*.rpm)	rpm2cpio "$1" | cpio -t --quiet ;;
		esac 2>/dev/null | sed 's#^\./##; s#^/##' >"$list" || : >"$list"
	fi
	cat "$list"
}

require_readable_packages()
{
	local package

	for package; do
		case $package in
		*.deb)	have dpkg-deb || die "dpkg-deb is missing; install dpkg to unpack $package." ;;
		*.rpm)
			if ! have rpm2cpio || ! have cpio; then
				die "rpm2cpio and cpio are needed to unpack $package. On Debian: apt-get install rpm2cpio cpio."
			fi
			;;
		*)	die "$package is neither a .deb nor an .rpm. Give the distribution's kernel packages." ;;
		esac
		package_paths "$package" | grep . >/dev/null ||
			die "$package does not unpack; it is damaged, holds no files, or is packed in a way that this machine's tools do not" \
				"know (zstd needs dpkg 1.21.18 or rpm 4.14)."
	done
}

# Set $abi, what uname -r will say, from where the packages put the kernel image.
find_abi()
{
	local package abis

	abis=$(for package; do package_paths "$package"; done | sed -nE \
		's#^boot/vmlinu[xz]-([^/]+)$#\1#p; s#^(usr/)?lib/modules/([^/]+)/vmlinuz$#\2#p' | sort -u)
	case $(grep -c . <<<"$abis") in
	0)	die "none of the packages in IMAGE has a kernel image (boot/vmlinuz-* or lib/modules/*/vmlinuz). Debian's 7.x and" \
			"Fedora's kernels are split: add the package that has it (linux-binary-*, kernel-core)." ;;
	1)	abi=$abis ;;
	*)	die "IMAGE has the images of several kernels: ${abis//$'\n'/, }. Give those of one." ;;
	esac
}

# Modules are among the packages' files, and the headers those of $abi if there are any, in Debian's layout or Fedora's.
require_parts()
{
	local image_paths header_paths others

	image_paths=$(for package in "${image_packages[@]}"; do package_paths "$package"; done)
	grep -qE "^(usr/)?lib/modules/${abi//[+.]/.}/.*\.ko(\.(xz|zst|gz))?\$" <<<"$image_paths" ||
		die "IMAGE has the kernel $abi but none of its modules. Add the package that has them (linux-modules-*, kernel-modules" \
			"and kernel-modules-core)."
	[ ${#header_packages[@]} != 0 ] || return 0
	header_paths=$(for package in "${header_packages[@]}"; do package_paths "$package"; done)
	grep -qE "^usr/src/(linux-headers-|kernels/)${abi//[+.]/.}/" <<<"$header_paths" && return
	others=$(sed -nE 's#^usr/src/(linux-headers-|kernels/)([^/]+)/.*#\2#p' <<<"$header_paths" | sort -u | tr '\n' ' ')
	die "HEADERS has no headers of $abi${others:+, only of ${others% }}. Give those of the same version as the image."
}

# tests/kernels/unpack knows a package by its name, and Debian's places. Give it packages that have both.
normalize_packages()
{
	local package n=0 name tree

	mkdir "$work/debs"
	for package in "${image_packages[@]}" "${header_packages[@]}"; do
		n=$((n + 1))
		name=linux-image-$n
		if package_paths "$package" | grep -E '^usr/(src/(linux-headers-|kernels/)|lib/linux-kbuild)' >/dev/null; then
			name=linux-headers-$n
		fi
		case $package in
		*.deb)
			ln -s "$(readlink -f "$package")" "$work/debs/$name.deb"
			continue
			;;
		esac
		tree=$work/tree
		mkdir -p "$tree/DEBIAN"
		rpm2cpio "$package" | (cd "$tree" && cpio -idm --quiet --no-absolute-filenames) ||
			die "$package does not unpack. Is the disk that holds $work full?"
		if [ -d "$tree/usr/src/kernels/$abi" ]; then
			mv "$tree/usr/src/kernels/$abi" "$tree/usr/src/linux-headers-$abi"
		fi
		# The links from the modules to the headers lead out of the packages.
		find "$tree" -path "*/lib/modules/$abi/*" \( -name build -o -name source \) -type l -delete
		printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: repacked\n' "$name" \
			>"$tree/DEBIAN/control"
		chmod -R u+rwX,go-s "$tree"
		dpkg-deb -Znone --root-owner-group -b "$tree" "$work/debs/$name.deb" >"$work/log" 2>&1 || {
			sed 's/^/    dpkg-deb: /' "$work/log" >&2
			die "$package could not be repacked."
		}
		rm -rf "$tree"
	done
}

# The architecture in Debian's words, from the config that the packages bring.
package_arch()
{
	local config

	config=$(for package in "${image_packages[@]}" "${header_packages[@]}"; do
		case $package in
		*.deb)	dpkg-deb --fsys-tarfile "$package" | tar -xOf - --wildcards "*/config-$abi" "*/lib/modules/$abi/config" ;;
		*.rpm)	rpm2cpio "$package" | cpio -i --quiet --to-stdout "*/config-$abi" "*/lib/modules/$abi/config" ;;
		esac 2>/dev/null || true
	done)
	case $config in
	*CONFIG_X86_64=y*)	echo amd64 ;;
	*CONFIG_ARM64=y*)	echo arm64 ;;
	*CONFIG_*)		echo other ;;
	esac
}

require_arch()
{
	case $1 in
	amd64|arm64) ;;
	'')	die "the packages of $2 have no kernel config (boot/config-* or lib/modules/*/config), so nothing is known about it. Add" \
			"the one that has it; of Debian's 7.x it is linux-base-$2." ;;
	*)	die "$2 is for an architecture that is not supported. Give amd64 or arm64 packages." ;;
	esac
}

# Distributions name their compiler in ways tests/kernels/unpack may not know, and not all kernels start as ELF images.
complete_env()
{
	local major

	load_kernel "$1"
	if [ -z "$KGCC" ]; then
		major=$(sed -nE 's/^CONFIG_GCC_VERSION=([0-9]+)[0-9]{4}$/\1/p' "$config_now")
		printf 'KGCC=%s\n' "${major:-0}" >>"$1/kernel.env"
	fi
	if [ "$KARCH" = amd64 ] && ! grep -q '^CONFIG_PVH=y' "$config_now"; then
		printf 'KBOOT=%q\n' "$KVMLINUZ" >>"$1/kernel.env"
	fi
}

# Headers may be split over packages of which one was forgotten.
require_whole_headers()
{
	local headers=$1 included

	included=$(sed -nE 's#^(include|MAKEARGS.*-f) ([^ $]*/Makefile).*#\2#p' "$headers/Makefile" | head -n 1)
	case $included in
	"$2"/*)
		included=${3}${included#"$2"}
		[ -e "$included" ] ||
			die "HEADERS lacks the common headers: $headers_name refers to ${included#"$3"/headers}. Add linux-headers-*-common."
		;;
	esac
	[ -e "$headers/scripts/basic/fixdep" ] ||
		die "HEADERS lacks the kernel's build tools: there is no scripts/basic/fixdep. Add linux-kbuild-* (Debian) or the whole" \
			"kernel-devel (Fedora)."
	# ELF machine numbers.
	case $(dpkg --print-architecture)/$(od -A n -t u2 -j 18 -N 2 --endian=little "$headers/scripts/basic/fixdep" | tr -d ' ') in
	amd64/183|arm64/62)
		die "the build tools in HEADERS are programs of another architecture than this machine's. Give the linux-kbuild-*" \
			"package for $(dpkg --print-architecture) with the same version in place of the one for $arch."
		;;
	esac
}

# Set $image_packages and $header_packages from the two lists.
split_lists()
{
	local package

	image_packages=() header_packages=()
	# shellcheck disable=SC2086  # lists of files
	for package in $1; do
		image_packages+=("$package")
	done
	# shellcheck disable=SC2086
	for package in $2; do
		header_packages+=("$package")
	done
	[ ${#image_packages[@]} != 0 ] ||
		die "IMAGE is empty. Give the kernel's packages: IMAGE=linux-image.deb, or several in quotes, or a kernel directory" \
			"that tests/kernels/fetch printed."
	for package in "${image_packages[@]}" "${header_packages[@]}"; do
		[ -f "$package" ] || die "there is no file $package. IMAGE and HEADERS are lists of package files."
	done
}

unpack_to_cache()
{
	local final=$backport_store/$1 headers_name

	"$ng_tests_dir/kernels/unpack" "$work/debs" "$work/new" "$final" "$abi" backport "$1" "$arch" ||
		die "the packages of $abi could not be unpacked; the reason is above."
	# shellcheck disable=SC1091
	. "$work/new/kernel.env"
	config_now=$work/new${KCONFIG#"$final"}
	headers_name=linux-headers-$abi
	[ -z "$KHEADERS" ] || require_whole_headers "$work/new${KHEADERS#"$final"}" "$final" "$work/new"
	complete_env "$work/new"
	rm -rf "$final"
	mv "$work/new" "$final"
}

backport_kernel()
{
	local name

	if [ -d "$1" ]; then
		[ -r "$1/kernel.env" ] || die "$1 is a directory but no kernel directory: it has no kernel.env. Give packages, or what" \
			"tests/kernels/fetch printed."
		kernel=$1
		return
	fi
	"$ng_tests_dir/kernels/provision" kernels
	split_lists "$1" "$2"
	name=$(sha256sum "${image_packages[@]}" "${header_packages[@]}" | cut -d ' ' -f 1 | sha256sum | cut -c 1-12)
	kernel=$(find "$backport_store" -maxdepth 1 -name "*_$name" 2>/dev/null) || true
	if [ -n "$kernel" ] && [ -r "$kernel/kernel.env" ]; then
		return
	fi
	mkdir -p "$backport_store"
	# In a subshell, whose end removes what it left. The lock is held: what a killed run left is garbage.
	kernel=$(
		lock_file "$backport_store/lock"
		rm -rf "$backport_store"/.work.*
		work=$(mktemp -d "$backport_store/.work.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		require_readable_packages "${image_packages[@]}" "${header_packages[@]}"
		find_abi "${image_packages[@]}"
		arch=$(package_arch)
		require_arch "$arch" "$abi"
		require_parts
		say "Unpacking $abi."
		normalize_packages
		unpack_to_cache "${abi}_$name"
		printf '%s\n' "$backport_store/${abi}_$name"
	) || exit 1
}

# --- the kernel's config ---

which_headers="Name its headers packages: on Debian linux-headers-*, with the linux-headers-*-common and linux-kbuild-* that it \
depends on, on Fedora and its relatives kernel-devel."

config_is()
{
	grep -qE "^CONFIG_$1=[$2]\$" "$KCONFIG"
}

# Fedora and its relatives split the modules over packages.
require_module()
{
	! config_is "$2" m || [ -n "$(find "$KMODULES/" -name "$1.ko*")" ] ||
		die "IMAGE lacks the module $1 of $KABI. Add the package that has it (kernel-modules-core, kernel-modules," \
			"linux-modules-*)."
}

require_fit_kernel()
{
	local backend=$1

	require_arch "$KARCH" "$KABI"
	config_is VFIO ym || die "$KABI has no VFIO (CONFIG_VFIO is off), so there is nothing to check."
	if grep -qE '^# CONFIG_VFIO_(CONTAINER|GROUP) is not set' "$KCONFIG"; then
		die "$KABI has no VFIO containers (CONFIG_VFIO_CONTAINER is off): its VFIO works through iommufd only, and no type1" \
			"backend can be used."
	fi
	config_is VFIO_PCI ym || die "$KABI has no vfio-pci (CONFIG_VFIO_PCI is off), which the tests use devices with."
	if ! config_is '(INTEL_IOMMU|AMD_IOMMU|ARM_SMMU_V3|VIRTIO_IOMMU)' ym; then
		die "$KABI has no driver for an IOMMU that QEMU can emulate (Intel, AMD, SMMUv3, virtio)."
	fi
	require_module vfio VFIO
	require_module vfio-pci VFIO_PCI
	config_is BLK_DEV_INITRD y || die "$KABI cannot boot from an initramfs (CONFIG_BLK_DEV_INITRD is off)."
	config_is SERIAL_8250_CONSOLE y || config_is SERIAL_AMBA_PL011_CONSOLE y ||
		die "$KABI has no serial console (CONFIG_SERIAL_8250_CONSOLE is off), which results come through."
	if [ "$backend" = ng ]; then
		[ -n "$KHEADERS" ] || die "HEADERS is empty, and BACKEND=ng is built with the kernel's headers. $which_headers"
		! config_is MODULE_SIG_FORCE y ||
			die "$KABI loads only modules that its maker signed (CONFIG_MODULE_SIG_FORCE), and BACKEND=ng is not."
		return
	fi
	if config_is VFIO_IOMMU_TYPE1 y; then
		die "in $KABI type1 is built in, not a module: it can be neither unloaded, as the tests of BACKEND=stock do, nor" \
			"replaced by a file. BACKEND=ng works."
	fi
	config_is VFIO_IOMMU_TYPE1 m || [ "$backend" != stock ] ||
		die "$KABI has no type1 backend of its own (CONFIG_VFIO_IOMMU_TYPE1 is off). Use BACKEND=ng or give a module file."
	[ "$backend" != stock ] || require_module vfio_iommu_type1 VFIO_IOMMU_TYPE1
}

# What a kernel does not have is no reason to say nothing about it: the tests that need neither go on.
find_limits()
{
	no_modules='' no_events=''
	if [ -z "$KHEADERS" ]; then
		no_modules="HEADERS is empty, and the test modules are built with the kernel's headers. $which_headers"
	elif config_is MODULE_SIG_FORCE y; then
		no_modules="$KABI loads only modules that its maker signed (CONFIG_MODULE_SIG_FORCE), and the test modules are not"
	fi
	if ! config_is KPROBES y || ! config_is KPROBE_EVENTS y; then
		no_events="$KABI has no kprobe events (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS), without which nothing can be observed in it"
	fi
}

# --- somebody's vfio_iommu_type1.ko ---

# Write the uncompressed module to $2.
uncompress_module()
{
	case $1 in
	*.xz)	xz -dc "$1" ;;
	*.zst)	zstd -dcq "$1" ;;
	*.gz)	gzip -dc "$1" ;;
	*)	cat "$1" ;;
	esac >"$2" || die "$1 does not unpack."
}

require_fit_module()
{
	local ko=$1 given=$2 name vermagic machine=

	if config_is MODULE_SIG_FORCE y && [ -z "$(modinfo -F sig_id "$ko")" ]; then
		die "$KABI loads only signed modules (CONFIG_MODULE_SIG_FORCE), and BACKEND=$given is not."
	fi

	[ "$(head -c 4 "$ko" | tr -d '\0')" = $'\x7fELF' ] || die "BACKEND=$given is no kernel module. Give a vfio_iommu_type1.ko."
	case $KARCH in
	amd64)	machine=62 ;;
	arm64)	machine=183 ;;
	esac
	[ "$(od -A n -t u2 -j 18 -N 2 --endian=little "$ko" | tr -d ' ')" = "$machine" ] ||
		die "BACKEND=$given was built for another architecture than $KARCH."
	name=$(modinfo -F name "$ko")
	[ "$name" = vfio_iommu_type1 ] ||
		die "BACKEND=$given is the module ${name:-without a name}. It is loaded in stock's place and has to be vfio_iommu_type1."
	vermagic=$(modinfo -F vermagic "$ko")
	[ "${vermagic%% *}" = "$KABI" ] ||
		die "BACKEND=$given was built for ${vermagic%% *} and does not load in $KABI. Build it with this kernel's headers."
}

backport_backend()
{
	local base=$1 given=$2 ko dir work stock

	[ -f "$given" ] || die "BACKEND is $given: neither stock, nor ng, nor a file."
	load_kernel "$base"
	mkdir -p "$backport_store"
	work=$(mktemp -d "$backport_store/.module.XXXXXX")
	ko=$work/vfio_iommu_type1.ko
	# A subshell, so that a refusal leaves nothing behind.
	if ! (uncompress_module "$given" "$ko" && require_fit_module "$ko" "$given"); then
		rm -rf "$work"
		exit 1
	fi
	dir=$backport_store/${KABI}_module-$(cat "$ko" "$base/kernel.env" | sha256sum | cut -c 1-12)
	(
		lock_file "$backport_store/lock"
		[ ! -r "$dir/kernel.env" ] || exit 0
		# A second root with links to the files of the first; only the module differs.
		mkdir -p "$work/new/root/lib/modules"
		cp -al "$KMODULES" "$work/new/root/lib/modules/$KABI" 2>/dev/null ||
			cp -a "$KMODULES" "$work/new/root/lib/modules/$KABI"
		stock=$(cd "$work/new/root/lib/modules/$KABI" && find . -name 'vfio_iommu_type1.ko*' | head -n 1)
		stock=${stock:-./kernel/drivers/vfio/vfio_iommu_type1.ko}
		find "$work/new/root" \( -name 'vfio_iommu_type1.ko*' -o -name 'modules.*' ! -name 'modules.order' \
			! -name 'modules.builtin*' \) -delete
		mkdir -p "$work/new/root/lib/modules/$KABI/${stock%/*}"
		cp "$ko" "$work/new/root/lib/modules/$KABI/${stock%/*}/vfio_iommu_type1.ko"
		depmod -b "$work/new/root" "$KABI"
		{
			cat "$base/kernel.env"
			printf '%s=%q\n' KDIRECTORY "$dir" KROOT "$dir/root" KMODULES "$dir/root/lib/modules/$KABI"
		} >"$work/new/kernel.env"
		rm -rf "$dir"
		mv "$work/new" "$dir"
	)
	rm -rf "$work"
	printf '%s\n' "$dir"
}
