// SPDX-License-Identifier: GPL-2.0-only
/* Telling the driver of an IOMMU from outside, by public marks; see drivers.h. */
#include <linux/device.h>
#include <linux/iommu.h>

#include "identify.h"

/**
 * emt_names_of() - look up the marks of an IOMMU's driver
 * @iommu: an IOMMU that a device of the caller's sits behind, so that it stays
 *
 * Return: the names.
 */
struct emt_names emt_names_of(const struct iommu_device *iommu)
{
	const struct device *dev = iommu->dev;
	const struct device_driver *driver;

	if (!dev)
		return (struct emt_names){ .class_device = "" };
	/* It may be unbound just now. */
	driver = dev->parent ? READ_ONCE(dev->parent->driver) : NULL;
	return (struct emt_names){
		.class_device = dev_name(dev),
		.parent_driver = driver ? driver->name : NULL,
	};
}

/**
 * emt_identify() - name the driver of an IOMMU
 * @iommu: as for emt_names_of()
 *
 * Return: the driver, or EMT_DRIVER_UNKNOWN.
 */
enum emt_driver emt_identify(const struct iommu_device *iommu)
{
	const struct emt_names names = emt_names_of(iommu);

	return emt_driver_from_names(names.class_device, names.parent_driver);
}
