// SPDX-License-Identifier: GPL-2.0-only
/* "iommu: Split struct iommu_ops": a domain has operations of its own, v5.18, May 2022. */
#include <linux/iommu.h>

static const struct iommu_domain_ops * __used probe(const struct iommu_ops *ops)
{
	return ops->default_domain_ops;
}
