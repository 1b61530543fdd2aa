// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev_get_iommu_device() takes a device; in v5.13, June 2021, struct mdev_device became public, and
 * it takes one of these.
 */
#include <linux/device.h>
#include <linux/uuid.h>
#include <linux/mdev.h>

static struct device * __used probe(struct device *dev)
{
	return mdev_get_iommu_device(dev);
}
