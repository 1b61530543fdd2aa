#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# backport-check.slow.t: backport-check tells a kernel that has the series from one that has not, believes no fake, takes packages
# of both kinds, and says in a sentence what it cannot use. Prints TAP.
#
# Environment: KERNEL   a Debian suite for tests/kernels/fetch (default bookworm)

set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
# shellcheck source=tests/kernels/apt.sh
. "$ng_tests_dir/kernels/apt.sh"

fetched=$("$ng_tests_dir/kernels/fetch" "${KERNEL:-bookworm}")
load_kernel "$fetched"
export NG_OUT=$ng_out/backport-test
scratch=$NG_OUT/work
rm -rf "$scratch"
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT
export NG_BACKPORT_STORE=$scratch/store
fakes=tests/guest/conformance/fake

# --- helpers ---

# reports STATUS VARIABLE=VALUE...: backport-check ends with this status; what it says is shown when not.
reports()
{
	local status=0 want=$1
	shift

	env -u EXPECT -u TESTS -u VIOMMU -u BACKEND -u IMAGE -u HEADERS TESTS=conformance MINUTES=1 "$@" "$here/backport-check" \
		>"$scratch/said" 2>&1 || status=$?
	cat "$scratch/said"
	[ "$status" = "$want" ]
}

# refuses "PART OF THE SENTENCE" VARIABLE=VALUE...
refuses()
{
	local sentence=$1
	shift

	reports 1 "$@" && tr '\n' ' ' <"$scratch/said" | grep -qF -- "$sentence" && grep -q '^backport-check: error: ' "$scratch/said"
}

# with_intel VERDICT...: the verdicts of parts 1 to 6 in the last report, by the intel guest's KTAP.
with_intel()
{
	local want="$*" got

	got=$(awk '
		!/ intel: conformance: / { next }
		/# SKIP/ { printf "?"; next }
		/^ok/ { printf "+"; next }
		{ printf "-" }' "$NG_OUT/backport.ktap")
	echo "expected $want, got $got"
	[ "$got" = "$want" ]
}

# The reports that are for machines are there and complete.
ktap_is_complete()
{
	local planned

	cat "$NG_OUT/backport.ktap"
	planned=$(sed -nE 's/^1\.\.([0-9]+)$/\1/p' "$NG_OUT/backport.ktap")
	[ "$(grep -cE '^(not )?ok [0-9]+ ' "$NG_OUT/backport.ktap")" = "$planned" ] &&
		[ "$(grep -E '^(not )?ok ' "$NG_OUT/backport.ktap" | grep -oE '^(not )?ok [0-9]+' | grep -oE '[0-9]+$' | tr '\n' ' ')" = \
			"$(seq -s ' ' "$planned") " ]
}

markdown_is_a_table()
{
	cat "$NG_OUT/backport.md"
	[ "$(grep -c '^|' "$NG_OUT/backport.md")" -ge 8 ] &&
		[ "$(grep '^|' "$NG_OUT/backport.md" | sed -n '1,8p' | sed 's/\\|//g' | tr -cd '|\n' | sort -u)" = "||||||" ]
}

# small_deb NAME FILE=TEXT...: a package with these files; the text "link:TARGET" makes a symbolic link.
small_deb()
{
	local name=$1 file
	shift

	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/DEBIAN"
	printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: test\n' "$name" \
		>"$scratch/tree/DEBIAN/control"
	for file; do
		mkdir -p "$scratch/tree/$(dirname "${file%%=*}")"
		printf '%s\n' "${file#*=}" >"$scratch/tree/${file%%=*}"
	done
	dpkg-deb -Znone --root-owner-group -b "$scratch/tree" "$scratch/$name.deb" >/dev/null
}

# kernel_with NAME SED_SCRIPT: the directory of a kernel like the fetched one, with another config.
kernel_with()
{
	mkdir -p "$scratch/$1"
	sed "$2" "$KCONFIG" >"$scratch/$1/config"
	{
		cat "$fetched/kernel.env"
		printf 'KCONFIG=%q\n' "$scratch/$1/config"
	} >"$scratch/$1/kernel.env"
	printf '%s\n' "$scratch/$1"
}

stock_module()
{
	local ko

	ko=$(find "$KMODULES/" -name 'vfio_iommu_type1.ko*')
	case $ko in
	*.xz)	xz -dc "$ko" ;;
	*)	cat "$ko" ;;
	esac
}

