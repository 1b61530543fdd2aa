// SPDX-License-Identifier: GPL-2.0-only
/* "iommu: Introduce the domain op enforce_cache_coherency()", v5.19, July 2022. */
#include <linux/iommu.h>

static bool __used probe(struct iommu_domain *domain)
{
	return domain->ops->enforce_cache_coherency(domain);
}
