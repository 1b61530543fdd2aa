// SPDX-License-Identifier: GPL-2.0-only
/* The core allocates what a VFIO driver embeds a struct vfio_device in since v6.1. */
#include <linux/vfio.h>

struct probe {
	struct vfio_device vdev;
};

static struct probe * __used probe(struct device *dev, const struct vfio_device_ops *ops)
{
	return vfio_alloc_device(probe, vdev, dev, ops);
}