# --- what is there and what is not ---

check "stock: every part that can be observed is absent" reports 0 IMAGE="$fetched" BACKEND=stock EXPECT=absent
check "stock: with Intel's IOMMU parts 1 to 5 can be observed" with_intel "-----?"
check "stock: the KTAP is complete" ktap_is_complete
check "stock: the Markdown is a table" markdown_is_a_table
check "stock is not what a backport is expected to be" reports 1 IMAGE="$fetched" EXPECT=present VIOMMU=intel
check "ng: every part that can be observed is present, and the guest tests pass" \
	reports 0 IMAGE="$fetched" BACKEND=ng EXPECT=present TESTS=all
check "ng: with Intel's IOMMU parts 1 to 5 can be observed" with_intel "+++++?"
check "ng: the KTAP is complete" ktap_is_complete
check "ng: the Markdown is a table" markdown_is_a_table

# --- a module from elsewhere ---

stock_module >"$scratch/stock-copy.ko"
check "stock's module from a file is stock" reports 0 IMAGE="$fetched" BACKEND="$scratch/stock-copy.ko" EXPECT=absent VIOMMU=intel
check "stock's module from a file: parts 1 to 5 can be observed" with_intel "-----?"

build=$NG_OUT/fake
check "the stand-ins can be built" "$ng_tests_dir/kernels/build" "$fetched" "$ng_tree" "$build" "$ng_tree/$fakes" \
	"$ng_tree/$fakes/honest" "$ng_tree/$fakes/idle" "$ng_tree/$fakes/mute" "$ng_tree/$fakes/deaf"
while read -r fake parts what; do
	check "a backend that $what" reports 0 IMAGE="$fetched" BACKEND="$build/$fakes/$fake/vfio_iommu_type1.ko" VIOMMU=intel
	check "a backend that $what: what is present" with_intel "$parts"
done <<'FAKES'
honest -++++? does what the series does
idle -----? claims to attach and does not
mute -+++-? hides errors
deaf -+++-? has one errno for all errors
FAKES

# --- a stock module that has the series ---

# As a distribution would ship it that brought the series to its vfio_iommu_type1: our backend under that name. On the newest
# kernel, whose stock module it is like in nearly all that does not concern attaching.
renamed_backend()
{
	newest=$("$ng_tests_dir/kernels/fetch" 7.3)
	mkdir "$scratch/renamed"
	cp -r "$ng_tree"/{Makefile,Kbuild,dkms.conf,compat,iommu_emt,vfio_type1_ng} "$scratch/renamed/"
	rm -rf "$scratch/renamed/compat/generated"
	sed -i 's/vfio_type1_ng\([.-]\)/vfio_iommu_type1\1/' "$scratch/renamed/vfio_type1_ng/Kbuild"
	"$ng_tests_dir/kernels/build" "$newest" "$scratch/renamed" "$NG_OUT/renamed"
}

# What else our backend does in its own way: dirty tracking, and the sizes in which it pins.
not_of_the_series="info_chain_has_the_entries_in_order info_chain_is_the_same_for_v1 dirty_pages_on_v2 \
pin_failure_in_a_later_batch_leaks_nothing"

# The last report's guest tests ran, and none that is about attaching failed.
no_test_of_the_series_fails()
{
	local name

	cat "$scratch/said"
	[ "$(grep -c '^ok .* intel: type1: ' "$NG_OUT/backport.ktap")" -gt 150 ] || return
	while read -r name; do
		[[ " $not_of_the_series " == *" $name "* ]] || return
	done < <(sed -nE 's/^not ok [0-9]+ - intel: type1: (stock: )?//p' "$NG_OUT/backport.ktap")
}

renamed_backend >"$scratch/said" 2>&1 || sed 's/^/# /' "$scratch/said"
reports 0 IMAGE="$newest" TESTS=all VIOMMU=intel BACKEND="$NG_OUT/renamed/vfio_type1_ng/vfio_iommu_type1.ko" >/dev/null || true
check "a stock module that has the series: no guest test of attaching fails" no_test_of_the_series_fails
check "a stock module that has the series: what is present" with_intel "-++++?"

