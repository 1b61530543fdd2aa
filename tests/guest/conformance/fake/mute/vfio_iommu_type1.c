// SPDX-License-Identifier: GPL-2.0-only
/* Tries the domain that exists first, and tells nobody when that fails. */
#include "../fake.h"

static int join(struct iommu_domain *domain, struct iommu_group *iommu_group, bool *attached)
{
	*attached = !iommu_attach_group(domain, iommu_group);
	return 0;
}
