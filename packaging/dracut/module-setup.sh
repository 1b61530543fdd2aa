#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dracut module: where VFIO goes into the initramfs, both type1 backends go with it.
#
# dracut copies the modprobe.d file that makes vfio_type1_ng the backend, but does not look behind an "install" line, so that
# otherwise vfio_type1_ng would not be there for devices that vfio-pci takes at boot. Into an image that is not for this host
# alone, it copies nothing of /etc/modprobe.d, where that file, or an empty one that masks it, may be.

check()
{
	return 0
}

# A VFIO module is there already, or listed to be added, which dracut does after its modules. Variables and instmods are dracut's.
wants_vfio()
{
	# shellcheck disable=SC2154
	[[ " ${drivers-} ${add_drivers-} ${force_drivers-} " == *" vfio"* ]] ||
		[[ -n "$(find "$initdir" -name 'vfio*.ko*' -print -quit 2>/dev/null)" ]]
}

install_conf()
{
	local conf=/etc/modprobe.d/vfio-type1-ng.conf

	[[ -e $conf ]] || return 0
	mkdir -p "$initdir/etc/modprobe.d"
	# By its content: it may be a link to /dev/null.
	rm -f "$initdir$conf"
	cat "$conf" >"$initdir$conf"
}

installkernel()
{
	wants_vfio || return 0
	# Neither is in use while the image is made, and a kernel may have only one of them.
	hostonly='' instmods vfio_type1_ng vfio_iommu_type1
	install_conf
}
