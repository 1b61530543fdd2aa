// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling IOMMU drivers apart from outside.
 *
 * Two public marks, whichever a driver has: the name of its class device in /sys/class/iommu, and the name of the
 * device driver that its parent is bound to.  Callback symbols are not enough: two drivers share names there.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "identify.h"

/**
 * struct emt_mark - how to recognize a driver
 * @name: what we call it
 * @class_prefix: start of its class device's name, or NULL
 * @parent_driver: driver of the class device's parent, or NULL
 */
struct emt_mark {
	const char *name;
	const char *class_prefix;
	const char *parent_driver;
};

static const struct emt_mark marks[EMT_DRIVER_COUNT] = {
	[EMT_DRIVER_UNKNOWN]	= { .name = "unknown" },
	[EMT_DRIVER_INTEL]	= { .name = "intel", .class_prefix = "dmar" },
	[EMT_DRIVER_AMD]	= { .name = "amd", .class_prefix = "ivhd" },
	[EMT_DRIVER_VIRTIO]	= { .name = "virtio", .parent_driver = "virtio_iommu" },
};

static bool has_mark(const struct emt_mark *mark, struct device *dev)
{
	if (mark->class_prefix && strstarts(dev_name(dev), mark->class_prefix))
		return true;
	return mark->parent_driver && dev->parent && dev->parent->driver &&
	       !strcmp(dev->parent->driver->name, mark->parent_driver);
}

/**
 * emt_identify() - name the driver of an IOMMU
 * @iommu: an IOMMU that a device of the caller's sits behind, so that it stays
 *
 * Return: the driver, or EMT_DRIVER_UNKNOWN.
 */
enum emt_driver emt_identify(const struct iommu_device *iommu)
{
	enum emt_driver driver;

	if (!iommu->dev)
		return EMT_DRIVER_UNKNOWN;
	for (driver = EMT_DRIVER_UNKNOWN + 1; driver < EMT_DRIVER_COUNT; driver++)
		if (has_mark(&marks[driver], iommu->dev))
			return driver;
	return EMT_DRIVER_UNKNOWN;
}

const char *emt_driver_name(enum emt_driver driver)
{
	return marks[driver].name;
}
