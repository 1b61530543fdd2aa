// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain is allocated for a device since "iommu: Add iommu_paging_domain_alloc() interface", v6.11, September
 * 2024; a function at first, an inline over iommu_paging_domain_alloc_flags() since v6.13.  Before: by bus.
 */
#include <linux/iommu.h>

static struct iommu_domain * __used probe(struct device *dev)
{
	return iommu_paging_domain_alloc(dev);
}
