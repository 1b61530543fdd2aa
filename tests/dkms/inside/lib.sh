# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034  # some variables are for the scripts that source this
#
# Shared by the scripts that run inside a clean system. The tree is at /tree. To be sourced.

# shellcheck source=tests/vm/tap.sh
. /tree/tests/vm/tap.sh
# shellcheck disable=SC1091  # written by add-headers
[ ! -e /etc/ng-kernels ] || . /etc/ng-kernels

package=vfio-type1-ng
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' /tree/dkms.conf)
modules="iommu_emt vfio_type1_ng"

# skip NAME WHY: a test that cannot be done here, as TAP wants it.
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# is STATUS COMMAND...: the command ends with this status.
is()
{
	local expected=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" = "$expected" ] || { echo "status $status instead of $expected"; return 1; }
}

fails()
{
	! "$@"
}

# Everything that a package or DKMS could leave behind, one path a line. What depmod writes for a kernel is compared by its
# content, for which it must have been run before as well; DKMS's signing key stays on purpose, as other modules use it.
remains()
{
	local places=(/etc /usr/src /usr/share /usr/lib /lib/modules /lib/modprobe.d /var/lib/dkms /var/lib/initramfs-tools)

	{
		# Some of the places need not exist.
		find "${places[@]}" ! -type d 2>/dev/null || true
		# No empty directories either.
		find /usr/src /lib/modules/ /var/lib/dkms /etc/vfio-type1-ng -type d 2>/dev/null || true
	} | grep -vE '^/var/lib/dkms/(mok\.(key|pub)|dkms_dbversion)$|/ld\.so\.cache$|/modules\.[a-z.]+$' | LC_ALL=C sort -u
	cat /lib/modules/*/modules.dep 2>/dev/null | LC_ALL=C sort || true
}

# same_as FILE: what remains now is what remained when FILE was written.
same_as()
{
	remains | diff "$1" -
}

# like_installed KERNEL: there are headers only, but to DKMS 3.2 a kernel is installed when depmod was run for it, as the
# image's package does; it deletes depmod's files with the last module of a kernel that has no other.
like_installed()
{
	mkdir -p "/lib/modules/$1"
	depmod "$1" 2>/dev/null
}

# put_kernel KERNEL: the modules of a stock kernel with ours beside them, and its configuration, as tests/dkms/initramfs has put
# them into /share.
put_kernel()
{
	local dir=/lib/modules/$1

	mkdir -p "$dir/updates/dkms" /boot
	cp -a "/share/modules/$1/." "$dir/"
	cp /share/ours/*.ko "$dir/updates/dkms/"
	depmod "$1"
	cp /share/config "/boot/config-$1"
}

# Where depmod says that a module is, for a kernel.
module_file()
{
	modinfo -k "$2" -n "$1"
}

# Both modules are in updates/dkms of this kernel, where depmod and modinfo find them, and are made for it.
installed_for()
{
	local kernel=$1 wanted=${2:-$version} module file

	for module in $modules; do
		file=$(module_file "$module" "$kernel")
		case $file in
		/lib/modules/"$kernel"/updates/dkms/"$module".ko*|/usr/lib/modules/"$kernel"/updates/dkms/"$module".ko*) ;;
		*)	echo "$module is at $file"; return 1 ;;
		esac
		[ -f "$file" ] || { echo "$file is missing"; return 1; }
		[ "$(modinfo -F vermagic "$file" | cut -d ' ' -f 1)" = "$kernel" ] ||
			{ modinfo -F vermagic "$file"; return 1; }
		grep -q "^updates/dkms/$module.ko" "/lib/modules/$kernel/modules.dep" || { echo "depmod lacks $module"; return 1; }
	done
	file=$(module_file vfio_type1_ng "$kernel")
	[ "$(modinfo -F version "$file")" = "$wanted" ] || { modinfo -F version "$file"; return 1; }
	grep '^updates/dkms/vfio_type1_ng.ko' "/lib/modules/$kernel/modules.dep" | grep -q updates/dkms/iommu_emt.ko ||
		{ echo "vfio_type1_ng does not depend on iommu_emt"; return 1; }
}

absent_for()
{
	local kernel=$1 module
	for module in $modules; do
		! compgen -G "/lib/modules/$kernel/updates/dkms/$module.ko*" || return 1
	done
}

# unfit_kernel NAME [CONFIG_LINE...]: headers of a kernel that these modules cannot work on: those of the old kernel under
# another name, with lines of its configuration replaced ("CONFIG_X=" removes one, "CONFIG_X=off" says
# that it is off); "vfio.h" instead of a line gives them VFIO's driver interface of 5.16.
unfit_kernel()
{
	local kernel=$1 headers=/usr/src/linux-headers-$1 line
	shift

	mkdir -p "/lib/modules/$kernel" "$headers"
	cp -a "$(readlink -f "/lib/modules/$OLD_ABI/build")/." "$headers/"
	for line; do
		if [ "$line" = vfio.h ]; then
			mkdir -p "$headers/include/linux"
			echo 'struct vfio_iommu_driver_ops;' >"$headers/include/linux/vfio.h"
			continue
		fi
		sed -i "/^${line%%=*}=/d; /^# ${line%%=*} is not set/d" "$headers/.config"
		case $line in
		*=)	;;
		*=off)	echo "# ${line%%=*} is not set" >>"$headers/.config" ;;
		*)	echo "$line" >>"$headers/.config" ;;
		esac
	done
	ln -s "$headers" "/lib/modules/$kernel/build"
}

forget_kernel()
{
	rm -r "/lib/modules/$1" "/usr/src/linux-headers-$1"
}

# put_version NEW DIR: a copy of the tree that is version NEW.
put_version()
{
	mkdir -p "$2"
	tar -C /tree --exclude=./out --exclude=./.git -cf - . | tar -C "$2" -xf -
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$1\"/" "$2/dkms.conf"
}

# newer_than VERSION: a version that sorts after it.
newer_than()
{
	echo "$1.1"
}
