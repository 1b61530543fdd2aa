// SPDX-License-Identifier: GPL-2.0-only
/* iommu_domain.owner names the iommu_ops a domain belongs to; absent in v6.1, present in v6.12. */
#include <linux/iommu.h>

static const struct iommu_ops * __used probe(struct iommu_domain *domain)
{
	return domain->owner;
}
