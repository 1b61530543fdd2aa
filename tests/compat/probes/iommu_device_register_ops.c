// SPDX-License-Identifier: GPL-2.0-only
/* iommu_device_register() is told the driver's operations since v5.13. */
#include <linux/iommu.h>

static int (*probe)(struct iommu_device *, const struct iommu_ops *, struct device *) __used = iommu_device_register;
