// SPDX-License-Identifier: GPL-2.0-only
/*
 * "iommu: Introduce device_iommu_capable()", v5.19, July 2022.  Before: iommu_capable(bus, cap).
 * symbol: device_iommu_capable
 */
#include <linux/iommu.h>

static bool (*probe)(struct device *, enum iommu_cap) __used = device_iommu_capable;
