// SPDX-License-Identifier: GPL-2.0-only
/* Reserved regions take allocation flags, and the core frees them, since v6.1. */
#include <linux/iommu.h>

static struct iommu_resv_region * __used probe(void)
{
	return iommu_alloc_resv_region(0, 0, 0, IOMMU_RESV_RESERVED, GFP_KERNEL);
}