# --- packages ---

modules=("kernel/drivers/vfio" "kernel/virt" "kernel/drivers/iommu" "modules.order" "modules.builtin" "modules.builtin.modinfo")
mkdir -p "$scratch/image/boot" "$scratch/image/lib/modules/$KABI"
(cd "$KMODULES" && tar -cf - --ignore-failed-read "${modules[@]}" 2>/dev/null) | tar -C "$scratch/image/lib/modules/$KABI" -xf - || true
cp "$KVMLINUZ" "$scratch/image/boot/vmlinuz-$KABI"
cp "$KCONFIG" "$scratch/image/boot/config-$KABI"
cp -a "$fetched/headers" "$scratch/headers"
sed -i "s#$fetched/headers/usr/src/#/usr/src/#" "$scratch/headers/usr/src/linux-headers-$KABI/Makefile"
cp -al "$scratch/image" "$scratch/no-vfio"
rm -r "$scratch/no-vfio/lib/modules/$KABI/kernel/drivers/vfio"
mkdir "$scratch/no-vfio/DEBIAN"
printf 'Package: linux-image-no-vfio\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: test\n' \
	>"$scratch/no-vfio/DEBIAN/control"
dpkg-deb -Znone --root-owner-group -b "$scratch/no-vfio" "$scratch/no-vfio-image.deb" >/dev/null
for tree in image headers; do
	mkdir "$scratch/$tree/DEBIAN"
	printf 'Package: linux-%s-%s\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: test\n' \
		"$tree" "$KABI" >"$scratch/$tree/DEBIAN/control"
	dpkg-deb -Znone --root-owner-group -b "$scratch/$tree" "$scratch/some-$tree.deb" >/dev/null
	rm -r "$scratch/$tree/DEBIAN"
done
check "a .deb is unpacked, built for and booted" \
	reports 0 IMAGE="$scratch/some-image.deb" HEADERS="$scratch/some-headers.deb" BACKEND=ng EXPECT=present VIOMMU=intel
check "a .deb: what is present" with_intel "+++++?"

# The same kernel as Fedora would package it: the image below lib/modules, most modules compressed in a package of their own,
# the headers as one tree in usr/src/kernels, and links between them.
make_rpms()
{
	local tree dir=lib/modules/$KABI

	mkdir -p "$scratch/core/$dir" "$scratch/modules/$dir" "$scratch/devel/usr/src/kernels"
	cp "$scratch/image/boot/vmlinuz-$KABI" "$scratch/core/$dir/vmlinuz"
	cp "$scratch/image/boot/config-$KABI" "$scratch/core/$dir/config"
	cp "$scratch/image/$dir"/modules.* "$scratch/core/$dir/"
	ln -s "/usr/src/kernels/$KABI" "$scratch/core/$dir/build"
	ln -s build "$scratch/core/$dir/source"
	cp -a "$scratch/image/$dir/kernel" "$scratch/modules/$dir/kernel"
	find "$scratch/modules" -name '*.ko' -exec xz --check=crc32 -0 {} +
	cp -aL "$scratch"/headers/usr/src/linux-headers-*-common "$scratch/devel/usr/src/kernels/$KABI"
	rm "$scratch/headers/usr/src/linux-headers-$KABI/Makefile"
	cp -aL "$scratch/headers/usr/src/linux-headers-$KABI/." "$scratch/devel/usr/src/kernels/$KABI/"
	for tree in core modules devel; do
		cat >"$scratch/$tree.spec" <<-SPEC
		Name: kernel-$tree
		Version: 1
		Release: 1
		Summary: test
		License: GPL
		AutoReqProv: no
		%description
		test
		%install
		cp -a $scratch/$tree/. %{buildroot}/
		%files
		/*
		SPEC
		rpmbuild -bb --define "_topdir $scratch/rpm" --define "_build_id_links none" --define "debug_package %{nil}" \
			--define "__os_install_post %{nil}" --define "_binary_payload w1.zstdio" "$scratch/$tree.spec"
	done
}

"$ng_tests_dir/kernels/provision" backport
check "rpms can be made" make_rpms
rpms=$scratch/rpm/RPMS
check "rpms are unpacked, built for and booted" reports 0 BACKEND=ng EXPECT=present VIOMMU=intel \
	IMAGE="$(echo "$rpms"/*/kernel-core-*.rpm "$rpms"/*/kernel-modules-*.rpm)" HEADERS="$(echo "$rpms"/*/kernel-devel-*.rpm)"
