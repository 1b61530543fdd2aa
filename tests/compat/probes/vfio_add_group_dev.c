// SPDX-License-Identifier: GPL-2.0-only
/* A VFIO driver hands its own data over to the core until v5.12; then it embeds a struct vfio_device. */
#include <linux/vfio.h>

static int (*probe)(struct device *, const struct vfio_device_ops *, void *) __used = vfio_add_group_dev;
