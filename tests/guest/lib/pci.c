// SPDX-License-Identifier: GPL-2.0-only
/* Regions and configuration of a PCI device through vfio-pci. */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "pci.h"
#include "vfio.h"

int pci_region(int fd, unsigned int index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = index };
	return raw_ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info);
}

int pci_command_change(int fd, uint16_t off, uint16_t on)
{
	struct vfio_region_info config;
	uint16_t command;
	int ret;

	ret = pci_region(fd, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	if (ret)
		return ret;
	if (pread(fd, &command, sizeof(command), config.offset + PCI_COMMAND) != sizeof(command))
		return -EIO;
	command = (command & ~htole16(off)) | htole16(on);
	if (pwrite(fd, &command, sizeof(command), config.offset + PCI_COMMAND) != sizeof(command))
		return -EIO;
	return 0;
}

int pci_enable_dma(int fd)
{
	return pci_command_change(fd, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}
