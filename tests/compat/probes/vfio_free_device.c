// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO driver had to free its device itself, in its release operation, until "vfio: Remove vfio_free_device", v6.2,
 * February 2023.  Only asked by the test device.
 */
#include <linux/vfio.h>

static void (*probe)(struct vfio_device *) __used = vfio_free_device;
