/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_IDENTIFY_H
#define EMT_IDENTIFY_H

#include "drivers.h"

struct iommu_device;

/**
 * struct emt_names - names that identify an IOMMU's driver; see drivers.h
 * @class_device: its class device in /sys/class/iommu, or ""
 * @parent_driver: driver of the class device's parent, or NULL
 */
struct emt_names {
	const char *class_device;
	const char *parent_driver;
};

struct emt_names emt_names_of(const struct iommu_device *iommu);
enum emt_driver emt_identify(const struct iommu_device *iommu);

#endif
