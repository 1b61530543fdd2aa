# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the scripts under tests/vm: where results go, and what QEMU here can do. To be sourced.
#
# Environment: NG_OUT      where builds, logs and results go (default: out/ of this tree)
#              NG_GUEST    the guest's programs and suites (default: tests/guest of this tree)

# shellcheck source=tests/kernels/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../kernels/lib.sh"

ng_out=${NG_OUT:-$ng_tree/out}
# shellcheck disable=SC2034
ng_guest=${NG_GUEST:-$ng_tests_dir/guest}
# shellcheck disable=SC2034
ng_logs=$ng_out/logs

# Print the name of the QEMU that runs the loaded kernel.
qemu_program()
{
	case $KARCH in
	amd64)	echo qemu-system-x86_64 ;;
	arm64)	echo qemu-system-aarch64 ;;
	s390x)	echo qemu-system-s390x ;;
	*)	die "no QEMU is known for $KARCH." ;;
	esac
}

qemu_major()
{
	"$(qemu_program)" --version | sed -nE 's/^QEMU emulator version ([0-9]+)\..*/\1/p'
}

# why_no_viommu VIOMMU: for the loaded kernel, print why a guest with this IOMMU cannot run here; nothing when it can.
# Fails for an IOMMU that is not known: that is a mistake, not a reason to skip.
why_no_viommu()
{
	case $KARCH/$1 in
	amd64/intel|amd64/intel+rmrr|amd64/intel+pair|arm64/smmuv3|arm64/smmuv3+smmuv3|amd64/none|arm64/none|s390x/zpci)
		;;
	amd64/amd)
		# 5.10 to 7.2 panic in their timer check, 7.3 loses its serial port; QEMU 7.2 boots them all.
		[ "$(qemu_major)" -lt 10 ] ||
			echo "amd-iommu of QEMU $(qemu_major) delivers no timer interrupts to the guest; QEMU before 10 does"
		;;
	*/virtio|arm64/smmuv3+virtio)
		grep -qE '^CONFIG_VIRTIO_IOMMU=[ym]' "$KCONFIG" || echo "kernel $KABI has no virtio-iommu driver"
		;;
	*)
		warn "there is no IOMMU called $1 for $KARCH; known are intel, intel+rmrr, intel+pair and amd for amd64," \
			"smmuv3, smmuv3+smmuv3 and smmuv3+virtio for arm64, virtio and none; zpci for s390x."
		return 1
		;;
	esac
}

# matrix_line KERNEL IOMMU SUITE: print, as a remark in the TAP, which row of out/matrix.tsv the results belong to. KERNEL is a
# name as for tests/kernels/fetch, and stands in the row when no kernel was loaded that it could be resolved to.
matrix_line()
{
	(split_kernel_name "$1" && echo "# matrix: ${KABI-$1} $kernel_arch $2 $3")
}

# build_for KERNEL_DIR: both modules and the guest's test modules for this kernel. Prints the directory they are in.
build_for()
{
	local dir module_dir
	local module_dirs=() wanted=(example)

	load_kernel "$1"
	dir=$ng_out/build/$(basename "$1")
	# Headers alone are for building; no guest will run what comes of it, but the example is to compile everywhere.
	[ -z "$KROOT" ] || wanted+=(fault pick emulated ops translate cross conformance/kmod ../mock_iommu ../bench/floor)
	for module_dir in "${wanted[@]}"; do
		[ ! -d "$ng_guest/$module_dir" ] || module_dirs+=("$ng_guest/$module_dir")
	done
	"$ng_tests_dir/kernels/build" "$1" "${NG_SRC:-$ng_tree}" "$dir" "${module_dirs[@]}" || return
	printf '%s\n' "$dir"
}

# Print the path of a static busybox. It has more applets than the dynamic one, and runs where there is no C library. Debian
# installs one or the other: where it is the dynamic one, take the static one from its package without installing it.
static_busybox()
{
	local installed dir=$ng_cache/busybox

	installed=$(command -v busybox) || die "busybox is missing; tests/kernels/provision installs it."
	if ! ldd "$installed" >/dev/null 2>&1; then
		printf '%s\n' "$installed"
		return
	fi
	if [ ! -x "$dir/busybox" ]; then
		mkdir -p "$dir"
		(
			lock_file "$dir/lock"
			cd "$dir"
			rm -rf unpacked ./*.deb
			if ! apt-get -q download busybox-static >log 2>&1; then
				sed 's/^/    apt: /' log >&2
				die "this machine has the dynamic busybox, and the package busybox-static could not be downloaded." \
					"Run apt-get update, or install busybox-static."
			fi
			dpkg -x busybox-static_*.deb unpacked
			mv "$(find unpacked -path '*/bin/busybox' -type f)" busybox
			rm -rf unpacked ./*.deb
		) || return
	fi
	printf '%s\n' "$dir/busybox"
}

# crashed_while_patching CONSOLE: whether the guest died as some kernels do under TCG with more than one CPU, now and then: by a
# breakpoint of the kernel's own that another CPU had already taken back. Of no other breakpoint are the bytes gone (int3 is cc)
# when the kernel prints them. That is to be the first trouble in the log, and not in a module.
crashed_while_patching()
{
	tr -d '\r' <"$1" | awk '
		/int3: 0000 \[#1\]/ { oops = 1; next }
		!oops && /Oops:|BUG:|WARNING:/ { exit }
		oops && /RIP: / { core = !/\[[a-z0-9_]+\]$/ }
		oops && /Code: / { sub(/ <.*/, ""); found = core && $NF != "cc"; exit }
		END { exit !found }'
}

# A number that nobody could know before, for what a test does by chance.
draw_seed()
{
	od -An -N4 -tu4 /dev/urandom | tr -d ' '
}