check "rpms: what is present" with_intel "+++++?"
check "an rpm without the modules is refused" refuses "but none of its modules" \
	IMAGE="$(echo "$rpms"/*/kernel-core-*.rpm)" HEADERS="$(echo "$rpms"/*/kernel-devel-*.rpm)"

# packages_of KERNEL: download Debian's packages of this kernel, as for tests/kernels/fetch, to $debs; sets $image and $headers.
# A kernel's image, modules and headers are several packages from 7.x on. Build tools are for this machine.
packages_of()
{
	local apt=$ng_cache/apt/${kernel_arch}-$kernel_suite names=()

	debs=$scratch/debs-$kernel_suite-$kernel_arch
	mkdir -p "$debs"
	mapfile -t names < <(private_apt "$apt" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "linux-image-$1:$kernel_arch" "linux-headers-$1:$kernel_arch" |
		grep -oE '^linux-(image|binary|modules|base|headers|kbuild)-[^ :]+' |
		grep '[0-9]' | sort -u)
	for i in "${!names[@]}"; do
		case ${names[i]} in
		linux-kbuild-*) names[i]+=:$(dpkg --print-architecture) ;;
		linux-headers-*-common) ;;
		*)	names[i]+=:$kernel_arch ;;
		esac
	done
	echo "${names[@]}"
	(cd "$debs" && private_apt "$apt" apt-get -q download "${names[@]}") || return
	image=$(find "$debs" -name '*.deb' ! -name 'linux-headers-*' ! -name 'linux-kbuild-*' | tr '\n' ' ')
	headers=$(find "$debs" \( -name 'linux-headers-*' -o -name 'linux-kbuild-*' \) | tr '\n' ' ')
}

while read -r name backend viommu expect; do
	# Brings the lists of packages, too.
	abi=$(load_kernel "$("$ng_tests_dir/kernels/fetch" "$name")" && echo "$KABI")
	split_kernel_name "$name"
	packages_of "$abi" >"$scratch/said" 2>&1 || sed 's/^/# /' "$scratch/said"
	check "Debian's own packages of $name ($(wc -w <<<"$image") for the image), $backend" \
		reports 0 IMAGE="$image" HEADERS="$headers" BACKEND="$backend" VIOMMU="$viommu" EXPECT="$expect"
	rm -r "$debs"
done <<'PACKAGES'
7.3 ng intel present
bookworm/arm64 stock smmuv3 absent
PACKAGES

# --- kernels that our modules refuse ---

# The headers have VFIO's interface in the form of 5.17, where only our modules look.
mkdir -p "$scratch/5.17"
cp -aL "$KHEADERS" "$scratch/5.17/headers"
mkdir -p "$scratch/5.17/headers/include/linux"
echo "int vfio_pin_pages(struct vfio_device *device, unsigned long *user_pfn);" >"$scratch/5.17/headers/include/linux/vfio.h"
{ cat "$fetched/kernel.env"; printf 'KHEADERS=%q\n' "$scratch/5.17/headers"; } >"$scratch/5.17/kernel.env"
check "a 5.17 with its own backend is not refused" reports 0 IMAGE="$scratch/5.17" BACKEND=stock EXPECT=absent VIOMMU=intel
check "a 5.17 with ng is refused" reports 1 IMAGE="$scratch/5.17" BACKEND=ng VIOMMU=intel
check "a 5.17 with ng: the reason is told" grep -q "in a form of Linux 5.16 to 5.19" "$scratch/said"

# --- kernels of which not all can be checked ---

