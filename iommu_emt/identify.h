/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_IDENTIFY_H
#define EMT_IDENTIFY_H

#include "judge.h"

struct iommu_device;

enum emt_driver emt_identify(const struct iommu_device *iommu);
const char *emt_driver_name(enum emt_driver driver);

#endif
