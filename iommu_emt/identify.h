/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_IDENTIFY_H
#define EMT_IDENTIFY_H

#include "drivers.h"

struct iommu_device;

/**
 * struct emt_names - the names by which an IOMMU's driver is recognized
 * @class_device: its class device in /sys/class/iommu, or ""
 * @parent_driver: the driver that the class device's parent is bound to, or NULL
 *
 * They stay as long as the IOMMU does.
 */
struct emt_names {
	const char *class_device;
	const char *parent_driver;
};

struct emt_names emt_names_of(const struct iommu_device *iommu);
enum emt_driver emt_identify(const struct iommu_device *iommu);

#endif