# The last report has guest tests of these suites, none of which failed, and names what is missing.
goes_on_without()
{
	local sentence=$1 suite
	shift

	cat "$scratch/said"
	grep -qF -- "$sentence" "$scratch/said" || return
	for suite; do
		grep "^ok .* intel: $suite: " "$NG_OUT/backport.ktap" | grep -v ' # SKIP ' >/dev/null || return
	done
	! grep -q '^not ok' "$NG_OUT/backport.ktap"
}

check "without HEADERS there is no full report" reports 1 IMAGE="$scratch/some-image.deb" HEADERS= VIOMMU=intel TESTS=all
check "without HEADERS the tests that need none go on" goes_on_without \
	"The parts of the series were not observed: HEADERS is empty" type1 concurrency
check "without HEADERS the KTAP is complete" ktap_is_complete
check "without HEADERS and guest tests nothing can be checked" refuses "nothing can be checked. The parts" \
	IMAGE="$scratch/some-image.deb" HEADERS=
check "without HEADERS there is no BACKEND=ng" refuses "BACKEND=ng is built with the kernel's headers" \
	IMAGE="$scratch/some-image.deb" HEADERS= BACKEND=ng
check "an image without vfio.ko is refused" refuses "lacks the module vfio of" IMAGE="$scratch/no-vfio-image.deb" HEADERS=

# --- refusals ---

abi=9.9.9-test
x86=CONFIG_X86_64=y
small_deb image "boot/vmlinuz-$abi=none" "boot/config-$abi=$x86" "lib/modules/$abi/a.ko=none"
small_deb image-only "boot/vmlinuz-$abi=none" "boot/config-$abi=$x86"
small_deb second "boot/vmlinuz-1-other=none"
small_deb nothing "usr/share/a=none"
small_deb no-config "boot/vmlinuz-$abi=none" "lib/modules/$abi/a.ko=none"
small_deb s390 "boot/vmlinuz-$abi=none" "boot/config-$abi=CONFIG_S390=y" "lib/modules/$abi/a.ko=none"
small_deb headers "usr/src/linux-headers-$abi/Makefile=all:" "usr/src/linux-headers-$abi/scripts/basic/fixdep=none"
small_deb other-headers "usr/src/linux-headers-8.8.8-test/Makefile=none"
small_deb flavour "usr/src/linux-headers-$abi/Makefile=include /usr/src/linux-headers-9.9.9-common/Makefile"
small_deb no-kbuild "usr/src/linux-headers-$abi/Makefile=all:"
echo damaged >"$scratch/damaged.deb"
echo text >"$scratch/text.txt"
echo damaged >"$scratch/damaged.rpm"
mkdir -p "$scratch/empty" "$scratch/no-rpm2cpio"
find /usr/bin -mindepth 1 ! -name rpm2cpio -exec ln -st "$scratch/no-rpm2cpio" {} +

check "no IMAGE is refused" refuses "IMAGE is empty" IMAGE=
check "a file that does not exist is refused" refuses "there is no file" IMAGE="$scratch/missing.deb"
check "no package is refused" refuses "neither a .deb nor an .rpm" IMAGE="$scratch/text.txt"
check "a damaged .deb is refused" refuses "does not unpack; it is damaged" IMAGE="$scratch/damaged.deb"
check "an .rpm without rpm2cpio is refused" refuses "apt-get install rpm2cpio" IMAGE="$scratch/damaged.rpm" PATH="$scratch/no-rpm2cpio"
check "packages without a kernel are refused" refuses "has a kernel image" IMAGE="$scratch/nothing.deb"
check "packages of two kernels are refused" refuses "images of several kernels: 1-other, $abi" IMAGE="$scratch/image.deb $scratch/second.deb"
check "packages without a config are refused" refuses "have no kernel config" IMAGE="$scratch/no-config.deb"
check "another architecture is refused" refuses "an architecture that is not supported" IMAGE="$scratch/s390.deb"
check "an image without modules is refused" refuses "but none of its modules" IMAGE="$scratch/image-only.deb"
check "headers of another kernel are refused" refuses "no headers of $abi, only of 8.8.8-test" \
	IMAGE="$scratch/image.deb" HEADERS="$scratch/other-headers.deb"
check "headers without the common ones are refused" refuses "lacks the common headers" \
	IMAGE="$scratch/image.deb" HEADERS="$scratch/flavour.deb"
