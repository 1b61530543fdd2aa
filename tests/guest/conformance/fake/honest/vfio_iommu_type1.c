// SPDX-License-Identifier: GPL-2.0-only
/* Not a fake at all: does what the series does, so the suite has to say "present" of all that a backend can have. */
#include "../fake.h"

static int join(struct iommu_domain *domain, struct iommu_group *iommu_group, bool *attached)
{
	int ret = iommu_attach_group(domain, iommu_group);

	*attached = !ret;
	return ret;
}
