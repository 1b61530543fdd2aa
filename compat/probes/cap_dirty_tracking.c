// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_CAP_DIRTY_TRACKING and iommu_domain.dirty_ops: "iommu: Add iommu_domain ops for dirty tracking", v6.7, January 2024. */
#include <linux/iommu.h>

static bool __used probe(struct iommu_domain *domain)
{
	return domain->dirty_ops && IOMMU_CAP_DIRTY_TRACKING;
}
