// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/iommu.h>

#include "identify.h"

/* The caller keeps @iommu; the names are valid that long. */
struct emt_names emt_names_of(const struct iommu_device *iommu)
{
	const struct device *dev = iommu->dev;
	const struct device_driver *driver;

	if (!dev)
		return (struct emt_names){ .class_device = "" };
	/* May be unbound at any time. */
	driver = dev->parent ? READ_ONCE(dev->parent->driver) : NULL;
	return (struct emt_names){
		.class_device = dev_name(dev),
		.parent_driver = driver ? driver->name : NULL,
	};
}

enum emt_driver emt_identify(const struct iommu_device *iommu)
{
	const struct emt_names names = emt_names_of(iommu);

	return emt_driver_from_names(names.class_device, names.parent_driver);
}
