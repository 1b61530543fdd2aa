// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attach operation of a domain also gets the domain that the device leaves since "iommu: Pass old domain to
 * set_dev_pasid/attach_dev op", v6.19.
 */
#include <linux/iommu.h>

static int attach(struct iommu_domain *domain, struct device *dev, struct iommu_domain *old)
{
	return 0;
}

static const struct iommu_domain_ops probe __used = { .attach_dev = attach };
