// SPDX-License-Identifier: GPL-2.0-only
/* iommu_fwspec_init() is told the driver's operations until v6.10. */
#include <linux/iommu.h>

static int (*probe)(struct device *, struct fwnode_handle *, const struct iommu_ops *) __used = iommu_fwspec_init;
