/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI device that is open through vfio-pci. Calls return -errno on failure. */
#ifndef NG_PCI_H
#define NG_PCI_H

#include <stdint.h>
#include <linux/vfio.h>

/* Where a region of the device is in its file: VFIO_PCI_*_REGION_INDEX. */
int pci_region(int fd, unsigned int index, struct vfio_region_info *info);

/* Switch bits of the command register off, others on. */
int pci_command_change(int fd, uint16_t off, uint16_t on);

/* Let the device decode its BARs and do DMA. */
int pci_enable_dma(int fd);

#endif
