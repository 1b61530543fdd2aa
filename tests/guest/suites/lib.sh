# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the suites share: kernel modules, devices on vfio-pci, which backend is in place.
# Standard output is the result channel; the kernel log gets what only a person needs.

# shellcheck disable=SC2034 # for the suites
EDU="1234:11e8"

# This shell prefers its own applets to programs in PATH. The real ones are meant:
# aliases and soft dependencies are theirs to interpret.
modprobe() { /sbin/modprobe "$@"; }
rmmod() { /sbin/rmmod "$@"; }

insmod() { /sbin/insmod "$@"; }

progress() {
	echo "# progress: $*"
}

note() {
	echo "# $*"
	echo "<6>suite: $*" >/dev/kmsg
}

# result NAME: one more result, that of the command before. The suite sets $prefix, which goes in front of every name; $count is
# how many there were.
prefix=
count=0
result() {
	result_status=$?
	count=$((count + 1))
	if [ $result_status = 0 ]; then
		echo "ok $count $prefix: $1"
	else
		echo "not ok $count $prefix: $1"
		note "loaded: $(cut -d ' ' -f 1 /proc/modules | tr '\n' ' ')"
	fi
	return $result_status
}

# skip NAME REASON
skip() {
	count=$((count + 1))
	echo "ok $count $prefix: $1 # SKIP $2"
}

# Value of NAME=value among the arguments, or the default: arg NAME DEFAULT "$@"
arg() {
	arg_name=$1
	arg_value=$2
	shift 2
	for arg_word in "$@"; do
		case $arg_word in
		"$arg_name"=*) arg_value=${arg_word#*=} ;;
		esac
	done
	echo "$arg_value"
}

# The IOMMU driver first where it is a module: a device gets its group when a
# driver probes it after that.
load_vfio() {
	modprobe -q virtio-iommu
	modprobe vfio-pci || note "vfio-pci cannot be loaded"
}

device_id() {
	read -r vendor <"$1/vendor"
	read -r device <"$1/device"
	echo "${vendor#0x}:${device#0x}"
}

# Bind every PCI device with one of these ids to vfio-pci; says how many it has now.
bind_vfio() {
	bound=0
	for dev in /sys/bus/pci/devices/*; do
		case " $* " in
		*" $(device_id "$dev") "*) ;;
		*) continue ;;
		esac
		echo vfio-pci >"$dev/driver_override"
		if [ -e "$dev/driver" ] && [ ! -e "/sys/bus/pci/drivers/vfio-pci/${dev##*/}" ]; then
			echo "${dev##*/}" >"$dev/driver/unbind"
		fi
		[ -e "$dev/driver" ] || echo "${dev##*/}" >/sys/bus/pci/drivers_probe
		if [ -e "/sys/bus/pci/drivers/vfio-pci/${dev##*/}" ] && [ -e "$dev/iommu_group" ]; then
			bound=$((bound + 1))
		else
			note "${dev##*/} is not on vfio-pci or has no IOMMU group"
		fi
	done
	note "$bound devices on vfio-pci, IOMMU: $(echo /sys/class/iommu/* | sed "s,/sys/class/iommu/,,g")"
}

# Where memmap=SIZE!START on the kernel's command line has made memory persistent, offer it as
# /dev/dax0.0.
make_device_dax() {
	modprobe -q nd_e820
	modprobe -q nd_pmem
	[ -e /sys/bus/nd/devices/namespace0.0 ] || return 0
	for module in dax_pmem dax_pmem_compat device_dax; do
		modprobe -q $module
	done
	dax=/sys/bus/nd/devices/$(cat /sys/bus/nd/devices/region0/dax_seed)
	[ ! -e /sys/bus/nd/drivers/nd_pmem/namespace0.0 ] ||
		echo namespace0.0 >/sys/bus/nd/drivers/nd_pmem/unbind
	cat /proc/sys/kernel/random/uuid >"$dax/uuid"
	echo 2097152 >"$dax/align"
	echo ram >"$dax/mode"
	echo namespace0.0 >"$dax/namespace"
	echo "${dax##*/}" >/sys/bus/nd/drivers/dax_pmem/bind
	[ -e /dev/dax0.0 ] || note "no device DAX: $(ls /sys/bus/dax/devices)"
}

loaded() {
	[ -e "/sys/module/$1/initstate" ]
}

# All virtual functions of all NVMe controllers, each in a group of its own, on vfio-pci.  It takes the functions of a device that it
# has itself, and nothing else may be bound to them before: this comes first.
make_virtual_functions() {
	nvme="1b36:0010"
	modprobe vfio-pci enable_sriov=1 || note "vfio-pci cannot be loaded"
	bind_vfio "$nvme"
	for functions in /sys/bus/pci/devices/*/sriov_numvfs; do
		controller=${functions%/*}
		[ "$(device_id "$controller")" = "$nvme" ] || continue
		total=$(cat "$controller/sriov_totalvfs")
		progress "${controller##*/}: $total virtual functions"
		echo "$total" >"$functions" || note "${controller##*/} has no virtual functions"
	done
}

use_count() {
	cat "/sys/module/$1/refcnt" 2>/dev/null || echo 0
}

# vfio-pci's soft dependency brings a backend with it. Make it the stock one.
use_stock() {
	rm -f /etc/modprobe.d/*.conf
	if loaded vfio_type1_ng; then rmmod vfio_type1_ng || return 1; fi
	modprobe vfio_iommu_type1 && loaded vfio_iommu_type1
}

# Put ours in place the way an administrator does: with the packaged modprobe.d file.
# Fails when the name of the stock module does not lead to ours then.
use_ng() {
	if loaded vfio_iommu_type1; then rmmod vfio_iommu_type1 || return 1; fi
	cp /usr/share/vfio-type1-ng/*.conf /etc/modprobe.d/ || return 1
	modprobe vfio_iommu_type1 || return 1
	loaded vfio_type1_ng && ! loaded vfio_iommu_type1
}

# Let the kernel look for leaked memory, twice: what changed since the last look is not taken for leaked, nor is what is
# younger than 5 s.
scan_for_leaks() {
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
}