check "headers without build tools are refused" refuses "Add linux-kbuild-*" IMAGE="$scratch/image.deb" HEADERS="$scratch/no-kbuild.deb"
check "a directory that is no kernel is refused" refuses "no kernel directory" IMAGE="$scratch/empty"

cp "$NG_OUT/backport/build/${fetched##*/}/vfio_type1_ng/vfio_type1_ng.ko" "$scratch/unsigned.ko"

while IFS='|' read -r name script sentence variables; do
	# shellcheck disable=SC2086  # a list of variables
	check "a kernel $name is refused" refuses "$sentence" IMAGE="$(kernel_with "${name//[ ,=]/-}" "$script")" \
		${variables/@unsigned/$scratch/unsigned.ko}
done <<'KERNELS'
without VFIO|/^CONFIG_VFIO=/d|has no VFIO (CONFIG_VFIO is off)
without VFIO containers|$a # CONFIG_VFIO_CONTAINER is not set|CONFIG_VFIO_CONTAINER is off
without vfio-pci|/^CONFIG_VFIO_PCI=/d|CONFIG_VFIO_PCI is off
without an IOMMU that QEMU has|/^CONFIG_[A-Z]*_IOMMU=/d|has no driver for an IOMMU
without kprobe events, and no guest tests|/^CONFIG_KPROBE_EVENTS=/d|nothing can be observed
that wants signed modules, and no guest tests|$a CONFIG_MODULE_SIG_FORCE=y|CONFIG_MODULE_SIG_FORCE
that wants signed modules, with BACKEND=ng|$a CONFIG_MODULE_SIG_FORCE=y|BACKEND=ng is not|BACKEND=ng
that wants signed modules, with a module that is not|$a CONFIG_MODULE_SIG_FORCE=y|loads only signed modules|BACKEND=@unsigned
without initramfs|/^CONFIG_BLK_DEV_INITRD=/d|cannot boot from an initramfs
without serial console|/^CONFIG_SERIAL_8250_CONSOLE=/d|has no serial console
with type1 built in|s/^CONFIG_VFIO_IOMMU_TYPE1=m/CONFIG_VFIO_IOMMU_TYPE1=y/|BACKEND=ng works|BACKEND=stock
without type1 and with BACKEND=stock|/^CONFIG_VFIO_IOMMU_TYPE1=/d|has no type1 backend of its own|BACKEND=stock
without the driver of the only IOMMU asked for|/^CONFIG_AMD_IOMMU=/d|none of the IOMMUs amd can be used|VIOMMU=amd
KERNELS

check "an unknown backend is refused" refuses "BACKEND is other; it can be" IMAGE="$fetched" BACKEND=other
check "a backend that is no module is refused" refuses "is no kernel module" IMAGE="$fetched" BACKEND="$scratch/text.txt" VIOMMU=intel
check "another module is refused" refuses "is the module ng_conform" IMAGE="$fetched" VIOMMU=intel \
	BACKEND="$NG_OUT/backport/build/${fetched##*/}/tests/guest/conformance/kmod/ng_conform.ko"
sed "s/vermagic=$KABI/vermagic=${KABI%?}X/" "$scratch/stock-copy.ko" >"$scratch/other-version.ko"
check "a module for another kernel is refused" refuses "was built for ${KABI%?}X" IMAGE="$fetched" VIOMMU=intel \
	BACKEND="$scratch/other-version.ko"
{ head -c 18 "$scratch/stock-copy.ko"; printf '\xb7\0'; tail -c +21 "$scratch/stock-copy.ko"; } >"$scratch/other-arch.ko"
check "a module for another architecture is refused" refuses "another architecture" IMAGE="$fetched" VIOMMU=intel \
	BACKEND="$scratch/other-arch.ko"
check "an unknown IOMMU is refused" reports 1 IMAGE="$fetched" VIOMMU=nosuch
check "no IOMMU is refused" refuses "none of the IOMMUs none" IMAGE="$fetched" VIOMMU=none
check "an unknown value of TESTS is refused" refuses "TESTS is some" IMAGE="$fetched" TESTS=some
check "an unknown value of EXPECT is refused" refuses "EXPECT is some" IMAGE="$fetched" EXPECT=some

done_testing
